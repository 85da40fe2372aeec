"""Merchants are paid for final points: at par, once, to their payout, one failure stopping no other."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from ..support.city import ACTIVE, SUSPENDED, City, person
from ..support.clock import travel_to
from ..support.reverts import error_data, reverts_with
from ..support.values import bare, events

PRICE = 50
SHOPKEEPER = person("shopkeeper")
SHOP, ACCOUNT = SHOPKEEPER.address, "0x" + "52" * 20


def day_of(transaction: Any) -> int:
    return int(transaction.timestamp // 86_400)


@pytest.fixture
def final(city: City, commuter: LocalAccount) -> int:
    """The day of an order of 100 points at the merchant and one of 20 at the shop, both final."""
    city.admit(SHOPKEEPER, ACCOUNT, city.roles.other_operator)
    city.redeem(commuter, 100_000)
    day = day_of(city.redeem(commuter, 20_000, "order 2", merchant=SHOP))
    travel_to((day + 9) * 86_400)
    return day


def test_given_final_points__the_merchant_is_paid_at_par_and_only_once(city: City, final: int) -> None:
    merchant = city.roles.merchant
    done = city.vault.settle(merchant, final, final, {"from": city.roles.rando})
    assert bare(done.return_value) == (100_000, 100_000 * PRICE)
    assert city.token.balanceOf(merchant) == 100_000 * PRICE
    assert events(done, "MerchantSettled") == [
        {
            "merchant": merchant,
            "payout": merchant,
            "fromDay": final,
            "throughDay": final,
            "pointsMilli": 100_000,
            "amount": 100_000 * PRICE,
        }
    ]
    with reverts_with(city.vault, "SettlementVault_NothingDue", merchant, final, final):
        city.vault.settle(merchant, final, final, {"from": city.roles.rando})


def test_given_a_payout_account__the_money_goes_there(city: City, final: int) -> None:
    city.vault.settle(SHOP, final, final, {"from": city.roles.rando})
    assert (city.token.balanceOf(ACCOUNT), city.token.balanceOf(SHOP)) == (20_000 * PRICE, 0)


def test_given_days_that_overlap__each_point_is_paid_once(city: City, final: int, household: LocalAccount) -> None:
    second = day_of(city.redeem(household, 7_000, "order 3"))
    travel_to((second + 9) * 86_400)
    merchant = city.roles.merchant
    for first, last in ((final - 3, final), (final - 1, second), (final, second)):
        try_amount = 100_000 if last == final else 7_000
        if first == final:
            with reverts_with(city.vault, "SettlementVault_NothingDue", merchant, first, last):
                city.vault.settle(merchant, first, last, {"from": city.roles.rando})
        else:
            done = city.vault.settle(merchant, first, last, {"from": city.roles.rando})
            assert bare(done.return_value)[0] == try_amount
    assert city.token.balanceOf(merchant) == 107_000 * PRICE


def test_given_a_batch__everybody_is_paid(city: City, final: int) -> None:
    done = city.vault.settleBatch([city.roles.merchant, SHOP], final, final, {"from": city.roles.rando})
    assert [event["amount"] for event in events(done, "MerchantSettled")] == [100_000 * PRICE, 20_000 * PRICE]
    assert not events(done, "PayoutFailed")


def test_given_a_batch_over_no_days__it_pays_nobody_and_says_so(city: City, final: int) -> None:
    merchant = city.roles.merchant
    done = city.vault.settleBatch([merchant], final, final - 1, {"from": city.roles.rando})
    reason = error_data(city.vault, "SettlementVault_NothingDue", merchant, final, final - 1)
    assert [(event["merchant"], event["reason"]) for event in events(done, "PayoutFailed")] == [(merchant, reason)]
    assert city.token.balanceOf(merchant) == 0


def test_given_a_batch_with_one_that_fails__the_others_are_paid_and_it_is_paid_later(city: City, final: int) -> None:
    merchant = city.roles.merchant
    city.operators.setMerchantStanding(merchant, SUSPENDED, "", {"from": city.roles.authority})
    done = city.vault.settleBatch([merchant, SHOP, merchant], final, final, {"from": city.roles.rando})
    reason = error_data(city.operators, "OperatorRegistry_MerchantNotActive", merchant, SUSPENDED)
    assert [(event["merchant"], event["reason"]) for event in events(done, "PayoutFailed")] == [
        (merchant, reason),
        (merchant, reason),
    ]
    assert city.token.balanceOf(ACCOUNT) == 20_000 * PRICE
    assert bare(city.desk.dueOf(merchant, final)) == (100_000, 100_000 * PRICE)
    city.operators.setMerchantStanding(merchant, ACTIVE, "", {"from": city.roles.authority})
    city.vault.settleBatch([merchant, SHOP], final, final, {"from": city.roles.rando})
    assert city.token.balanceOf(merchant) == 100_000 * PRICE
    assert city.token.balanceOf(ACCOUNT) == 20_000 * PRICE


def test_given_too_little_gas_for_a_payout__the_batch_reverts_and_fails_no_good_one(city: City, final: int) -> None:
    gas = city.vault.PAYOUT_GAS() + 2 * city.vault.DAY_GAS()
    with reverts_with(city.vault, "SettlementVault_GasShort", 0, gas * 64 // 63 + 20_000):
        city.vault.settleBatch([SHOP], final - 1, final, {"from": city.roles.rando, "gas_limit": 300_000})
    limit = city.vault.settleBatch.estimate_gas([city.roles.merchant, SHOP], final - 1, final, {"from": SHOP})
    done = city.vault.settleBatch(
        [city.roles.merchant, SHOP], final - 1, final, {"from": city.roles.rando, "gas_limit": limit}
    )
    assert len(events(done, "MerchantSettled")) == 2


def test_given_a_month_of_full_days__the_gas_of_one_payout_is_enough(city: City, commuter: LocalAccount) -> None:
    first = day_of(city.redeem(commuter, 1_000))
    for number in range(1, 30):
        travel_to((first + number) * 86_400 + 60)
        city.redeem(commuter, 1_000, f"order {number + 1}")
    travel_to((first + 40) * 86_400)
    done = city.vault.settleBatch([city.roles.merchant], first, first + 29, {"from": city.roles.rando})
    assert events(done, "MerchantSettled")[0]["pointsMilli"] == 30_000
    assert done.gas_used < city.vault.PAYOUT_GAS() + 30 * city.vault.DAY_GAS()


def test_given_a_suspended_merchant__the_authority_has_it_paid_to_its_payout(city: City, final: int) -> None:
    merchant, authority = city.roles.merchant, city.roles.authority
    with reverts_with(city.vault, "SettlementVault_NotSuspended", merchant):
        city.vault.settleSuspended(merchant, final, final, {"from": authority})
    city.operators.setMerchantStanding(merchant, SUSPENDED, "", {"from": authority})
    with reverts_with(city.operators, "OperatorRegistry_MerchantNotActive", merchant, SUSPENDED):
        city.vault.settle(merchant, final, final, {"from": city.roles.rando})
    with reverts_with(city.operators, "OperatorRegistry_MerchantNotActive", merchant, SUSPENDED):
        city.operators.setMerchantPayout(ACCOUNT, {"from": merchant})
    city.vault.settleSuspended(merchant, final, final, {"from": authority})
    assert city.token.balanceOf(merchant) == 100_000 * PRICE


def test_given_a_suspension__what_is_due_waits_for_as_long_as_it_lasts(city: City, final: int) -> None:
    merchant, authority = city.roles.merchant, city.roles.authority
    city.operators.setMerchantStanding(merchant, SUSPENDED, "", {"from": authority})
    travel_to((final + 3 * 365) * 86_400)
    city.operators.setMerchantStanding(merchant, ACTIVE, "", {"from": authority})
    city.vault.settle(merchant, final, final, {"from": city.roles.rando})
    assert city.token.balanceOf(merchant) == 100_000 * PRICE


def test_given_a_year_of_days__one_settlement_of_them_fits_a_block_many_times(
    city: City, commuter: LocalAccount
) -> None:
    first = day_of(city.redeem(commuter, 1_000))
    for number in range(2, 8):
        travel_to((first + 50 * number) * 86_400)
        city.redeem(commuter, 1_000, f"order {number}")
    travel_to((first + 400) * 86_400)
    done = city.vault.settle(city.roles.merchant, first, first + 365, {"from": city.roles.rando})
    (paid,) = events(done, "MerchantSettled")  # ganache cannot trace a call this long for its return value
    assert (paid["pointsMilli"], paid["amount"]) == (7_000, 7_000 * PRICE)
    assert done.gas_used < 1_100_000


def test_given_a_token_that_refuses_a_receiver__the_others_are_paid(
    odd_city: City, odd_token: Any, commuter: LocalAccount
) -> None:
    city = odd_city
    city.admit(SHOPKEEPER, ACCOUNT)
    city.redeem(commuter, 1_000)
    day = day_of(city.redeem(commuter, 2_000, "order 2", merchant=SHOP))
    travel_to((day + 9) * 86_400)
    odd_token.setBlocked(ACCOUNT, True, {"from": city.roles.rando})
    done = city.vault.settleBatch([SHOP, city.roles.merchant], day, day, {"from": city.roles.rando})
    assert [(event["merchant"], event["reason"]) for event in events(done, "PayoutFailed")] == [
        (SHOP, error_data(odd_token, "Token_Blocked", ACCOUNT))
    ]
    assert odd_token.balanceOf(city.roles.merchant) == 1_000 * PRICE
    assert bare(city.desk.dueOf(SHOP, day)) == (2_000, 2_000 * PRICE)
    assert city.book.heldOf(SHOP) == 2_000
    odd_token.setBlocked(ACCOUNT, False, {"from": city.roles.rando})
    city.vault.settle(SHOP, day, day, {"from": city.roles.rando})
    assert odd_token.balanceOf(ACCOUNT) == 2_000 * PRICE


@pytest.mark.parametrize("entered", ["settle", "settleBatch", "withdraw"])
def test_given_a_token_that_calls_back_while_it_pays__nobody_is_paid_twice(
    odd_city: City, odd_token: Any, commuter: LocalAccount, entered: str
) -> None:
    city, merchant = odd_city, odd_city.roles.merchant
    day = day_of(city.redeem(commuter, 1_000))
    travel_to((day + 9) * 86_400)
    inner = {
        "settle": city.vault.settle.encode_input(merchant, day, day),
        "settleBatch": city.vault.settleBatch.encode_input([merchant], day, day),
        "withdraw": city.vault.withdraw.encode_input(1, merchant),
    }[entered]
    odd_token.setHook(city.vault, inner, {"from": city.roles.rando})
    held = odd_token.balanceOf(city.vault)
    city.vault.settle(merchant, day, day, {"from": city.roles.rando})
    assert odd_token.balanceOf(merchant) == 1_000 * PRICE
    assert odd_token.balanceOf(city.vault) == held - 1_000 * PRICE
    assert city.book.heldOf(merchant) == 0
