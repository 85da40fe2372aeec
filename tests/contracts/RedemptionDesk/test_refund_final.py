"""A merchant gives points of an order back after its window, or after it was paid: netted against what else is final and not yet paid."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from ..support.batches import Entry
from ..support.city import SUSPENDED, City
from ..support.clock import at, day, travel_to
from ..support.receipts import receipt_in
from ..support.reverts import reverts_with
from ..support.values import bare, events

REFUNDED = 3


@pytest.fixture
def paid(city: City, commuter: LocalAccount) -> Any:
    """400 points, 380 of 2034 (at 40) and 20 of 2035 (at 50), paid."""
    city.earn([Entry(commuter.address, 900_000)], day=day(2034, 7, 1))
    redeemed = city.redeem(commuter, 400_000)
    travel_to((day_of(redeemed) + 8) * 86_400)
    city.vault.settle(city.roles.merchant, day_of(redeemed), day_of(redeemed), {"from": city.roles.merchant})
    return redeemed


@pytest.fixture
def later(city: City, paid: Any, household: LocalAccount) -> Any:
    """100 points of 2035 of another citizen, final and not paid."""
    redeemed = city.redeem(household, 100_000, "order 2")
    travel_to((day_of(redeemed) + 8) * 86_400)
    return redeemed


def key(redeemed: Any) -> bytes:
    return bytes(redeemed.events["OrderRedeemed"]["key"])


def day_of(transaction: Any) -> int:
    return int(transaction.timestamp // 86_400)


def test_given_a_paid_order__it_goes_back_to_its_pages(
    city: City, paid: Any, later: Any, commuter: LocalAccount
) -> None:
    before = city.token.balanceOf(city.roles.merchant)
    done = city.refund_final(paid, 70_000, day_of(later))
    assert [city.book.pageOf(commuter.address, year)["pointsMilli"] for year in (2034, 2035)] == [50_000, 227_155]
    value = 20_000 * 50 + 50_000 * 40
    assert bare(city.desk.dueOf(city.roles.merchant, day_of(later))) == (30_000, 5_000_000 - value)
    [event] = events(done, "OrderRefunded")
    assert (event["pointsMilli"], event["value"], event["dueDay"]) == (70_000, value, day_of(later))
    city.vault.settle(city.roles.merchant, day_of(later), day_of(later), {"from": city.roles.merchant})
    assert city.token.balanceOf(city.roles.merchant) - before == 5_000_000 - value
    assert city.book.heldOf(city.roles.merchant) == 0


def test_given_several_refunds__together_they_never_exceed_the_order(city: City, paid: Any, later: Any) -> None:
    city.refund_final(paid, 60_000, day_of(later))
    with reverts_with(city.desk, "RedemptionDesk_RefundTooLarge", key(paid), 340_001, 340_000):
        city.refund_final(paid, 340_001, day_of(later))


@pytest.mark.parametrize(
    ("milli", "value"), [(100_001, 20_000 * 50 + 80_001 * 40), (400_000, 20_000 * 50 + 380_000 * 40)]
)
def test_given_a_day_with_too_little_due__it_reverts_with_what_is_there(
    city: City, paid: Any, later: Any, milli: int, value: int
) -> None:
    there = (day_of(later), 100_000, 5_000_000)
    with reverts_with(city.desk, "RedemptionDesk_TooLittleDue", city.roles.merchant, *there, milli, value):
        city.refund_final(paid, milli, day_of(later))


def test_given_dearer_points_than_the_day_has_value__it_reverts(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    dear = city.redeem(household, 1_000)  # at 50
    city.earn([Entry(commuter.address, 900_000)], day=day(2034, 7, 1))
    travel_to((day_of(dear) + 1) * 86_400 + 600)
    cheap = city.redeem(commuter, 1_000, "order 2")  # at 40
    travel_to((day_of(cheap) + 8) * 86_400)
    values = (city.roles.merchant, day_of(cheap), 1_000, 40_000, 1_000, 50_000)
    with reverts_with(city.desk, "RedemptionDesk_TooLittleDue", *values):
        city.refund_final(dear, 1_000, day_of(cheap))
    city.refund_final(dear, 800, day_of(cheap))
    assert bare(city.desk.dueOf(city.roles.merchant, day_of(cheap))) == (200, 0)


def test_given_points_left_without_value__they_are_burned_by_the_next_settlement(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    test_given_dearer_points_than_the_day_has_value__it_reverts(city, commuter, household)
    cheap = city.desk.lastFinalDay()
    supply, before = city.book.totalSupply(), city.token.balanceOf(city.roles.merchant)
    city.vault.settle(city.roles.merchant, cheap, cheap, {"from": city.roles.merchant})
    assert city.book.totalSupply() == supply - 200
    assert city.token.balanceOf(city.roles.merchant) == before


def test_given_an_order_within_its_window__it_reverts(city: City, paid: Any, household: LocalAccount) -> None:
    fresh = city.redeem(household, 1_000, "order 2")
    with reverts_with(city.desk, "RedemptionDesk_RefundWindowOpen", key(fresh), day_of(fresh) + 7):
        city.refund_final(fresh, 1_000, day_of(paid))


def test_given_a_day_whose_orders_can_still_be_refunded__it_is_not_netted_against(
    city: City, paid: Any, household: LocalAccount
) -> None:
    fresh = city.redeem(household, 100_000, "order 2")
    with reverts_with(city.desk, "RedemptionDesk_NotFinal", day_of(fresh), day_of(fresh) - 8):
        city.refund_final(paid, 1_000, day_of(fresh))


def test_given_a_final_order_that_is_not_paid__it_is_netted_against_its_own_day(
    city: City, later: Any, household: LocalAccount
) -> None:
    city.refund_final(later, 100_000, day_of(later))
    assert bare(city.desk.dueOf(city.roles.merchant, day_of(later))) == (0, 0)
    assert city.book.balanceOf(household.address) == 113_577
    assert bare(city.desk.orderOf(*receipt_in(later)))[0] == REFUNDED


def test_given_a_disputed_order__it_reverts(city: City, paid: Any, later: Any, household: LocalAccount) -> None:
    fresh = city.redeem(household, 1_000, "order 3")
    city.dispute(household, fresh)
    with reverts_with(city.desk, "RedemptionDesk_InDispute", key(fresh)):
        city.refund_final(fresh, 1_000, day_of(later))


def test_given_a_suspended_merchant__it_can_still_give_back(city: City, paid: Any, later: Any) -> None:
    city.operators.setMerchantStanding(city.roles.merchant, SUSPENDED, "", {"from": city.roles.authority})
    city.refund_final(paid, 1_000, day_of(later))
    assert bare(city.desk.dueOf(city.roles.merchant, day_of(later)))[0] == 99_000


def test_given_a_year_that_was_released__only_the_parts_of_other_years_go_back(
    city: City, paid: Any, commuter: LocalAccount
) -> None:
    travel_to(at(2044, 4, 10))
    fresh = city.redeem(commuter, 200_000, "order 2")  # of 2035
    travel_to((day_of(fresh) + 8) * 86_400)
    city.vault.releaseYear(2034, {"from": city.roles.rando})
    city.refund_final(paid, 20_000, day_of(fresh))  # the part of 2035
    with reverts_with(city.book, "CarbonPoint_YearTakenOut", 2034):
        city.refund_final(paid, 1, day_of(fresh))


def test_given_another_caller_than_the_merchant__it_reverts(city: City, paid: Any, later: Any) -> None:
    with reverts_with(city.desk, "RedemptionDesk_NotMerchant", city.roles.merchant, city.roles.rando):
        city.desk.refundFinal(*receipt_in(paid), 1, day_of(later), {"from": city.roles.rando})


def test_given_a_pause__it_reverts(city: City, paid: Any, later: Any) -> None:
    city.desk.pause({"from": city.roles.guardian})
    with reverts_with(city.desk, "EnforcedPause"):
        city.refund_final(paid, 1, day_of(later))
