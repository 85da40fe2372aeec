"""What a merchant can take with one order and on one day."""

from __future__ import annotations

import pytest
from eth_account.signers.local import LocalAccount

from ..support.city import City, person
from ..support.clock import now, travel_to
from ..support.reverts import reverts_with
from ..support.values import bare, events

MOST = (2**40 - 1, 2**48 - 1)


def limit(city: City, order_milli: int, day_milli: int) -> None:
    city.operators.setMerchantLimits(city.roles.merchant, (order_milli, day_milli), {"from": city.roles.authority})


def key(city: City, number: str, citizen: str = "commuter") -> bytes:
    order = city.order(person(citizen), 1, number)
    return bytes(city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number))


def test_given_an_order_above_the_limit__it_reverts_and_one_at_the_limit_does_not(
    city: City, commuter: LocalAccount
) -> None:
    limit(city, 10_000, MOST[1])
    with reverts_with(city.desk, "RedemptionDesk_AboveOrderLimit", key(city, "order 1"), 10_001, 10_000):
        city.redeem(commuter, 10_001)
    city.redeem(commuter, 10_000)


def test_given_a_day_limit__the_day_is_full_and_the_next_day_is_not(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    limit(city, MOST[0], 15_000)
    city.redeem(commuter, 10_000)
    with reverts_with(city.desk, "RedemptionDesk_AboveDayLimit", key(city, "order 2", "household"), 5_001, 5_000):
        city.redeem(household, 5_001, "order 2")
    city.redeem(household, 5_000, "order 2")
    with reverts_with(city.desk, "RedemptionDesk_AboveDayLimit", key(city, "order 3", "household"), 1, 0):
        city.redeem(household, 1, "order 3")
    travel_to((now() // 86_400 + 1) * 86_400)
    city.redeem(household, 15_000, "order 3")


def test_given_a_refund__the_day_limit_counts_what_was_taken_all_the_same(city: City, commuter: LocalAccount) -> None:
    limit(city, MOST[0], 15_000)
    city.refund(city.redeem(commuter, 10_000), 10_000)
    assert city.desk.takenOf(city.roles.merchant, now() // 86_400) == 10_000
    with reverts_with(city.desk, "RedemptionDesk_AboveDayLimit", key(city, "order 2"), 5_001, 5_000):
        city.redeem(commuter, 5_001, "order 2")


def test_given_a_limit_lowered_below_what_was_taken__nothing_more_is(city: City, commuter: LocalAccount) -> None:
    city.redeem(commuter, 10_000)
    limit(city, MOST[0], 9_999)
    with reverts_with(city.desk, "RedemptionDesk_AboveDayLimit", key(city, "order 2"), 1, 0):
        city.redeem(commuter, 1, "order 2")


@pytest.mark.parametrize("milli", [2**56, 2**64, 2**256 - 1])
def test_given_more_points_than_any_field_holds__it_reverts_at_the_limit(
    city: City, commuter: LocalAccount, milli: int
) -> None:
    with reverts_with(city.desk, "RedemptionDesk_AboveOrderLimit", key(city, "order 1"), milli, MOST[0]):
        city.redeem(commuter, milli)


def test_given_limits_for_new_merchants__they_hold_for_later_ones_only(city: City) -> None:
    roles = city.roles
    done = city.operators.setNewMerchantLimits((5_000, 50_000), {"from": roles.authority})
    assert events(done, "NewMerchantLimitsSet") == [{"limits": (5_000, 50_000)}]
    done = city.admit(roles.rando)
    assert events(done, "MerchantLimitsSet") == [{"merchant": roles.rando, "limits": (5_000, 50_000)}]
    assert bare(city.operators.activeLimitsOf(roles.rando)) == (5_000, 50_000)
    assert bare(city.operators.activeLimitsOf(roles.merchant)) == MOST
    assert bare(city.operators.newMerchantLimits()) == (5_000, 50_000)


def test_given_a_stranger__it_has_no_limits(city: City) -> None:
    with reverts_with(city.operators, "OperatorRegistry_Unknown", city.roles.rando):
        city.operators.setMerchantLimits(city.roles.rando, (1, 1), {"from": city.roles.authority})
    with reverts_with(city.operators, "OperatorRegistry_MerchantNotActive", city.roles.rando, 0):
        city.operators.activeLimitsOf(city.roles.rando)
