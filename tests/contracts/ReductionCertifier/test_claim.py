"""Claims: opening, batches, and the frame that the committee signs (I40 to I43)."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from oracle.measure.evidence.leaf import methodology_word

from ..support.batches import Entry, batch_of
from ..support.city import BUS, SUSPENDED, WALK, YESTERDAY, City, person
from ..support.clock import day, now, travel_to
from ..support.credits import BILL, DRAFT, SUBMITTED, TONNE, VINTAGE, WITHDRAWN, Flow, Shares
from ..support.reverts import reverts_with
from ..support.values import bare, events

WORD = methodology_word(BILL)


@pytest.fixture
def rows(commuter: LocalAccount, household: LocalAccount) -> list[tuple[str, int]]:
    return [(commuter.address, 3 * TONNE), (household.address, 2 * TONNE)]


def test_given_an_operator__when_it_opens__the_claim_is_numbered_and_told(city: City, flow: Flow) -> None:
    done = city.certifier.open(WORD, 1, VINTAGE, 1, {"from": flow.roles.operator})
    operator = flow.roles.operator.address
    assert events(done, "ClaimOpened") == [
        {
            "claim": 1,
            "operator": operator,
            "methodology": "0x" + WORD.hex(),
            "version": 1,
            "vintage": VINTAGE,
            "sequence": 1,
        }
    ]
    assert events(done, "OperatorNumbered") == [{"operator": operator, "number": 1}]
    assert city.certifier.claimOf(1)["state"] == DRAFT
    assert city.certifier.claimByKey(operator, WORD, VINTAGE, 1) == 1
    again = city.certifier.open(WORD, 1, VINTAGE, 2, {"from": flow.roles.operator})
    assert events(again, "OperatorNumbered") == []
    assert city.certifier.operatorNumberOf(operator) == 1
    other = city.certifier.open(WORD, 1, VINTAGE, 1, {"from": flow.roles.other_operator})
    assert events(other, "OperatorNumbered") == [{"operator": flow.roles.other_operator.address, "number": 2}]


def test_given_a_live_key__when_it_is_opened_again__it_reverts_for_that_sequence(city: City, flow: Flow) -> None:
    """Case 18."""
    claim = flow.open(1)
    with reverts_with(city.certifier, "ReductionCertifier_KeyUsed", claim):
        flow.open(1)
    for wrong in (0, 3):
        with reverts_with(city.certifier, "ReductionCertifier_WrongSequence", wrong):
            flow.open(wrong)
    assert flow.open(2) == 2
    city.certifier.withdraw(claim, {"from": flow.roles.operator})
    assert flow.open(1) == 3


def test_given_what_cannot_be_certified__when_it_is_opened__it_reverts(city: City, flow: Flow) -> None:
    with reverts_with(city.certifier, "ReductionCertifier_NotCreditable", methodology_word(WALK), 1):
        flow.open(methodology=WALK)
    with reverts_with(city.certifier, "ReductionCertifier_NotCreditable", WORD, 2):
        flow.open(version=2)
    with reverts_with(city.operators, "OperatorRegistry_OperatorNotActive", flow.roles.rando.address, 0):
        flow.open(operator=flow.roles.rando)


def test_given_closed_batches__when_added__the_bound_is_the_consented_credit(
    city: City, flow: Flow, household: LocalAccount, newcomer: LocalAccount
) -> None:
    """Cases 1 and 2 as corrected: caps first, consent second."""
    certifier = city.certifier
    city.decide(city.issuer, "setAccountDayCap", 60_000_000)
    entries = [Entry(person("saver").address, 107_600_000, True), Entry(household.address, 40_000_000, False)]
    capped = city.open(batch_of(flow.roles.operator, BILL, YESTERDAY, entries))
    city.credit(capped)
    city.decide(city.issuer, "setAccountDayCap", 2**46)
    whole = flow.batch([(newcomer.address, 107_600_000)], sequence=1)
    travel_to(now() + 365 * 86_400)
    city.ledger.close(capped.id, {"from": flow.roles.rando})
    claim = flow.open()
    done = flow.add(claim, capped)
    assert bare(certifier.batchOf(capped.id)) == (claim, 60_000_000, False)
    flow.add(claim, whole)
    assert bare(certifier.batchOf(whole.id)) == (claim, 107_600_000, False)
    frame = flow.frame(claim, [capped, whole], Shares.of([(newcomer.address, 1)]))
    found = certifier.claimOf(claim)
    assert (found["boundMg"], found["batchCount"]) == (167_600_000, 2)
    assert bytes(found["batchesHash"]) == frame.batches_hash
    [event] = events(done, "BatchesAdded")
    assert (event["claim"], event["boundMg"]) == (claim, 60_000_000)


def test_given_a_batch_in_a_live_claim__when_another_wants_it__it_reverts(
    city: City, flow: Flow, rows: list[tuple[str, int]]
) -> None:
    """Case 3."""
    batch = flow.batch(rows)
    first, second = flow.open(1), flow.open(2)
    flow.add(first, batch)
    for claim in (first, second):
        with reverts_with(city.certifier, "ReductionCertifier_Claimed", batch.id, first):
            flow.add(claim, batch)
    city.certifier.reject(first, "wrong year", {"from": flow.roles.authority})
    assert bare(city.certifier.batchOf(batch.id)) == (0, 0, False)
    flow.add(second, batch)
    assert bare(city.certifier.batchOf(batch.id)) == (second, 5 * TONNE, False)


@pytest.mark.parametrize(("act", "phase"), [("open", 2), ("freeze", 5), ("revoke", 4)])
def test_given_a_batch_that_is_not_closed__when_it_is_added__it_reverts(
    city: City, flow: Flow, rows: list[tuple[str, int]], act: str, phase: int
) -> None:
    """Case 4."""
    claim = flow.open()
    if act == "open":
        entries = [Entry(account, mg, True) for account, mg in rows]
        batch = city.open(batch_of(flow.roles.operator, BILL, YESTERDAY, entries))
    elif act == "revoke":
        batch = flow.batch(rows)
        city.ledger.revoke(batch.id, "forged", {"from": flow.roles.authority})
    else:
        batch = flow.batch(rows)
        flow.freeze(batch)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, phase):
        flow.add(claim, batch)


def test_given_a_batch_of_somebody_or_something_else__when_it_is_added__it_reverts(
    city: City, flow: Flow, rows: list[tuple[str, int]], commuter: LocalAccount
) -> None:
    """Case 5, and batches of others."""
    claim = flow.open()
    foreign = flow.batch(rows, operator=flow.roles.other_operator)
    other = flow.batch([(commuter.address, 1_000)], methodology=BUS, sequence=5)
    for batch in (foreign, other):
        with reverts_with(city.certifier, "ReductionCertifier_WrongBatch", batch.id):
            flow.add(claim, batch)
    eve = day(2034, 12, 31)
    early = flow.batch(rows, day=eve)
    with reverts_with(city.certifier, "ReductionCertifier_WrongYear", early.id, eve):
        flow.add(claim, early)
    stranger = flow.batch(rows)
    with reverts_with(city.certifier, "ReductionCertifier_NotOperator", claim, flow.roles.other_operator.address):
        flow.add(claim, stranger, operator=flow.roles.other_operator)


def test_given_an_exclusion__when_a_batch_lies_in_it__it_reverts(
    city: City, flow: Flow, rows: list[tuple[str, int]]
) -> None:
    """Case 6."""
    certifier, authority = city.certifier, {"from": flow.roles.authority}
    mechanism = keccak(b"green certificates")
    first, last = YESTERDAY - 30, YESTERDAY - 1
    done = certifier.setExclusion(WORD, first, last, mechanism, authority)
    [event] = events(done, "ExclusionSet")
    assert (event["fromDay"], event["throughDay"]) == (first, last)
    claim = flow.open()
    inside, outside = flow.batch(rows, day=last), flow.batch(rows, day=last + 1)
    with reverts_with(certifier, "ReductionCertifier_Excluded", inside.id, last, mechanism):
        flow.add(claim, inside)
    flow.add(claim, outside)
    for wrong in ((last, last + 9), (first - 9, first), (first + 1, first + 1)):
        with reverts_with(certifier, "ReductionCertifier_BadInterval", first, last):
            certifier.setExclusion(WORD, *wrong, mechanism, authority)
    with reverts_with(certifier, "ReductionCertifier_BadInterval", 9, 8):
        certifier.setExclusion(WORD, 9, 8, mechanism, authority)
    with reverts_with(certifier, "ReductionCertifier_Incomplete"):
        certifier.setExclusion(WORD, 8, 9, bytes(32), authority)
    certifier.setExclusion(WORD, last + 1, last + 1, mechanism, authority)
    certifier.setExclusion(WORD, first - 1, first - 1, mechanism, authority)
    assert [row[:2] for row in bare(certifier.exclusionsOf(WORD))] == [
        (first, last),
        (last + 1, last + 1),
        (first - 1, first - 1),
    ]


def test_given_a_suspended_operator__it_opens_adds_and_submits_nothing(
    city: City, flow: Flow, rows: list[tuple[str, int]]
) -> None:
    batch = flow.batch(rows)
    claim, shares = flow.open(), Shares.of(rows)
    operator = flow.roles.operator.address
    city.operators.setOperatorStanding(operator, SUSPENDED, "", {"from": flow.roles.authority})
    refused = (city.operators, "OperatorRegistry_OperatorNotActive", operator, SUSPENDED)
    with reverts_with(*refused):
        flow.open(2)
    with reverts_with(*refused):
        flow.add(claim, batch)
    with reverts_with(*refused):
        flow.submit(flow.frame(claim, [], shares))


def test_given_a_frame_with_a_quorum__when_it_is_submitted__it_is_kept_and_told(
    city: City, flow: Flow, rows: list[tuple[str, int]]
) -> None:
    batch, claim = flow.batch(rows), flow.open()
    flow.add(claim, batch)
    shares = Shares.of(rows)
    frame = flow.frame(claim, [batch], shares)
    done = flow.submit(frame)
    found = city.certifier.claimOf(claim)
    assert (found["state"], found["reductionMg"], found["accountCount"]) == (SUBMITTED, 5 * TONNE, 2)
    assert (bytes(found["sharesRoot"]), found["recordQuantity"]) == (shares.tree.root, 5 * TONNE)
    [event] = events(done, "ClaimSubmitted")
    assert (event["claim"], event["epoch"], bare(event["frame"])[6]) == (claim, 1, 5 * TONNE)
    with reverts_with(city.certifier, "ReductionCertifier_WrongState", claim, SUBMITTED):
        flow.submit(frame)
    with reverts_with(city.certifier, "ReductionCertifier_WrongState", claim, SUBMITTED):
        flow.add(claim, batch)
    assert bare(city.certifier.sharesOf(claim)) == ("0x" + "00" * 32, 0)


def test_given_a_frame_that_does_not_fit__when_it_is_submitted__it_reverts(
    city: City, flow: Flow, rows: list[tuple[str, int]]
) -> None:
    """Case 7, and forged frames."""
    certifier = city.certifier
    batch, claim = flow.batch(rows), flow.open()
    flow.add(claim, batch)
    frame = flow.frame(claim, [batch], Shares.of(rows))
    other = keccak(b"other batches")
    with reverts_with(certifier, "ReductionCertifier_FrameMismatch", frame.batches_hash, other):
        flow.submit(frame._replace(batches_hash=other))
    counts = [number.to_bytes(32, "big") for number in (1, 2)]
    with reverts_with(certifier, "ReductionCertifier_FrameMismatch", *counts):
        flow.submit(frame._replace(batch_count=2))
    with reverts_with(certifier, "ReductionCertifier_AboveBound", 5 * TONNE + 1, 5 * TONNE):
        flow.submit(frame._replace(reduction_mg=5 * TONNE + 1))
    empty: dict[str, Any] = {
        "account_count": 0,
        "record_count": 0,
        "record_quantity": 0,
        "reduction_mg": 0,
        "shares_root": bytes(32),
        "report_hash": bytes(32),
        "declarations_hash": bytes(32),
    }
    for field, value in empty.items():
        with reverts_with(certifier, "ReductionCertifier_Incomplete"):
            flow.submit(frame._replace(**{field: value}))
    with reverts_with(certifier, "ReductionCertifier_WrongState", 9, 0):
        flow.submit(frame._replace(claim=9))
    approvals = flow.approve("Frame", certifier, *frame, count=1)
    with reverts_with(city.committee, "OracleCommittee_BelowQuorum", 1, 2):
        certifier.submit(frame, approvals, {"from": flow.roles.rando})
    approvals = flow.approve("Frame", certifier, *frame)
    forged = frame._replace(reduction_mg=1)
    digest = bytes(certifier.frameDigest(forged))
    with reverts_with(city.committee, "OracleCommittee_BadSignature", approvals[0][0], digest):
        certifier.submit(forged, approvals, {"from": flow.roles.rando})


def test_given_more_than_a_series_holds__when_it_is_submitted__it_reverts(city: City, flow: Flow) -> None:
    saver = person("saver").address
    most = 10**15 - 1
    batches = [flow.batch([(saver, 2**46)], day=YESTERDAY - 14 + number) for number in range(15)]
    claim = flow.open()
    flow.add(claim, *batches)
    assert city.certifier.claimOf(claim)["boundMg"] == 15 * 2**46
    shares = Shares.of([(saver, most + 1)])
    with reverts_with(city.certifier, "ReductionCertifier_AboveSeries", most + 1, most):
        flow.submit(flow.frame(claim, batches, shares))
    flow.submit(flow.frame(claim, batches, Shares.of([(saver, most)])))
    assert city.certifier.claimOf(claim)["reductionMg"] == most


def test_given_an_operator__when_it_withdraws_before_a_verifier__the_claim_is_over(
    city: City, flow: Flow, rows: list[tuple[str, int]]
) -> None:
    claim, batch, _ = flow.submitted(rows)
    with reverts_with(city.certifier, "ReductionCertifier_NotOperator", claim, flow.roles.rando.address):
        city.certifier.withdraw(claim, {"from": flow.roles.rando})
    done = city.certifier.withdraw(claim, {"from": flow.roles.operator})
    assert events(done, "ClaimWithdrawn") == [{"claim": claim}]
    assert city.certifier.claimOf(claim)["state"] == WITHDRAWN
    with reverts_with(city.certifier, "ReductionCertifier_WrongState", claim, WITHDRAWN):
        city.certifier.withdraw(claim, {"from": flow.roles.operator})
    again = flow.open(1)
    flow.add(again, batch)
    flow.submit(flow.frame(again, [batch], Shares.of(rows)))
    flow.appoint(again)
    with reverts_with(city.certifier, "ReductionCertifier_Appointed", again, flow.verifier.address):
        city.certifier.withdraw(again, {"from": flow.roles.operator})
