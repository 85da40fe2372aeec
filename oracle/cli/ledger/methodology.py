"""`carbonbook methodology`: look at the library, compute a record, compare versions, write the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from json import JSONDecodeError, dumps, loads
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from oracle.measure.quantify import views
from oracle.measure.quantify.catalogue import write
from oracle.measure.quantify.check import check as check_library
from oracle.measure.quantify.compute import compute as compute_record
from oracle.measure.quantify.diff import diff as diff_versions
from oracle.measure.quantify.library import FOLDER, Library
from oracle.measure.quantify.lock import release
from oracle.model.errors import CarbonbookError, InputError, MethodologyError

app = typer.Typer(
    name="methodology", help="Methodologies: the library, and the authority's work on chain.", no_args_is_help=True
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on stdout.")]
FolderOption = Annotated[
    Path, typer.Option("--library", help="Folder of the documents.", show_default="the library shipped")
]


@app.command("list")
def list_(library: FolderOption = FOLDER, json: JsonOption = False) -> None:
    """List the scenarios: status, factor, places, whether points are earned.

    carbonbook methodology list
    """
    rows = views.scenarios(Library.load(library))
    if json:
        _show({"scenarios": rows}, json)
    else:
        _rows([{key: row[key] for key in views.LIST_COLUMNS} for row in rows], f"{len(rows)} scenarios")


@app.command("show")
def show_(
    name: Annotated[str, typer.Argument(help="A scenario (CI-01), or a rule (CI-01.CN-4403).")],
    version: Annotated[int, typer.Option(help="Version of the rule.")] = 1,
    library: FolderOption = FOLDER,
    json: JsonOption = False,
) -> None:
    """Show a scenario with its formulas, figures and sources, or one rule with its terms and hash.

    carbonbook methodology show CI-11.CN-44 --version 3
    """
    loaded = Library.load(library)
    if "." in name:
        _show(views.rule(loaded.rule(name, version)), json, f"{name} version {version}")
    else:
        _show(views.scenario(loaded, loaded.document(name)), json, name.upper())


@app.command()
def check(
    library: FolderOption = FOLDER,
    lock: Annotated[bool, typer.Option("--lock", help="Add new versions to released.json first.")] = False,
    json: JsonOption = False,
) -> None:
    """Check every document: worked examples, overflow proofs, the chain's limits, released hashes.

    carbonbook methodology check --lock --library city/methodologies
    """
    loaded = Library.load(library)
    added = release(loaded, library) if lock else []
    outcomes = list(check_library(loaded, library))
    failed = [vars(outcome) for outcome in outcomes if not outcome.passed]
    _show({"checked": len(outcomes), "failed": failed, "newly_released": len(added)}, json)
    if failed:
        raise MethodologyError(f"{len(failed)} of {len(outcomes)} checks failed")


@app.command()
def compute(
    scenario: Annotated[str, typer.Argument(help="CI-01, CI-11 and so on.")],
    record: Annotated[str, typer.Option(help='Fields as JSON, such as {"distance_km": 10}.')],
    region: Annotated[str | None, typer.Option(help="CN-4403, SZ, 深圳 ...", show_default="CN")] = None,
    when: Annotated[str | None, typer.Option("--date", help="Act date.", show_default="version in force")] = None,
    set_name: Annotated[str | None, typer.Option("--set", help="Figures of a named set instead.")] = None,
    library: FolderOption = FOLDER,
    json: JsonOption = False,
) -> None:
    """Compute what one record reduces, and by which figures.

    carbonbook methodology compute CI-01 --record '{"distance_km": 10}' --region SZ --date 2023-05-01
    """
    result = compute_record(
        Library.load(library), scenario, _record(record), region, parsed_date(when, "--date"), set_name
    )
    _show(views.computed(result), json, f"{result.rule.scenario} {result.rule.document.name.en}")


@app.command()
def diff(
    name: Annotated[str, typer.Argument(help="A rule, such as CI-11.CN-44.")],
    before: Annotated[int, typer.Argument(help="Version.")],
    after: Annotated[int, typer.Argument(help="Other version.")],
    library: FolderOption = FOLDER,
    json: JsonOption = False,
) -> None:
    """Compare two versions of a rule: figures, caps, window, and what a typical act brings.

    carbonbook methodology diff CI-11.CN-44 1 3
    """
    changes = [vars(change) for change in diff_versions(Library.load(library), name, before, after)]
    if json:
        _show({"rule": name, "before": before, "after": after, "changes": changes}, json)
    else:
        _rows(changes, f"{name}: version {before} against {after}")


@app.command()
def catalogue(
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("docs/methodologies"),
    library: FolderOption = FOLDER,
    json: JsonOption = False,
) -> None:
    """Write the catalogue: a page for each scenario, in both languages, and an index.

    carbonbook methodology catalogue --folder docs/methodologies
    """
    written = write(Library.load(library), folder)
    _show({"folder": str(folder), "pages": len(written)}, json)


def _show(data: Mapping[str, object], as_json: bool, title: str = "") -> None:
    """One JSON object, or names and values with a table for each list of rows."""
    if as_json:
        sys.stdout.write(dumps(data, ensure_ascii=False, indent=2) + "\n")
        return
    rows = {name: value for name, value in data.items() if _is_table(value)}
    table = Table(title=title, title_justify="left", show_header=False, box=None)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in data.items():
        if name not in rows:
            table.add_row(name.replace("_", " "), _text(value))
    Console().print(table)
    for name, value in rows.items():
        _rows(value, name)  # type: ignore[arg-type]  # _is_table has looked


def _rows(rows: Sequence[Mapping[str, object]], title: str) -> None:
    """A table that fits the terminal."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    for name in rows[0] if rows else ():
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    Console().print(table)


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {_text(item)}" for name, item in value.items()) or "-"
    if isinstance(value, list):
        return "\n".join(_text(item) for item in value) or "-"
    return "-" if value is None or value == "" else str(value)


def _record(text: str) -> dict[str, object]:
    try:
        record = loads(text, parse_float=Decimal)
    except JSONDecodeError as error:
        raise InputError(f"not JSON: {error}; write it like '{{\"distance_km\": 10}}'", field="--record") from error
    if not isinstance(record, dict):
        raise InputError("a record is a JSON object, like '{\"distance_km\": 10}'", field="--record")
    return record


def parsed_date(text: str | None, option: str) -> date | None:
    """The date that a person typed for an option.

    Raises:
        InputError: It is no date.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"'{text}' is not a date such as 2023-05-01", field=option) from error


def main() -> None:
    """This group of commands alone."""
    try:
        app(prog_name="carbonbook methodology")
    except CarbonbookError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
