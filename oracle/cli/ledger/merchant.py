"""`carbonbook merchant`: what the chain does not say of merchants: names, and where a bank sends money."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption, show
from oracle.cli.rows import rows_of
from oracle.edge.chain.contracts.operator_registry import OperatorRegistry
from oracle.edge.store.merchants import all_merchants, set_merchants
from oracle.installation import Installation
from oracle.ledger.settle.due import merchants_of
from oracle.model.bank import Party
from oracle.model.errors import InputError

app = typer.Typer(name="merchant", help="Merchants' names and bank accounts: set, list.", no_args_is_help=True)

_COLUMNS = ("merchant", "name", "bank_account", "bank_code")


@app.command("set")
def set_(
    path: Annotated[Path, typer.Argument(help="CSV with the columns merchant, name, bank_account and bank_code.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Store merchants' names and bank accounts from a CSV. Existing entries are replaced.

    `merchant` is an account or the name of a key. `bank_code` is a BIC or a CNAPS number of twelve digits (联行号).

        carbonbook merchant set merchants.csv
    """
    here = Installation.at(home)
    parties = dict(_party(here, path, number, row) for number, row in enumerate(rows_of(path, _COLUMNS), 1))
    unknown = sorted(set(parties) - set(merchants_of(here.chain)))
    if unknown:
        raise InputError(
            f"{', '.join(unknown)} is not an admitted merchant. Have the authority admit it first.", file=path.name
        )
    with here.book.database.begin() as connection:
        set_merchants(connection, parties)
    show({"merchants": len(parties)}, json)


@app.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """List the admitted merchants with name and status. Bank accounts show their last four characters only.

    carbonbook merchant list
    """
    here = Installation.at(home)
    with here.book.database.reading() as connection:
        known = all_merchants(connection)
    show({"merchants": [_listed(here, merchant, known.get(merchant)) for merchant in merchants_of(here.chain)]}, json)


def _listed(here: Installation, merchant: str, party: Party | None) -> dict[str, object]:
    entry = OperatorRegistry(here.chain).merchant_of(merchant)
    return {
        "merchant": merchant,
        "name": party.name if party else None,
        "standing": entry.standing,
        "payout": entry.payout,
        "bank_account": f"…{party.account[-4:]}" if party else None,
        "day_limit_milli": entry.day_milli,
        "order_limit_milli": entry.order_milli,
    }


def _party(here: Installation, path: Path, number: int, row: dict[str, str]) -> tuple[str, Party]:
    return here.account_of(row["merchant"]), Party(row["name"], row["bank_account"], row["bank_code"]).checked(
        path.name, number
    )
