"""What each CSV must look like: `oracle/report/schema/<name>.json`, enforced whenever a table is written.

A column that is missing, too many, out of order or of another type stops the report: nobody downstream gets a file that is almost right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from oracle.model.errors import ConfigError, VerificationFailed

FOLDER = Path(__file__).resolve().parents[1] / "schema"

INTEGER = "integer"
_INT64 = range(-(2**63), 2**63)

# Types of text cells, each with what its cells must be.
PATTERNS = {
    "text": r"(?s).+",
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "address": r"0x[0-9a-fA-F]{40}",
    "hash": r"0x[0-9a-f]{64}",
    "sha256": r"[0-9a-f]{64}",
}


@dataclass(frozen=True)
class Column:
    """One column of a CSV.

    Attributes:
        name: With its unit, if it has one: `points_milli`.
        type: `integer`, or one of `PATTERNS`.
        nullable: Whether a cell may be empty.
        meaning: What a cell says.
        example: A cell as it is written.
        source: The event, view or stored value it comes from.
        unit: Unit of an integer that measures something.
    """

    name: str
    type: str
    nullable: bool
    meaning: str
    example: str
    source: str
    unit: str | None = None


@dataclass(frozen=True)
class Schema:
    """One CSV.

    Attributes:
        name: File name without `.csv`.
        version: Grows with every change of the columns.
        title: What a row is.
        key: Columns that tell rows apart and order them; none if rows may repeat, and all columns order them.
        columns: In their order.
    """

    name: str
    version: int
    title: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @classmethod
    def load(cls, name: str) -> Schema:
        """The schema of a CSV.

        Raises:
            ConfigError: There is none, or it is not readable.
        """
        path = FOLDER / f"{name}.json"
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            columns = tuple(Column(**column) for column in data.pop("columns"))
            return cls(**data | {"key": tuple(data["key"])}, columns=columns)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{path} is not a valid report schema: {error}") from error


def conform(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The table as its schema wants it: checked, integers as int64 or Python integers, rows in the order of the key.

    Raises:
        VerificationFailed: A column is missing, too many or of another type, a cell is empty that must not be, or a key stands twice.
    """
    wanted = [column.name for column in schema.columns]
    if list(frame.columns) != wanted:
        raise VerificationFailed(f"{schema.name}.csv: the columns are {list(frame.columns)} instead of {wanted}")
    checked = {column.name: _checked(frame[column.name], column, schema.name) for column in schema.columns}
    table = pd.DataFrame(checked, columns=wanted)
    twice = table.duplicated(list(schema.key)) if schema.key else pd.Series(dtype=bool)
    if twice.any():
        row = table[list(schema.key)].to_dict("records")[int(twice.argmax())]
        raise VerificationFailed(f"{schema.name}.csv: two rows have the key {row}")
    return table.sort_values(list(schema.key) or wanted, kind="stable", ignore_index=True)


def _checked(cells: pd.Series[Any], column: Column, table: str) -> pd.Series[Any]:
    where = f"{table}.csv, {column.name}"
    empty = cells.isna()
    if empty.any() and not column.nullable:
        raise VerificationFailed(f"{where}: row {int(empty.argmax()) + 1} is empty")
    if column.type == INTEGER:
        return _integers(cells, column, where)
    present = cells[~empty]
    wrong = [cell for cell in present if not isinstance(cell, str)]
    if not wrong and len(present):
        wrong = present[~present.astype("str").str.fullmatch(PATTERNS[column.type])].tolist()
    if wrong:
        raise VerificationFailed(f"{where}: {wrong[0]!r} is not of type {column.type}")
    return cells.astype("str")


def _integers(cells: pd.Series[Any], column: Column, where: str) -> pd.Series[Any]:
    """As int64 (Int64 where a cell may be empty), or as Python integers if one of them is larger."""
    values = [None if value is pd.NA or value is None else value for value in cells.tolist()]
    for value in values:
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise VerificationFailed(f"{where}: {value!r} is not an integer")
    if all(value is None or value in _INT64 for value in values):
        return pd.Series(values, index=cells.index, dtype="Int64" if column.nullable else "int64")
    return pd.Series(values, index=cells.index, dtype=object)
