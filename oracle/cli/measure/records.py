"""`carbonbook records`: which files can be brought, and a file to begin with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import JsonOption, say, show

app = typer.Typer(name="records", help="Files of records: their kinds, and a file to begin with.", no_args_is_help=True)


@app.command()
def kinds(json: JsonOption = False) -> None:
    """List the kinds of file that `ingest` reads.

    carbonbook records kinds
    """
    from oracle.measure.records.reader import KINDS

    rows = [{"kind": name, "what": kind.what} for name, kind in KINDS.items()]
    show({"kinds": rows}, json)


@app.command()
def template(
    scenario: Annotated[str, typer.Argument(help="Methodology, such as CI-05.")],
    region: Annotated[str, typer.Option(help="Where the acts happen: CN-4403, SZ, 深圳 ...")] = "CN-4403",
    library: Annotated[
        Path | None, typer.Option(help="Folder of the documents.", show_default="the library shipped")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Print a file to begin with, a header and two rows; beside it, on stderr, what the columns mean.

    carbonbook records template CI-05 > rides.csv
    """
    from oracle.measure.quantify.library import FOLDER, Library
    from oracle.measure.quantify.regions import resolve
    from oracle.measure.records.template import csv_of
    from oracle.measure.records.template import template as make

    columns, rows = make(Library.load(library or FOLDER), scenario, resolve(region))
    described = [vars(column) for column in columns]
    if json:
        show({"scenario": scenario.upper(), "columns": described, "rows": rows}, json)
        return
    sys.stdout.write(csv_of(columns, rows))
    sys.stdout.flush()
    for column in columns:
        needed = "required" if column.required else "optional"
        unit = f" in {column.unit}" if column.unit else ""
        say(f"{column.name}: {column.kind}{unit}, {needed}. {column.en}. {column.zh}。")
