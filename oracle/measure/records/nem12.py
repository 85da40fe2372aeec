"""NEM12, the interval data of the Australian market: a line holds a day, and lines before it say what of.

    200,NMI,configuration,register,suffix,stream,serial,UOM,minutes,...    what follows is this register
    300,yyyymmdd,value,...,quality method,...                              a day from 00:00 in market time (UTC+10 all year)
    400,first,last,quality method,...                                      quality of some intervals of the day above

Suffixes that begin with E are delivered, with B fed in; the others are no energy of a household. A row is a line of 300, numbered as the
lines of the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import polars as pl

from oracle.measure.records.table import Table, fields_of
from oracle.model.errors import InputError
from oracle.model.findings import findings

_COLUMNS = ("meter", "register", "unit", "start", "end", "value", "quality")
_QUALITIES = {"A": "actual", "S": "substituted", "F": "substituted", "E": "estimated", "N": "missing"}

_Line = tuple[int, str, str, str, str, str, str | None, str]


def nem12_table(blocks: Iterable[bytes], file: str) -> Table:
    """The intervals of a NEM12 file as rows of a plain one; the times are market time.

    Raises:
        InputError: it has no line of interval data.
    """
    lines: list[_Line] = []
    malformed: list[tuple[int | None, dict[str, object]]] = []
    what: list[str] | None = None
    first, rows = 0, 0
    for number, text in enumerate(b"".join(blocks).decode().splitlines(), 1):
        fields = [field.strip() for field in fields_of(text) or ()]
        match fields[:1]:
            case ["200"]:
                what = fields
            case ["300"]:
                rows, first = rows + 1, len(lines)
                day = _day(number, fields, what)
                lines += day or []
                malformed += [] if day else [(number, {"record": "300"})]
            case ["400"]:
                _requalify(lines, first, fields)
    if not rows:
        raise InputError("there is no line 300 with a day of readings: there is nothing to read", file=file)
    frame = pl.DataFrame(lines, schema={"row": pl.Int64(), **dict.fromkeys(_COLUMNS, pl.String())}, orient="row")
    return Table(rows, frame, findings("malformed_row", file, malformed))


def _day(number: int, fields: list[str], what: list[str] | None) -> list[_Line] | None:
    """The intervals of a line; None if it cannot be read."""
    if what is None or len(what) < 9 or not what[8].isdigit() or int(what[8]) not in (5, 15, 30):
        return None
    step = timedelta(minutes=int(what[8]))
    count = timedelta(days=1) // step
    try:
        day = datetime.strptime(fields[1], "%Y%m%d")  # noqa: DTZ007  # market time, told apart from the civil zone later
    except ValueError:
        return None
    values, quality = fields[2 : 2 + count], fields[2 + count][:1] if len(fields) > 2 + count else ""
    if len(values) < count:
        return None
    register = {"E": f"import {what[4]}", "B": "export"}.get(what[4][:1], what[4])
    told = _QUALITIES.get(quality, quality)
    return [
        (number, what[1], register, what[7], str(day + at * step), str(day + (at + 1) * step), value or None, told)
        for at, value in enumerate(values)
    ]


def _requalify(lines: list[_Line], first: int, fields: list[str]) -> None:
    """Gives intervals of the day that began at `first` the quality that a line 400 has for them."""
    if len(fields) < 4 or not (fields[1].isdigit() and fields[2].isdigit()):
        return
    told = _QUALITIES.get(fields[3][:1], fields[3])
    for at in range(first + int(fields[1]) - 1, min(first + int(fields[2]), len(lines))):
        lines[at] = (*lines[at][:7], told)
