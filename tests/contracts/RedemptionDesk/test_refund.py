"""A merchant gives points back, to the pages they came from, within seven days."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from ..support.batches import Entry
from ..support.city import SUSPENDED, City
from ..support.clock import day, now, travel_to
from ..support.receipts import receipt_in
from ..support.reverts import reverts_with
from ..support.values import bare, events

NONE, HELD, FINAL, REFUNDED, DISPUTED = range(5)
NOBODY = "0x" + "00" * 20


@pytest.fixture
def redeemed(city: City, commuter: LocalAccount) -> Any:
    """400 points: 380 of 2034, 20 of 2035."""
    city.earn([Entry(commuter.address, 900_000)], day=day(2034, 7, 1))
    return city.redeem(commuter, 400_000)


def key(redeemed: Any) -> bytes:
    return bytes(redeemed.events["OrderRedeemed"]["key"])


def pages(city: City, citizen: LocalAccount) -> tuple[int, ...]:
    return tuple(int(city.book.pageOf(citizen.address, year)["pointsMilli"]) for year in (2034, 2035))


def test_given_a_whole_refund__it_restores_every_page_and_owes_nothing(
    city: City, redeemed: Any, commuter: LocalAccount
) -> None:
    done = city.refund(redeemed, 400_000)
    today = redeemed.timestamp // 86_400
    assert pages(city, commuter) == (380_000, 227_155)
    assert bare(city.desk.dueOf(city.roles.merchant, today)) == (0, 0)
    assert bare(city.desk.orderOf(*receipt_in(redeemed))) == (REFUNDED, 400_000, 400_000, today, today)
    assert city.book.heldOf(city.roles.merchant) == 0
    [event] = events(done, "OrderRefunded")
    assert (event["citizen"], event["merchant"]) == (commuter.address, city.roles.merchant)
    assert (event["pointsMilli"], event["value"]) == (400_000, 380_000 * 40 + 20_000 * 50)
    assert events(done, "Transfer") == [{"from": city.roles.merchant, "to": commuter.address, "value": 400_000}]


def test_given_refunds_in_parts__it_gives_back_the_last_part_first(
    city: City, redeemed: Any, commuter: LocalAccount
) -> None:
    seen = []
    for points in (5_000, 16_000, 379_000):
        city.refund(redeemed, points)
        seen.append((pages(city, commuter), bare(city.desk.dueOf(city.roles.merchant, redeemed.timestamp // 86_400))))
    assert seen == [
        ((0, 212_155), (395_000, 380_000 * 40 + 15_000 * 50)),
        ((1_000, 227_155), (379_000, 379_000 * 40)),
        ((380_000, 227_155), (0, 0)),
    ]


def test_given_more_than_is_left__it_reverts(city: City, redeemed: Any) -> None:
    city.refund(redeemed, 399_999)
    with reverts_with(city.desk, "RedemptionDesk_RefundTooLarge", key(redeemed), 2, 1):
        city.refund(redeemed, 2)


def test_given_nothing_to_refund__it_reverts(city: City, redeemed: Any) -> None:
    with reverts_with(city.desk, "RedemptionDesk_NoPoints", key(redeemed)):
        city.refund(redeemed, 0)


def test_given_the_last_day_of_the_window__it_refunds_and_a_day_later_reverts(city: City, redeemed: Any) -> None:
    assert city.desk.REFUND_WINDOW_DAYS() == 7
    last_day = redeemed.timestamp // 86_400 + 7
    travel_to((last_day + 1) * 86_400 - 60)
    city.refund(redeemed, 1_000)
    assert bare(city.desk.orderOf(*receipt_in(redeemed)))[0] == HELD
    travel_to((last_day + 1) * 86_400)
    with reverts_with(city.desk, "RedemptionDesk_RefundWindowOver", key(redeemed), last_day):
        city.refund(redeemed, 1_000)
    assert bare(city.desk.orderOf(*receipt_in(redeemed)))[0] == FINAL


@pytest.mark.parametrize("fault", ["citizen", "merchant", "order", "offer", "parts", "proof"])
def test_given_another_order_than_it_was__it_reverts(
    city: City, redeemed: Any, household: LocalAccount, fault: str
) -> None:
    (citizen, merchant, number, offer, parts), proof = receipt_in(redeemed)
    if fault == "citizen":
        citizen = household.address
    elif fault == "merchant":
        merchant = city.roles.rando.address
    elif fault == "order":
        number = b"\1" * 32
    elif fault == "offer":
        offer = b"\1" * 32
    elif fault == "parts":
        parts = ((2034, 1_000), (2035, 399_000))
    else:
        proof = [b"\1" * 32]
    unknown = bytes(city.desk.orderKeyOf(merchant, citizen, number))
    with reverts_with(city.desk, "RedemptionDesk_UnknownOrder", unknown):
        city.desk.refund((citizen, merchant, number, offer, parts), proof, 1_000, {"from": merchant})


def test_given_another_caller_than_the_merchant__it_reverts(city: City, redeemed: Any) -> None:
    with reverts_with(city.desk, "RedemptionDesk_NotMerchant", city.roles.merchant, city.roles.rando):
        city.desk.refund(*receipt_in(redeemed), 1_000, {"from": city.roles.rando})


def test_given_a_suspended_merchant__it_can_still_give_back(city: City, redeemed: Any, commuter: LocalAccount) -> None:
    city.operators.setMerchantStanding(city.roles.merchant, SUSPENDED, "", {"from": city.roles.authority})
    city.refund(redeemed, 400_000)
    assert city.book.balanceOf(commuter.address) == 607_155


def test_given_an_order_that_is_settled__it_can_no_longer_be_refunded(city: City, redeemed: Any) -> None:
    ordered = redeemed.timestamp // 86_400
    travel_to((ordered + 8) * 86_400)
    city.vault.settle(city.roles.merchant, ordered, ordered, {"from": city.roles.merchant})
    with reverts_with(city.desk, "RedemptionDesk_RefundWindowOver", key(redeemed), ordered + 7):
        city.refund(redeemed, 1)


def test_given_a_partly_refunded_order__it_is_settled_for_the_rest(city: City, redeemed: Any) -> None:
    ordered = redeemed.timestamp // 86_400
    city.refund(redeemed, 30_000)
    travel_to((ordered + 8) * 86_400)
    before = city.token.balanceOf(city.roles.merchant)
    city.vault.settle(city.roles.merchant, ordered, ordered, {"from": city.roles.merchant})
    assert city.token.balanceOf(city.roles.merchant) - before == 370_000 * 40
    assert city.book.heldOf(city.roles.merchant) == 0


def test_given_a_pause__it_reverts_and_the_window_runs_on(city: City, redeemed: Any) -> None:
    city.desk.pause({"from": city.roles.guardian})
    with reverts_with(city.desk, "EnforcedPause"):
        city.refund(redeemed, 1)
    last_day = redeemed.timestamp // 86_400 + 7
    travel_to((last_day + 1) * 86_400)
    city.desk.unpause({"from": city.roles.authority})
    with reverts_with(city.desk, "RedemptionDesk_RefundWindowOver", key(redeemed), last_day):
        city.refund(redeemed, 1)


def test_given_no_order__it_has_no_phase(city: City) -> None:
    receipt = (NOBODY, NOBODY, b"\1" * 32, bytes(32), ())
    assert bare(city.desk.orderOf(receipt, [])) == (NONE, 0, 0, 0, 0)
    assert city.desk.lastFinalDay() == now() // 86_400 - 8
