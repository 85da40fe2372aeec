"""`carbonbook report`: tables for people, spreadsheets and auditors, and whether book and chain agree."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, say, show
from oracle.installation import Installation
from oracle.model.errors import DifferencesFound, InputError

if TYPE_CHECKING:
    from oracle.report.report import Report

Name = Literal[
    "issuance",
    "statements",
    "redemptions",
    "settlement",
    "reserve",
    "findings",
    "flags",
    "credits",
    "market",
    "shares",
    "retirements",
    "reconciliation",
]

_FOLDER = Path("reports")


@app.command()
def report(
    name: Annotated[Name | None, typer.Argument(help="One report to print.", show_default="all, into a folder")] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", help="First day (UTC; for issuance the day of the act).", show_default="first of all"),
    ] = None,
    through: Annotated[str | None, typer.Option(help="Last day.", show_default="the block's")] = None,
    block: Annotated[int | None, typer.Option(help="Block to read at.", show_default="the head")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="./reports/<from>_<through>")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Report issued, spent and paid points, and reconcile the book with the chain.

    Everything is read at one block; the same block always gives the same files. Without NAME, all CSVs, plots, a summary and a manifest
    are written to a folder. With NAME, one report is printed, and written if --out names a folder. Exit code 8: book and chain
    differ.

        carbonbook report
        carbonbook report issuance --from 2023-01-01 --through 2023-01-31 --out january
        carbonbook report reconciliation --json
    """
    from oracle.report.report import (
        read_report,
    )  # pandas and matplotlib take a second that other commands need not wait

    here = Installation.at(home)
    made = read_report(
        here.chain,
        here.book,
        first=_day(since),
        last=_day(through),
        block=block,
        limits=here.settings.flags,
        names=here.names | {rule.id: rule.document.name.en for rule in here.library.rules()},
    )
    if name is None:
        _all(here, made, out, json)
    else:
        _one(here, made, name, out, json)
    if name in (None, "reconciliation") and made.differences:
        raise DifferencesFound(
            f"Book and chain differ in {made.differences} places at block {made.ledger.block.number}. "
            "`carbonbook report reconciliation` lists them."
        )


def _all(here: Installation, made: Report, out: Path | None, json: bool) -> None:
    from oracle.report.write.folder import write_all
    from oracle.report.write.summary import scenarios, summary

    folder = out or _FOLDER / str(made.period)
    files = write_all(folder, made, here.chain.manifest)
    show({"folder": str(folder), **summary(made), "scenarios": scenarios(made), "files_written": files}, json)


def _one(here: Installation, made: Report, name: Name, out: Path | None, json: bool) -> None:
    from oracle.report.report import REPORTS
    from oracle.report.write.folder import rows_of, write

    if out is not None:
        write(out, made, here.chain.manifest, REPORTS[name])
        say(f"written to {out}")
    first, *others = REPORTS[name]
    counted = {"differences": made.differences} if name == "reconciliation" else {}
    place = {"block": made.ledger.block.number, "block_hash": made.ledger.block.hash, "period": str(made.period)}
    show({**place, **counted, "rows": rows_of(made, first), **{other: rows_of(made, other) for other in others}}, json)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"'{text}' is not a date. Example: 2023-01-31") from error
