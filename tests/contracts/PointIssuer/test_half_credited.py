"""A batch half credited when something changes around it: who gets the rest, and who does not."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.batches import Batch, Entry, batch_of
from ..support.city import METRO, SUSPENDED, TERMS, TODAY, City, person
from ..support.reverts import reverts_with
from ..support.typed_data import sign
from ..support.values import bare

OPEN, CLOSED, REVOKED = 2, 3, 4
RIDERS = [person("rider 0"), person("rider 1")]  # in the order of their addresses


@pytest.fixture
def half(city: City) -> Batch:
    """1,000 m each at 50,000 ug: 422 milli-points. The first rider has them."""
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(rider.address, 1_000) for rider in RIDERS]))
    city.credit(batch, 0, 1)
    return batch


def held(city: City) -> list[int]:
    return [city.book.balanceOf(rider.address) for rider in RIDERS]


def test_given_it_is_revoked__the_rest_gets_nothing(city: City, half: Batch) -> None:
    city.ledger.revoke(half.id, "cards cloned", {"from": city.roles.authority})
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", half.id, REVOKED):
        city.credit(half, 1, 1)
    city.redeem(RIDERS[0], 422)
    assert held(city) == [0, 0]
    assert city.book.reductionOf(RIDERS[0].address) == 50_000


def test_given_its_operator_is_suspended__the_rest_is_credited_from_its_reserve(city: City, half: Batch) -> None:
    city.operators.setOperatorStanding(city.roles.operator, SUSPENDED, "audit", {"from": city.roles.authority})
    free = city.vault.freeOf(city.roles.operator)
    city.credit(half, 1, 1)
    assert held(city) == [422, 422]
    assert city.vault.freeOf(city.roles.operator) == free  # 844 were locked, 844 are credited
    assert city.ledger.phaseOf(half.id)[0] == CLOSED


def test_given_its_methodology_is_superseded__its_own_version_credits_the_rest(city: City, half: Batch) -> None:
    successor = city.draft(METRO, TERMS[METRO]._replace(factor_ug=10_000, from_day=TODAY + 30))
    city.activate(METRO, successor)
    city.credit(half, 1, 1)
    assert held(city) == [422, 422]


def test_given_its_methodology_is_suspended__the_rest_waits(city: City, half: Batch) -> None:
    word = half.header.methodology
    city.methodologies.suspend(word, 1, "factor in doubt", {"from": city.roles.authority})
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", word, 1, 5):
        city.credit(half, 1, 1)
    city.methodologies.resume(word, 1, {"from": city.roles.authority})
    city.credit(half, 1, 1)
    assert held(city) == [422, 422]


def test_given_the_committee_is_rotated__the_rest_is_credited_on_the_old_ones_word(city: City, half: Batch) -> None:
    fresh = sorted((person(f"fresh member {number}").address for number in range(3)), key=str.lower)
    city.decide(city.committee, "setCommittee", fresh, 2)
    assert city.committee.epoch() == 2
    city.credit(half, 1, 1)
    assert held(city) == [422, 422]


def test_given_a_second_deployment_on_the_chain__signatures_for_the_first_are_void(
    city: City, half: Batch, built: Any
) -> None:
    genesis = city.book.genesisHash()
    second = city.roles.deployer.deploy(built.CarbonPoint, city.issuer, city.desk, city.vault, genesis)
    values = (RIDERS[0].address, RIDERS[1].address, 2**40)
    signatures = [sign(rider, "Move", city.book, *values[:2], 0, values[2]) for rider in RIDERS]
    with reverts_with(second, "CarbonPoint_BadSignature", RIDERS[0].address):
        second.announceMove(*values, *signatures, {"from": city.roles.rando})
    again = city.roles.deployer.deploy(
        built.EvidenceLedger,
        city.access,
        city.methodologies,
        city.operators,
        city.committee,
        city.issuer,
        city.vault,
        3600,
        genesis,
    )
    batch = batch_of(city.roles.operator, METRO, TODAY, [Entry(RIDERS[0].address, 1)], sequence=7)
    approvals = city.approve(batch)
    digest = bytes(again.attestationDigest(batch.header))
    assert digest != bytes(city.ledger.attestationDigest(batch.header))
    with reverts_with(city.committee, "OracleCommittee_BadSignature", approvals[0][0], digest):
        again.attest(batch.header, approvals, {"from": city.roles.rando})
    assert bare(again.phaseOf(batch.id)) == (0, 0)
