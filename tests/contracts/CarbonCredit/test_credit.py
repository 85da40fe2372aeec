"""Credits of a series: what moves, what is retired, what is cancelled, and by whom (I45, I46, I48)."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.city import City
from ..support.credits import TONNE, Flow, Series
from ..support.reverts import reverts_with
from ..support.values import events

NOBODY = "0x" + "00" * 20
PRICE = 60_000_000


@pytest.fixture
def held(flow: Flow, series: Series) -> Any:
    """The buyer holds 10 t of series 1."""
    flow.buy(flow.list(series.number, 400 * TONNE, PRICE), 10 * TONNE)
    return series.token


def test_given_a_holder__when_it_transfers__balances_follow(flow: Flow, held: Any) -> None:
    buyer, other = flow.buyer, flow.roles.merchant
    done = held.transfer(other, 4 * TONNE, {"from": buyer})
    assert events(done, "Transfer") == [{"from": buyer.address, "to": other.address, "value": 4 * TONNE}]
    assert (held.balanceOf(buyer), held.balanceOf(other)) == (6 * TONNE, 4 * TONNE)
    assert done.return_value is True
    held.transfer(buyer, 6 * TONNE, {"from": buyer})
    assert held.balanceOf(buyer) == 6 * TONNE
    with reverts_with(held, "CarbonCredit_Short", buyer.address, 6 * TONNE, 6 * TONNE + 1):
        held.transfer(other, 6 * TONNE + 1, {"from": buyer})
    assert held.transfer(other, 0, {"from": buyer}).return_value is True


def test_given_a_receiver_that_would_break_the_sums__when_credits_come__it_reverts(
    city: City, flow: Flow, held: Any
) -> None:
    for receiver in (NOBODY, held.address, city.market.address):
        with reverts_with(held, "CarbonCredit_BadReceiver", receiver):
            held.transfer(receiver, 1, {"from": flow.buyer})
        held.approve(flow.roles.rando, 1, {"from": flow.buyer})
        with reverts_with(held, "CarbonCredit_BadReceiver", receiver):
            held.transferFrom(flow.buyer, receiver, 1, {"from": flow.roles.rando})


def test_given_an_approval__when_the_spender_takes__it_is_used_up_unless_unlimited(flow: Flow, held: Any) -> None:
    buyer, spender = flow.buyer.address, flow.roles.rando
    done = held.approve(spender, 5, {"from": flow.buyer})
    assert events(done, "Approval") == [{"owner": buyer, "spender": spender.address, "value": 5}]
    assert done.return_value is True
    with reverts_with(held, "CarbonCredit_ShortAllowance", buyer, spender.address, 5, 6):
        held.transferFrom(buyer, spender, 6, {"from": spender})
    held.transferFrom(buyer, spender, 2, {"from": spender})
    assert (held.allowance(buyer, spender), held.balanceOf(spender)) == (3, 2)
    held.approve(spender, 2**256 - 1, {"from": flow.buyer})
    held.transferFrom(buyer, spender, 2, {"from": spender})
    assert held.allowance(buyer, spender) == 2**256 - 1
    with reverts_with(held, "CarbonCredit_Short", buyer, 10 * TONNE - 4, 10 * TONNE):
        held.transferFrom(buyer, spender, 10 * TONNE, {"from": spender})


def test_given_a_caller_without_a_part__when_it_calls_any_function__it_reverts(
    city: City, flow: Flow, held: Any
) -> None:
    calls = {
        "open": (9, flow.buyer.address, 1),
        "pull": (flow.buyer.address, 1),
        "retire": (flow.buyer.address, 1),
        "cancel": (flow.buyer.address, 1),
        "setFrozen": (True,),
    }
    for function, arguments in calls.items():
        for caller in (flow.buyer, flow.roles.operator, flow.roles.authority, flow.roles.admin):
            with reverts_with(held, "CarbonCredit_Denied", caller.address):
                getattr(held, function)(*arguments, {"from": caller})
    # Not even the clone's target takes a series, and no series is opened twice: the certifier calls each of its clones once.
    with reverts_with(city.credits, "CarbonCredit_Denied", flow.roles.operator.address):
        city.credits.open(1, flow.roles.operator, 1, {"from": flow.roles.operator})
    assert city.credits.series() == city.credits.totalSupply() == 0


def test_given_a_frozen_series__nothing_moves(city: City, flow: Flow, series: Series, held: Any) -> None:
    """Case 35: revoked and reported in one block; the next call finds it frozen (I48)."""
    buyer, market = flow.buyer, city.market
    ask = flow.list(series.number, 10 * TONNE, PRICE)
    held.approve(flow.roles.rando, 1, {"from": buyer})
    flow.revoke(series.batch)
    assert held.isFrozen()
    frozen = (held, "CarbonCredit_Frozen")
    with reverts_with(*frozen):
        held.transfer(flow.roles.rando, 1, {"from": buyer})
    with reverts_with(*frozen):
        held.transferFrom(buyer, flow.roles.rando, 1, {"from": flow.roles.rando})
    with reverts_with(*frozen):
        flow.buy(ask, TONNE)
    with reverts_with(*frozen):
        flow.retire(series.number, 1)
    for call in (
        lambda: flow.list(series.number, 1, PRICE),
        lambda: market.resell(series.number, 1, PRICE, 30_000, {"from": buyer}),
        lambda: market.releaseBuffer(series.number, {"from": buyer}),
    ):
        with reverts_with(market, "CreditMarket_Frozen", series.number):
            call()


def test_given_retirements_and_cancellations__serials_run_from_both_ends(
    city: City, flow: Flow, series: Series, held: Any
) -> None:
    """Case 33: each retirement begins where the last one ended (I45, I46)."""
    amounts = [500_000_000, 700_000_000, 1_800_000_001, 2 * TONNE]
    certificates = [flow.retire(series.number, mg) for mg in amounts]
    assert [number & 2**64 - 1 for number in certificates] == [1, 500_000_001, 1_200_000_001, 3_000_000_002]
    assert [number >> 64 for number in certificates] == [series.number] * 4
    assert held.retiredMg() == sum(amounts)
    assert held.totalSupply() + held.retiredMg() + held.cancelledMg() == 450 * TONNE
    flow.revoke(series.batch)
    done = flow.cancel(series.number, series.batch, 1_200_000_000)
    assert events(done, "Cancelled") == [{"firstMg": 448_800_000_001, "lastMg": 450 * TONNE}]
    assert held.totalSupply() + held.retiredMg() + held.cancelledMg() == 450 * TONNE


def test_given_a_series_of_5_t_and_1_mg__when_1_2_t_are_cancelled__the_last_ones_go(
    city: City, flow: Flow, series: Series
) -> None:
    """Case 37."""
    second = flow.issued([(flow.roles.rando.address, 5_000_000_001)], sequence=2)
    flow.revoke(second.batch)
    done = flow.cancel(second.number, second.batch, 1_200_000_000)
    assert events(done, "Cancelled") == [{"firstMg": 3_800_000_002, "lastMg": 5_000_000_001}]
