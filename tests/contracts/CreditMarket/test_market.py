"""Asks, purchases and proceeds (I49 to I52, I59)."""

from __future__ import annotations

from typing import Any

import pytest
from brownie import web3
from eth_account import Account
from eth_account.signers.local import LocalAccount

from ..support.city import SUSPENDED, City
from ..support.clock import now, travel_to
from ..support.credits import CITIZENS_BPS, FEE_BPS, FLOOR, NO_PERMIT, TONNE, Flow, Series
from ..support.reverts import reverts_with
from ..support.values import bare, events

NOBODY = "0x" + "00" * 20
PRICE = 60_000_000
FEE, OPERATOR, CITIZENS, OWED = range(4)
BUFFER_PERIOD = 730 * 86_400


@pytest.fixture
def ask(flow: Flow, series: Series) -> int:
    """400 t of series 1 at 60 yuan."""
    return flow.list(series.number, 400 * TONNE, PRICE)


def proceeds(city: City, series: Series) -> tuple[Any, Any]:
    """(fee, operator, citizens) due and paid."""
    due, paid = city.market.proceedsOf(series.number)
    return bare(due), bare(paid)


def split(gross: int) -> tuple[int, int, int]:
    fee = gross * FEE_BPS // 10_000
    citizens = (gross - fee) * CITIZENS_BPS // 10_000
    return fee, gross - fee - citizens, citizens


def test_given_an_ask__when_it_is_listed__it_opens_at_a_full_hour_after_a_day(
    city: City, flow: Flow, series: Series
) -> None:
    """Case 24."""
    travel_to((now() // 3_600 + 1) * 3_600 + 599)
    expiry = now() // 86_400 + 30
    done = city.market.list(series.number, TONNE, PRICE, expiry, NOBODY, {"from": flow.roles.operator})
    opens = (done.timestamp // 3_600 + 25) * 3_600
    [event] = events(done, "Listed")
    assert (event["ask"], event["series"], event["seller"]) == (0, series.number, flow.roles.operator.address)
    found = city.market.askOf(0)
    assert (found["leftMg"], found["resale"], found["price"]) == (TONNE, False, PRICE)
    assert (found["opensHour"], found["expiryDay"], city.market.askCount()) == (opens // 3_600, expiry, 1)
    flow.pay(flow.buyer, 60_000_000)
    fill = [(0, TONNE, PRICE)]
    travel_to(done.timestamp + 86_400)
    with reverts_with(city.market, "CreditMarket_NotYet", 0, opens):
        city.market.buy(fill, PRICE, NO_PERMIT, {"from": flow.buyer})
    travel_to(opens)
    city.market.buy(fill, PRICE, NO_PERMIT, {"from": flow.buyer})
    assert series.token.balanceOf(flow.buyer) == TONNE


def test_given_a_full_hour__when_it_is_listed__it_opens_a_day_later_to_the_second(
    city: City, flow: Flow, series: Series
) -> None:
    hour = now() // 3_600 + 2
    travel_to(hour * 3_600 - 1)
    done = city.market.list(series.number, TONNE, PRICE, 30_000, NOBODY, {"from": flow.roles.operator})
    assert done.timestamp in (hour * 3_600, hour * 3_600 - 1)
    assert city.market.askOf(0)["opensHour"] == hour + 24


def test_given_what_is_no_ask__when_it_is_listed__it_reverts(city: City, flow: Flow, series: Series) -> None:
    market, operator = city.market, flow.roles.operator
    today = now() // 86_400

    def list_(
        number: int = series.number, mg: int = 1, price: int = PRICE, day: int = today + 9, by: Any = operator
    ) -> Any:
        return market.list(number, mg, price, day, NOBODY, {"from": by})

    with reverts_with(market, "CreditMarket_NotIssued", 9):
        list_(number=9)
    with reverts_with(market, "CreditMarket_Denied", flow.buyer.address):
        list_(by=flow.buyer)
    with reverts_with(market, "CreditMarket_BelowFloor", FLOOR - 1, FLOOR):
        list_(price=FLOOR - 1)
    with reverts_with(market, "CreditMarket_BadPrice", 2**48):
        list_(price=2**48)
    for mg in (0, 10**15):
        with reverts_with(market, "CreditMarket_BadAmount", mg):
            list_(mg=mg)
    for wrong in (today, 2**24):
        with reverts_with(market, "CreditMarket_BadExpiry", wrong):
            list_(day=wrong)
    list_(price=FLOOR)
    list_(price=2**48 - 1, mg=10**15 - 1, day=2**24 - 1)
    city.operators.setOperatorStanding(operator, SUSPENDED, "", {"from": flow.roles.authority})
    with reverts_with(city.operators, "OperatorRegistry_OperatorNotActive", operator.address, SUSPENDED):
        list_()


def test_given_a_purchase__when_it_fills__money_and_credits_change_hands_once(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    """Case 19: 1.5 t at 60 yuan are 90 yuan."""
    done = flow.buy(ask, 1_500_000_000)
    assert events(done, "Filled") == [
        {"ask": ask, "series": series.number, "buyer": flow.buyer.address, "mg": 1_500_000_000, "cost": 90_000_000}
    ]
    assert done.return_value == 90_000_000
    assert series.token.balanceOf(flow.buyer) == 1_500_000_000
    assert city.token.balanceOf(city.market) == 90_000_000
    assert city.token.allowance(flow.buyer, city.market) == 0
    stock = city.market.stockOf(series.number)
    assert (stock["availableMg"], stock["gross"]) == (426_000_000_000, 90_000_000)
    assert city.market.askOf(ask)["leftMg"] == 398_500_000_000
    assert proceeds(city, series) == (split(90_000_000), (0, 0, 0))


@pytest.mark.parametrize(("mg", "cost"), [(1, 1), (16, 1), (17, 2), (123_456_789, 7_407_408)])
def test_given_a_fraction__when_it_is_bought__the_cost_is_rounded_up(
    city: City, flow: Flow, ask: int, mg: int, cost: int
) -> None:
    """Case 20 (I51)."""
    assert city.market.costOf(ask, mg) == cost
    flow.pay(flow.buyer, cost)
    done = city.market.buy([(ask, mg, PRICE)], cost, NO_PERMIT, {"from": flow.buyer})
    assert done.return_value == cost == -(-mg * PRICE // TONNE)


def test_given_three_fills_of_a_milligram__each_is_rounded_by_itself(city: City, flow: Flow, ask: int) -> None:
    """Case 21."""
    flow.pay(flow.buyer, 4)
    city.token.approve(city.market, 3, {"from": flow.buyer})
    done = city.market.buy([(ask, 1, PRICE)] * 3, 3, NO_PERMIT, {"from": flow.buyer})
    assert done.return_value == 3
    city.token.approve(city.market, 1, {"from": flow.buyer})
    done = city.market.buy([(ask, 3, PRICE)], 1, NO_PERMIT, {"from": flow.buyer})
    assert done.return_value == 1


def test_given_limits__when_they_are_passed__it_reverts(city: City, flow: Flow, series: Series, ask: int) -> None:
    """Cases 22 and 23, and rising prices."""
    market, buyer = city.market, {"from": flow.buyer}
    dear = flow.list(series.number, TONNE, PRICE + 1)
    flow.pay(flow.buyer, PRICE)
    with reverts_with(market, "CreditMarket_Price", dear, PRICE + 1, PRICE):
        market.buy([(dear, TONNE, PRICE)], PRICE, NO_PERMIT, buyer)
    with reverts_with(market, "CreditMarket_Cost", PRICE, PRICE - 1):
        market.buy([(ask, TONNE, PRICE)], PRICE - 1, NO_PERMIT, buyer)
    with reverts_with(market, "CreditMarket_BadAmount", 0):
        market.buy([(ask, 0, PRICE)], PRICE, NO_PERMIT, buyer)
    with reverts_with(market, "CreditMarket_Left", dear, TONNE, TONNE + 1):
        market.buy([(dear, TONNE + 1, PRICE + 1)], 2 * PRICE, NO_PERMIT, buyer)
    with reverts_with(market, "CreditMarket_Closed", 9):
        market.buy([(9, 1, PRICE)], PRICE, NO_PERMIT, buyer)
    flow.buy(ask, 400 * TONNE)
    second = flow.list(series.number, 28 * TONNE, PRICE)
    flow.pay(flow.buyer, 28 * PRICE)
    with reverts_with(market, "CreditMarket_Stock", series.number, 27_500_000_000, 28 * TONNE):
        market.buy([(second, 28 * TONNE, PRICE)], 28 * PRICE, NO_PERMIT, buyer)
    with reverts_with(market, "CreditMarket_Left", ask, 0, 1):
        market.buy([(ask, 1, PRICE)], PRICE, NO_PERMIT, buyer)


def test_given_an_expired_ask__when_it_is_bought__it_reverts(city: City, flow: Flow, series: Series) -> None:
    ask = flow.list(series.number, TONNE, PRICE, days=3)
    flow.pay(flow.buyer, PRICE)
    last = city.market.askOf(ask)["expiryDay"]
    travel_to((last + 1) * 86_400)
    with reverts_with(city.market, "CreditMarket_Closed", ask):
        city.market.buy([(ask, TONNE, PRICE)], PRICE, NO_PERMIT, {"from": flow.buyer})


def test_given_an_expiring_ask__when_it_is_bought_on_its_last_day__it_fills(
    city: City, flow: Flow, series: Series
) -> None:
    ask = flow.list(series.number, TONNE, PRICE, days=3)
    travel_to((city.market.askOf(ask)["expiryDay"] + 1) * 86_400 - 60)
    flow.buy(ask, TONNE)
    assert series.token.balanceOf(flow.buyer) == TONNE


def test_given_an_ask_for_one_buyer__when_another_wants_it__it_reverts(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    named = flow.list(series.number, TONNE, PRICE, only=flow.buyer.address)
    with reverts_with(city.market, "CreditMarket_NotForYou", named):
        flow.buy(named, TONNE, flow.roles.merchant)
    flow.buy(named, TONNE)
    for own in (ask, named):
        with reverts_with(city.market, "CreditMarket_OwnAsk" if own == ask else "CreditMarket_NotForYou", own):
            flow.buy(own, 1, flow.roles.operator)


def test_given_a_basket__when_one_fill_fails__nothing_is_bought(
    city: City, flow: Flow, series: Series, ask: int, commuter: LocalAccount
) -> None:
    second = flow.issued([(commuter.address, 10 * TONNE)], sequence=2)
    other = flow.list(second.number, 5 * TONNE, PRICE // 2)
    fills = [(ask, TONNE, PRICE), (other, 2 * TONNE, PRICE // 2)]
    flow.pay(flow.buyer, 2 * PRICE)
    with reverts_with(city.market, "CreditMarket_Left", other, 5 * TONNE, 6 * TONNE):
        city.market.buy([fills[0], (other, 6 * TONNE, PRICE)], 9 * PRICE, NO_PERMIT, {"from": flow.buyer})
    assert series.token.balanceOf(flow.buyer) == 0
    assert city.market.stockOf(series.number)["gross"] == 0
    city.market.buy(fills, 2 * PRICE, NO_PERMIT, {"from": flow.buyer})
    assert series.token.balanceOf(flow.buyer) == TONNE
    assert second.token.balanceOf(flow.buyer) == 2 * TONNE
    with reverts_with(city.token, "ERC20InsufficientAllowance", city.market.address, 0, PRICE):
        city.market.buy([fills[0]], PRICE, NO_PERMIT, {"from": flow.buyer})


def test_given_an_allowance_above_the_cost__when_it_is_used__it_reverts(city: City, flow: Flow, ask: int) -> None:
    flow.pay(flow.buyer, PRICE + 1)
    with reverts_with(city.market, "CreditMarket_Leftover", 1):
        city.market.buy([(ask, TONNE, PRICE)], PRICE, NO_PERMIT, {"from": flow.buyer})


def test_given_a_permit__when_it_is_used__no_approval_is_needed_before(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    city.token.mint(flow.buyer, 2 * PRICE, {"from": flow.roles.rando})
    deadline = now() + 600
    permit = (deadline, *signed_permit(city, flow.buyer_key, PRICE, deadline))
    city.market.buy([(ask, TONNE, PRICE)], PRICE, permit, {"from": flow.buyer})
    assert series.token.balanceOf(flow.buyer) == TONNE
    assert city.token.allowance(flow.buyer, city.market) == 0
    # A permit that somebody used before does no harm.
    permit = (deadline, *signed_permit(city, flow.buyer_key, PRICE, deadline))
    city.token.permit(flow.buyer, city.market, PRICE, *permit, {"from": flow.roles.rando})
    city.market.buy([(ask, TONNE, PRICE)], PRICE, permit, {"from": flow.buyer})
    assert series.token.balanceOf(flow.buyer) == 2 * TONNE


def signed_permit(city: City, key: LocalAccount, amount: int, deadline: int) -> tuple[int, bytes, bytes]:
    """ERC-2612 permit for the market, as wallets make it."""
    signed = Account.sign_typed_data(
        key.key,
        {"name": "Test Yuan", "version": "1", "chainId": web3.eth.chain_id, "verifyingContract": city.token.address},
        {
            "Permit": [
                {"name": "owner", "type": "address"},
                {"name": "spender", "type": "address"},
                {"name": "value", "type": "uint256"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint256"},
            ]
        },
        {
            "owner": key.address,
            "spender": city.market.address,
            "value": amount,
            "nonce": int(city.token.nonces(key.address)),
            "deadline": deadline,
        },
    )
    return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


@pytest.mark.parametrize(
    ("gross", "expected"),
    [(99, (0, 40, 59)), (1_000_001, (10_000, 396_001, 594_000)), (1_999_999, (19_999, 792_000, 1_188_000))],
)
def test_given_gross_proceeds__when_they_are_split__the_parts_are_those_of_the_whole(
    city: City, flow: Flow, series: Series, gross: int, expected: tuple[int, int, int]
) -> None:
    """Cases 25 and 26 (I50)."""
    cheap = flow.list(series.number, 400 * TONNE, FLOOR)
    flow.buy(cheap, gross * 1_000)
    assert split(gross) == expected
    assert proceeds(city, series)[0] == expected


def test_given_proceeds__when_drawn_between_purchases__everybody_gets_the_same_sum(
    city: City, flow: Flow, series: Series
) -> None:
    """Case 26: 1,000,001 units, then 1,999,999 in all."""
    market, rando = city.market, {"from": flow.roles.rando}
    cheap = flow.list(series.number, 400 * TONNE, FLOOR)
    receiver = market.feeReceiver()
    before = [city.token.balanceOf(account) for account in (receiver, flow.roles.operator)]
    flow.buy(cheap, 1_000_001_000)
    assert events(market.drawFee(series.number, rando), "Drawn") == [
        {"series": series.number, "to": receiver, "kind": FEE, "amount": 10_000}
    ]
    assert events(market.drawOperator(series.number, rando), "Drawn") == [
        {"series": series.number, "to": flow.roles.operator.address, "kind": OPERATOR, "amount": 396_001}
    ]
    for draw in (market.drawFee, market.drawOperator):
        with reverts_with(market, "CreditMarket_NothingDue", series.number):
            draw(series.number, rando)
    flow.buy(cheap, 999_998_000)
    assert market.drawFee(series.number, rando).return_value == 9_999
    assert market.drawOperator(series.number, rando).return_value == 395_999
    after = [city.token.balanceOf(account) for account in (receiver, flow.roles.operator)]
    assert [now_ - then for now_, then in zip(after, before, strict=True)] == [19_999, 792_000]
    assert proceeds(city, series)[1] == (19_999, 792_000, 0)
    assert city.token.balanceOf(market) == 1_188_000
    with reverts_with(market, "CreditMarket_Denied", flow.roles.rando.address):
        market.drawCitizens(series.number, rando)
    for draw in (market.drawOperator, market.drawFee):
        with reverts_with(
            market, "CreditMarket_NotIssued" if draw == market.drawOperator else "CreditMarket_NothingDue", 9
        ):
            draw(9, rando)


def test_given_a_holder__when_it_resells__the_market_keeps_the_credits_and_the_fee(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    """Case 27."""
    market, seller, buyer = city.market, flow.buyer, flow.roles.merchant
    flow.buy(ask, 3 * TONNE)
    gross = market.stockOf(series.number)["gross"]
    with reverts_with(series.token, "CarbonCredit_Short", seller.address, 3 * TONNE, 4 * TONNE):
        market.resell(series.number, 4 * TONNE, PRICE, 30_000, {"from": seller})
    with reverts_with(market, "CreditMarket_NotIssued", 9):
        market.resell(9, 1, PRICE, 30_000, {"from": seller})
    with reverts_with(market, "CreditMarket_BadPrice", 0):
        market.resell(series.number, 1, 0, 30_000, {"from": seller})
    resale = market.resell(series.number, 2 * TONNE, PRICE, 30_000, {"from": seller}).return_value
    assert series.token.balanceOf(market) == 450 * TONNE - TONNE
    with reverts_with(market, "CreditMarket_OwnAsk", resale):
        flow.buy(resale, TONNE, seller)
    done = flow.buy(resale, 1_500_000_000, buyer)
    assert events(done, "Resold") == [{"ask": resale, "seller": seller.address, "proceeds": 89_100_000, "fee": 900_000}]
    assert series.token.balanceOf(buyer) == 1_500_000_000
    assert market.stockOf(series.number)["gross"] == gross
    assert market.owedTo(seller) == 89_100_000
    assert market.drawOwed({"from": seller}).return_value == 89_100_000
    with reverts_with(market, "CreditMarket_NothingDue", 0):
        market.drawOwed({"from": seller})
    assert market.owedTo(market.feeReceiver()) == 900_000
    with reverts_with(market, "CreditMarket_NotSeller", resale, buyer.address):
        market.cancelAsk(resale, {"from": buyer})
    done = market.cancelAsk(resale, {"from": seller})
    assert events(done, "AskCancelled") == [{"ask": resale, "leftMg": 500_000_000}]
    assert series.token.balanceOf(seller) == 1_500_000_000
    with reverts_with(market, "CreditMarket_Closed", resale):
        market.cancelAsk(resale, {"from": seller})


def test_given_a_primary_ask__when_it_is_cancelled__the_stock_stays(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    city.market.cancelAsk(ask, {"from": flow.roles.operator})
    with reverts_with(city.market, "CreditMarket_Left", ask, 0, 1):
        flow.buy(ask, 1)
    assert series.token.balanceOf(city.market) == 450 * TONNE
    assert city.market.stockOf(series.number)["availableMg"] == 427_500_000_000


def test_given_new_terms__when_they_are_set__they_hold_for_later_series_only(
    city: City, flow: Flow, series: Series, ask: int, commuter: LocalAccount
) -> None:
    """17.13: the terms of a series are those of its issue (I50)."""
    market = city.market
    with reverts_with(market, "CreditMarket_BadTerms", 10_001, 0, 0):
        city.decide(market, "setTerms", (10_001, 0, 0, 0))
    with reverts_with(market, "CreditMarket_BadTerms", 0, 10_001, 0):
        city.decide(market, "setTerms", (0, 10_001, 0, 0))
    with reverts_with(market, "CreditMarket_BadTerms", 0, 0, 10_001):
        city.decide(market, "setTerms", (0, 0, 10_001, 0))
    city.decide(market, "setTerms", (10_000, 10_000, 10_000, 7))
    flow.buy(ask, TONNE)
    assert proceeds(city, series)[0] == split(PRICE)
    assert bare(market.termsOf(market.presentTermsId())) == (10_000, 10_000, 10_000, 7)
    second = flow.issued([(commuter.address, TONNE)], sequence=2)
    stock = market.stockOf(second.number)
    assert (stock["availableMg"], stock["bufferMg"], stock["termsId"]) == (0, TONNE, 1)
    flow.list(second.number, 1, 7)


def test_given_a_fee_receiver__when_it_is_changed__the_next_draw_goes_there(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    former, market = city.market.feeReceiver(), city.market
    with reverts_with(market, "CreditMarket_NoReceiver"):
        city.decide(market, "setFeeReceiver", NOBODY)
    done = city.decide(market, "setFeeReceiver", flow.roles.merchant.address)
    assert events(done, "FeeReceiverSet") == [{"former": former, "receiver": flow.roles.merchant.address}]
    flow.buy(ask, TONNE)
    market.drawFee(series.number, {"from": flow.roles.rando})
    assert city.token.balanceOf(flow.roles.merchant) == 600_000


def test_given_two_quiet_years__when_the_buffer_is_released__it_is_for_sale(
    city: City, flow: Flow, series: Series
) -> None:
    market, rando = city.market, {"from": flow.roles.rando}
    until = market.stockOf(series.number)["quietSince"] + BUFFER_PERIOD
    travel_to(until - 2)
    with reverts_with(market, "CreditMarket_TooEarly", until):
        market.releaseBuffer(series.number, rando)
    travel_to(until)
    done = market.releaseBuffer(series.number, rando)
    assert events(done, "BufferReleased") == [{"series": series.number, "mg": 22_500_000_000}]
    stock = market.stockOf(series.number)
    assert (stock["availableMg"], stock["bufferMg"]) == (450 * TONNE, 0)
    with reverts_with(market, "CreditMarket_NothingDue", series.number):
        market.releaseBuffer(series.number, rando)
    with reverts_with(market, "CreditMarket_NotIssued", 9):
        market.releaseBuffer(9, rando)


def test_given_callers_without_a_part__the_market_refuses_them(city: City, flow: Flow, series: Series) -> None:
    for caller in (flow.roles.operator, flow.roles.authority, flow.roles.admin):
        for function, arguments in {
            "open": (9, 1),
            "takeBack": (1, 1),
            "takeBuffer": (1, 1),
            "drawCitizens": (1,),
        }.items():
            with reverts_with(city.market, "CreditMarket_Denied", caller.address):
                getattr(city.market, function)(*arguments, {"from": caller})


def test_given_450_t_sold_at_60_yuan__the_parts_are_those_of_the_worked_example(
    city: City, flow: Flow, series: Series
) -> None:
    """17.17: before the buffer is released, 427.5 t bring 25,650 yuan."""
    ask = flow.list(series.number, 450 * TONNE, PRICE)
    flow.buy(ask, 427_500_000_000)
    assert city.market.stockOf(series.number)["gross"] == 25_650_000_000
    assert proceeds(city, series)[0] == (256_500_000, 10_157_400_000, 15_236_100_000)
