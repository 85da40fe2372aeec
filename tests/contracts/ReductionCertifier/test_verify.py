"""From the verifier's appointment to issue, and what stops it on the way (I41, I43, I44)."""

from __future__ import annotations

import pytest
from brownie import chain
from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from ..support.batches import Batch
from ..support.city import NOTICE_PERIOD, City
from ..support.clock import travel_to
from ..support.credits import (
    BILL,
    DRAWN,
    ISSUED,
    REJECTED,
    SEED_DELAY,
    SUBMITTED,
    TONNE,
    VERIFIED,
    VOID,
    Flow,
    Series,
    Shares,
    mine_through,
)
from ..support.reverts import reverts_with
from ..support.values import bare, events

STATEMENT = keccak(b"statement")
CLOSED, REVOKED, FROZEN = 3, 4, 5


@pytest.fixture
def rows(commuter: LocalAccount, household: LocalAccount) -> list[tuple[str, int]]:
    return [(commuter.address, 3 * TONNE), (household.address, 2 * TONNE)]


@pytest.fixture
def submitted(flow: Flow, rows: list[tuple[str, int]]) -> tuple[int, Batch, Shares]:
    return flow.submitted(rows)


@pytest.fixture
def claim(submitted: tuple[int, Batch, Shares]) -> int:
    return submitted[0]


@pytest.fixture
def batch(submitted: tuple[int, Batch, Shares]) -> Batch:
    return submitted[1]


@pytest.fixture
def verified(flow: Flow, claim: int) -> int:
    flow.appoint(claim)
    flow.draw(claim)
    flow.certify(claim, 4 * TONNE)
    return claim


def test_given_a_submitted_claim__when_a_verifier_is_appointed__the_seed_is_ahead(
    city: City, flow: Flow, claim: int
) -> None:
    certifier, authority = city.certifier, {"from": flow.roles.authority}
    with reverts_with(certifier, "ReductionCertifier_SeedNotReady", 0):
        certifier.draw(claim, {"from": flow.roles.rando})
    with reverts_with(certifier, "ReductionCertifier_NotLicensed", flow.buyer.address):
        certifier.appoint(claim, flow.buyer, authority)
    for person in (flow.roles.operator, flow.roles.authority):
        certifier.licenseVerifier(person, STATEMENT, authority)
        with reverts_with(certifier, "ReductionCertifier_SamePerson", person.address):
            certifier.appoint(claim, person, authority)
    done = flow.appoint(claim)
    seed_block = done.block_number + SEED_DELAY
    assert events(done, "VerifierAppointed") == [
        {"claim": claim, "verifier": flow.verifier.address, "seedBlock": seed_block}
    ]
    with reverts_with(certifier, "ReductionCertifier_Appointed", claim, flow.verifier.address):
        flow.appoint(claim)


def test_given_the_seed_block__when_it_is_past__the_seed_is_drawn_from_its_hash(
    city: City, flow: Flow, claim: int
) -> None:
    """Case 8: a call in block seedBlock is too early, one in the next draws."""
    seed_block = flow.appoint(claim).block_number + SEED_DELAY
    mine_through(seed_block - 1)
    with reverts_with(city.certifier, "ReductionCertifier_SeedNotReady", seed_block):
        city.certifier.draw(claim, {"from": flow.roles.rando})  # mined as the seed block itself
    mine_through(seed_block)
    done = city.certifier.draw(claim, {"from": flow.roles.rando})
    seed = keccak(encode(["bytes32", "uint256", "uint256"], [bytes(chain[seed_block].hash), claim, 1]))
    assert events(done, "SeedDrawn") == [{"claim": claim, "round": 1, "seed": "0x" + seed.hex()}]
    assert bytes(city.certifier.seedOf(claim)) == seed
    assert city.certifier.claimOf(claim)["state"] == DRAWN
    with reverts_with(city.certifier, "ReductionCertifier_WrongState", claim, DRAWN):
        city.certifier.draw(claim, {"from": flow.roles.rando})


@pytest.mark.parametrize("late", [0, 1])
def test_given_a_seed_block_long_past__when_it_is_drawn__it_counts_for_256_blocks(
    city: City, flow: Flow, claim: int, late: int
) -> None:
    """Case 8: at seedBlock + 256 it is drawn, at + 257 it has lapsed and round 2 begins."""
    seed_block = flow.appoint(claim).block_number + SEED_DELAY
    mine_through(seed_block + 255 + late)
    done = city.certifier.draw(claim, {"from": flow.roles.rando})
    assert done.block_number == seed_block + 256 + late
    if not late:
        assert city.certifier.claimOf(claim)["state"] == DRAWN
        return
    again = done.block_number + SEED_DELAY
    assert events(done, "SeedLapsed") == [{"claim": claim, "round": 2, "seedBlock": again}]
    assert city.certifier.claimOf(claim)["state"] == SUBMITTED
    [drawn] = events(flow.draw(claim), "SeedDrawn")
    seed = keccak(encode(["bytes32", "uint256", "uint256"], [bytes(chain[again].hash), claim, 2]))
    assert (drawn["round"], drawn["seed"]) == (2, "0x" + seed.hex())


def test_given_a_drawn_claim__when_it_is_certified__only_the_verifier_can(city: City, flow: Flow, claim: int) -> None:
    certifier = city.certifier
    flow.appoint(claim)
    with reverts_with(certifier, "ReductionCertifier_WrongState", claim, SUBMITTED):
        flow.certify(claim, 1)
    flow.draw(claim)
    with reverts_with(certifier, "ReductionCertifier_NotVerifier", claim, flow.roles.rando.address):
        certifier.certify(claim, 1, STATEMENT, {"from": flow.roles.rando})
    for mg in (0, 5 * TONNE + 1):
        with reverts_with(certifier, "ReductionCertifier_AboveClaimed", mg, 5 * TONNE):
            flow.certify(claim, mg)
    with reverts_with(certifier, "ReductionCertifier_Incomplete"):
        certifier.certify(claim, 1, bytes(32), {"from": flow.verifier})
    certifier.licenseVerifier(flow.verifier, bytes(32), {"from": flow.roles.authority})
    with reverts_with(certifier, "ReductionCertifier_NotVerifier", claim, flow.verifier.address):
        flow.certify(claim, 1)
    certifier.licenseVerifier(flow.verifier, STATEMENT, {"from": flow.roles.authority})
    done = flow.certify(claim, 5 * TONNE)
    assert events(done, "Certified") == [
        {"claim": claim, "verifier": flow.verifier.address, "mg": 5 * TONNE, "statementHash": "0x" + STATEMENT.hex()}
    ]
    found = certifier.claimOf(claim)
    assert (found["state"], found["certifiedMg"]) == (VERIFIED, 5 * TONNE)


def test_given_a_claim__when_it_is_rejected__by_the_verifier_until_it_certified(
    city: City, flow: Flow, rows: list[tuple[str, int]], claim: int, batch: Batch
) -> None:
    certifier = city.certifier
    flow.appoint(claim)
    done = certifier.reject(claim, "meters do not exist", {"from": flow.verifier})
    assert events(done, "ClaimRejected") == [
        {"claim": claim, "by": flow.verifier.address, "reason": "meters do not exist"}
    ]
    assert certifier.claimOf(claim)["state"] == REJECTED
    for caller in (flow.verifier, flow.roles.rando):
        with reverts_with(city.certifier, "AccessManagedUnauthorized", caller.address):
            certifier.reject(claim, "", {"from": caller})
    with reverts_with(certifier, "ReductionCertifier_WrongState", claim, REJECTED):
        certifier.reject(claim, "", {"from": flow.roles.authority})
    second = flow.open(1)
    flow.add(second, batch)
    flow.submit(flow.frame(second, [batch], Shares.of(rows)))
    flow.appoint(second)
    flow.draw(second)
    flow.certify(second, 1)
    with reverts_with(city.certifier, "AccessManagedUnauthorized", flow.verifier.address):
        certifier.reject(second, "", {"from": flow.verifier})
    certifier.reject(second, "double claim", {"from": flow.roles.second_authority})
    assert certifier.claimOf(second)["state"] == REJECTED


def test_given_a_notice__when_it_is_issued__not_a_second_early_and_by_another_person(
    city: City, flow: Flow, verified: int
) -> None:
    """Case 16, time and persons."""
    certifier = city.certifier
    with reverts_with(certifier, "ReductionCertifier_WrongState", verified, VERIFIED):
        flow.issue(verified)
    done = certifier.startNotice(verified, {"from": flow.roles.authority})
    until = done.timestamp + NOTICE_PERIOD
    assert events(done, "NoticeStarted") == [{"claim": verified, "until": until}]
    travel_to(until - 2)
    with reverts_with(certifier, "ReductionCertifier_NoticeRunning", until):
        flow.issue(verified)
    travel_to(until)
    with reverts_with(certifier, "ReductionCertifier_SamePerson", flow.roles.authority.address):
        certifier.issue(verified, bytes(32), {"from": flow.roles.authority})
    flow.issue(verified)
    assert certifier.claimOf(verified)["state"] == ISSUED
    with reverts_with(certifier, "ReductionCertifier_WrongState", verified, ISSUED):
        flow.issue(verified)
    with reverts_with(certifier, "ReductionCertifier_WrongState", verified, ISSUED):
        certifier.reject(verified, "", {"from": flow.roles.authority})
    with reverts_with(certifier, "ReductionCertifier_Appointed", verified, flow.verifier.address):
        certifier.withdraw(verified, {"from": flow.roles.operator})


def test_given_the_access_manager_as_a_mask__when_it_is_used__nobody_passes_for_two(
    city: City, flow: Flow, verified: int
) -> None:
    certifier, roles = city.certifier, flow.roles
    notice = certifier.startNotice.encode_input(verified)
    with reverts_with(certifier, "ReductionCertifier_SamePerson", city.access.address):
        city.access.execute(certifier, notice, {"from": roles.authority})
    flow.notice(verified)
    issue = certifier.issue.encode_input(verified, bytes(32))
    for person in (roles.authority, roles.second_authority):
        with reverts_with(certifier, "ReductionCertifier_SamePerson", city.access.address):
            city.access.execute(certifier, issue, {"from": person})


def test_given_a_verifier_with_a_role__when_it_gives_notice_or_issues__it_reverts(
    city: City, flow: Flow, rows: list[tuple[str, int]], claim: int
) -> None:
    certifier, roles = city.certifier, flow.roles
    certifier.licenseVerifier(roles.second_authority, STATEMENT, {"from": roles.authority})
    certifier.appoint(claim, roles.second_authority, {"from": roles.authority})
    flow.draw(claim)
    certifier.certify(claim, 1, STATEMENT, {"from": roles.second_authority})
    with reverts_with(certifier, "ReductionCertifier_SamePerson", roles.second_authority.address):
        certifier.startNotice(claim, {"from": roles.second_authority})
    flow.notice(claim)
    with reverts_with(certifier, "ReductionCertifier_SamePerson", roles.second_authority.address):
        flow.issue(claim)


def test_given_objections__when_it_is_issued__there_must_be_answers(city: City, flow: Flow, verified: int) -> None:
    """Case 16, objections."""
    certifier, rando = city.certifier, {"from": flow.roles.rando}
    text = keccak(b"that was my bus")
    with reverts_with(certifier, "ReductionCertifier_WrongState", verified, VERIFIED):
        certifier.object(verified, text, rando)
    until = certifier.startNotice(verified, {"from": flow.roles.authority}).timestamp + NOTICE_PERIOD
    with reverts_with(certifier, "ReductionCertifier_Incomplete"):
        certifier.object(verified, bytes(32), rando)
    done = certifier.object(verified, text, rando)
    assert events(done, "Objected") == [
        {"claim": verified, "by": flow.roles.rando.address, "textHash": "0x" + text.hex()}
    ]
    certifier.object(verified, text, rando)
    travel_to(until)
    with reverts_with(certifier, "ReductionCertifier_NoticeOver", until):
        certifier.object(verified, text, rando)
    with reverts_with(certifier, "ReductionCertifier_Unanswered", 2):
        flow.issue(verified)
    answers = keccak(b"it was not")
    [event] = events(flow.issue(verified, answers), "SeriesIssued")
    assert event["answersHash"] == "0x" + answers.hex()


def test_given_a_frozen_batch__when_it_is_reported__the_claim_waits_for_the_release(
    city: City, flow: Flow, verified: int, batch: Batch
) -> None:
    """Case 16, holds."""
    certifier, rando = city.certifier, {"from": flow.roles.rando}
    with reverts_with(certifier, "ReductionCertifier_NotInPhase", batch.id, CLOSED):
        certifier.reportFrozen(batch.id, rando)
    with reverts_with(certifier, "ReductionCertifier_SameHold", batch.id, False):
        certifier.clearHold(batch.id, rando)
    with reverts_with(certifier, "ReductionCertifier_NotClaimed", flow.earlier.id):
        certifier.reportFrozen(flow.earlier.id, rando)
    flow.freeze(batch)
    done = certifier.reportFrozen(batch.id, rando)
    assert events(done, "ClaimHeld") == [{"claim": verified, "batch": "0x" + batch.id.hex()}]
    with reverts_with(certifier, "ReductionCertifier_SameHold", batch.id, True):
        certifier.reportFrozen(batch.id, rando)
    with reverts_with(certifier, "ReductionCertifier_NotInPhase", batch.id, FROZEN):
        certifier.clearHold(batch.id, rando)
    flow.notice(verified)
    with reverts_with(certifier, "ReductionCertifier_Held", 1):
        flow.issue(verified)
    flow.release(batch)
    done = certifier.clearHold(batch.id, rando)
    assert events(done, "HoldCleared") == [{"claim": verified, "batch": "0x" + batch.id.hex()}]
    flow.issue(verified)
    assert certifier.claimOf(verified)["holds"] == 0
    flow_again = (certifier, "ReductionCertifier_WrongState", verified, ISSUED)
    with reverts_with(*flow_again):
        certifier.reportFrozen(batch.id, rando)


def test_given_a_revoked_batch__when_it_is_reported_before_issue__the_claim_is_void(
    city: City, flow: Flow, verified: int, batch: Batch
) -> None:
    certifier, rando = city.certifier, {"from": flow.roles.rando}
    flow.notice(verified)
    with reverts_with(certifier, "ReductionCertifier_NotInPhase", batch.id, CLOSED):
        certifier.reportRevoked(batch.id, rando)
    city.ledger.revoke(batch.id, "forged", {"from": flow.roles.authority})
    done = certifier.reportRevoked(batch.id, rando)
    assert events(done, "ClaimVoided") == [{"claim": verified, "batch": "0x" + batch.id.hex()}]
    with reverts_with(certifier, "ReductionCertifier_WrongState", verified, VOID):
        flow.issue(verified)
    with reverts_with(certifier, "ReductionCertifier_NotClaimed", batch.id):
        certifier.reportRevoked(batch.id, rando)
    assert flow.open(1) == verified + 1


def test_given_an_issued_series__its_batch_is_reported_to_the_reversals(city: City, flow: Flow, series: Series) -> None:
    city.ledger.revoke(series.batch.id, "forged", {"from": flow.roles.authority})
    with reverts_with(city.certifier, "ReductionCertifier_WrongState", series.number, ISSUED):
        city.certifier.reportRevoked(series.batch.id, {"from": flow.roles.rando})


def test_given_a_claim_of_450_t__when_it_is_issued__buffer_and_stock_are_told(
    city: City, flow: Flow, series: Series
) -> None:
    """Case 17: 500 bps of 450 t are 22.5 t."""
    stock = city.market.stockOf(series.number)
    assert (stock["availableMg"], stock["bufferMg"]) == (427_500_000_000, 22_500_000_000)
    assert series.token.balanceOf(city.market) == series.token.totalSupply() == 450 * TONNE
    assert bare(city.certifier.issuedTo(series.number)) == (flow.roles.operator.address, 0)
    assert bare(city.certifier.sharesOf(series.number)) == ("0x" + series.shares.tree.root.hex(), 450 * TONNE)
    assert city.certifier.lastSeriesOf(flow.roles.operator) == series.number
    assert series.token.name() == f"Carbon Credit {BILL} 2035-1"
    assert (series.token.symbol(), series.token.decimals(), series.token.series()) == ("CC1", 9, 1)


@pytest.mark.parametrize(("mg", "buffer"), [(19, 0), (20, 1)])
def test_given_a_tiny_claim__when_it_is_issued__the_buffer_is_rounded_down(
    city: City, flow: Flow, commuter: LocalAccount, mg: int, buffer: int
) -> None:
    """Case 17."""
    claim = flow.verified([(commuter.address, mg)], mg)
    flow.notice(claim)
    done = flow.issue(claim)
    [event] = events(done, "SeriesIssued")
    assert {key: event[key] for key in ("series", "mg", "bufferMg", "termsId", "vintage", "sequence")} == {
        "series": claim,
        "mg": mg,
        "bufferMg": buffer,
        "termsId": 0,
        "vintage": 2035,
        "sequence": 1,
    }
    assert event["token"] == city.certifier.tokenOf(claim)
    assert city.market.stockOf(claim)["availableMg"] == mg - buffer


def test_given_two_series__when_the_operator_is_asked__they_are_linked_last_to_first(
    city: City, flow: Flow, series: Series, commuter: LocalAccount
) -> None:
    second = flow.issued([(commuter.address, TONNE)], sequence=2)
    operator = flow.roles.operator.address
    assert city.certifier.lastSeriesOf(operator) == second.number
    assert bare(city.certifier.issuedTo(second.number)) == (operator, series.number)
