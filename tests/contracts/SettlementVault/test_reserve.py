"""What operators put in, take out, and what stands behind points."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from ..support.batches import Entry, batch_of
from ..support.city import METRO, PRICES, RESERVE, SUSPENDED, TODAY, City
from ..support.clock import day
from ..support.reverts import reverts_with
from ..support.values import events

CREDITED = 227_155 + 113_577  # milli-points with which the city is founded
PRICE = 50


def test_given_points_credited__their_price_is_locked_of_the_operators_reserve(city: City) -> None:
    assert city.vault.freeOf(city.roles.operator) == RESERVE - CREDITED * PRICE
    assert city.vault.lockedOf(city.roles.operator, 2035) == CREDITED
    assert city.vault.freeOf(city.roles.other_operator) == RESERVE
    assert city.token.balanceOf(city.vault) == 2 * RESERVE


def test_given_a_deposit__it_is_the_named_operators_whoever_pays(city: City) -> None:
    rando = city.roles.rando
    city.token.mint(rando, 500, {"from": rando})
    city.token.approve(city.vault, 500, {"from": rando})
    done = city.vault.deposit(city.roles.other_operator, 500, {"from": rando})
    assert city.vault.freeOf(city.roles.other_operator) == RESERVE + 500
    assert events(done, "ReserveDeposited") == [{"operator": city.roles.other_operator, "from": rando, "amount": 500}]
    assert city.token.allowance(rando, city.vault) == 0


@pytest.mark.parametrize("standing", [0, SUSPENDED])
def test_given_an_operator_that_is_not_active__nothing_is_deposited_or_withdrawn(city: City, standing: int) -> None:
    who = city.roles.operator if standing else city.roles.rando
    if standing:
        city.operators.setOperatorStanding(who, standing, "", {"from": city.roles.authority})
    with reverts_with(city.operators, "OperatorRegistry_OperatorNotActive", who, standing):
        city.vault.deposit(who, 1, {"from": city.roles.rando})
    with reverts_with(city.operators, "OperatorRegistry_OperatorNotActive", who, standing):
        city.vault.withdraw(1, who, {"from": who})


def test_given_nothing_that_arrives__it_reverts(city: City) -> None:
    with reverts_with(city.vault, "SettlementVault_NothingReceived"):
        city.vault.deposit(city.roles.operator, 0, {"from": city.roles.rando})


def test_given_free_reserve__its_operator_takes_it_to_where_it_says_and_no_unit_more(city: City) -> None:
    operator, to = city.roles.operator, "0x" + "77" * 20
    free = RESERVE - CREDITED * PRICE
    with reverts_with(city.vault, "SettlementVault_ReserveShort", operator, free, free + 1):
        city.vault.withdraw(free + 1, to, {"from": operator})
    done = city.vault.withdraw(free, to, {"from": operator})
    assert (city.token.balanceOf(to), city.vault.freeOf(operator)) == (free, 0)
    assert events(done, "ReserveWithdrawn") == [{"operator": operator, "to": to, "amount": free}]


def test_given_too_little_free_reserve__no_point_comes_into_being(city: City, newcomer: Any) -> None:
    operator = city.roles.operator
    free = RESERVE - CREDITED * PRICE
    city.vault.withdraw(free - 422_200, operator, {"from": operator})
    batch = city.open(batch_of(operator, METRO, TODAY, [Entry(newcomer.address, 20_001)]))  # 8,444 milli-points
    city.credit(batch)
    assert city.vault.freeOf(operator) == 0
    second = city.open(batch_of(operator, METRO, TODAY, [Entry(newcomer.address, 1_000)], sequence=1))
    with reverts_with(city.vault, "SettlementVault_ReserveShort", operator, 0, 422 * PRICE):
        city.credit(second)
    assert city.book.balanceOf(newcomer.address) == 8_444


def test_given_a_price__it_is_fixed_for_good(city: City) -> None:
    done = city.vault.setPrice(2040, 70, {"from": city.roles.authority})
    assert city.vault.priceOf(2040) == 70
    assert events(done, "PriceSet") == [{"year": 2040, "unitsPerMilli": 70}]
    with reverts_with(city.vault, "SettlementVault_PriceFixed", 2040, 70):
        city.vault.setPrice(2040, 71, {"from": city.roles.authority})
    with reverts_with(city.vault, "SettlementVault_NoPrice", 2041):
        city.vault.setPrice(2041, 0, {"from": city.roles.authority})


def test_given_a_year_without_a_price__its_points_do_not_come_into_being(city: City, newcomer: Any) -> None:
    assert 2033 not in PRICES
    batch = city.open(batch_of(city.roles.operator, METRO, day(2033, 6, 1), [Entry(newcomer.address, 1_000)]))
    with reverts_with(city.vault, "SettlementVault_NoPrice", 2033):
        city.credit(batch)


@pytest.mark.parametrize("caller", ["operator", "authority", "rando"])
def test_given_another_caller_than_the_issuer__nothing_is_locked(city: City, caller: str) -> None:
    sender = getattr(city.roles, caller)
    with reverts_with(city.vault, "SettlementVault_NotIssuer", sender):
        city.vault.lock(city.roles.operator, 2035, 1, {"from": sender})


def test_given_a_pause__nothing_goes_in_or_out(city: City) -> None:
    city.vault.pause({"from": city.roles.guardian})
    operator = city.roles.operator
    for call in (
        lambda: city.vault.deposit(operator, 1, {"from": operator}),
        lambda: city.vault.withdraw(1, operator, {"from": operator}),
        lambda: city.vault.settle(city.roles.merchant, TODAY, TODAY, {"from": operator}),
        lambda: city.vault.settleBatch([city.roles.merchant], TODAY, TODAY, {"from": operator}),
        lambda: city.vault.settleSuspended(city.roles.merchant, TODAY, TODAY, {"from": city.roles.authority}),
        lambda: city.vault.releaseYear(2034, {"from": operator}),
        lambda: city.vault.releaseTo(operator, 2034, {"from": operator}),
    ):
        with reverts_with(city.vault, "EnforcedPause"):
            call()
    city.vault.unpause({"from": city.roles.authority})
    city.vault.withdraw(1, operator, {"from": operator})


def test_given_a_token_that_keeps_a_fee__only_what_arrived_is_counted(odd_city: City, odd_token: Any) -> None:
    operator = odd_city.roles.other_operator
    before = odd_city.vault.freeOf(operator)
    odd_token.setFeeBps(100, {"from": operator})
    odd_city.fund(operator, 10_000)
    assert odd_city.vault.freeOf(operator) == before + 9_900


def test_given_a_token_that_takes_more_away_than_is_paid_in__nothing_is_booked(odd_city: City, odd_token: Any) -> None:
    operator = odd_city.roles.operator
    free, held = odd_city.vault.freeOf(operator), odd_token.balanceOf(odd_city.vault)
    odd_token.setHook(odd_token, odd_token.seize.encode_input(odd_city.vault, 6), {"from": operator})
    odd_token.mint(operator, 5, {"from": operator})
    odd_token.approve(odd_city.vault, 5, {"from": operator})
    with reverts_with(odd_city.vault, "SettlementVault_NothingReceived"):
        odd_city.vault.deposit(operator, 5, {"from": operator})
    assert (odd_city.vault.freeOf(operator), odd_token.balanceOf(odd_city.vault)) == (free, held)


def test_given_a_token_that_answers_false__nothing_is_booked(odd_city: City, odd_token: Any) -> None:
    operator = odd_city.roles.operator
    before = odd_city.vault.freeOf(operator)
    odd_token.setAnswersFalse(True, {"from": operator})
    with reverts_with(odd_city.vault, "SafeERC20FailedOperation", odd_token):
        odd_city.vault.withdraw(1, operator, {"from": operator})
    odd_token.mint(operator, 5, {"from": operator})
    odd_token.approve(odd_city.vault, 5, {"from": operator})
    with reverts_with(odd_city.vault, "SafeERC20FailedOperation", odd_token):
        odd_city.vault.deposit(operator, 5, {"from": operator})
    assert odd_city.vault.freeOf(operator) == before


@pytest.mark.parametrize("entered", ["withdraw", "deposit", "settle"])
def test_given_a_token_that_calls_back_into_the_vault__it_is_kept_out(
    odd_city: City, odd_token: Any, entered: str
) -> None:
    vault, operator = odd_city.vault, odd_city.roles.operator
    inner = {
        "withdraw": vault.withdraw.encode_input(1, operator),
        "deposit": vault.deposit.encode_input(operator, 1),
        "settle": vault.settle.encode_input(odd_city.roles.merchant, TODAY, TODAY),
    }[entered]
    free = vault.freeOf(operator)
    odd_token.setHook(vault, inner, {"from": operator})
    vault.withdraw(1_000, operator, {"from": operator})
    assert not odd_token.hookEntered()
    assert bytes(odd_token.hookAnswer()) == keccak(text="ReentrancyGuardReentrantCall()")[:4]
    assert vault.freeOf(operator) == free - 1_000
