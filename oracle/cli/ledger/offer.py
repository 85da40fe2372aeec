"""`carbonbook offer`: what merchants give for points."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption, show
from oracle.edge.chain.contracts.offer_book import OfferBook, OfferTerms
from oracle.installation import Installation
from oracle.ledger.redeem.offer import Offer, all_offers, offer_of
from oracle.ledger.redeem.order import number_bytes, terms_bytes
from oracle.model.errors import InputError
from oracle.model.units import milli_points, points

app = typer.Typer(name="offer", help="Offers: add, restock, end, list.", no_args_is_help=True)

KeyOption = Annotated[str, typer.Option("--key", help="Name of the merchant's key.")]
NumberArgument = Annotated[str, typer.Argument(help="Number of the offer; the merchant chooses it.")]
_MOST_ITEMS = 2**32 - 1  # what an offer has room for on chain
_LAST = 2**40 - 1


@app.command("add")
def add_(
    number: NumberArgument,
    key: KeyOption,
    price: Annotated[str, typer.Option("--points", help="Price of one item, in points.")],
    stock: Annotated[int, typer.Option(help="Number of items.", min=1, max=_MOST_ITEMS)],
    terms: Annotated[str, typer.Option(help="Description of the offer; its hash goes on chain.")],
    per_citizen: Annotated[
        int, typer.Option(help="Most items per citizen; 0 means no limit.", min=0, max=_MOST_ITEMS)
    ] = 0,
    since: Annotated[str | None, typer.Option("--from", help="Start time, ISO 8601.", show_default="now")] = None,
    until: Annotated[str | None, typer.Option("--to", help="End time, ISO 8601.", show_default="no end")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Create an offer. Its price, terms, times and limit can never be changed.

    carbonbook offer add 1 --key merchant-1 --points 5 --stock 100 --terms "one tea" --per-citizen 2
    """
    here = Installation.at(home)
    first = here.chain.now() if since is None else _seconds(since)
    last = _LAST if until is None else _seconds(until)
    offered = OfferTerms(milli_points(price, field="--points"), stock, per_citizen, first, last, terms_bytes(terms))
    here.sender(key).send(OfferBook(here.chain).publish(number_bytes(number), offered))
    _show(here, key, number, json)


@app.command("restock")
def restock_(
    number: NumberArgument,
    key: KeyOption,
    items: Annotated[int, typer.Option(help="Items to add.", min=1, max=_MOST_ITEMS)],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Add items to an offer.

    carbonbook offer restock 1 --key merchant-1 --items 50
    """
    here = Installation.at(home)
    here.sender(key).send(OfferBook(here.chain).add_stock(number_bytes(number), items))
    _show(here, key, number, json)


@app.command("end")
def end_(number: NumberArgument, key: KeyOption, home: HomeOption = None, json: JsonOption = False) -> None:
    """End an offer. This cannot be undone.

    carbonbook offer end 1 --key merchant-1
    """
    here = Installation.at(home)
    here.sender(key).send(OfferBook(here.chain).end(number_bytes(number)))
    _show(here, key, number, json)


@app.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """List the offers of all merchants.

    carbonbook offer list
    """
    here = Installation.at(home)
    show({"offers": [_described(offer) for offer in all_offers(here.chain)]}, json, names=here.names)


def _show(here: Installation, key: str, number: str, json: bool) -> None:
    show(_described(offer_of(here.chain, here.keys.address(key), number_bytes(number))), json, names=here.names)


def _described(offer: Offer) -> dict[str, object]:
    return {
        "number": offer.name,
        "merchant": offer.merchant,
        "points": points(offer.price_milli),
        "stock": offer.stock,
        "taken": offer.taken,
        "left": offer.left,
        "per_citizen": offer.per_citizen,
        "from": _time(offer.from_time),
        "to": None if offer.to_time == _LAST else _time(offer.to_time),
        "ended": offer.ended,
    }


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat()


def _seconds(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).astimezone().timestamp())
    except ValueError as error:
        raise InputError(f"'{text}' is not a time. Example: 2023-01-10T08:00:00+08:00") from error
