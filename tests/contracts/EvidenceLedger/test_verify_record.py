"""Anyone checks that one act is part of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from eth_utils.crypto import keccak

from oracle.measure.evidence.leaf import record_leaf
from oracle.measure.evidence.tree import Tree

from ..support.batches import Batch, Entry, batch_of
from ..support.city import METRO, TODAY, City, person

RIDES = [
    (
        keccak(b"ride %d" % n),
        person("rider").address,
        1_000 + n,
        2_057_281_200 + n,
        2_057_282_000 + n,
        keccak(b"salted %d" % n),
    )
    for n in range(5)
]


@pytest.fixture
def records() -> Tree:
    leaves = b"".join(record_leaf(r[0], bytes.fromhex(r[1][2:]), *r[2:]) for r in RIDES)
    return Tree.build(np.frombuffer(leaves, np.uint8).reshape(-1, 32), sort=True)


@pytest.fixture
def batch(city: City, records: Tree) -> Batch:
    made = batch_of(city.roles.operator, METRO, TODAY, [Entry(person("rider").address, 5_010)])
    return made.claiming(records_root=records.root, record_count=5)


def proof_of(records: Tree, ride: tuple[Any, ...]) -> list[bytes]:
    return records.proof(records.position(record_leaf(ride[0], bytes.fromhex(ride[1][2:]), *ride[2:])))


@pytest.mark.parametrize("ride", RIDES, ids=lambda ride: f"quantity {ride[2]}")
def test_given_a_record_of_the_batch__it_is_confirmed(
    city: City, batch: Batch, records: Tree, ride: tuple[Any, ...]
) -> None:
    city.attest(batch)
    assert city.ledger.verifyRecord(batch.id, ride, proof_of(records, ride)) is True


@pytest.mark.parametrize("field", range(6))
def test_given_a_record_with_one_field_changed__it_is_denied(
    city: City, batch: Batch, records: Tree, field: int
) -> None:
    city.attest(batch)
    ride = RIDES[0]
    changed = list(ride)
    changed[field] = {0: keccak(b"x"), 1: person("thief").address, 5: keccak(b"y")}.get(field, int(str(ride[2])) + 77)
    assert city.ledger.verifyRecord(batch.id, tuple(changed), proof_of(records, ride)) is False


def test_given_the_proof_of_another_record__it_is_denied(city: City, batch: Batch, records: Tree) -> None:
    city.attest(batch)
    assert city.ledger.verifyRecord(batch.id, RIDES[0], proof_of(records, RIDES[1])) is False


def test_given_a_batch_that_does_not_exist__it_is_denied(city: City, records: Tree) -> None:
    assert city.ledger.verifyRecord(keccak(b"none"), RIDES[0], proof_of(records, RIDES[0])) is False


def test_given_a_revoked_batch__it_still_confirms_what_was_attested(city: City, batch: Batch, records: Tree) -> None:
    city.attest(batch)
    city.ledger.revoke(batch.id, "", {"from": city.roles.authority})
    assert city.ledger.verifyRecord(batch.id, RIDES[0], proof_of(records, RIDES[0])) is True
