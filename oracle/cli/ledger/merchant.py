"""`carbonbook merchant`: what the chain does not say of merchants: names, and where a bank sends money."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption, show
from oracle.cli.rows import Row, read_rows
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

    `merchant` is an account or the name of a key, `bank_code` a BIC or the twelve digits of CNAPS (联行号); an IBAN needs none. A column
    `bank_name` (开户行) is for the table of Chinese online banking. A row that cannot be read is told and left out; exit code 3 then.

        carbonbook merchant set merchants.csv
    """
    here = Installation.at(home)
    reader = _Reader(here, path)
    parties, bad = read_rows(path, _COLUMNS, reader.party)
    with here.book.database.begin() as connection:
        set_merchants(connection, dict(parties))
    show({"merchants": len(parties), "bad_rows": [str(error) for error in bad]}, json)
    if bad:
        raise bad[0]


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


class _Reader:
    """Reads the rows of one file.

    Args:
        here: The installation.
        path: The file.
    """

    def __init__(self, here: Installation, path: Path):
        self._here = here
        self._file = path.name
        self._admitted = frozenset(merchants_of(here.chain))
        self._seen: dict[str, int] = {}

    def party(self, number: int, row: Row) -> tuple[str, Party]:
        """A merchant and its bank.

        Raises:
            InputError: A field is not valid, the account was never admitted as a merchant, or stands in an earlier row.
            ConfigError: The merchant is neither an account nor the name of a key.
        """
        merchant = self._here.account_of(row["merchant"])
        if merchant not in self._admitted:
            raise self._wrong(number, f"'{row['merchant']}' was never admitted as a merchant")
        if self._seen.setdefault(merchant, number) != number:
            raise self._wrong(number, f"'{row['merchant']}' is in row {self._seen[merchant]} already")
        party = Party(row["name"], row["bank_account"], row["bank_code"], row.get("bank_name", ""))
        return merchant, party.checked(self._file, number)

    def _wrong(self, number: int, problem: str) -> InputError:
        return InputError(problem, file=self._file, row=number, field="merchant")
