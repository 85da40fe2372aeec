"""Purchases: a basket in one transaction, paid with a permit for exactly its cost that ends with the buyer's deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain, Event
from oracle.edge.chain.contracts.credit_market import CreditMarket
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.ledger.market.asks import market_of
from oracle.ledger.market.once import order
from oracle.ledger.market.quote import Quote, quote
from oracle.model.errors import InputError
from oracle.model.typed_data import sign
from oracle.model.units import money, tonnes

_KIND = "buy"


@dataclass(frozen=True)
class Wish:
    """What a buyer wants, and within which limits.

    Attributes:
        mg: Milligrams, all or none.
        max_price: Highest price, base units per tonne; None for any.
        series: Only of this series; None for any.
        seconds: How long the payment can be taken: the order's deadline from now.
    """

    mg: int
    max_price: int | None
    series: int | None
    seconds: int


@dataclass(frozen=True)
class Bought:
    """What an order bought.

    Attributes:
        fills: ask, series, mg and cost of each, from the market's events.
        transaction: Hash.
        fresh: Whether it was bought now, and not when the order was given before.
    """

    fills: list[dict[str, int]]
    transaction: str
    fresh: bool

    @property
    def mg(self) -> int:
        """Milligrams."""
        return sum(fill["mg"] for fill in self.fills)

    @property
    def cost(self) -> int:
        """Base units."""
        return sum(fill["cost"] for fill in self.fills)


def quoted(chain: Chain, wish: Wish, buyer: str | None) -> Quote:
    """What a wish costs now."""
    return quote(market_of(chain), wish.mg, buyer=buyer, max_price=wish.max_price, series=wish.series)


def buy(outbox: Outbox, number: str, wish: Wish) -> Bought:
    """Buys a basket once under an order number.

    Raises:
        InputError: Not all is for sale within the limits, the buyer has too little money, or the order bought another quantity before.
        ContractReverted: Somebody was faster; nothing was bought.
    """
    with order(outbox, _KIND, number) as taken:
        before = taken.done(1)
        sent = before or taken.part(1, lambda: _call(outbox, wish))
    bought = Bought(fills_of(outbox.chain, sent), sent.hash, before is None)
    if bought.mg != wish.mg:
        raise InputError(
            f"order {number} bought {tonnes(bought.mg)} t before, not {tonnes(wish.mg)} t; a new purchase needs a number of its own",
            field="--order",
        )
    return bought


def fills_of(chain: Chain, sent: Sent) -> list[dict[str, int]]:
    """What a transaction bought."""
    return [
        _fill(event)
        for event in CreditMarket(chain).events("Filled", sent.block, sent.block)
        if event.transaction == sent.hash
    ]


def require_whole(found: Quote, decimals: int) -> None:
    """Refuses a quote that has not all that was asked for.

    Raises:
        InputError: Says how much there is, and from which price on there is more.
    """
    if found.is_whole:
        return
    more = (
        ""
        if found.dearer_price is None
        else f"; more is for sale from {money(found.dearer_price, decimals)} a tonne on"
    )
    raise InputError(
        f"{tonnes(found.mg)} of {tonnes(found.wanted_mg)} t are for sale within the limits{more}. Nothing was bought",
        field="quantity",
    )


def paid(outbox: Outbox, cost: int, seconds: int, make: Callable[[int, bytes], Call]) -> Call:
    """A purchase with the sender's permit for its cost.

    Args:
        make: Gives the call for a deadline and a permit.

    Raises:
        InputError: The sender has less money than it costs.
    """
    chain, buyer = outbox.chain, outbox.account
    token, market = SettlementToken(chain), CreditMarket(chain).address
    has, decimals = token.balance_of(buyer.address), token.decimals()
    if has < cost:
        raise InputError(
            f"{buyer.address} has {money(has, decimals)} {token.symbol()}; this costs {money(cost, decimals)}"
        )
    if token.allowance(buyer.address, market) > cost:
        outbox.send(token.approve(market, 0))  # the market takes no purchase that would leave an allowance
    deadline = chain.now() + seconds
    return make(deadline, sign(buyer, token.permit_of(buyer.address, market, cost, deadline)))


def _call(outbox: Outbox, wish: Wish) -> Call:
    found = quoted(outbox.chain, wish, outbox.account.address)
    require_whole(found, SettlementToken(outbox.chain).decimals())
    market, fills = CreditMarket(outbox.chain), [line.fill for line in found.lines]
    return paid(
        outbox, found.cost, wish.seconds, lambda deadline, permit: market.buy(fills, found.cost, deadline, permit)
    )


def _fill(event: Event) -> dict[str, int]:
    return {name: int(event.values[name]) for name in ("ask", "series", "mg", "cost")}
