"""Quotes: what a quantity costs over the cheapest asks, to the unit that the market charges. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oracle.edge.chain.contracts.credit_market import Fill
from oracle.ledger.market.asks import Ask, Market
from oracle.model.units import MG_PER_TONNE


@dataclass(frozen=True)
class Line:
    """What is taken of one ask, and its cost in base units."""

    ask: Ask
    mg: int
    cost: int

    @property
    def fill(self) -> Fill:
        """The line as the market takes it: the price may not rise."""
        return Fill(self.ask.number, self.mg, self.ask.stored.price)


@dataclass(frozen=True)
class Quote:
    """A basket.

    Attributes:
        wanted_mg: What was asked for.
        lines: What is taken of which ask, cheapest first.
        dearer_price: Price of the cheapest open ask above the limit; None if there is none.
    """

    wanted_mg: int
    lines: Sequence[Line]
    dearer_price: int | None

    @property
    def mg(self) -> int:
        """What can be bought."""
        return sum(line.mg for line in self.lines)

    @property
    def cost(self) -> int:
        """What all lines cost, base units."""
        return sum(line.cost for line in self.lines)

    @property
    def is_whole(self) -> bool:
        """Whether all that was asked for can be bought."""
        return self.mg == self.wanted_mg


def cost_of(mg: int, price: int) -> int:
    """What milligrams cost at a price in base units per tonne, rounded up for each ask: `CreditMarket._cost`."""
    return -(-mg * price // MG_PER_TONNE)


def quote(
    market: Market,
    wanted_mg: int,
    *,
    buyer: str | None = None,
    max_price: int | None = None,
    series: int | None = None,
) -> Quote:
    """Takes from the cheapest asks that are open to a buyer, and of equally cheap ones from the eldest, until there is enough.

    Args:
        max_price: Highest price, base units per tonne; None for any.
        series: Only of this series; None for any.
    """
    offered = [
        ask for ask in market.asks if ask.state == "open" and ask.is_for(buyer) and series in (None, ask.stored.series)
    ]
    affordable = [ask for ask in offered if max_price is None or ask.stored.price <= max_price]
    dearer = [ask.stored.price for ask in offered if ask not in affordable]
    stocks, missing, lines = dict(market.stocks), wanted_mg, []
    for ask in affordable:
        room = ask.left_mg if ask.stored.resale else min(ask.left_mg, stocks[ask.stored.series])
        mg = min(room, missing)
        if mg == 0:
            continue
        missing -= mg
        stocks[ask.stored.series] -= 0 if ask.stored.resale else mg
        lines.append(Line(ask, mg, cost_of(mg, ask.stored.price)))
    return Quote(wanted_mg, lines, min(dearer, default=None))
