"""Tables that people write for commands: CSV with a header, in UTF-8 or as Chinese spreadsheets save it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from oracle.model.errors import CarbonbookError, ConfigError, InputError
from oracle.model.machine import blamed

Row = dict[str, str]
T = TypeVar("T")


def read_rows(
    path: Path, columns: Sequence[str], parse: Callable[[int, Row], T]
) -> tuple[list[T], list[CarbonbookError]]:
    """What the rows of a file say, and what is wrong with the others: a bad row takes no good one with it.

    Args:
        columns: That must be there.
        parse: Reads a row by its number, from 1; raises `InputError` or `ConfigError` for a bad one.

    Raises:
        InputError: The file cannot be read, is not a CSV, or lacks one of the columns.
    """
    good: list[T] = []
    bad: list[CarbonbookError] = []
    for number, row in enumerate(_rows(path, columns), 1):
        try:
            good.append(parse(number, _whole(path, number, row)))
        except InputError as error:
            bad.append(error)
        except ConfigError as error:  # a name that no key or account of this installation has
            bad.append(InputError(str(error), file=path.name, row=number))
    return good, bad


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str | None, str | list[str] | None]]:
    reader = csv.DictReader(_text(path).splitlines(keepends=True), strict=True)
    try:
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            hint = "; columns are separated by ',', not ';'" if ";" in "".join(reader.fieldnames or ()) else ""
            raise InputError(f"columns missing in the header: {', '.join(missing)}{hint}", file=path.name)
        yield from reader
    except csv.Error as error:
        raise InputError(f"is not a valid CSV file: {error}", file=path.name) from error


def _whole(path: Path, number: int, row: dict[str | None, str | list[str] | None]) -> Row:
    if None in row:
        raise InputError("has more fields than the header", file=path.name, row=number)
    short = [str(name) for name, value in row.items() if value is None]
    if short:
        raise InputError(f"has fewer fields than the header: no {', '.join(short)}", file=path.name, row=number)
    return {str(name): str(value).strip() for name, value in row.items()}


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError("file not found", file=str(path)) from error
    except OSError as error:
        raise blamed(error, InputError(f"cannot be read: {error.strerror}", file=str(path))) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        chinese = _chinese(content)
        if chinese is None:
            row = content.count(b"\n", 0, error.start)
            problem = "is neither UTF-8 nor GB18030: save it as CSV UTF-8"
            raise InputError(problem, file=path.name, row=row or None) from error
        return chinese


def _chinese(content: bytes) -> str | None:
    """A text in GB18030; None if it is not one.

    Western encodings decode as rare characters of GB18030. So most of what is not ASCII must be of the common set, GB 2312.
    """
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return None
    foreign = [character for character in text if not character.isascii()]
    common = sum(bool(character.encode("gb2312", "ignore")) for character in foreign)
    return text if 2 * common > len(foreign) else None
