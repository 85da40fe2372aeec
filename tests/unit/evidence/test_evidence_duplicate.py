"""Two proofs of one record, made into what the ledger takes."""

from __future__ import annotations

import copy
from dataclasses import replace

import polars as pl
import pytest
from eth_utils.address import to_checksum_address

from oracle.measure.evidence.bundle import Bundle, assemble
from oracle.measure.evidence.duplicate import Side, sides_of
from oracle.measure.evidence.proof import record_proof
from oracle.measure.evidence.tree import verify
from oracle.model.canonical import hexed
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.keccak import keccak
from tests.unit.evidence.evidence_batches import FINDINGS, META, rides

RECORD = rides(12)["record_id"][3]


def bundle_of_day(sequence: int) -> Bundle:
    """The same rides in a batch of another sequence, some of them only."""
    return assemble(rides(12)[sequence:], FINDINGS, replace(META, sequence=sequence))


BUNDLES = [bundle_of_day(sequence) for sequence in (0, 1, 2)]
PROOFS = [record_proof(bundle, RECORD, None) for bundle in BUNDLES]


def test_a_side__has_the_record_the_proof_and_the_batchs_key() -> None:
    side = Side.of(PROOFS[1])
    row = BUNDLES[1].records.filter(pl.col("record_id") == RECORD).row(0, named=True)
    assert side.record == (
        RECORD,
        to_checksum_address(row["account"]),
        row["quantity"],
        row["start"],
        row["end"],
        row["commitment"],
    )
    assert verify(row["leaf"], side.proof, BUNDLES[1].header.records_root)
    words = bytes.fromhex(META.operator[2:]), META.methodology.encode(), META.day.to_bytes(4), (1).to_bytes(4)
    padded = words[0].rjust(32, b"\0"), words[1].ljust(32, b"\0"), *(word.rjust(32, b"\0") for word in words[2:])
    assert side.batch == hexed(keccak(b"".join(padded)))
    assert side.record_id == hexed(RECORD)
    assert side.encoded() == (bytes.fromhex(side.batch[2:]), side.record, list(side.proof))


def test_proofs_of_several_batches__a_side_each_and_each_batch_once() -> None:
    sides = sides_of([*PROOFS, PROOFS[0]])
    assert [side.batch for side in sides] == [Side.of(proof).batch for proof in PROOFS]


@pytest.mark.parametrize("documents", [[], [PROOFS[0]], [PROOFS[0], PROOFS[0]]], ids=["none", "one", "one twice"])
def test_fewer_than_two_batches__are_no_duplicate(documents: list[dict[str, object]]) -> None:
    with pytest.raises(InputError, match="the record is not a duplicate"):
        sides_of(documents)


def test_proofs_of_different_records__are_no_duplicate() -> None:
    other = record_proof(BUNDLES[1], BUNDLES[1].records["record_id"][5], None)
    with pytest.raises(InputError, match="the proofs belong to 2 different records"):
        sides_of([PROOFS[0], other])


def test_a_proof_that_does_not_hold__is_refused() -> None:
    changed = copy.deepcopy(PROOFS[1])
    changed["record"]["quantity"] = str(int(changed["record"]["quantity"]) + 1)
    with pytest.raises(VerificationFailed, match="leaf"):
        sides_of([PROOFS[0], changed])
