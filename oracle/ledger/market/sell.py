"""Selling: an operator's asks on the stock, a holder's on its own credits, and money that waits for sellers."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.credit_market import CLOSED, NOTHING_DUE, CreditMarket
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.reversal_desk import ReversalDesk
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.ledger.market.once import order
from oracle.model.errors import ContractReverted, InputError

_KIND = "list"
NOBODY = "0x" + 40 * "0"


@dataclass(frozen=True)
class Terms:
    """An ask to be made.

    Attributes:
        series: Of which series.
        mg: Milligrams.
        price: Base units per tonne.
        expiry_day: Its last day, UTC.
        only_buyer: The only buyer that may take it; None for anybody.
    """

    series: int
    mg: int
    price: int
    expiry_day: int
    only_buyer: str | None


def list_(outbox: Outbox, number: str, terms: Terms) -> int:
    """Makes an ask once under an order number; returns its number. The operator offers stock, anybody else its own credits.

    Raises:
        InputError: A holder named an only buyer: resale is open to everybody; or the order made another ask before.
        ContractReverted: The market refuses: below the floor, frozen, ends before it opens, too few credits.
    """
    market = CreditMarket(outbox.chain)
    is_operator = str(ReductionCertifier(outbox.chain).claim_of(terms.series).operator) == outbox.account.address
    if terms.only_buyer and not is_operator:
        raise InputError("only the series' operator may offer to a single buyer", field="--only")
    values = (terms.series, terms.mg, terms.price, terms.expiry_day)
    call = market.list_(*values, terms.only_buyer or NOBODY) if is_operator else market.resell(*values)
    with order(outbox, _KIND, number) as taken:
        sent = taken.part(1, lambda: call)
    (listed,) = (
        event.values for event in market.events("Listed", sent.block, sent.block) if event.transaction == sent.hash
    )
    made = listed["terms"]
    if (made.series, made.leftMg, made.price, made.expiryDay) != values:
        raise InputError(f"order {number} made ask {listed['ask']} of other terms before", field="--order")
    return int(listed["ask"])


def cancel(outbox: Outbox, ask: int) -> Sent | None:
    """Ends an ask of the sender; None if it was ended or sold out."""
    if CreditMarket(outbox.chain).ask_of(ask).left_mg == 0:
        return None
    return _unless(outbox, CreditMarket(outbox.chain).cancel_ask(ask), CLOSED)


def draw(outbox: Outbox, series: int, what: str) -> Sent | None:
    """Pays the operator, or the fee's receiver, what it is due of a series; None if nothing is due.

    Args:
        what: `operator`, `fee`, or `owed`: what the sender is owed of resales.
    """
    if due(outbox.chain, series, what, outbox.account.address) == 0:
        return None
    market = CreditMarket(outbox.chain)
    calls = {"operator": market.draw_operator, "fee": market.draw_fee}
    return _unless(outbox, market.draw_owed() if what == "owed" else calls[what](series), NOTHING_DUE)


def due(chain: Chain, series: int, what: str, account: str) -> int:
    """What a draw would pay now, base units."""
    market = CreditMarket(chain)
    if what == "owed":
        return market.owed_to(account)
    gross, drawn = market.proceeds_of(series)
    return int(getattr(gross, what) - getattr(drawn, what))


@dataclass(frozen=True)
class Buffer:
    """The buffer of a series.

    Attributes:
        mg: Milligrams in it.
        from_time: From when on it can be released, UTC seconds.
        owed_mg: What its operator owes of reversals.
    """

    mg: int
    from_time: int
    owed_mg: int


def buffer_of(chain: Chain, series: int) -> Buffer:
    """The buffer of a series.

    Raises:
        InputError: The series is not issued.
    """
    market = CreditMarket(chain)
    stock = market.stock_of(series)
    if stock.quiet_since == 0:
        raise InputError(f"series {series} is not issued")
    operator = ReductionCertifier(chain).claim_of(series).operator
    return Buffer(stock.buffer_mg, stock.quiet_since + market.buffer_period(), ReversalDesk(chain).owed_by(operator))


def release(outbox: Outbox, series: int) -> Sent | None:
    """Puts a buffer into the stock; None if it is empty.

    Raises:
        ContractReverted: Too early, frozen, or the operator owes.
    """
    if buffer_of(outbox.chain, series).mg == 0:
        return None
    return _unless(outbox, CreditMarket(outbox.chain).release_buffer(series), NOTHING_DUE)


def _unless(outbox: Outbox, call: Call, done: str) -> Sent | None:
    try:
        return outbox.send(call)
    except ContractReverted as refusal:
        if refusal.name == done:  # somebody did it meanwhile
            return None
        raise
