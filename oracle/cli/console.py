"""What commands share: their options, and how they print.

A terminal gets tables and progress; a pipe gets plain lines; `--json` gets exactly one object on stdout. What is said on the way goes to
stderr.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

T = TypeVar("T")

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the installation.", envvar="CARBONBOOK_HOME", show_default=".carbonbook"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on stdout.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")]

_HEX = re.compile("(0x)?[0-9a-fA-F]{40,}")

# Names and notes are whatever strangers wrote: no markup of theirs is obeyed.
out = Console(soft_wrap=False, markup=False, emoji=False)
err = Console(stderr=True, markup=False, emoji=False)


def show(data: Mapping[str, object], as_json: bool, title: str = "", names: Mapping[str, str] | None = None) -> None:
    """Prints a result: one JSON object, or names and values.

    Args:
        names: Names of accounts, printed before their addresses; JSON has the addresses alone.
    """
    if as_json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
        return
    table = Table(title=title or None, title_justify="left", show_header=False, box=None)
    table.add_column()
    table.add_column(overflow="fold")
    for key, value in data.items():
        if not _is_rows(value):
            table.add_row(Text(key.replace("_", " ")), Text(_text(value, names or {})))
    out.print(table)
    for key, value in data.items():
        if _is_rows(value):
            show_rows(value, key.replace("_", " "), names)  # type: ignore[arg-type]  # _is_rows has looked


def show_rows(rows: Sequence[Mapping[str, object]], title: str, names: Mapping[str, str] | None = None) -> None:
    """Prints rows as a table that fits the terminal; `names` as in `show`."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    for name in rows[0] if rows else ():
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_named(value, names or {})) for value in row.values()))
    out.print(table)


def say(line: str) -> None:
    """One line on the way, for people."""
    err.print(line, highlight=False)


def tracked(items: Iterable[T], label: str, total: int) -> Iterator[T]:
    """Passes items on, with a progress bar on a terminal and one line at the end elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        yield from bar.track(items, total=total, description=label)
    if not err.is_terminal and total:
        say(f"{label}: {total}")


def _named(value: object, names: Mapping[str, str]) -> str:
    """A cell: a name and the ends of its address where it has a name."""
    if isinstance(value, str) and value in names:
        return f"{names[value]} {_short(value)}"
    return _short(_text(value, names))


def _short(text: str) -> str:
    """Addresses and hashes by their ends, so that rows fit; `--json` has them whole."""
    return f"{text[:8]}…{text[-4:]}" if _HEX.fullmatch(text) else text


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _text(value: object, names: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{_text(key, names)}: {_text(item, names)}" for key, item in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item, names) for item in value) or "-"
    if isinstance(value, str) and value in names:
        return f"{names[value]} {value}"
    return "-" if value is None or value == "" else _visible(str(value))


def _visible(text: str) -> str:
    """A text whose characters can all be seen: controls, which terminals obey, and marks of direction by their codes."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\u3000" else f"\\u{ord(letter):04x}" for letter in text
    )
