"""Tables that people write for commands: CSV in UTF-8 with a header."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from oracle.model.errors import InputError
from oracle.model.machine import blamed

Row = dict[str, str]


def rows_of(path: Path, columns: Sequence[str]) -> list[Row]:
    """The rows of a file; what a row leaves out is empty.

    Raises:
        InputError: The file cannot be read, is no CSV, or lacks one of the columns; or a row has more fields than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"columns missing in the header: {', '.join(missing)}", file=path.name)
            return [_row(path, number, row) for number, row in enumerate(reader, 1)]
    except FileNotFoundError as error:
        raise InputError("file not found", file=str(path)) from error
    except OSError as error:
        raise blamed(error, InputError(f"cannot be read: {error.strerror}", file=str(path))) from error
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8 text; save it as UTF-8", file=path.name) from error
    except csv.Error as error:
        raise InputError(f"is not a valid CSV file: {error}", file=path.name) from error


def _row(path: Path, number: int, row: dict[str | None, str | list[str] | None]) -> Row:
    if None in row:
        raise InputError("has more fields than the header", file=path.name, row=number)
    return {str(name): str(value or "").strip() for name, value in row.items()}
