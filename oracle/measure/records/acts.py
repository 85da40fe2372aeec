"""Acts of any methodology, in any table (`oracle.measure.records.sheets`): the columns are what the methodology's document asks for.

==========  =========================================================================================================================
column      becomes
==========  =========================================================================================================================
scenario    which methodology; may be left out where the caller names one for the whole file
record_key  `record_key`
subject     `subject`
start, end  `start`, `end` (`oracle.measure.records.times`); without an end the act took no time, where the methodology allows that
item        `item`: the order, phone, tree or car that the act is about, where the methodology names one
others      fields of the methodology, by name or alias in its unit, or by its column in base units
==========  =========================================================================================================================

What a document does not know is a finding of the row that says it, and never ignored: a column, a word, a value out of bounds. What is
counted is never rounded; what is measured is rounded down to base units. How long an act took follows from its times, and a row that
says something else is a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from oracle.measure.quantify.dimensions import measure
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.schema import RecordField
from oracle.measure.records.asked import DAYS, SCENARIO, Asked, asked, bounds, is_length, is_whole, ratio
from oracle.measure.records.origin import Origin
from oracle.measure.records.table import Table, require
from oracle.measure.records.times import utc_seconds
from oracle.measure.validate.rejected import Check, checked
from oracle.model.acts import ITEM, Reading
from oracle.model.errors import InputError
from oracle.model.findings import findings

REQUIRED = ("record_key", "subject", "start")
_KNOWN = (SCENARIO, *REQUIRED, "end", ITEM)

# Nine decimals of a number are read: a nanometre of a kilometre. More of a measured value is cut off.
_NUMBER = r"^-?[0-9]{1,12}(?:\.[0-9]{1,9})?$"
_LONG = r"^(-?[0-9]{1,12}\.[0-9]{9})[0-9]+$"
_PLACES = 9
_SECONDS, _DAYS = "lasted=seconds", "lasted=days"
_SLACK_S = 60  # that a length named and the times may lie apart, or a hundredth of it: people round
_SHORT = _PLACES + 2  # characters of a number that cannot have more decimals


def read_acts(tables: Iterable[Table], origin: Origin, library: Library, scenario: str | None = None) -> Reading:
    """The acts of a file, by scenario.

    Args:
        tables: Its rows (`oracle.measure.records.sheets.sheets`).
        library: The methodologies whose acts these may be.
        scenario: The methodology of every row, where the file does not say.

    Raises:
        InputError: columns are missing that every act needs, or two say the same.
    """
    rows, acts, found = 0, dict[str, list[pl.DataFrame]](), list[pl.DataFrame]()
    for table in tables:
        names = [name for name in table.frame.columns if name != "row"]
        require(names, REQUIRED if scenario else (SCENARIO, *REQUIRED), origin.file)
        rows += table.rows
        found.append(table.findings)
        for name, part in _by_scenario(table.frame, scenario, library):
            wanted = asked(library, name, origin.region)
            if wanted is None:
                found.append(_unknown(part, name, library, origin))
                continue
            good, bad = _acts(part, wanted, origin)
            acts.setdefault(name, []).append(good)
            found += bad
    together = {name: pl.concat(parts) for name, parts in sorted(acts.items())}
    kept = {name: frame for name, frame in together.items() if len(frame)}
    return Reading(origin.source, origin.file, rows, kept, pl.concat(found).sort("row", maintain_order=True))


def _by_scenario(frame: pl.DataFrame, scenario: str | None, library: Library) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows of every scenario."""
    if SCENARIO not in frame.columns:
        yield str(scenario), frame
        return
    names = frame[SCENARIO].unique().to_list()
    given = pl.col(SCENARIO) if scenario is None else pl.col(SCENARIO).fill_null(scenario)
    if len(names) == 1 and scenario is None:
        yield (names[0] or "").upper(), frame
        return
    frame = frame.with_columns(given.fill_null("").str.to_uppercase())
    for (name,), part in frame.group_by(SCENARIO, maintain_order=True):
        yield str(name), part


def _unknown(part: pl.DataFrame, name: str, library: Library, origin: Origin) -> pl.DataFrame:
    """Findings of rows of no scenario that is read from a file of acts."""
    known = ", ".join(each for each in library.documents if asked(library, each, origin.region) is not None)
    code = "unknown_kind" if name else "missing_field"
    shown = {"field": SCENARIO, "value": name[:16], "known": known} if name else {"field": SCENARIO}
    if name in library.documents and library.rules_of(name):
        shown["known"] = "this methodology reads meters: bring a file of kind meters"
    return findings(code, origin.file, ((row, shown) for row in part["row"]))


def _acts(part: pl.DataFrame, wanted: Asked, origin: Origin) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Acts of one scenario, and findings of its other rows."""
    columns = _columns(part, wanted, origin.file)
    frame = part if "end" in part.columns else part.with_columns(end=pl.lit(None, pl.String))
    frame = frame.with_columns(
        _item(frame), *(utc_seconds(frame[name], origin.zone).alias(f"={name}") for name in ("start", "end"))
    )
    if not wanted.ends:
        frame = frame.with_columns(pl.when(pl.col("end").is_null()).then("=start").otherwise("=end").alias("=end"))
    lasted = _lasted(origin) if any(is_length(field) for field in wanted.fields.values()) else {}
    values = (_value(part, name, field, columns.get(name), lasted) for name, field in wanted.fields.items())
    frame = frame.with_columns(*values, **lasted)
    good, found = checked(frame, origin.file, list(_checks(part.columns, wanted, columns)))
    return good.select(
        "record_key",
        "subject",
        pl.lit(origin.region).alias("region"),
        pl.col("=start").alias("start"),
        pl.col("=end").alias("end"),
        origin.day(pl.col("=start")).alias("day"),
        pl.concat_list("row").alias("rows"),
        *([ITEM] if wanted.document.thing is not None else []),
        *(pl.col(f"={name}").alias(field.column) for name, field in wanted.fields.items()),
    ), found


def _item(frame: pl.DataFrame) -> pl.Expr:
    """What the act is about, written in one way: who types a number types it in capitals or not."""
    return (pl.col(ITEM).str.to_uppercase() if ITEM in frame.columns else pl.lit(None, pl.String)).alias(ITEM)


def _columns(part: pl.DataFrame, wanted: Asked, file: str) -> dict[str, str]:
    """Which column has which field.

    Raises:
        InputError: Two columns have one field.
    """
    columns: dict[str, str] = {}
    for column, field in wanted.names.items():
        if column not in part.columns or part[column].null_count() == len(part):
            continue
        if field in columns:
            raise InputError(
                f"the columns {columns[field]} and {column} say the same of {wanted.document.id}: leave one out",
                file=file,
            )
        columns[field] = column
    return columns


def _lasted(origin: Origin) -> dict[str, pl.Expr]:
    """How long the act took: seconds, and civil days that it touched."""
    last = pl.max_horizontal(pl.col("=end") - 1, pl.col("=start"))
    days = origin.day(last).cast(pl.Int64) - origin.day(pl.col("=start")) + 1
    return {_SECONDS: pl.col("=end") - pl.col("=start"), _DAYS: days}


def _value(
    part: pl.DataFrame, name: str, field: RecordField, column: str | None, lasted: dict[str, pl.Expr]
) -> pl.Expr:
    """A field in base units; null where it is missing or cannot be read."""
    if is_length(field):
        absent = lasted[_DAYS] if field.column == DAYS else lasted[_SECONDS] // _seconds(field)
    else:
        absent = pl.lit(None if field.default is None else field.in_base(field.default), pl.Int64)
    if column is None:
        return absent.alias(f"={name}")
    if field.choices:
        words = {word.casefold(): place for place, word in enumerate(field.choices)}
        value = pl.col(column).str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Int64)
    else:
        value = _number(part[column], column, field, in_base=column == field.column and column != name)
    if part[column].null_count():
        value = pl.when(pl.col(column).is_null()).then(absent).otherwise(value)
    return value.alias(f"={name}")


def _number(text: pl.Series, column: str, field: RecordField, *, in_base: bool) -> pl.Expr:
    """Whole base units of a number; null for what is none, and for a fraction of what is counted."""
    whole = in_base or is_whole(field)
    plain = pl.col(column)
    longest = text.str.len_bytes().max()
    if not whole and isinstance(longest, int) and longest > _SHORT:
        plain = plain.str.replace(_LONG, "$1")
    nano = pl.when(plain.str.contains(_NUMBER)).then(plain).cast(pl.Decimal(38, _PLACES), strict=False).to_physical()
    if whole:
        return pl.when(nano % 10**_PLACES == 0).then(nano // 10**_PLACES).cast(pl.Int64)
    scale = ratio(field)
    based: pl.Expr = nano * scale.numerator // (scale.denominator * 10**_PLACES)
    return based.cast(pl.Int64, strict=False)


def _checks(header: list[str], wanted: Asked, columns: dict[str, str]) -> Iterator[Check]:
    """What may be wrong with a row, in the order in which it is told."""
    for name in REQUIRED:
        yield Check("missing_field", name, pl.col(name).is_null())
    if wanted.ends:
        yield Check("missing_field", "end", pl.col("end").is_null())
    if wanted.document.thing is not None:
        yield Check("missing_field", ITEM, pl.col(ITEM).is_null())
    known = {*_KNOWN, *columns.values()} if wanted.document.thing is not None else {*_KNOWN, *columns.values()} - {ITEM}
    listed = ", ".join(column.name for column in wanted.columns())
    for name in header:
        if name != "row" and name not in known:
            yield Check("unknown_field", name, pl.col(name).is_not_null(), known=listed, secret=True)
    yield Check("bad_time", "start", pl.col("=start").is_null())
    yield Check("bad_time", "end", pl.col("=end").is_null())
    yield Check("end_before_start", "end", pl.col("=end") < pl.col("=start"))
    for name, field in wanted.fields.items():
        yield from _field_checks(name, field, columns.get(name), wanted)


def _field_checks(name: str, field: RecordField, column: str | None, wanted: Asked) -> Iterator[Check]:
    value, shown = pl.col(f"={name}"), column or f"={name}"
    limits = bounds(field)
    if column is None:
        yield Check("missing_field", shown, value.is_null(), known=limits, name=name)
    else:
        given = pl.col(column).is_not_null()
        yield Check("missing_field", column, value.is_null() & ~given, known=limits)
        if field.choices:
            yield Check("unknown_choice", column, value.is_null(), known=limits)
        else:
            yield Check("not_whole", column, value.is_null() & pl.col(column).str.contains(_NUMBER), known=limits)
            yield Check("bad_number", column, value.is_null(), known=limits)
    if is_length(field):
        apart = (value * _seconds(field) - pl.col(_SECONDS)).abs()
        wrong = (
            value != pl.col(_DAYS)
            if field.column == DAYS
            else apart > pl.max_horizontal(_SLACK_S, pl.col(_SECONDS) // 100)
        )
        yield Check("wrong_period", shown, wrong, name=name)
    low, high = field.in_base(field.min), field.in_base(field.max)
    yield Check("out_of_range", shown, ~value.is_between(low, high), known=limits, name=name)
    if wanted.document.thing is not None and name == wanted.document.thing.counts:
        one = field.in_base("1")
        yield Check("out_of_range", shown, value != one, known="1: the record names one thing", name=name)


def _seconds(field: RecordField) -> int:
    """Seconds in a base unit of a field that says how long."""
    return int(measure(field.base).scale)
