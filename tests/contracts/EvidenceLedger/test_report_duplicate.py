"""One record in two batches: anyone proves it, the later batch stands still, the authority decides."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from eth_utils.crypto import keccak

from oracle.measure.evidence.leaf import record_leaf
from oracle.measure.evidence.tree import Tree

from ..support.batches import NOBODY, Batch, Entry, batch_of
from ..support.city import CHALLENGE_WINDOW, METRO, TODAY, City, person
from ..support.clock import now, travel_to
from ..support.reverts import reverts_with
from ..support.values import bare, events

NONE, ATTESTED, OPEN, CLOSED, REVOKED, FROZEN = range(6)
CREDIT_PERIOD = 365 * 86_400
RIDER, GUEST = person("rider").address, person("guest").address


class Record(NamedTuple):
    """`LeafLib.Record`, in its order."""

    record_id: bytes
    account: str
    quantity: int
    start: int
    end: int
    commitment: bytes

    @property
    def leaf(self) -> bytes:
        return record_leaf(self.record_id, bytes.fromhex(self.account[2:]), *self[2:])


class Told(NamedTuple):
    """A batch and the records it rests on."""

    batch: Batch
    records: tuple[Record, ...]
    tree: Tree

    @property
    def id(self) -> bytes:
        return self.batch.id

    def proof_of(self, number: int) -> tuple[Any, ...]:
        """`IEvidenceLedger.RecordProof` of one of its records."""
        record = self.records[number]
        return self.id, record, self.tree.proof(self.tree.position(record.leaf))


def ride(name: str, quantity: int = 1_000) -> Record:
    return Record(keccak(text=name), RIDER, quantity, 2_057_281_200, 2_057_282_000, keccak(text=f"salted {name}"))


def told(city: City, *records: Record, sequence: int, operator: Any = None) -> Told:
    tree = Tree.build(np.frombuffer(b"".join(record.leaf for record in records), np.uint8).reshape(-1, 32), sort=True)
    entries = [Entry(RIDER, sum(record.quantity for record in records)), Entry(GUEST, 77)]
    batch = batch_of(operator or city.roles.operator, METRO, TODAY, entries, sequence=sequence)
    return Told(batch.claiming(records_root=tree.root, record_count=9), records, tree)


@pytest.fixture
def earlier(city: City) -> Told:
    return told(city, ride("to work"), ride("home"), ride("to the lake"), sequence=0)


@pytest.fixture
def later(city: City) -> Told:
    """Of another operator; the same ride with another quantity and commitment, as another reader would see it."""
    again = ride("home", 990)._replace(commitment=keccak(b"elsewhere"))
    return told(city, ride("to a friend"), again, ride("to work"), sequence=0, operator=city.roles.other_operator)


def phase(city: City, batch: Told) -> int:
    return int(city.ledger.phaseOf(batch.id)[0])


def report(city: City, first: tuple[Any, ...], second: tuple[Any, ...]) -> Any:
    return city.ledger.reportDuplicate(first, second, {"from": city.roles.rando})


def attest_both(city: City, earlier: Told, later: Told) -> None:
    city.attest(earlier.batch)
    travel_to(now() + 1)
    city.attest(later.batch)


def test_given_one_record_in_two_batches__when_anyone_proves_it__the_later_is_frozen(
    city: City, earlier: Told, later: Told
) -> None:
    attest_both(city, earlier, later)
    done = report(city, earlier.proof_of(1), later.proof_of(1))
    assert [phase(city, batch) for batch in (earlier, later)] == [ATTESTED, FROZEN]
    assert events(done, "DuplicateReported") == [
        {
            "earlier": "0x" + earlier.id.hex(),
            "later": "0x" + later.id.hex(),
            "recordId": "0x" + keccak(text="home").hex(),
            "reporter": city.roles.rando,
        }
    ]
    assert bare(city.ledger.disputeOf(later.id)) == ("0x" + earlier.id.hex(), 0, NOBODY)


def test_given_a_batch_half_credited__when_it_is_frozen__the_rest_waits(city: City, earlier: Told, later: Told) -> None:
    attest_both(city, earlier, later)
    travel_to(now() + CHALLENGE_WINDOW)
    city.credit(later.batch, 1, 1)  # the rider's
    report(city, earlier.proof_of(1), later.proof_of(1))
    held = city.book.balanceOf(RIDER)
    assert held > 0
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", later.id, FROZEN):
        city.credit(later.batch, 0, 1)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", later.id, FROZEN):
        city.ledger.close(later.id, {"from": city.roles.rando})
    city.ledger.release(later.id, "one ride of two operators, both paid", {"from": city.roles.authority})
    city.credit(later.batch, 0, 1)
    assert phase(city, later) == CLOSED
    assert (city.book.balanceOf(RIDER), city.book.reductionOf(GUEST)) == (held, 77 * 50)


def test_given_a_frozen_batch__when_the_authority_releases_it__these_two_are_settled(
    city: City, earlier: Told, later: Told
) -> None:
    attest_both(city, earlier, later)
    report(city, earlier.proof_of(1), later.proof_of(1))
    done = city.ledger.release(later.id, "looked at both", {"from": city.roles.authority})
    assert phase(city, later) == ATTESTED
    assert events(done, "BatchReleased") == [
        {"batch": "0x" + later.id.hex(), "earlier": "0x" + earlier.id.hex(), "reason": "looked at both"}
    ]
    assert bare(city.ledger.disputeOf(later.id)) == ("0x" + earlier.id.hex(), done.timestamp, NOBODY)
    with reverts_with(city.ledger, "EvidenceLedger_Settled", earlier.id, later.id):
        report(city, earlier.proof_of(0), later.proof_of(2))


def test_given_a_released_batch__when_it_repeats_a_third_one__it_is_frozen_again(
    city: City, earlier: Told, later: Told
) -> None:
    third = told(city, ride("to a friend"), ride("to the sea"), sequence=1)
    city.attest(third.batch)
    attest_both(city, earlier, later)
    report(city, earlier.proof_of(1), later.proof_of(1))
    city.ledger.release(later.id, "", {"from": city.roles.authority})
    report(city, third.proof_of(0), later.proof_of(0))
    assert phase(city, later) == FROZEN
    assert city.ledger.disputeOf(later.id)[0] == "0x" + third.id.hex()


def test_given_a_release_after_the_credit_period__citizens_have_a_whole_period_again(
    city: City, earlier: Told, later: Told
) -> None:
    attest_both(city, earlier, later)
    report(city, earlier.proof_of(1), later.proof_of(1))
    travel_to(now() + CREDIT_PERIOD + 86_400)
    assert phase(city, later) == FROZEN
    released_at = city.ledger.release(later.id, "", {"from": city.roles.authority}).timestamp
    assert phase(city, later) == OPEN
    with reverts_with(city.ledger, "EvidenceLedger_CreditPeriodRunning", later.id, released_at + CREDIT_PERIOD):
        city.ledger.close(later.id, {"from": city.roles.rando})
    travel_to(released_at + CREDIT_PERIOD)
    city.ledger.close(later.id, {"from": city.roles.rando})
    assert phase(city, later) == CLOSED


def test_given_a_frozen_batch__when_the_authority_revokes_it__it_is_over(
    city: City, earlier: Told, later: Told
) -> None:
    attest_both(city, earlier, later)
    report(city, earlier.proof_of(1), later.proof_of(1))
    city.ledger.revoke(later.id, "the same day twice", {"from": city.roles.authority})
    assert phase(city, later) == REVOKED
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", later.id, REVOKED):
        city.ledger.release(later.id, "", {"from": city.roles.authority})


def test_given_a_closed_batch__when_it_is_reported__it_is_frozen(city: City, earlier: Told, later: Told) -> None:
    attest_both(city, earlier, later)
    travel_to(now() + CHALLENGE_WINDOW)
    city.credit(later.batch)
    report(city, earlier.proof_of(1), later.proof_of(1))
    assert phase(city, later) == FROZEN
    city.ledger.release(later.id, "", {"from": city.roles.authority})
    assert phase(city, later) == CLOSED


def test_given_the_batches_in_the_wrong_order__it_reverts(city: City, earlier: Told, later: Told) -> None:
    attest_both(city, earlier, later)
    with reverts_with(city.ledger, "EvidenceLedger_WrongOrder", later.id, earlier.id):
        report(city, later.proof_of(1), earlier.proof_of(1))
    with reverts_with(city.ledger, "EvidenceLedger_WrongOrder", later.id, later.id):
        report(city, later.proof_of(1), later.proof_of(1))


@pytest.mark.parametrize("earlier_phase", [NONE, REVOKED])
def test_given_an_earlier_batch_that_does_not_stand__it_reverts(
    city: City, earlier: Told, later: Told, earlier_phase: int
) -> None:
    if earlier_phase == REVOKED:
        city.attest(earlier.batch)
        city.ledger.revoke(earlier.id, "", {"from": city.roles.authority})
        travel_to(now() + 1)
    city.attest(later.batch)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", earlier.id, earlier_phase):
        report(city, earlier.proof_of(1), later.proof_of(1))


@pytest.mark.parametrize("later_phase", [NONE, REVOKED, FROZEN])
def test_given_a_later_batch_that_cannot_be_frozen__it_reverts(
    city: City, earlier: Told, later: Told, later_phase: int
) -> None:
    city.attest(earlier.batch)
    travel_to(now() + 1)
    if later_phase != NONE:
        city.attest(later.batch)
    if later_phase == REVOKED:
        city.ledger.revoke(later.id, "", {"from": city.roles.authority})
    if later_phase == FROZEN:
        report(city, earlier.proof_of(1), later.proof_of(1))
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", later.id, later_phase):
        report(city, earlier.proof_of(0), later.proof_of(2))


def test_given_two_different_records__it_reverts(city: City, earlier: Told, later: Told) -> None:
    attest_both(city, earlier, later)
    with reverts_with(city.ledger, "EvidenceLedger_DifferentRecords", keccak(text="to work"), keccak(text="home")):
        report(city, earlier.proof_of(0), later.proof_of(1))


@pytest.mark.parametrize("side", ["earlier", "later"])
def test_given_a_record_that_is_not_in_its_batch__it_reverts(city: City, earlier: Told, later: Told, side: str) -> None:
    attest_both(city, earlier, later)
    proofs = {"earlier": earlier.proof_of(1), "later": later.proof_of(1)}
    batch, record, proof = proofs[side]
    proofs[side] = (batch, record._replace(quantity=record.quantity + 1), proof)
    with reverts_with(city.ledger, "EvidenceLedger_BadProof", batch, keccak(text="home")):
        report(city, proofs["earlier"], proofs["later"])


@pytest.mark.parametrize("from_phase", [NONE, ATTESTED])
def test_given_a_batch_that_is_not_frozen__when_it_is_released__it_reverts(
    city: City, later: Told, from_phase: int
) -> None:
    if from_phase == ATTESTED:
        city.attest(later.batch)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", later.id, from_phase):
        city.ledger.release(later.id, "", {"from": city.roles.authority})


def test_given_anybody_but_the_authority__when_they_release__it_reverts(city: City, earlier: Told, later: Told) -> None:
    attest_both(city, earlier, later)
    report(city, earlier.proof_of(1), later.proof_of(1))
    with reverts_with(city.ledger, "AccessManagedUnauthorized", city.roles.operator):
        city.ledger.release(later.id, "", {"from": city.roles.operator})
