"""The sellers' half of `carbonbook market`: asks, money that waits, the buffer."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from oracle.cli.console import DryRunOption, HomeOption, JsonOption
from oracle.cli.ledger.trade import Money, OrderOption, SeriesArgument, end, moment
from oracle.edge.chain.contracts.credit_market import CreditMarket
from oracle.installation import Installation
from oracle.ledger.market.sell import Terms, buffer_of, cancel, draw, due, release
from oracle.ledger.market.sell import list_ as make_ask
from oracle.model.days import period
from oracle.model.errors import InputError
from oracle.model.units import milligrams, tonnes

_KeyOption = Annotated[str, typer.Option("--key", help="Name of the seller's key.")]


class What(StrEnum):
    """Whose money is drawn."""

    OPERATOR = "operator"
    FEE = "fee"
    OWED = "owed"


def list_(
    series: SeriesArgument,
    tonnes_: Annotated[str, typer.Option("--tonnes", help="Most that is sold.")],
    price: Annotated[str, typer.Option(help="Whole tokens a tonne; never changes.")],
    through: Annotated[str, typer.Option(help="Last day, UTC.")],
    order: OrderOption,
    key: _KeyOption,
    only: Annotated[str | None, typer.Option(help="The only buyer that may take it.", show_default="anybody")] = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Offer credits: the operator from the series' stock, a day later; any other holder its own, at once.

    carbonbook market list 1 --tonnes 400 --price 60 --through 2024-12-31 --order L-1 --key transit
    """
    here = Installation.at(home)
    units = Money.of(here.chain).price(price, "--price")
    buyer = here.account_of(only) if only else None
    terms = Terms(series, milligrams(f"{tonnes_}t", field="--tonnes"), units, period(through).last, buyer)
    if dry_run:
        end(json, f"dry run: {tonnes(terms.mg)} t at {price} would be offered", dry_run=True, series=series)
        return
    ask = make_ask(here.sender(key), order, terms)
    opens = CreditMarket(here.chain).ask_of(ask).opens_hour * 3_600
    state = "is open" if opens <= here.chain.now() else f"opens {moment(opens)}"
    end(json, f"ask {ask} {state}", "carbonbook market asks", ask=ask, series=series, opens=moment(opens), order=order)


def cancel_(
    ask: Annotated[int, typer.Argument(help="Number of the ask.", min=0)],
    key: _KeyOption,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """End an ask; what the market kept for a resale comes back.

    carbonbook market cancel 0 --key transit
    """
    here = Installation.at(home)
    outbox = None if dry_run else here.outbox(key)
    stored = CreditMarket(here.chain).ask_of(ask)
    if stored.series == 0:
        raise InputError(f"there is no ask {ask}")
    sent = None if outbox is None else cancel(outbox, ask)
    state = f"dry run: ask {ask} would end" if dry_run else f"ask {ask} has ended"
    left = "0" if stored.left_mg == 0 else tonnes(stored.left_mg)
    end(json, state, "carbonbook market asks", ask=ask, unsold_tonnes=left, transaction=sent.hash if sent else None)


def draw_(
    series: SeriesArgument,
    key: Annotated[str | None, typer.Option("--key", help="Who pays for it.", show_default="the relayer")] = None,
    what: Annotated[What, typer.Option(help="Whose money.")] = What.OPERATOR,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Pay out what the operator, or the fee's receiver, is due of a series; or what the sender is owed of resales.

    carbonbook market draw 1 --key transit
    """
    here = Installation.at(home)
    sender, money = here.sender(key) if dry_run else here.outbox(key), Money.of(here.chain)
    amount = due(here.chain, series, what, sender.account.address)
    sent = None if dry_run else draw(sender, series, what)
    said = "would be paid" if dry_run else "was paid" if sent else "is due now"
    shown = amount if sent or dry_run else 0
    end(json, f"{money.text(shown)} {said}", what=str(what), units=str(shown), transaction=sent.hash if sent else None)


def buffer_(
    series: SeriesArgument, home: HomeOption = None, dry_run: DryRunOption = False, json: JsonOption = False
) -> None:
    """Put the buffer of a series into its stock, two years after its last reversal; before that say from when on.

    carbonbook market buffer 1
    """
    here = Installation.at(home)
    outbox = None if dry_run else here.outbox()
    buffer = buffer_of(here.chain, series)
    early = here.chain.now() < buffer.from_time
    blocked = [f"releasable from {moment(buffer.from_time)} on"] if early else []
    blocked += [f"its operator owes {tonnes(buffer.owed_mg)} t of reversals"] if buffer.owed_mg else []
    sent = None if outbox is None or blocked else release(outbox, series)
    state = f"{tonnes(buffer.mg)} t {'went into the stock' if sent else 'are in the buffer'}"
    then = f"carbonbook market list {series}" if sent else None
    end(json, state, then, blocked, buffer_mg=str(buffer.mg), transaction=sent.hash if sent else None)
