"""Commands people type. Each file is one command or a few that belong together; `commands` lists them."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer

app = typer.Typer(
    name="carbonbook",
    help="Carbonbook turns records of low-carbon acts into evidence, points, payments and reports.",
    epilog=(
        "Exit codes: 0 done, 1 failed, 2 usage error, 3 input cannot be read, 4 setting or key missing, 5 no methodology, "
        "6 chain error, 7 verification failed, 8 book and chain differ, 9 chain cannot be trusted now, 10 another process holds the lock, "
        "11 database or disk error, 12 settlement refused, 13 claim refused."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    add_completion=True,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"carbonbook {metadata.version('carbonbook')}")
        raise typer.Exit


@app.callback()
def group(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Makes `carbonbook` a group of commands even when only one of them is loaded."""
