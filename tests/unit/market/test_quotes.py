"""Quotes: price and time order, one stock behind all primary asks of a series, and the market's rounding to the unit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.edge.chain.contracts.credit_market import StoredAsk
from oracle.ledger.market.asks import Ask, Market
from oracle.ledger.market.buy import require_whole
from oracle.ledger.market.quote import cost_of, quote
from oracle.model.errors import InputError
from oracle.model.ids import Address

TONNE = 10**9
NOBODY = Address("0x" + 40 * "0")
OPERATOR, SELLER, BUYER = (Address("0x" + 40 * digit) for digit in "123")
SIXTY = 60_000_000


def ask(number: int, mg: int, price: int, series: int = 1, *, resale: bool = False, **changed: object) -> Ask:
    seller = SELLER if resale else OPERATOR
    values = {"only_buyer": NOBODY, "seller": seller, "state": "open"} | changed
    state = str(values.pop("state"))
    stored = StoredAsk(
        left_mg=mg,
        resale=resale,
        series=series,
        price=price,
        opens_hour=0,
        expiry_day=99_999,
        **values,  # type: ignore[arg-type]
    )
    return Ask(number, stored, mg, state)


def market(*asks: Ask, stocks: dict[int, int] | None = None) -> Market:
    ordered = sorted(asks, key=lambda each: (each.stored.price, each.number))
    return Market(1, 0, ordered, stocks or {1: 1_000 * TONNE, 2: 1_000 * TONNE})


@pytest.mark.parametrize(
    ("mg", "units"), [(1_500_000_000, 90_000_000), (1, 1), (16, 1), (17, 2), (123_456_789, 7_407_408)]
)
def test_cost__case_19_20(mg: int, units: int) -> None:
    assert cost_of(mg, SIXTY) == units


def test_cost__case_21__each_ask_is_rounded_up_by_itself() -> None:
    three = quote(market(ask(0, 1, SIXTY), ask(1, 1, SIXTY), ask(2, 1, SIXTY)), 3)
    assert (three.cost, quote(market(ask(0, 3, SIXTY)), 3).cost) == (3, 1)


def test_quote__case_22__a_dearer_ask_is_told_and_not_taken() -> None:
    found = quote(market(ask(0, TONNE, SIXTY + 1)), TONNE, max_price=SIXTY)
    assert (found.mg, found.dearer_price, found.is_whole) == (0, SIXTY + 1, False)
    with pytest.raises(InputError) as refused:
        require_whole(found, 6)
    assert str(refused.value) == (
        "quantity: 0.000000000 of 1.000000000 t are for sale within the limits; more is for sale from 60.000001 a tonne on. "
        "Nothing was bought"
    )


def test_quote__case_23__several_asks_share_one_stock() -> None:
    listed = market(ask(0, 400 * TONNE, SIXTY), ask(1, 400 * TONNE, 2 * SIXTY), stocks={1: 27_500_000_000})
    found = quote(listed, 28 * TONNE)
    assert ([line.mg for line in found.lines], found.is_whole) == ([27_500_000_000], False)


def test_quote__prices_first_then_the_eldest() -> None:
    asks = [
        ask(0, TONNE, 3 * SIXTY),
        ask(3, TONNE, SIXTY, 2),
        ask(2, TONNE, SIXTY),
        ask(1, TONNE, 2 * SIXTY, resale=True),
    ]
    found = quote(market(*asks), 3 * TONNE + 1)
    assert [line.ask.number for line in found.lines] == [2, 3, 1, 0]
    assert found.cost == (SIXTY + SIXTY + 2 * SIXTY + 1)


@pytest.mark.parametrize("state", ["opens", "expired", "sold out", "frozen"])
def test_quote__what_is_not_open_is_not_offered(state: str) -> None:
    found = quote(market(ask(0, TONNE, SIXTY, state=state)), TONNE)
    assert (found.lines, found.dearer_price) == ([], None)


def test_quote__own_asks_and_those_for_others_are_left_out() -> None:
    asks = [
        ask(0, TONNE, SIXTY, seller=BUYER),
        ask(1, TONNE, SIXTY, only_buyer=SELLER),
        ask(2, TONNE, SIXTY, only_buyer=BUYER),
    ]
    assert [line.ask.number for line in quote(market(*asks), TONNE, buyer=BUYER).lines] == [2]


ASKS = st.lists(
    st.tuples(st.integers(1, 10 * TONNE), st.integers(1, 10**9), st.integers(1, 2), st.booleans()), max_size=8
)


@settings(max_examples=200, deadline=None)
@given(ASKS, st.integers(1, 40 * TONNE), st.integers(0, 15 * TONNE), st.one_of(st.none(), st.integers(1, 10**9)))
def test_quote__never_takes_more_than_there_is_nor_above_the_limit(
    rows: list[tuple[int, int, int, bool]], wanted: int, stock: int, limit: int | None
) -> None:
    asks = [ask(number, mg, price, series, resale=resale) for number, (mg, price, series, resale) in enumerate(rows)]
    found = quote(market(*asks, stocks={1: stock, 2: stock}), wanted, max_price=limit)
    primary = {1: 0, 2: 0}
    for line in found.lines:
        assert 0 < line.mg <= line.ask.stored.left_mg
        assert limit is None or line.ask.stored.price <= limit
        primary[line.ask.stored.series] += 0 if line.ask.stored.resale else line.mg
    assert all(mg <= stock for mg in primary.values())
    assert found.mg <= wanted
    assert (
        0
        <= found.cost * TONNE - sum(line.mg * line.ask.stored.price for line in found.lines)
        < TONNE * max(1, len(rows))
    )
