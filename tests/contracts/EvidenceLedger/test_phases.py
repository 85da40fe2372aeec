"""Attested, open, closed, revoked: what leads where, and what never does."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from oracle.measure.evidence.leaf import record_leaf

from ..support.batches import Batch, Entry, batch_of
from ..support.city import CHALLENGE_WINDOW, METRO, TODAY, City, person
from ..support.clock import at, now, travel_to
from ..support.reverts import reverts_with
from ..support.values import bare, events

NONE, ATTESTED, OPEN, CLOSED, REVOKED, FROZEN = range(6)
CREDIT_PERIOD = 365 * 86_400
GRACE_PERIOD = 30 * 86_400
UNKNOWN = keccak(b"no batch")


@pytest.fixture
def batch(city: City) -> Batch:
    return batch_of(
        city.roles.operator, METRO, TODAY, [Entry(person("rider").address, 1_000), Entry(person("guest").address, 1)]
    )


def phase(city: City, batch: Batch) -> int:
    return int(city.ledger.phaseOf(batch.id)[0])


def test_given_no_batch__it_has_no_phase_and_an_empty_header(city: City) -> None:
    assert bare(city.ledger.phaseOf(UNKNOWN)) == (NONE, 0)
    assert city.ledger.headerOf(UNKNOWN)[0] == "0x" + "00" * 20
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", UNKNOWN, NONE):
        city.ledger.creditBasis(UNKNOWN)


def test_given_an_attested_batch__when_its_challenge_window_is_over__it_opens(city: City, batch: Batch) -> None:
    attested_at = city.attest(batch).timestamp
    assert city.ledger.challengeWindow() == CHALLENGE_WINDOW
    travel_to(attested_at + CHALLENGE_WINDOW - 30)
    assert phase(city, batch) == ATTESTED
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, ATTESTED):
        city.credit(batch)
    travel_to(attested_at + CHALLENGE_WINDOW)
    assert phase(city, batch) == OPEN
    assert bare(city.ledger.creditBasis(batch.id))[:5] == (city.roles.operator, TODAY, 1, 2, 1_001)


def test_given_an_open_batch__when_everybody_is_credited__it_closes(city: City, batch: Batch) -> None:
    city.open(batch)
    city.credit(batch, 0, 1)
    assert phase(city, batch) == OPEN
    done = city.credit(batch, 1, 1)
    assert phase(city, batch) == CLOSED
    assert bytes(events(done, "BatchClosed")[0]["batch"]) == batch.id


def test_given_an_open_batch__when_its_credit_period_runs__nobody_can_close_it(city: City, batch: Batch) -> None:
    attested_at = int(city.ledger.phaseOf(city.open(batch).id)[1])
    until = attested_at + CREDIT_PERIOD
    assert city.ledger.CREDIT_PERIOD() == CREDIT_PERIOD
    travel_to(until - 60)
    with reverts_with(city.ledger, "EvidenceLedger_CreditPeriodRunning", batch.id, until):
        city.ledger.close(batch.id, {"from": city.roles.rando})
    travel_to(until)
    city.ledger.close(batch.id, {"from": city.roles.rando})
    assert phase(city, batch) == CLOSED
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, CLOSED):
        city.credit(batch)


@pytest.mark.parametrize("from_phase", [NONE, ATTESTED, CLOSED, REVOKED])
def test_given_a_batch_that_is_not_open__when_it_is_closed__it_reverts(
    city: City, batch: Batch, from_phase: int
) -> None:
    _bring_to(city, batch, from_phase)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, from_phase):
        city.ledger.close(batch.id, {"from": city.roles.rando})


@pytest.mark.parametrize("from_phase", [ATTESTED, OPEN, CLOSED])
def test_given_a_batch__when_the_authority_revokes_it__it_is_over_for_good(
    city: City, batch: Batch, from_phase: int
) -> None:
    _bring_to(city, batch, from_phase)
    done = city.ledger.revoke(batch.id, "meter file forged", {"from": city.roles.authority})
    assert phase(city, batch) == REVOKED
    [event] = events(done, "BatchRevoked")
    assert (bytes(event["batch"]), event["reason"]) == (batch.id, "meter file forged")
    travel_to(done.timestamp + CREDIT_PERIOD)
    assert phase(city, batch) == REVOKED
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, REVOKED):
        city.ledger.creditBasis(batch.id)


@pytest.mark.parametrize("from_phase", [NONE, REVOKED])
def test_given_nothing_to_revoke__it_reverts(city: City, batch: Batch, from_phase: int) -> None:
    _bring_to(city, batch, from_phase)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, from_phase):
        city.ledger.revoke(batch.id, "", {"from": city.roles.authority})


def test_given_a_batch_that_is_revoked__its_reserve_is_free_again(city: City, batch: Batch) -> None:
    free = city.vault.freeOf(city.roles.operator)
    city.open(batch)
    assert city.vault.freeOf(city.roles.operator) == free - 422 * 50
    city.credit(batch, 0, 1)  # the guest's metre: 50 mg, no point
    city.ledger.revoke(batch.id, "", {"from": city.roles.authority})
    assert city.vault.freeOf(city.roles.operator) == free
    assert city.vault.lockedFor(batch.id) == 0


def test_given_the_end_of_the_credit_period__a_waiting_operator_takes_nothing(city: City, batch: Batch) -> None:
    """It cannot withdraw what is locked, so anybody can still credit its batch on the last day."""
    city.open(batch)
    operator, free = city.roles.operator, city.vault.freeOf(city.roles.operator)
    city.vault.withdraw(free, operator, {"from": operator})
    travel_to(int(city.ledger.phaseOf(batch.id)[1]) + CREDIT_PERIOD - 60)
    city.credit(batch)
    assert city.book.balanceOf(person("rider").address) == 422
    assert phase(city, batch) == CLOSED


def test_given_a_suspended_methodology__nobody_closes_and_a_grace_period_follows(city: City, batch: Batch) -> None:
    word, authority = batch.header.methodology, {"from": city.roles.authority}
    attested_at = int(city.ledger.phaseOf(city.open(batch).id)[1])
    city.methodologies.suspend(word, 1, "doubt", authority)
    travel_to(attested_at + 2 * CREDIT_PERIOD)
    for ask in (
        lambda: city.ledger.close(batch.id, {"from": city.roles.rando}),
        lambda: city.ledger.closableFrom(batch.id),
    ):
        with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", word, 1, 5):
            ask()
    resumed_at = city.methodologies.resume(word, 1, authority).timestamp
    assert city.methodologies.usableSince(word, 1) == resumed_at
    _only_after_grace(city, batch, resumed_at)


def test_given_a_paused_issuer__nobody_closes_and_a_grace_period_follows(city: City, batch: Batch) -> None:
    attested_at = int(city.ledger.phaseOf(city.open(batch).id)[1])
    city.issuer.pause({"from": city.roles.guardian})
    travel_to(attested_at + 2 * CREDIT_PERIOD)
    for ask in (
        lambda: city.ledger.close(batch.id, {"from": city.roles.rando}),
        lambda: city.ledger.closableFrom(batch.id),
        city.issuer.runsSince,
    ):
        with reverts_with(city.issuer, "EnforcedPause"):
            ask()
    unpaused_at = city.issuer.unpause({"from": city.roles.authority}).timestamp
    assert city.issuer.runsSince() == unpaused_at
    _only_after_grace(city, batch, unpaused_at)


def _only_after_grace(city: City, batch: Batch, since: int) -> None:
    until = since + city.ledger.GRACE_PERIOD()
    assert until == since + GRACE_PERIOD == city.ledger.closableFrom(batch.id)
    travel_to(until - 60)
    with reverts_with(city.ledger, "EvidenceLedger_CreditPeriodRunning", batch.id, until):
        city.ledger.close(batch.id, {"from": city.roles.rando})
    city.credit(batch, 0, 1)
    travel_to(until)
    city.ledger.close(batch.id, {"from": city.roles.rando})
    assert phase(city, batch) == CLOSED


def test_given_an_obstacle_early_in_the_credit_period__the_period_ends_as_planned(city: City, batch: Batch) -> None:
    attested_at = int(city.ledger.phaseOf(city.open(batch).id)[1])
    city.methodologies.suspend(batch.header.methodology, 1, "", {"from": city.roles.authority})
    city.methodologies.resume(batch.header.methodology, 1, {"from": city.roles.authority})
    city.issuer.pause({"from": city.roles.guardian})
    city.issuer.unpause({"from": city.roles.authority})
    assert city.ledger.closableFrom(batch.id) == attested_at + CREDIT_PERIOD


@pytest.mark.parametrize("state", [ATTESTED, OPEN, FROZEN])
def test_given_a_year_that_expired__anyone_closes_whatever_stands_in_the_way(
    city: City, batch: Batch, state: int
) -> None:
    if state == ATTESTED:
        travel_to(at(2044, 12, 31, 23, 30))
    if state == FROZEN:
        batch = _frozen(city, batch)
    else:
        city.attest(batch)
    city.issuer.pause({"from": city.roles.guardian})
    city.methodologies.suspend(batch.header.methodology, 1, "", {"from": city.roles.authority})
    free = city.vault.freeOf(city.roles.operator)
    travel_to(at(2045, 1, 1))
    assert phase(city, batch) == state
    done = city.ledger.close(batch.id, {"from": city.roles.rando})
    assert events(done, "ReserveUnlocked") == [
        {
            "batch": "0x" + batch.id.hex(),
            "operator": city.roles.operator,
            "year": 2035,
            "pointsMilli": 422,
            "amount": 422 * 50,
        }
    ]
    assert city.vault.freeOf(city.roles.operator) == free + 422 * 50
    now_in = FROZEN if state == FROZEN else CLOSED
    assert phase(city, batch) == now_in
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, now_in):
        city.ledger.close(batch.id, {"from": city.roles.rando})


def test_given_the_last_second_of_the_year_before__a_frozen_batch_cannot_be_closed(city: City, batch: Batch) -> None:
    batch = _frozen(city, batch)
    travel_to(at(2045, 1, 1) - 60)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, FROZEN):
        city.ledger.close(batch.id, {"from": city.roles.rando})


def test_given_a_year_that_expired__a_revoked_batch_is_not_closed(city: City, batch: Batch) -> None:
    city.attest(batch)
    city.ledger.revoke(batch.id, "", {"from": city.roles.authority})
    travel_to(at(2046, 1, 1))
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, REVOKED):
        city.ledger.close(batch.id, {"from": city.roles.rando})


def test_given_a_pause__it_leaves_open_batches_alone(city: City, batch: Batch) -> None:
    city.open(batch)
    city.ledger.pause({"from": city.roles.guardian})
    city.credit(batch)
    assert phase(city, batch) == CLOSED


def _frozen(city: City, batch: Batch) -> Batch:
    """The batch, reported to repeat a record of one attested a minute before; both records trees are that one leaf."""
    record = (keccak(b"ride"), person("rider").address, 1, 2, 3, keccak(b"salted"))
    leaf = record_leaf(record[0], bytes.fromhex(record[1][2:]), *record[2:])
    earlier, later = batch.claiming(records_root=leaf, sequence=5), batch.claiming(records_root=leaf)
    city.attest(earlier)
    travel_to(now() + 60)
    city.attest(later)
    city.ledger.reportDuplicate((earlier.id, record, []), (later.id, record, []), {"from": city.roles.rando})
    assert phase(city, later) == FROZEN
    return later


def _bring_to(city: City, batch: Batch, wanted: int) -> None:
    if wanted == NONE:
        return
    attested_at = city.attest(batch).timestamp
    if wanted in (OPEN, CLOSED):
        travel_to(attested_at + CHALLENGE_WINDOW)
    if wanted == CLOSED:
        city.credit(batch)
    if wanted == REVOKED:
        city.ledger.revoke(batch.id, "", {"from": city.roles.authority})
    assert phase(city, batch) == wanted
