"""`carbonbook retire`: give credits up for ever, for somebody and something."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli import app
from oracle.cli.console import DryRunOption, HomeOption, JsonOption
from oracle.cli.ledger.trade import (
    MaxPriceOption,
    MinutesOption,
    Money,
    OrderOption,
    QuantityArgument,
    SeriesOption,
    end,
)
from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry
from oracle.installation import Installation
from oracle.ledger.market.buy import Wish, quoted, require_whole
from oracle.ledger.retire.retire import holdings_of
from oracle.ledger.retire.retire import retire as retire_once
from oracle.ledger.retire.terms import PURPOSES, Purpose, period_of
from oracle.model.units import milligrams, tonnes


@app.command()
def retire(
    quantity: QuantityArgument,
    beneficiary: Annotated[str, typer.Option("--for", help="Whom the certificate names: 120 bytes, no person.")],
    of: Annotated[str, typer.Option("--period", help="2022, 2022-03, or 2022-01-01/2022-06-30.")],
    order: OrderOption,
    key: Annotated[str, typer.Option("--key", help="Name of the holder's key.")],
    purpose: Annotated[str, typer.Option(help=f"One of {', '.join(PURPOSES)}.")] = "voluntary",
    country: Annotated[str, typer.Option(help="Country of the claim, ISO 3166-1.")] = "CN",
    scheme: Annotated[str, typer.Option(help="For compliance, the scheme.")] = "",
    note: Annotated[str, typer.Option(help="Public, at most 280 bytes.")] = "",
    holder: Annotated[str | None, typer.Option(help="Who gets the certificate.", show_default="who retires")] = None,
    buy: Annotated[bool, typer.Option("--buy", help="Buy and retire in one step.")] = False,
    max_price: MaxPriceOption = None,
    series: SeriesOption = None,
    minutes: MinutesOption = 10,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Retire credits. This cannot be undone. The same order number never retires twice.

    A certificate is of one series, and of one ask when buying: a retirement over several has several.

        carbonbook retire 1.5t --for "Example Data Centre Ltd" --period 2022 --order R-1 --key buyer-1
        carbonbook retire 1.5t --for "Example Data Centre Ltd" --period 2022 --buy --max-price 60 --order R-1 --key buyer-1
    """
    here = Installation.at(home)
    for_whom = here.account_of(holder) if holder else None
    said = Purpose(beneficiary, purpose, period_of(of), country, scheme, note, for_whom)
    money = Money.of(here.chain)
    limit = None if max_price is None else money.price(max_price, "--max-price")
    wish = Wish(milligrams(quantity, field="quantity"), limit, series, 60 * minutes)
    if dry_run:
        _show_dry_run(here, key, wish, buy, money, json)
        return
    done = retire_once(here.sender(key), order, wish, said, buying=buy)
    registry = RetirementRegistry(here.chain)
    names = [f"{item.series}-{item.first_mg}" for item in done]
    end(
        json,
        f"{tonnes(sum(item.mg for item in done))} t retired for ever, certificate {', '.join(names)}",
        f"carbonbook certificate show {names[0]}",
        order=order,
        certificates=[
            {
                "certificate": name,
                "mg": str(item.mg),
                "serial": registry.serial_of(item.certificate),
                "transaction": item.transaction,
            }
            for name, item in zip(names, done, strict=True)
        ],
    )


def _show_dry_run(here: Installation, key: str, wish: Wish, buy: bool, money: Money, json: bool) -> None:
    account = here.account_of(key)
    if buy:
        found = quoted(here.chain, wish, account)
        require_whole(found, money.decimals)
        state = f"dry run: {tonnes(wish.mg)} t would be bought for {money.text(found.cost)} and retired"
        end(json, state, dry_run=True, cost_units=str(found.cost))
        return
    usable = [item for item in holdings_of(here.chain, account) if not item.frozen]
    held = sum(item.mg for item in usable if wish.series in (None, item.series))
    blocked = [] if held >= wish.mg else [f"{account} holds {tonnes(held)} t that can be retired"]
    end(json, f"dry run: {tonnes(wish.mg)} t would be retired", None, blocked, dry_run=True, held_mg=str(held))
