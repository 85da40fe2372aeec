"""`carbonbook market`: what is for sale, what it costs, and buying it."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.console import DryRunOption, HomeOption, JsonOption
from oracle.cli.ledger import sell
from oracle.cli.ledger.trade import (
    MaxPriceOption,
    MinutesOption,
    Money,
    OrderOption,
    QuantityArgument,
    SeriesOption,
    end,
    moment,
)
from oracle.installation import Installation
from oracle.ledger.market.asks import Ask, market_of
from oracle.ledger.market.buy import Wish, buy, quoted, require_whole
from oracle.ledger.market.quote import Quote
from oracle.model.units import date_of, milligrams, tonnes

app = typer.Typer(name="market", help="Credits: what is for sale, quotes, purchases, asks.", no_args_is_help=True)
app.command("list")(sell.list_)
app.command("cancel")(sell.cancel_)
app.command("draw")(sell.draw_)
app.command("buffer")(sell.buffer_)

_KeyOption = Annotated[str, typer.Option("--key", help="Name of the buyer's key.")]


@app.command("asks")
def asks_(
    series: SeriesOption = None,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are sold out or expired.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List what is for sale, cheapest first.

    carbonbook market asks
    """
    here = Installation.at(home)
    market, money = market_of(here.chain), Money.of(here.chain)
    wanted = [
        ask
        for ask in market.asks
        if series in (None, ask.stored.series) and (all_ or ask.state not in ("sold out", "expired"))
    ]
    open_ = [ask for ask in wanted if ask.state == "open"]
    end(
        json,
        f"{len(open_)} of {len(wanted)} asks are open at block {market.block}",
        "carbonbook market quote 1t" if open_ else None,
        [] if open_ else ["nothing is for sale now"],
        asks=[_ask_row(ask, money) for ask in wanted],
    )


@app.command("quote")
def quote_(
    quantity: QuantityArgument,
    max_price: MaxPriceOption = None,
    series: SeriesOption = None,
    buyer: Annotated[str | None, typer.Option("--for", help="Account or key of who will buy.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say what a quantity costs now, to the unit. Nothing is bought.

    carbonbook market quote 1.5t --max-price 60
    """
    here = Installation.at(home)
    money = Money.of(here.chain)
    wish = _wish(quantity, max_price, series, 1, money)
    found = quoted(here.chain, wish, here.account_of(buyer) if buyer else None)
    limit = f" --max-price {max_price}" if max_price else ""
    then = f"carbonbook market buy {quantity}{limit} --order … --key …" if found.is_whole else "carbonbook market asks"
    end(json, _state(found, money), then, _missing(found, money), **_quote_facts(found, money))


@app.command("buy")
def buy_(
    quantity: QuantityArgument,
    order: OrderOption,
    key: _KeyOption,
    max_price: MaxPriceOption = None,
    series: SeriesOption = None,
    minutes: MinutesOption = 10,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Buy a quantity from the cheapest asks, all or nothing, in one transaction. The same order number never buys twice.

    carbonbook market buy 1.5t --max-price 60 --order PO-7 --key buyer-1
    """
    here = Installation.at(home)
    money = Money.of(here.chain)
    wish = _wish(quantity, max_price, series, minutes, money)
    if dry_run:
        found = quoted(here.chain, wish, here.account_of(key))
        require_whole(found, money.decimals)
        end(json, f"dry run: {_state(found, money)}", None, (), dry_run=True, **_quote_facts(found, money))
        return
    bought = buy(here.sender(key), order, wish)
    end(
        json,
        f"{tonnes(bought.mg)} t bought {'' if bought.fresh else 'before '}for {money.text(bought.cost)}",
        f"carbonbook retire {quantity} --for … --period … --order … --key {key}",
        order=order,
        fresh=bought.fresh,
        mg=str(bought.mg),
        cost_units=str(bought.cost),
        fills=[{**fill, "cost": money.text(fill["cost"])} for fill in bought.fills],
        transaction=bought.transaction,
    )


def _wish(quantity: str, max_price: str | None, series: int | None, minutes: int, money: Money) -> Wish:
    limit = None if max_price is None else money.price(max_price, "--max-price")
    return Wish(milligrams(quantity, field="quantity"), limit, series, 60 * minutes)


def _state(found: Quote, money: Money) -> str:
    return f"{tonnes(found.mg)} of {tonnes(found.wanted_mg)} t for {money.text(found.cost)}"


def _missing(found: Quote, money: Money) -> list[str]:
    if found.is_whole:
        return []
    more = "" if found.dearer_price is None else f"; more from {money.text(found.dearer_price)} a tonne on"
    return [f"{tonnes(found.wanted_mg - found.mg)} t are not for sale within the limits{more}"]


def _quote_facts(found: Quote, money: Money) -> dict[str, object]:
    rows = [
        {
            "ask": line.ask.number,
            "series": line.ask.stored.series,
            "tonnes": tonnes(line.mg),
            "price": money.text(line.ask.stored.price),
            "cost": money.text(line.cost),
        }
        for line in found.lines
    ]
    return {"mg": str(found.mg), "cost_units": str(found.cost), "lines": rows}


def _ask_row(ask: Ask, money: Money) -> dict[str, object]:
    return {
        "ask": ask.number,
        "series": ask.stored.series,
        "tonnes": tonnes(ask.left_mg),
        "price": money.text(ask.stored.price),
        "kind": "resale" if ask.stored.resale else "primary",
        "state": ask.state,
        "opens": moment(ask.opens_at),
        "last_day": date_of(ask.stored.expiry_day).isoformat(),
        "only_buyer": ask.only_buyer,
        "seller": ask.stored.seller,
    }
