"""What commands share: where they run, how they print, how they fail.

A terminal gets tables and progress; a pipe gets plain lines; `--json` gets exactly one object on stdout. Messages for people go to
stderr whenever stdout carries JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from oracle.config import Settings
from oracle.keys import Keyring
from oracle.store.book import Book

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the installation.", envvar="CARBONBOOK_HOME", show_default=".carbonbook"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on stdout.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent; send nothing.")]

out = Console()
err = Console(stderr=True)


@dataclass(frozen=True)
class Installation:
    """The installation a command runs in."""

    settings: Settings

    @classmethod
    def at(cls, home: Path | None) -> Installation:
        """The installation of a home folder; `oracle.errors.ConfigError` if there is none."""
        return cls(Settings.load(home))

    @cached_property
    def keys(self) -> Keyring:
        """Its keystore."""
        return Keyring(self.settings.path(self.settings.keys), self.settings.passphrase_file)

    @cached_property
    def book(self) -> Book:
        """Its book."""
        return Book(self.settings.home, self.keys)


def show(data: Mapping[str, object], as_json: bool, *, title: str = "") -> None:
    """Prints a result: one JSON object, or a two-column table."""
    if as_json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
        return
    table = Table(title=title or None, title_justify="left", show_header=False, box=None)
    for key, value in data.items():
        table.add_row(key.replace("_", " "), _text(value))
    out.print(table)


def show_rows(rows: Sequence[Mapping[str, object]], title: str) -> None:
    """Prints rows as a table that fits the terminal."""
    if not rows:
        out.print(f"{title}: none")
        return
    table = Table(title=title, title_justify="left", box=None)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    out.print(table)


@contextmanager
def progress(label: str, total: int) -> Iterator[Progress]:
    """A progress bar on a terminal; one plain line at the end elsewhere. Yields an object whose task 0 counts."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        bar.add_task(label, total=total)
        yield bar
    if not err.is_terminal:
        err.print(f"{label}: {total} done")


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_text(item)}" for key, item in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value) or "-"
    return "-" if value is None else str(value)
