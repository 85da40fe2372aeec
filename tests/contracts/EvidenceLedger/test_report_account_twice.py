"""One account twice in a batch, by which it would pass the methodology's cap: anyone proves it, the batch can only be revoked."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from ..support.batches import Batch, Entry, batch_of
from ..support.city import CHALLENGE_WINDOW, METRO, TODAY, City, person
from ..support.clock import now, travel_to
from ..support.reverts import reverts_with
from ..support.values import bare, events

NONE, ATTESTED, OPEN, CLOSED, REVOKED, FROZEN = range(6)
GUEST, RIDER = person("guest").address, person("neighbour").address


@pytest.fixture
def forged(city: City) -> Batch:
    """The rider has 50 kg in each half, in which a push would not see the other."""
    entries = [Entry(GUEST, 100), Entry(RIDER, 1_000_000), Entry(GUEST, 200), Entry(RIDER, 1_000_000, True)]
    batch = batch_of(city.roles.operator, METRO, TODAY, entries, ordered=False)
    city.attest(batch)
    return batch


def entry(batch: Batch, index: int) -> tuple[Any, ...]:
    """`IEvidenceLedger.EntryProof` of a leaf."""
    return index, batch.packed(index, 1)[0], batch.tree.subtree_proof(index, 1)


def report(city: City, batch: Batch, one: int = 1, other: int = 3) -> Any:
    proofs = entry(batch, one), entry(batch, other)
    return city.ledger.reportAccountTwice(batch.id, *proofs, {"from": city.roles.rando})


def phase(city: City, batch: Batch) -> int:
    return int(city.ledger.phaseOf(batch.id)[0])


def test_given_an_account_twice__when_anyone_proves_it__the_batch_stands_still(city: City, forged: Batch) -> None:
    done = report(city, forged)
    assert phase(city, forged) == FROZEN
    assert events(done, "AccountTwiceReported") == [
        {
            "batch": "0x" + forged.id.hex(),
            "account": RIDER,
            "one": 1,
            "other": 3,
            "reporter": city.roles.rando,
        }
    ]
    assert bare(city.ledger.disputeOf(forged.id)) == ("0x" + "00" * 32, 0, RIDER)
    travel_to(now() + CHALLENGE_WINDOW)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", forged.id, FROZEN):
        city.credit(forged, 0, 2)


def test_given_a_batch_with_an_account_twice__it_is_never_released_only_revoked(city: City, forged: Batch) -> None:
    report(city, forged)
    authority = {"from": city.roles.authority}
    with reverts_with(city.ledger, "EvidenceLedger_AccountTwice", forged.id, RIDER):
        city.ledger.release(forged.id, "", authority)
    city.ledger.revoke(forged.id, "an account twice", authority)
    assert phase(city, forged) == REVOKED
    assert city.vault.lockedFor(forged.id) == 0


@pytest.mark.parametrize("state", [OPEN, CLOSED, FROZEN])
def test_given_a_batch_in_another_phase__it_is_reported_too(city: City, forged: Batch, state: int) -> None:
    travel_to(now() + CHALLENGE_WINDOW)
    if state == CLOSED:
        city.credit(forged, 0, 2)
        city.credit(forged, 2, 2)
        assert phase(city, forged) == OPEN  # a rest: 80 kg a day are the account's
        city.decide(city.issuer, "setAccountDayCap", 200_000_000)
        city.issuer.creditRests(forged.id, [3], {"from": city.roles.rando})
    if state == FROZEN:
        report(city, forged, 0, 2)
    assert phase(city, forged) == state
    report(city, forged)
    assert phase(city, forged) == FROZEN
    assert city.ledger.disputeOf(forged.id)[2] == RIDER


@pytest.mark.parametrize("state", [NONE, REVOKED])
def test_given_a_batch_that_is_unknown_or_revoked__it_reverts(city: City, forged: Batch, state: int) -> None:
    asked = forged.claiming(sequence=9) if state == NONE else forged
    if state == REVOKED:
        city.ledger.revoke(forged.id, "", {"from": city.roles.authority})
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", asked.id, state):
        report(city, asked)


@pytest.mark.parametrize(("one", "other"), [(1, 1), (0, 1), (2, 3)])
def test_given_one_leaf_or_two_accounts__it_reverts(city: City, forged: Batch, one: int, other: int) -> None:
    with reverts_with(city.ledger, "EvidenceLedger_NotTwice", forged.id, one, other):
        report(city, forged, one, other)
    assert phase(city, forged) == ATTESTED


def test_given_padding_twice__it_reverts(city: City) -> None:
    riders = [Entry(person(f"rider {number}").address, 1) for number in range(5)]
    batch = batch_of(city.roles.operator, METRO, TODAY, riders, sequence=1)
    city.attest(batch)
    with reverts_with(city.ledger, "EvidenceLedger_NotTwice", batch.id, 5, 6):
        report(city, batch, 5, 6)


@pytest.mark.parametrize("fault", ["quantity", "consent", "index", "proof", "short proof"])
@pytest.mark.parametrize("of_the_first", [True, False])
def test_given_an_entry_that_is_not_there__it_reverts(
    city: City, forged: Batch, fault: str, of_the_first: bool
) -> None:
    proofs = [entry(forged, 1), entry(forged, 3)]
    index, word, siblings = proofs[0 if of_the_first else 1]
    if fault == "quantity":
        word += 1
    elif fault == "consent":
        word ^= 1 << 95
    elif fault == "index":
        index = 9
    elif fault == "proof":
        siblings = [keccak(b"wrong"), *siblings[1:]]
    else:
        siblings = siblings[1:]
    proofs[0 if of_the_first else 1] = (index, word, siblings)
    with reverts_with(city.ledger, "EvidenceLedger_BadEntryProof", forged.id, index):
        city.ledger.reportAccountTwice(forged.id, *proofs, {"from": city.roles.rando})
    assert phase(city, forged) == ATTESTED
