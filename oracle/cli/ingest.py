"""`carbonbook ingest` and `close`: from files to bundles."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, Installation, JsonOption, say, show
from oracle.pipeline import close as close_book
from oracle.quantify.library import Library
from oracle.records.ingest import ingest as ingest_file
from oracle.records.meters import Household
from oracle.records.reader import KINDS
from oracle.units import date_of
from oracle.validate.findings import counts


@app.command()
def ingest(
    path: Annotated[Path, typer.Argument(help="File of records: JSON, CSV or XML, may be gzip.")],
    source: Annotated[str, typer.Option(help="Registered source it comes from.")],
    kind: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(KINDS)}.", show_default="told by the content")
    ] = None,
    meter: Annotated[str | None, typer.Option(help="For a file of one meter: its name.")] = None,
    unit: Annotated[str | None, typer.Option(help="For meter readings without a unit: kWh, m3, therm, ...")] = None,
    residents: Annotated[int, typer.Option(help="For households whose record names none.", min=1)] = 1,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Read records from a file: good ones become acts, bad ones findings.

    Every data row ends in exactly one of the two. The same file again changes nothing.

        carbonbook ingest taps.json --source szt
        carbonbook ingest readings.csv.gz --source meters --meter flat-1 --unit kWh
    """
    here = Installation.at(home)
    household = Household(meter=meter, unit=unit, residents=residents)
    registered = here.settings.source(source)
    done = ingest_file(here.book, path, source, registered, kind=kind, household=household, now=int(time.time()))
    if done.before:
        say(f"{path.name} was ingested before; nothing changed.")
    show(
        {
            "file": done.file.name,
            "rows": done.file.rows,
            "accepted": done.file.accepted,
            "quarantined": done.file.quarantined,
            "findings": counts(done.findings),
            "acts": done.acts,
            "ingested_before": done.before,
            "sha256": done.file.sha256,
        },
        json,
    )


@app.command()
def close(home: HomeOption = None, json: JsonOption = False) -> None:
    """Close all days with new acts: quantify them and make the bundles that the committee signs.

    Closing again takes in what came late and changes no bundle.
    """
    here = Installation.at(home)
    closed = close_book(here.book, Library.load(), here.operators())
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
