"""The files of a city while they are written, and the truth about each of their rows."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from oracle.model.errors import InputError
from oracle.sandbox.city.cheats import KINDS

TRUTH = "truth.parquet"
_TRUTH_SCHEMA = pa.schema(
    [
        ("file", pa.dictionary(pa.int8(), pa.string())),
        ("row", pa.int64()),
        ("kind", pa.dictionary(pa.int8(), pa.string())),
        ("act", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Written:
    """A finished file.

    Attributes:
        name: Its name.
        source: Source that brings it, or None if it is about the city.
        rows: Number of data rows.
        kinds: Rows by kind, as far as the truth tells of them.
        sha256: Hash of its bytes, hexadecimal.
    """

    name: str
    source: str | None
    rows: int
    kinds: dict[str, int]
    sha256: str


@dataclass
class _Growing:
    source: str | None
    rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


class Folder:
    """A folder that is being filled. Files come into being with their first rows, so none is empty.

    `truth.parquet` has, for every row of every file but the enrolment: `file`; `row`, the 1-based data row; `kind`, one of
    `oracle.sandbox.city.cheats.Kind`; `act`, a number that the rows of one ride, or of one meter's period, share with
    the rows made from them.
    Rides have other numbers than each sort of meter.
    """

    def __init__(self, path: Path, truth: pq.ParquetWriter):
        self._path = path
        self._truth = truth
        self._files: dict[str, _Growing] = {}

    def csv(self, name: str, source: str | None, rows: pl.DataFrame) -> None:
        """Append rows to a CSV file, and to the truth if they have `kind` and `act`."""
        if rows.is_empty():
            return
        text = io.BytesIO()
        _untold(rows).write_csv(text, include_header=name not in self._files)
        self.append(name, source, text.getvalue(), rows)

    def json(self, name: str, source: str, rows: pl.DataFrame) -> None:
        """Write rows as one page of JSON, or append them to JSON Lines if the name ends in `.jsonl`; and to the truth."""
        if rows.is_empty():
            return
        lines = io.BytesIO()
        _untold(rows).write_ndjson(lines)
        text = lines.getvalue()
        if not name.endswith(".jsonl"):
            page = f'{{"total":{rows.height},"page":1,"rows":{rows.height},"data":['.encode()
            text = page + text.rstrip().replace(b"\n", b",") + b"]}\n"
        self.append(name, source, text, rows)

    def append(self, name: str, source: str | None, text: bytes, rows: pl.DataFrame) -> None:
        """Append the text of rows to a file, and to the truth if they have `kind` and `act`."""
        file = self._files.setdefault(name, _Growing(source))
        with (self._path / name).open("ab") as stream:
            stream.write(text)
        if "kind" in rows.columns:
            self._truth.write_table(_truth(name, file.rows + 1, rows))
            counted = rows["kind"].value_counts()
            file.kinds.update({KINDS[position].value: count for position, count in counted.iter_rows()})
        file.rows += rows.height

    def written(self) -> tuple[Written, ...]:
        """All files by name, the truth among them; to be asked for when the truth is complete."""
        told = sum(sum(file.kinds.values()) for file in self._files.values())
        files = {**self._files, TRUTH: _Growing(None, rows=told)}
        return tuple(
            Written(name, file.source, file.rows, dict(sorted(file.kinds.items())), self._sha256(name))
            for name, file in sorted(files.items())
        )

    def _sha256(self, name: str) -> str:
        with (self._path / name).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def new_folder(path: Path) -> Iterator[Folder]:
    """An empty folder to fill. When the block ends, the truth is complete too.

    Raises:
        InputError: there is something at `path` already, or it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise InputError("the folder is not empty: name another, or empty it", file=str(path))
    except OSError as error:
        raise InputError(f"the folder cannot be made: {error.strerror}", file=str(path)) from error
    with pq.ParquetWriter(path / TRUTH, _TRUTH_SCHEMA, compression="zstd") as truth:
        yield Folder(path, truth)


def _untold(rows: pl.DataFrame) -> pl.DataFrame:
    """What the file says, without what only the truth tells."""
    return rows.drop("kind", "act", strict=False)


def _truth(name: str, first_row: int, rows: pl.DataFrame) -> pa.Table:
    columns = [
        pa.DictionaryArray.from_arrays(np.zeros(rows.height, dtype=np.int8), [name]),
        np.arange(first_row, first_row + rows.height),
        pa.DictionaryArray.from_arrays(rows["kind"].cast(pl.Int8).to_numpy(), [str(kind) for kind in KINDS]),
        rows["act"].to_numpy(),
    ]
    return pa.Table.from_arrays([pa.array(column) for column in columns], schema=_TRUTH_SCHEMA)
