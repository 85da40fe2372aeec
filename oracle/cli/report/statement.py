"""`carbonbook statement`: what merchants and operators are owed and were paid, to print and to compute with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.installation import Installation
from oracle.model.days import period as days_of
from oracle.model.errors import DifferencesFound, InputError


@app.command()
def statement(
    of: Annotated[str, typer.Option("--period", help="A day (2023-01-10), a week (2023-W02) or a month (2023-01).")],
    party: Annotated[
        list[str] | None, typer.Argument(help="Merchants or operators: accounts or names of keys.", show_default="all")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("statements"),
    block: Annotated[int | None, typer.Option(help="Block to read at.", show_default="the head")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write statements of a period (opening + in - out = closing) as CSV and as a printable HTML page.

    Everything is read from the chain at one block. The page is in Chinese and English and needs no JavaScript. Exit code 8:
    a statement does not balance.

        carbonbook statement --period 2023-01 --out january
        carbonbook statement merchant-1 --period 2023-W02
    """
    from oracle.edge.store.outputs import write_files
    from oracle.report.read.ledger import read_ledger
    from oracle.report.tables.clearing import DISPUTED, DUE, FREE
    from oracle.report.tables.period import Period
    from oracle.report.write.statement_files import statements

    here = Installation.at(home)
    days = days_of(of)
    wanted = {here.account_of(name) for name in party or ()}
    made = [
        each
        for each in statements(
            here.chain, read_ledger(here.chain, block), Period(days.first_date, days.last_date), here.names
        )
        if not wanted or each.party in wanted
    ]
    if missing := wanted - {each.party for each in made}:
        raise InputError(f"{', '.join(sorted(missing))} is neither a merchant nor an operator")
    named = {f"{each.role}-{each.party}-{days.label}": each for each in made}
    pages = {f"{name}.html": each.html.encode() for name, each in named.items()}
    write_files(out, {f"{name}.csv": each.csv for name, each in named.items()} | pages)
    wrong = [
        each.party
        for each in made
        for account in ((DUE, DISPUTED) if each.role == "merchant" else (FREE,))
        if not account.foots(each.totals)
    ]
    show(
        {
            "folder": str(out),
            "period": days.label,
            "merchants": [{"party": each.party, **each.totals} for each in made if each.role == "merchant"],
            "operators": [{"party": each.party, **each.totals} for each in made if each.role == "operator"],
            "paid_units": sum(each.totals.get("paid_units", 0) for each in made),
            "do_not_foot": wrong,
        },
        json,
        names=here.names,
    )
    if wrong:
        raise DifferencesFound(
            f"{len(wrong)} statements do not balance: {', '.join(wrong)}. Run `carbonbook reconcile`."
        )
