"""Attested, open, closed, revoked: what leads where, and what never does."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from ..support.batches import Batch, Entry, batch_of
from ..support.city import CHALLENGE_WINDOW, METRO, TODAY, City, person
from ..support.clock import travel_to
from ..support.reverts import reverts_with
from ..support.values import bare, events

NONE, ATTESTED, OPEN, CLOSED, REVOKED = range(5)
CREDIT_PERIOD = 365 * 86_400
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


def test_given_an_attested_batch__when_its_challenge_window_is_over__it_opens_by_itself(
    city: City, batch: Batch
) -> None:
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


def test_given_an_open_batch__when_its_credit_period_runs__it_cannot_be_closed_by_anyone(
    city: City, batch: Batch
) -> None:
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


def test_given_a_pause__it_leaves_open_batches_alone(city: City, batch: Batch) -> None:
    city.open(batch)
    city.ledger.pause({"from": city.roles.guardian})
    city.credit(batch)
    assert phase(city, batch) == CLOSED


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
