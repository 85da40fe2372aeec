"""What operators put in, take out, and what stands behind points."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from ..support.batches import Entry, batch_of
from ..support.city import METRO, PRICES, RESERVE, SUSPENDED, TODAY, WALK, City, person
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


def test_given_a_batch__the_price_of_all_it_can_bring_is_locked_when_it_is_attested(city: City, newcomer: Any) -> None:
    operator = city.roles.operator
    free = city.vault.freeOf(operator)
    entries = [Entry(person("guest").address, 1), Entry(newcomer.address, 2_000)]
    batch = batch_of(operator, METRO, TODAY, entries)
    done = city.attest(batch)  # 2,001 m: 100,050 mg, 844 milli-points
    assert events(done, "ReserveLocked") == [
        {
            "batch": "0x" + batch.id.hex(),
            "operator": operator,
            "year": 2035,
            "pointsMilli": 844,
            "amount": 844 * PRICE,
        }
    ]
    assert city.vault.freeOf(operator) == free - 844 * PRICE
    assert city.vault.lockedFor(batch.id) == 844
    assert city.vault.lockedOf(operator, 2035) == CREDITED + 844


def test_given_a_batch_that_brings_less_than_it_can__closing_it_unlocks_the_rest(city: City, newcomer: Any) -> None:
    operator = city.roles.operator
    free = city.vault.freeOf(operator)
    batch = city.open(batch_of(operator, METRO, TODAY, [Entry(newcomer.address, 2_000_000)]))
    assert city.vault.freeOf(operator) == free - 844_444 * PRICE
    done = city.credit(batch)  # 50 of 100 kg, by the methodology's cap
    assert events(done, "ReserveUnlocked") == [
        {
            "batch": "0x" + batch.id.hex(),
            "operator": operator,
            "year": 2035,
            "pointsMilli": 422_222,
            "amount": 422_222 * PRICE,
        }
    ]
    assert city.vault.freeOf(operator) == free - 422_222 * PRICE
    assert city.vault.lockedOf(operator, 2035) == CREDITED + 422_222
    assert city.vault.lockedFor(batch.id) == 0
    city.ledger.revoke(batch.id, "", {"from": city.roles.authority})  # the points stay, and what is behind them
    assert city.vault.lockedOf(operator, 2035) == CREDITED + 422_222
    assert city.vault.freeOf(operator) == free - 422_222 * PRICE


def test_given_a_methodology_without_points__nothing_is_locked(city: City, newcomer: Any) -> None:
    city.vault.withdraw(city.vault.freeOf(city.roles.operator), newcomer.address, {"from": city.roles.operator})
    for sequence, day_ in enumerate((TODAY, day(2033, 6, 1))):
        batch = city.earn([Entry(newcomer.address, 1_000)], methodology=WALK, day=day_, sequence=sequence)
        assert city.ledger.phaseOf(batch.id)[0] == 3


def test_given_too_little_free_reserve__no_batch_is_attested_until_it_is_funded(city: City, newcomer: Any) -> None:
    operator = city.roles.operator
    free = city.vault.freeOf(operator)
    city.vault.withdraw(free - 422 * PRICE + 1, operator, {"from": operator})
    batch = batch_of(operator, METRO, TODAY, [Entry(newcomer.address, 1_000)])
    with reverts_with(city.vault, "SettlementVault_ReserveShort", operator, 422 * PRICE - 1, 422 * PRICE):
        city.attest(batch)
    assert city.ledger.phaseOf(batch.id)[0] == 0
    city.fund(operator, 1)
    city.credit(city.open(batch))
    assert city.vault.freeOf(operator) == 0
    assert city.book.balanceOf(newcomer.address) == 422


def test_given_a_price__it_is_fixed_for_good(city: City) -> None:
    done = city.vault.setPrice(2040, 70, {"from": city.roles.authority})
    assert city.vault.priceOf(2040) == 70
    assert events(done, "PriceSet") == [{"year": 2040, "unitsPerMilli": 70}]
    with reverts_with(city.vault, "SettlementVault_PriceFixed", 2040, 70):
        city.vault.setPrice(2040, 71, {"from": city.roles.authority})
    with reverts_with(city.vault, "SettlementVault_NoPrice", 2041):
        city.vault.setPrice(2041, 0, {"from": city.roles.authority})


def test_given_a_year_without_a_price__no_batch_of_it_is_attested(city: City, newcomer: Any) -> None:
    assert 2033 not in PRICES
    with reverts_with(city.vault, "SettlementVault_NoPrice", 2033):
        city.attest(batch_of(city.roles.operator, METRO, day(2033, 6, 1), [Entry(newcomer.address, 1_000)]))


@pytest.mark.parametrize("caller", ["operator", "authority", "rando"])
@pytest.mark.parametrize("function", ["lock", "unlock"])
def test_given_another_caller_than_the_ledger__nothing_is_locked_or_unlocked(
    city: City, caller: str, function: str
) -> None:
    sender = getattr(city.roles, caller)
    with reverts_with(city.vault, "SettlementVault_NotLedger", sender):
        getattr(city.vault, function)(b"\1" * 32, city.roles.operator, 2035, 1, {"from": sender})


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
