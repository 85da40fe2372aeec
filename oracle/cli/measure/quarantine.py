"""`carbonbook quarantine`: rows that were kept aside, and what a person decides about them."""

from __future__ import annotations

import json as jsonlib
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from oracle.cli.console import HomeOption, JsonOption, show
from oracle.edge.store.quarantine import Case, case_of, cases, decision_of
from oracle.installation import Installation
from oracle.model.findings import CODES

app = typer.Typer(name="quarantine", help="Rows in quarantine: list, show, correct, reject.", no_args_is_help=True)

CaseArgument = Annotated[str, typer.Argument(help="Name of the case, from `quarantine list`.")]
WhoOption = Annotated[str, typer.Option(help="Your name; stored in the journal.")]


@app.command("list")
def list_(
    code: Annotated[str | None, typer.Option(help="Only this finding.", show_default="all")] = None,
    decided: Annotated[bool, typer.Option("--decided", help="List decided cases instead of pending ones.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List rows in quarantine.

    carbonbook quarantine list --code implausible_speed
    """
    here = Installation.at(home)
    with here.book.database.reading() as connection:
        found = cases(connection, decided=decided, code=code)
    rows = [{"case": case.name, "file": case.file, "row": case.row, "decision": case.decision} for case in found]
    show({"count": len(rows), "cases": rows}, json)


@app.command("show")
def show_(case: CaseArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Show one row: the problem, the values that show it, and the row itself without its owner.

    carbonbook quarantine show 3fb1c09a77d2-41-bad_time
    """
    here = Installation.at(home)
    with here.book.database.reading() as connection:
        found = case_of(connection, case)
        decision = decision_of(connection, found)
    show(_told(found) | {"decision": asdict(decision) if decision else None}, json)


@app.command()
def release(
    case: CaseArgument,
    correction: Annotated[Path, typer.Option(help="File with the corrected row, in any format that `ingest` reads.")],
    who: WhoOption,
    reason: Annotated[str, typer.Option(help="Reason; stored in the journal.")] = "corrected",
    unit: Annotated[str | None, typer.Option(help="Unit of meter readings that have none.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Replace a row by a correction. The correction is validated like any file and must have no finding.

    carbonbook quarantine release 3fb1c09a77d2-41-bad_time --correction fixed.csv --who "Li Wei"
    """
    from oracle.measure.records.meters import Household
    from oracle.measure.release import release as release_case

    here = Installation.at(home)
    with here.book.database.reading() as connection:
        found = case_of(connection, case)
    source = here.settings.source(found.source)
    household = Household(source.service, unit, None, source.residents, source.mapping)
    now, documents = int(time.time()), here.library_folder
    done = release_case(here.book, found, correction, source, household, who, reason, now, documents)
    show({"case": found.name, "decision": "released", "accepted": done.file.accepted, "sha256": done.file.sha256}, json)


@app.command()
def reject(
    case: CaseArgument,
    reason: Annotated[str, typer.Option(help="Reason; stored in the journal.")],
    who: WhoOption,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Reject a row permanently. This cannot be undone.

    carbonbook quarantine reject 3fb1c09a77d2-41-bad_time --reason "test card" --who "Li Wei"
    """
    from oracle.measure.release import reject as reject_case

    here = Installation.at(home)
    with here.book.database.reading() as connection:
        found = case_of(connection, case)
    reject_case(here.book, found, who, reason, int(time.time()))
    show({"case": found.name, "decision": "rejected"}, json)


@app.command()
def journal(home: HomeOption = None, json: JsonOption = False) -> None:
    """Show every decision, who made it, when and why.

    carbonbook quarantine journal
    """
    here = Installation.at(home)
    rows = []
    with here.book.database.reading() as connection:
        for found in cases(connection, decided=True):
            decision = decision_of(connection, found)
            if decision is not None:
                at = datetime.fromtimestamp(decision.decided_at, UTC).isoformat()
                rows.append({"case": found.name} | asdict(decision) | {"decided_at": at})
    show({"decisions": rows}, json)


def _told(case: Case) -> dict[str, Any]:
    code = CODES[case.code]
    return {
        "case": case.name,
        "source": case.source,
        "file": case.file,
        "row": case.row,
        "sentence": code.en,
        "sentence_zh": code.zh,
        "values": jsonlib.loads(case.values),
        "text": jsonlib.loads(case.text) if case.text else None,
    }
