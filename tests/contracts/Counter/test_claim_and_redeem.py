"""What a citizen earned is credited at the moment of spending: claims and an order in one call, mixed with pushes in any order."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from ..support.batches import Batch, Entry, batch_of
from ..support.city import METRO, TODAY, City
from ..support.reverts import error_data, reverts_with
from ..support.typed_data import sign
from ..support.values import bare, events

OPEN, CLOSED = 2, 3


HOME, COMMUTING, NEW = range(
    3
)  # leaves of the household, the commuter and the newcomer, in the order of their addresses


def claim_of(batch: Batch, index: int) -> tuple[bytes, int, int, list[bytes]]:
    """`ICounter.Claim` of one leaf."""
    identifier, first, words, proof = batch.chunk(index, 1)
    return identifier, first, words[0], proof


def visit(
    city: City, citizen: LocalAccount, claims: list[Any], points_milli: int, number: str = "order 1"
) -> tuple[Any, ...]:
    """Arguments of `claimAndRedeem`: claims, the order, the citizen's signature."""
    order = city.order(citizen, points_milli, number)
    return claims, order, sign(citizen, "Order", city.desk, *order)


@pytest.fixture
def batch(city: City, commuter: LocalAccount, newcomer: LocalAccount, household: LocalAccount) -> Batch:
    """1,000 m at 50,000 ug are 50,000 mg and 422 milli-points."""
    people = (household, commuter, newcomer)
    return city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(one.address, 1_000) for one in people]))


def test_given_a_citizen_without_points__when_a_claim_comes_along__it_is_taken(
    city: City, batch: Batch, newcomer: LocalAccount
) -> None:
    done = city.counter.claimAndRedeem(*visit(city, newcomer, [claim_of(batch, NEW)], 400), {"from": city.roles.rando})
    assert city.book.balanceOf(newcomer.address) == 22
    assert city.book.heldOf(city.roles.merchant) == 400
    assert [event["value"] for event in events(done, "Transfer")] == [422, 400]
    assert bare(city.issuer.progressOf(batch.id)) == (1_000, 50_000, 422, 0, 1, 0)
    key = city.desk.orderKeyOf(city.roles.merchant, newcomer.address, keccak(text="order 1"))
    assert bytes(done.return_value) == bytes(key)


def test_given_a_leaf_that_was_credited__when_it_is_claimed_again__it_is_passed_over(
    city: City, batch: Batch, newcomer: LocalAccount
) -> None:
    city.credit(batch, COMMUTING, 1)
    city.credit(batch, NEW, 1)
    city.counter.claimAndRedeem(*visit(city, newcomer, [claim_of(batch, NEW)], 400), {"from": city.roles.rando})
    assert bare(city.issuer.progressOf(batch.id)) == (2_000, 100_000, 844, 0, 2, 0)
    assert city.book.balanceOf(newcomer.address) == 22


def test_given_a_batch_used_up__when_a_leaf_is_claimed__the_closed_batch_is_skipped(
    city: City, batch: Batch, newcomer: LocalAccount
) -> None:
    city.credit(batch)
    assert city.ledger.phaseOf(batch.id)[0] == CLOSED
    done = city.counter.claim([claim_of(batch, NEW), claim_of(batch, COMMUTING)], {"from": city.roles.rando})
    assert done.return_value == 0
    assert events(done, "Transfer") == []
    city.counter.claimAndRedeem(*visit(city, newcomer, [claim_of(batch, NEW)], 422), {"from": city.roles.rando})
    assert city.book.balanceOf(newcomer.address) == 0


def test_given_several_batches__it_credits_each_claim_and_says_how_many_were_open(
    city: City, batch: Batch, newcomer: LocalAccount
) -> None:
    second = city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(newcomer.address, 2_000)], sequence=1))
    city.credit(batch, NEW, 1)
    claims = [claim_of(batch, NEW), claim_of(batch, COMMUTING), claim_of(second, 0)]
    assert city.counter.claim(claims, {"from": city.roles.rando}).return_value == 2
    assert city.book.balanceOf(newcomer.address) == 422 + 844


def test_given_the_same_claim_twice_in_a_call__it_credits_once(
    city: City, batch: Batch, newcomer: LocalAccount
) -> None:
    assert city.counter.claim([claim_of(batch, NEW)] * 2, {"from": city.roles.rando}).return_value == 1
    assert city.book.balanceOf(newcomer.address) == 422


def test_given_an_order_above_what_is_claimed__it_reverts_and_credits_nothing(
    city: City, batch: Batch, newcomer: LocalAccount
) -> None:
    with reverts_with(city.book, "CarbonPoint_TooFewPoints", newcomer.address, 422, 423):
        city.counter.claimAndRedeem(*visit(city, newcomer, [claim_of(batch, NEW)], 423), {"from": city.roles.rando})
    assert city.issuer.isCredited(batch.id, NEW) is False


def test_given_a_claim_of_what_is_not_in_the_tree__it_reverts(city: City, batch: Batch, newcomer: LocalAccount) -> None:
    identifier, index, entry, proof = claim_of(batch, NEW)
    with reverts_with(city.issuer, "PointIssuer_BadProof", identifier, index):
        city.counter.claim([(identifier, index, entry + 1, proof)], {"from": city.roles.rando})


def test_given_a_signature_for_another_order__it_reverts_and_credits_nothing(
    city: City, batch: Batch, newcomer: LocalAccount, household: LocalAccount
) -> None:
    claims, order, _ = visit(city, newcomer, [claim_of(batch, NEW)], 400)
    forged = sign(household, "Order", city.desk, *order)
    key = city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number)
    with reverts_with(city.desk, "RedemptionDesk_BadSignature", key, newcomer.address):
        city.counter.claimAndRedeem(claims, order, forged, {"from": city.roles.rando})
    assert city.issuer.isCredited(batch.id, NEW) is False


def test_given_a_row_of_citizens__it_serves_the_good_and_tells_why_not_the_bad(
    city: City, batch: Batch, newcomer: LocalAccount, commuter: LocalAccount, household: LocalAccount
) -> None:
    _, _, _, proof = claim_of(batch, HOME)
    forged = (batch.id, HOME, 1, proof)
    visits = [
        visit(city, newcomer, [claim_of(batch, NEW)], 400, "order 1"),
        visit(city, commuter, [claim_of(batch, COMMUTING)], 400_000, "order 2"),
        visit(city, household, [forged], 100, "order 3"),
    ]
    points = [city.book.balanceOf(one.address) for one in (commuter, household)]
    claims, orders, signatures = zip(*visits, strict=True)
    flat = [claim for several in claims for claim in several]
    done = city.counter.serve(flat, orders, signatures, {"from": city.roles.rando})
    assert [event["value"] for event in events(done, "Transfer")] == [422, 422, 400, 100]
    assert events(done, "ClaimRefused") == [
        {
            "batch": "0x" + batch.id.hex(),
            "index": HOME,
            "reason": error_data(city.issuer, "PointIssuer_BadProof", batch.id, HOME),
        }
    ]
    [refused] = events(done, "OrderRefused")
    assert refused["citizen"] == commuter.address
    assert refused["reason"] == error_data(
        city.book, "CarbonPoint_TooFewPoints", commuter.address, points[0] + 422, 400_000
    )
    assert city.book.balanceOf(commuter.address) == points[0] + 422
    assert city.book.balanceOf(household.address) == points[1] - 100
    assert [city.issuer.isCredited(batch.id, index) for index in range(3)] == [False, True, True]
    assert events(done, "ReceiptsSealed")[0]["count"] == 2


def test_given_claims_that_were_credited__when_a_row_is_served__they_are_passed_over(
    city: City, batch: Batch, newcomer: LocalAccount
) -> None:
    city.credit(batch)
    claims, order, signature = visit(city, newcomer, [claim_of(batch, NEW), claim_of(batch, COMMUTING)], 422)
    done = city.counter.serve(claims, [order], [signature], {"from": city.roles.rando})
    assert [event["value"] for event in events(done, "Transfer")] == [422]
    assert events(done, "ClaimRefused") == []


def test_given_the_counter__it_holds_no_role_and_no_points(city: City, batch: Batch, newcomer: LocalAccount) -> None:
    city.counter.claimAndRedeem(*visit(city, newcomer, [claim_of(batch, NEW)], 400), {"from": city.roles.rando})
    assert city.book.balanceOf(city.counter) == 0
    assert [city.access.hasRole(role, city.counter)[0] for role in (0, 1, 2, 3)] == [False] * 4
    assert (city.counter.issuer(), city.counter.desk()) == (city.issuer.address, city.desk.address)
