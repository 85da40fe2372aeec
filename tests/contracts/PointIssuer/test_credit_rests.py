"""What the cap of an account's day cut stays claimable while the batch is open, whoever sent what in which order."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from ..support.batches import Batch, Entry, batch_of
from ..support.city import METRO, TODAY, WALK, City, person
from ..support.clock import now, travel_to
from ..support.reverts import reverts_with
from ..support.values import bare, events

OPEN, CLOSED, REVOKED = 2, 3, 4
CREDIT_PERIOD, GRACE_PERIOD = 365 * 86_400, 30 * 86_400
CAP, RAISED = 80_000_000, 200_000_000
GUEST = person("stranger").address


@pytest.fixture
def cut(city: City, newcomer: LocalAccount) -> Batch:
    """The newcomer's day has room for 35 of the 45 kg that this batch brings; the guest gets his 5 g."""
    city.earn([Entry(newcomer.address, 900_000)])
    return city.earn([Entry(newcomer.address, 900_000, True), Entry(GUEST, 100)], sequence=1)


def rests(city: City, batch: Batch, *indices: int) -> Any:
    return city.issuer.creditRests(batch.id, list(indices), {"from": city.roles.rando})


def raise_cap(city: City, cap: int = RAISED) -> None:
    city.decide(city.issuer, "setAccountDayCap", cap)


def progress(city: City, batch: Batch) -> Any:
    return bare(city.issuer.progressOf(batch.id))


def test_given_a_cut__it_keeps_the_rest_says_so_and_stays_open(city: City, newcomer: LocalAccount) -> None:
    city.earn([Entry(newcomer.address, 900_000)])
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(newcomer.address, 900_000, True)], sequence=1))
    done = city.credit(batch)
    assert bare(done.return_value) == (35_000_000, 295_555)
    assert events(done, "RestKept") == [
        {"batch": "0x" + batch.id.hex(), "index": 0, "account": newcomer.address, "restMg": 10_000_000}
    ]
    assert city.issuer.restOf(batch.id, 0) == 10_000_000
    assert progress(city, batch) == (900_000, 35_000_000, 295_555, 35_000_000, 1, 1)
    assert city.ledger.phaseOf(batch.id)[0] == OPEN
    assert city.vault.lockedFor(batch.id) == 380_000


def test_given_room__the_rest_is_credited_counted_and_closes_the_batch(
    city: City, cut: Batch, newcomer: LocalAccount
) -> None:
    raise_cap(city)
    issued = city.issuer.issuedOn(city.roles.operator, now() // 86_400)
    done = rests(city, cut, 0)
    assert bare(done.return_value) == (10_000_000, 84_444)
    assert events(done, "RestsCredited") == [
        {
            "batch": "0x" + cut.id.hex(),
            "operator": city.roles.operator,
            "indices": (0,),
            "reductionMg": 10_000_000,
            "pointsMilli": 84_444,
        }
    ]
    assert city.book.reductionOf(newcomer.address) == 90_000_000
    assert progress(city, cut) == (900_100, 45_005_000, 295_555 + 84_444 + 42, 45_000_000, 2, 0)
    assert city.issuer.issuedOn(city.roles.operator, now() // 86_400) == issued + 10_000_000
    assert city.ledger.phaseOf(cut.id)[0] == CLOSED
    assert (city.issuer.restOf(cut.id, 0), city.vault.lockedFor(cut.id)) == (0, 0)
    assert city.vault.lockedOf(city.roles.operator, 2035) == 227_155 + 113_577 + 380_000 + 295_555 + 84_444 + 42


def test_given_room_for_a_part__it_credits_that_and_keeps_the_rest_of_the_rest(
    city: City, cut: Batch, newcomer: LocalAccount
) -> None:
    raise_cap(city, CAP + 4_000_000)
    done = rests(city, cut, 0)
    assert [event["restMg"] for event in events(done, "RestKept")] == [6_000_000]
    assert progress(city, cut)[3:] == (39_000_000, 2, 1)
    assert city.ledger.phaseOf(cut.id)[0] == OPEN
    raise_cap(city)
    rests(city, cut, 0)
    assert city.book.reductionOf(newcomer.address) == 90_000_000
    assert city.ledger.phaseOf(cut.id)[0] == CLOSED


def test_given_no_room__it_reverts_and_the_rest_stays(city: City, cut: Batch) -> None:
    with reverts_with(city.issuer, "PointIssuer_NothingFits", cut.id):
        rests(city, cut, 0)
    with reverts_with(city.issuer, "PointIssuer_NothingFits", cut.id):
        rests(city, cut)
    assert city.issuer.restOf(cut.id, 0) == 10_000_000


@pytest.mark.parametrize(("indices", "missing"), [((1,), 1), ((0, 0), 0), ((0, 7), 7)], ids=str)
def test_given_an_entry_without_a_rest_or_one_asked_for_twice__it_reverts(
    city: City, cut: Batch, indices: tuple[int, ...], missing: int
) -> None:
    raise_cap(city)
    with reverts_with(city.issuer, "PointIssuer_NoRest", cut.id, missing):
        rests(city, cut, *indices)
    assert city.issuer.restOf(cut.id, 0) == 10_000_000


def test_given_a_rest_before_all_are_credited__the_last_entry_closes_the_batch(
    city: City, newcomer: LocalAccount
) -> None:
    city.earn([Entry(newcomer.address, 900_000)])
    batch = city.open(
        batch_of(city.roles.operator, METRO, TODAY, [Entry(newcomer.address, 900_000), Entry(GUEST, 100)], sequence=1)
    )
    city.credit(batch, 0, 1)
    raise_cap(city)
    rests(city, batch, 0)
    assert city.ledger.phaseOf(batch.id)[0] == OPEN
    city.credit(batch, 1, 1)
    assert city.ledger.phaseOf(batch.id)[0] == CLOSED


def test_given_entries_before_and_behind_the_cut_one__each_rest_is_its_own(city: City) -> None:
    """Of five entries the second and the fourth are cut, the fourth by both caps; the first was credited before."""
    riders = sorted((person(f"rider {number}").address for number in range(5)), key=str.lower)
    full = [Entry(riders[1], 1_000_000), Entry(riders[3], 800_000)]  # 50 and 40 of 80 kg
    city.earn(full)
    entries = [Entry(rider, 100, True) for rider in riders]
    entries[1], entries[3] = Entry(riders[1], 900_000, True), Entry(riders[3], 1_200_000)
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, entries, sequence=1))
    city.credit(batch, 0, 1)
    done = city.credit(batch)
    assert [(event["index"], event["account"], event["restMg"]) for event in events(done, "RestKept")] == [
        (1, riders[1], 15_000_000),
        (3, riders[3], 10_000_000),
    ]
    assert [(event["index"], event["askedMg"]) for event in events(done, "EntryCapped")] == [(3, 60_000_000)]
    assert progress(city, batch) == (
        2_100_300,
        70_015_000,
        3 * 42 + 253_333 + 337_777,
        30_015_000,
        5,
        2,
    )


def test_given_a_rest_that_never_fits__it_ends_with_the_credit_period(city: City, cut: Batch) -> None:
    attested_at = int(city.ledger.phaseOf(cut.id)[1])
    until = attested_at + CREDIT_PERIOD
    travel_to(until - 60)
    with reverts_with(city.ledger, "EvidenceLedger_CreditPeriodRunning", cut.id, until):
        city.ledger.close(cut.id, {"from": city.roles.operator})
    travel_to(until)
    free = city.vault.freeOf(city.roles.operator)
    city.ledger.close(cut.id, {"from": city.roles.rando})
    unused = 380_042 - 295_555 - 42  # of 900,100 m in one
    assert city.vault.freeOf(city.roles.operator) == free + unused * 50
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", cut.id, CLOSED):
        rests(city, cut, 0)


def test_given_what_stops_a_credit__it_stops_the_credit_of_a_rest(city: City, cut: Batch) -> None:
    raise_cap(city)
    roles, word = city.roles, cut.header.methodology
    city.issuer.pause({"from": roles.guardian})
    with reverts_with(city.issuer, "EnforcedPause"):
        rests(city, cut, 0)
    city.issuer.unpause({"from": roles.authority})
    city.methodologies.suspend(word, 1, "", {"from": roles.authority})
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", word, 1, 5):
        rests(city, cut, 0)
    city.methodologies.resume(word, 1, {"from": roles.authority})
    city.operators.setOperatorDayLimit(roles.operator, 9_999_999, {"from": roles.authority})
    left = 9_999_999 - int(city.issuer.issuedOn(roles.operator, now() // 86_400))
    with reverts_with(city.issuer, "PointIssuer_DayLimit", roles.operator, 10_000_000, left):
        rests(city, cut, 0)
    city.ledger.revoke(cut.id, "", {"from": roles.authority})
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", cut.id, REVOKED):
        rests(city, cut, 0)


def test_given_a_methodology_without_points__its_rests_bring_reduction_only(city: City, newcomer: LocalAccount) -> None:
    city.earn([Entry(newcomer.address, 1_000_000)])
    batch = city.earn([Entry(newcomer.address, 1_000_000)], methodology=WALK)  # 50 kg, 30 of them fit
    raise_cap(city)
    done = rests(city, batch, 0)
    assert bare(done.return_value) == (20_000_000, 0)
    assert city.ledger.phaseOf(batch.id)[0] == CLOSED
