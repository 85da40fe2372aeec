"""`carbonbook city`: files of a synthetic city, to try things on."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from oracle.cli import app
from oracle.cli.console import JsonOption, say, show
from oracle.model.errors import InputError
from oracle.sandbox.city.generate import generate
from oracle.sandbox.city.plan import Plan

_LIFE_BPS = 300  # of the citizens do each other act on a day


@app.command()
def city(
    folder: Annotated[Path, typer.Argument(help="New folder for the files.")],
    citizens: Annotated[int, typer.Option(help="Number of citizens.", min=1)] = 1000,
    first_day: Annotated[str, typer.Option(help="First day.")] = "2023-01-02",
    days: Annotated[int, typer.Option(help="Number of days.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Random seed; the same seed gives the same bytes.", min=0)] = 1,
    json: JsonOption = False,
) -> None:
    """Write records of a synthetic city: taps, trips, meter readings, bills, acts of every other active
    methodology, enrolment, and a list of its fraudulent records.

    carbonbook city /tmp/city --citizens 300 --days 3
    """
    try:
        first = date.fromisoformat(first_day)
    except ValueError as error:
        raise InputError(f"'{first_day}' is not a date. Example: 2023-01-02", field="--first-day") from error
    manifest = generate(Plan(seed=seed, citizens=citizens, first_day=first, days=days, life_bps=_LIFE_BPS), folder)
    say(f"{len(manifest.files)} files in {folder}")
    show({"folder": str(folder), "files": [file.name for file in manifest.files], "rows": manifest.counts}, json)
