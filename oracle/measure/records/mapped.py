"""Files of meter readings with other names, signs and times than a plain one, brought to its columns by an `oracle.model.mapping`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

import polars as pl

from oracle.measure.records.meters import Household, read_table
from oracle.measure.records.nem12 import nem12_table
from oracle.measure.records.origin import Origin
from oracle.measure.records.table import Table, columns, fields_of, header, parse
from oracle.measure.records.words import ENERGY_OF_POWER, ESTIMATED, MEASURED, like, unit_of
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from oracle.model.findings import empty_findings
from oracle.model.mapping import Mapping, Wide

# A header stands in one of the first lines; above it there may be a title, an address, notes.
HEADER_LINES = 40

_DAY_MINUTES = 1440
_ISO = "%Y-%m-%d %H:%M:%S"
_END_OF_DAY = r"\b24:00"


def read_mapped(blocks: Iterable[bytes], origin: Origin, household: Household, mapping: Mapping) -> Reading:
    """Acts of a file of meter readings that a mapping explains.

    Raises:
        InputError: the file has not the columns of the mapping, or nobody says meter, unit or service.
    """
    table, household = table_for(blocks, origin.file, household, mapping)
    reading = read_table(table.frame, origin, household, mapping)
    found = pl.concat([reading.findings, table.findings])
    if mapping.wide is not None or mapping.format == "nem12":
        found = found.unique("row", keep="first", maintain_order=True)  # of one line, one reason
        acts = {name: acts.with_columns(pl.col("rows").list.unique()) for name, acts in reading.acts.items()}
        reading = replace(reading, acts=acts)
    return replace(reading, rows=table.rows, findings=found.sort("row", maintain_order=True))


def table_for(blocks: Iterable[bytes], file: str, household: Household, mapping: Mapping) -> tuple[Table, Household]:
    """The rows of a file with the columns of a plain one, and what they leave out; as `read_mapped`."""
    table = plain_table(blocks, mapping, file)
    frame = table.frame
    household = replace(household, unit=_unit(household, mapping, file), service=household.service or mapping.service)
    if household.meter is not None and "meter" in frame.columns:
        meters = frame["meter"].drop_nulls().n_unique()
        if meters > 1:
            problem = f"--meter names one meter, and the file has {meters} in its column '{mapping.columns.meter}'"
            raise InputError(f"{problem}: leave it out", file=file)
        frame = frame.with_columns(meter=pl.lit(household.meter))
    return replace(table, frame=frame), household


def _unit(household: Household, mapping: Mapping, file: str) -> str | None:
    """The unit of the values: the mapping's, where the caller says no other."""
    if mapping.unit is None or household.unit is None:
        return mapping.unit or household.unit
    theirs, given = unit_of(mapping.unit), unit_of(household.unit)
    if given not in (theirs, ENERGY_OF_POWER.get(theirs or "")):
        raise InputError(
            f"--unit says {household.unit}, and the file is read as {mapping.unit}: leave --unit out", file=file
        )
    return mapping.unit


def plain_table(blocks: Iterable[bytes], mapping: Mapping, file: str) -> Table:
    """The rows of a file with the columns of a plain one, as text.

    Raises:
        InputError: as `read_mapped`.
    """
    if mapping.format == "nem12":
        return nem12_table(blocks, file)
    if mapping.format == "json":
        return _brought(_json_table(blocks, mapping, file), mapping)
    names, blocks = _located(blocks, mapping, file)
    tables = list(parse(blocks, file, delimiter=mapping.delimiter, names=names))
    frame = pl.concat(table.frame for table in tables) if tables else pl.DataFrame()
    found = pl.concat([empty_findings(), *(table.findings for table in tables)])
    return _brought(Table(sum(table.rows for table in tables), frame, found), mapping)


def wanted(mapping: Mapping) -> list[str]:
    """Names of the columns that a mapping speaks of, in lower case."""
    told = mapping.columns
    names = [*told.start, *told.end, told.value, *told.optional().values()]
    first = mapping.wide.first if mapping.wide else None
    return [name.strip().lower() for name in (*names, first) if name]


def _located(blocks: Iterable[bytes], mapping: Mapping, file: str) -> tuple[list[str] | None, Iterable[bytes]]:
    """Names of the columns where no line has them, and the blocks from the header on."""
    following = iter(blocks)
    first = next(following, b"")
    if not mapping.header:
        width = max(
            (len(fields_of(line.decode(), mapping.delimiter) or ()) for line in first.splitlines()[:HEADER_LINES]),
            default=0,
        )
        return [str(number) for number in range(1, width + 1)], chain([first], following)
    at = header_line(first, mapping)
    if at is None:
        names = header(first, file, mapping.delimiter)
        known = [name for name in wanted(mapping) if name in names]
        missing = [name for name in wanted(mapping) if name not in names]
        raise InputError(
            f"no line of the first {HEADER_LINES} has the mapping's columns: missing are {', '.join(missing)}; the first line has "
            f"{columns(names, known)} between '{mapping.delimiter}'",
            file=file,
        )
    return None, chain([first.split(b"\n", at)[at]], following)


def header_line(start: bytes, mapping: Mapping) -> int | None:
    """Number of lines above the one that names the mapping's columns; None if no line does."""
    asked = {*wanted(mapping)}
    for number, line in enumerate(start.split(b"\n", HEADER_LINES)[:HEADER_LINES]):
        fields = fields_of(line.decode("utf-8", "replace"), mapping.delimiter) or ()
        if asked <= {name.strip().lower() for name in fields}:
            return number
    return None


def _json_table(blocks: Iterable[bytes], mapping: Mapping, file: str) -> Table:
    rows = json_objects(b"".join(blocks), mapping, file)
    names = wanted(mapping)
    lines = [{key.strip().lower(): value for key, value in row.items()} for row in rows]
    texts = [(number, *(_text(line.get(name)) for name in names)) for number, line in enumerate(lines, 1)]
    schema = {"row": pl.Int64(), **dict.fromkeys(names, pl.String())}
    return Table(len(lines), pl.DataFrame(texts, schema=schema, orient="row"), empty_findings())


def json_objects(text: bytes, mapping: Mapping, file: str) -> list[dict[str, object]]:
    """The objects of a JSON document's list.

    Raises:
        InputError: it is no JSON, or there is no such list.
    """
    try:
        document = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not valid JSON, or cut off: {error}", file=file) from error
    for member in mapping.rows.split(".") if mapping.rows else ():
        document = document.get(member) if isinstance(document, dict) else None
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise InputError(f"the JSON has no list of objects in '{mapping.rows}'", file=file)
    return document


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, list | dict | bool) else str(value).strip() or None


def _brought(table: Table, mapping: Mapping) -> Table:
    """A table with the columns of a plain file."""
    frame = table.frame
    if frame.is_empty():
        raise InputError("the file has no reading: there is nothing to read")
    unescaped = pl.selectors.string().str.replace(
        r'^="?([^"]*)"?$', "$1"
    )  # ="541", as spreadsheets are told to leave a number alone
    frame = frame.with_columns(unescaped.str.strip_chars())
    told = mapping.columns
    kept = [pl.col("row"), *(pl.col(column.strip().lower()).alias(name) for name, column in told.optional().items())]
    start = _iso(_joined(told.start), mapping.date)
    if mapping.wide is None:
        value = pl.col((told.value or "").strip().lower()).alias("value")
        ends = [_iso(_joined(told.end), mapping.date).alias("end")] if told.end else []
        frame = frame.select(*kept, start.alias("start"), value, *ends)
    else:
        frame = _by_value(frame, start, kept, mapping.wide)
    words = {MEASURED[0]: mapping.measured, ESTIMATED[0]: mapping.estimated}
    if "quality" in frame.columns and any(words.values()):
        qualities = frame["quality"].drop_nulls().unique().to_list()
        frame = frame.with_columns(
            pl.col("quality").replace(
                {word: known for word in qualities for known, these in words.items() if like(word, these)}
            )
        )
    return Table(table.rows, frame.with_columns(_number(mapping).alias("value")), table.findings)


def _by_value(frame: pl.DataFrame, start: pl.Expr, kept: list[pl.Expr], wide: Wide) -> pl.DataFrame:
    """A row for every value of lines that hold a day."""
    names = [name for name in frame.columns if name != "row"]
    first, count = names.index(wide.first.strip().lower()), wide.count
    values = names[first : first + count]
    if len(values) < count:
        raise InputError(
            f"a line has {len(values)} columns from '{wide.first}' on, and the mapping says {count} values"
        )
    minutes = _DAY_MINUTES // count
    day = start.str.slice(0, 10).str.to_datetime("%Y-%m-%d", strict=False)
    pieces = [
        frame.select(
            *kept,
            start=pl.coalesce((day + pl.duration(minutes=at * minutes)).dt.to_string(_ISO), start),
            end=pl.coalesce((day + pl.duration(minutes=(at + 1) * minutes)).dt.to_string(_ISO), start),
            value=name,
        )
        for at, name in enumerate(values)
    ]
    return pl.concat(pieces).sort("row", "start", maintain_order=True)


def _joined(names: Iterable[str]) -> pl.Expr:
    return pl.concat_str([pl.col(name.strip().lower()) for name in names], separator=" ")


def _iso(text: pl.Expr, form: str | None) -> pl.Expr:
    """Times of a format as ISO 8601 without an offset; what is of another stays as it is, and is a bad time later."""
    if form is None:
        return text
    ends_day = text.str.contains(_END_OF_DAY)
    parsed = text.str.replace(_END_OF_DAY, "00:00").str.to_datetime(form, strict=False, time_unit="us")
    shifted = pl.when(ends_day).then(parsed.dt.offset_by("1d")).otherwise(parsed)
    return pl.coalesce(shifted.dt.to_string(_ISO), pl.format("'{}'", text))


def _number(mapping: Mapping) -> pl.Expr:
    """Values with a decimal point and nothing between thousands; what is no number in the mapping's signs stays, in quotes."""
    sign = {".": r"\.", ",": ","}[mapping.decimal]
    between = {"": "", ".": r"\.", ",": ",", " ": "[ \u00a0\u202f]", "'": "['’]"}[mapping.thousands]
    whole = rf"(?:\d{{1,3}}(?:{between}\d{{3}})+|\d*)" if between else r"\d*"
    fits = pl.col("value").str.contains(rf"^[-+]?{whole}(?:{sign}\d*)?(?:[eE][-+]?\d+)?$")
    value = pl.col("value").str.replace_all(between, "") if between else pl.col("value")
    value = value.str.replace(sign, ".")
    blank = pl.col("value").str.to_lowercase().is_in(["nan", "null", "na", "n/a", "-", "--"])
    if mapping.export == "negative":  # what is fed in is told by the sign, and nothing was delivered meanwhile
        value = pl.when(value.str.starts_with("-")).then(pl.lit("0")).otherwise(value)
    return pl.when(blank).then(None).when(fits).then(value).otherwise(pl.format("'{}'", "value"))
