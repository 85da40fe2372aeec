"""Any table of records as text, whatever it is written in: CSV, JSON, JSON Lines, Parquet or an Excel workbook.

Rows count from 1 at the first below the names. A cell is text without blanks around, or null; what a cell cannot say exactly (an order
number that a spreadsheet has rounded) is a finding of its row. Of a workbook the first sheet is read.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from pyarrow.lib import ArrowException
from python_calamine import CalamineError, CalamineWorkbook

from oracle.measure.records.content import BOM, MAX_BYTES, Limited, load, named_errors, open_file, text_blocks
from oracle.measure.records.json_rows import json_rows
from oracle.measure.records.table import Table, parse
from oracle.model.errors import InputError
from oracle.model.findings import findings

_PARQUET, _ZIP = b"PAR1", b"PK\x03\x04"
_KEY = re.compile(rb'"([^"\\]+)"\s*:')
_EXACT_IN_EXCEL = 10**15  # a spreadsheet keeps fifteen digits of a number
_MIDNIGHT = re.compile(r" 00:00:00(\.0+)?$")


def sheets(path: Path, most: int = MAX_BYTES) -> Iterator[Table]:
    """The rows of a file, in tables that share their columns; names in lower case.

    Args:
        most: Bytes it may have, unpacked.

    Raises:
        InputError: It cannot be read as a whole.
    """
    match start_of(path):
        case "parquet":
            yield _parquet(_whole(path, most), path.name, most)
        case "xlsx":
            yield _workbook(_whole(path, most), path.name, most)
        case "json":
            yield from _json(path, most)
        case _:
            yield from parse(text_blocks(path, most=most), path.name)


def start_of(path: Path) -> str:
    """What a file is written in: parquet, xlsx, json or csv."""
    start = load(path, 1 << 10).removeprefix(BOM).lstrip()
    if start.startswith(_PARQUET):
        return "parquet"
    if start.startswith(_ZIP):
        return "xlsx"
    return "json" if start[:1] in (b"{", b"[") else "csv"


def _whole(path: Path, most: int) -> bytes:
    with open_file(path) as stream, named_errors(path.name):
        return Limited(stream, path.name, most).read()


def _json(path: Path, most: int) -> Iterator[Table]:
    keys = {key.decode() for block in text_blocks(path, most=most) for key in _KEY.findall(block)}
    names = sorted(keys - {"data"})
    lowered = _lowered(names, path.name)
    for part in json_rows(text_blocks(path, most=most), names, path.name):
        objects, bad = _objects(part.objects, names, path.name)
        frame = pl.concat([part.plain, objects]).sort("row").rename(lowered)
        yield Table(frame.height + bad.height, _stripped(frame), bad)


def _objects(rows: Iterable[tuple[int, object]], names: list[str], file: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    good, bad = [], []
    for row, item in rows:
        values = {key: _text(value) for key, value in item.items()} if isinstance(item, dict) else None
        nested = "no object" if values is None else next((key for key, value in values.items() if value is ...), "")
        if values is None or nested:
            bad.append((row, {"field": nested}))
        else:
            good.append({"row": row, **values})
    schema = {"row": pl.Int64(), **dict.fromkeys(names, pl.String())}
    return pl.DataFrame(good, schema=schema), findings("malformed_row", file, bad)


def _text(value: object) -> object:
    """A value of JSON as text; `...` for what no cell holds."""
    if value is None or isinstance(value, str):
        return value
    return ... if isinstance(value, bool | list | dict) else str(value)


def _parquet(content: bytes, file: str, most: int) -> Table:
    try:
        whole = pq.ParquetFile(io.BytesIO(content))
        groups = (whole.metadata.row_group(i).total_byte_size for i in range(whole.metadata.num_row_groups))
        if sum(groups) > most:
            raise InputError(f"the file has more than {most} bytes unpacked: split it", file=file)
        frame = pl.DataFrame(whole.read())
    except (ArrowException, OSError, ValueError) as error:
        raise InputError(f"it is no sound Parquet file: {error}", file=file) from error
    nested = [name for name, kind in frame.schema.items() if kind.is_nested() or kind in (pl.Binary, pl.Boolean)]
    if nested:
        raise InputError(
            f"the columns {', '.join(nested)} hold no plain values: text, numbers and times are read", file=file
        )
    frame = frame.rename(_lowered(frame.columns, file)).select(
        _as_text(name, kind) for name, kind in frame.schema.items()
    )
    return _numbered(frame)


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name.strip().lower())
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        return column.dt.convert_time_zone("UTC").dt.to_string("%Y-%m-%d %H:%M:%S+00:00")
    return column.cast(pl.String)


def _workbook(content: bytes, file: str, most: int) -> Table:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > most:
                raise InputError(f"the workbook has more than {most} bytes unpacked: split it", file=file)
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    except (zipfile.BadZipFile, CalamineError) as error:
        raise InputError(f"it is not a valid Excel workbook: {error}", file=file) from error
    if not rows:
        raise InputError("the first sheet is empty", file=file)
    names = [str(cell).strip() for cell in rows[0]]
    while names and not names[-1]:
        names.pop()
    lowered = _lowered(names, file).values()
    cells = [[_cell(cell) for cell in line[: len(names)]] for line in rows[1:]]
    rounded = [number for number, line in enumerate(cells, 1) if ... in line]
    bad = findings(
        "rounded_number", file, ((number, {"field": names[cells[number - 1].index(...)]}) for number in rounded)
    )
    blanked = [[None] * len(names) if ... in line else line for line in cells]
    table = _numbered(pl.DataFrame(blanked, schema=dict.fromkeys(lowered, pl.String()), orient="row"))
    return Table(table.rows + bad.height, table.frame, bad)


def _cell(cell: object) -> object:
    """A cell as text; `...` for a number with more digits than a spreadsheet keeps."""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, int | float):
        if abs(cell) >= _EXACT_IN_EXCEL:
            return ...
        return str(int(cell)) if cell == int(cell) else repr(cell)
    if isinstance(cell, datetime):
        return _MIDNIGHT.sub("", cell.isoformat(" "))
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def _lowered(names: list[str], file: str) -> dict[str, str]:
    """Every name in lower case.

    Raises:
        InputError: Two names are one then, or a column has none.
    """
    lowered = {name: name.strip().lower() for name in names}
    for name in lowered.values():
        if list(lowered.values()).count(name) > 1 or names.count(name) > 1:
            raise InputError("a column stands there twice, in small and capital letters or not", file=file)
        if not name:
            raise InputError("a column has no name in the first row", file=file)
    return lowered


def _numbered(frame: pl.DataFrame) -> Table:
    frame = _stripped(frame.with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64)))
    frame = frame.filter(~pl.all_horizontal(pl.exclude("row").is_null()))
    return Table(frame.height, frame, findings("malformed_row", "", []))


def _stripped(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.selectors.string().str.strip_chars().replace("", None))
