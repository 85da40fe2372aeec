"""`carbonbook ingest` and `close`: from files to bundles."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, say, show, tracked
from oracle.installation import Installation
from oracle.measure.close.close import close as close_book
from oracle.measure.ingest import ingest as ingest_file
from oracle.measure.records.explain import explain as explained
from oracle.measure.records.meters import Household
from oracle.measure.records.origin import Origin
from oracle.measure.records.reader import KINDS
from oracle.measure.undo import undo
from oracle.model.findings import counts
from oracle.model.units import date_of


@app.command()
def ingest(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files with records: CSV, JSON, XML, Parquet or Excel, may be gzip. Or `undo` and files to take back."
        ),
    ],
    source: Annotated[
        str | None, typer.Option(help="Registered source of the files.", show_default="needed, except for undo")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help=f"One of {', '.join(KINDS)}, or a methodology such as CI-26.",
            show_default="detected from the content",
        ),
    ] = None,
    meter: Annotated[
        str | None, typer.Option("--meter", "--rider", help="For a file of one meter or rider: the name.")
    ] = None,
    mode: Annotated[
        str | None, typer.Option(help="For trips that name no mode: bus, metro, bicycle, e_bike, walking, ...")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of meter readings that have none: kWh, m3, therm, ...")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only show how the files would be read; store nothing.")
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Read records from files. Valid records become acts, invalid ones become findings.

    Every data row becomes exactly one of the two. A file that was read before changes nothing.

        carbonbook ingest taps.json --source szt
        carbonbook ingest readings.csv.gz --source grid --meter flat-1 --unit kWh
        carbonbook ingest readings.csv --source grid --explain
        carbonbook ingest undo readings.csv.gz
    """
    here = Installation.at(home)
    if paths[0] == Path("undo"):
        _undo(here, [str(path) for path in paths[1:]], json)
        return
    if source is None:
        raise typer.BadParameter("name the registered source the files come from", param_hint="--source")
    registered = here.settings.source(source)
    household = Household(mode or registered.service, unit, meter, registered.residents, registered.mapping)
    if explain:
        origin = Origin(source, "", registered.region, registered.zone)
        for path in paths:
            show(vars(explained(path, replace(origin, file=path.name), household, kind)), json, title=path.name)
        return
    now = int(time.time())
    read = [
        ingest_file(
            here.book,
            path,
            source,
            registered,
            kind=kind,
            household=household,
            now=now,
            documents=here.library_folder,
        )
        for path in tracked(paths, "reading files", len(paths))
    ]
    for done in read:
        if done.before:
            say(f"{done.file.name} was ingested before; nothing changed.")
    show(
        {
            "rows": sum(done.file.rows for done in read),
            "accepted": sum(done.file.accepted for done in read),
            "quarantined": sum(done.file.quarantined for done in read),
            "findings": counts(pl.concat(done.findings for done in read)),
            "acts": dict(sum((Counter(done.acts) for done in read), Counter[str]())),
            "files": [
                {
                    "file": done.file.name,
                    "rows": done.file.rows,
                    "accepted": done.file.accepted,
                    "quarantined": done.file.quarantined,
                    "ingested_before": done.before,
                    "sha256": done.file.sha256,
                }
                for done in read
            ],
        },
        json,
    )


def _undo(here: Installation, names: list[str], json: bool) -> None:
    """Takes back files that were brought with the wrong unit, zone or source, while no close has taken them in."""
    if not names:
        raise typer.BadParameter("name a file, or its SHA-256, to take back", param_hint="undo")
    gone = [undo(here.book, name) for name in names]
    show(
        {
            "taken_back": [
                {"file": file.name, "source": file.source, "rows": file.rows, "sha256": file.sha256} for file in gone
            ]
        },
        json,
    )


@app.command()
def close(home: HomeOption = None, json: JsonOption = False) -> None:
    """Close all days that have new acts: quantify the acts and write the bundles that the committee signs.

    A later close adds late acts and changes no existing bundle. Exit code 8, and nothing is closed, if the chain has batches that the
    book does not know. Run `carbonbook rebuild` to restore them.

        carbonbook close
    """
    from oracle.ledger.attest.onchain import require_abreast

    here = Installation.at(home)
    require_abreast(here.chain, here.book, set(here.operators().values()), here.settings.finality)
    closed = close_book(here.book, here.library, here.operators())
    show(
        {
            "batches": len(closed),
            "records": sum(item.records for item in closed),
            "bundles": [
                {
                    "act_date": date_of(item.batch.day).isoformat(),
                    "methodology": f"{item.batch.methodology} v{item.batch.version}",
                    "records": item.records,
                    "accounts": item.accounts,
                    "quantity": item.quantity,
                    "batch": item.batch.batch,
                }
                for item in closed
            ],
        },
        json,
    )
