"""`carbonbook methodology`: look at the library, compute a record, compare versions, write the catalogue."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import JsonOption, show, show_rows
from oracle.measure.quantify import views
from oracle.measure.quantify.catalogue import write
from oracle.measure.quantify.check import check as check_library
from oracle.measure.quantify.compute import compute as compute_record
from oracle.measure.quantify.diff import diff as diff_versions
from oracle.measure.quantify.library import FOLDER, Library
from oracle.measure.quantify.lock import release
from oracle.model.errors import InputError, MethodologyError

app = typer.Typer(
    name="methodology", help="Methodologies: the library, and their versions on chain.", no_args_is_help=True
)

FolderOption = Annotated[
    Path, typer.Option("--library", help="Folder with the methodology documents.", show_default="the library shipped")
]


@app.command("list")
def list_(library: FolderOption = FOLDER, json: JsonOption = False) -> None:
    """List the scenarios: status, factor, regions, and whether they earn points.

    carbonbook methodology list
    """
    rows = views.scenarios(Library.load(library))
    if json:
        show({"scenarios": rows}, json)
    else:
        show_rows([{key: row[key] for key in views.LIST_COLUMNS} for row in rows], f"{len(rows)} scenarios")


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
        show(views.rule(loaded.rule(name, version)), json, f"{name} version {version}")
    else:
        show(views.scenario(loaded, loaded.document(name)), json, name.upper())


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
    show({"checked": len(outcomes), "failed": failed, "newly_released": len(added)}, json)
    if failed:
        raise MethodologyError(f"{len(failed)} of {len(outcomes)} checks failed")


@app.command()
def compute(
    scenario: Annotated[str, typer.Argument(help="CI-01, CI-11 and so on.")],
    record: Annotated[str, typer.Option(help='Fields as JSON, such as {"distance_km": 10}.')],
    region: Annotated[str | None, typer.Option(help="CN-4403, SZ, 深圳 ...", show_default="CN")] = None,
    when: Annotated[str | None, typer.Option("--date", help="Act date.", show_default="version in force")] = None,
    set_name: Annotated[str | None, typer.Option("--set", help="Use the figures of this named set.")] = None,
    library: FolderOption = FOLDER,
    json: JsonOption = False,
) -> None:
    """Compute the reduction of one record and show the figures used.

    carbonbook methodology compute CI-01 --record '{"distance_km": 10}' --region SZ --date 2023-05-01
    """
    result = compute_record(
        Library.load(library), scenario, _record(record), region, parsed_date(when, "--date"), set_name
    )
    show(views.computed(result), json, f"{result.rule.scenario} {result.rule.document.name.en}")


@app.command()
def diff(
    name: Annotated[str, typer.Argument(help="A rule, for example CI-11.CN-44.")],
    before: Annotated[int, typer.Argument(help="Version.")],
    after: Annotated[int, typer.Argument(help="Other version.")],
    library: FolderOption = FOLDER,
    json: JsonOption = False,
) -> None:
    """Compare two versions of a rule: figures, caps, window, and the result for a typical act.

    carbonbook methodology diff CI-11.CN-44 1 3
    """
    changes = [vars(change) for change in diff_versions(Library.load(library), name, before, after)]
    if json:
        show({"rule": name, "before": before, "after": after, "changes": changes}, json)
    else:
        show_rows(changes, f"{name}: version {before} against {after}")


@app.command()
def catalogue(
    folder: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("docs/methodologies"),
    library: FolderOption = FOLDER,
    json: JsonOption = False,
) -> None:
    """Write the catalogue: a page for each scenario, in both languages, and an index.

    carbonbook methodology catalogue --folder docs/methodologies
    """
    written = write(Library.load(library), folder)
    show({"folder": str(folder), "pages": len(written)}, json)


def _record(text: str) -> dict[str, object]:
    try:
        record = loads(text, parse_float=Decimal)
    except JSONDecodeError as error:
        raise InputError(f"is not valid JSON: {error}. Example: '{{\"distance_km\": 10}}'", field="--record") from error
    if not isinstance(record, dict):
        raise InputError("a record must be a JSON object. Example: '{\"distance_km\": 10}'", field="--record")
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
        raise InputError(f"'{text}' is not a date. Example: 2023-05-01", field=option) from error
