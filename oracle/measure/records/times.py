"""Times as people write them, as UTC seconds."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

from oracle.measure.records.origin import TIMES
from oracle.model.columns import parted

_LOCAL = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
_ABSOLUTE = ("%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M%z")
_ISO = re.compile(r"[0-9]{4}(?P<date>[-/])[0-9]{2}[-/][0-9]{2}(?P<time>[ T])[0-9]{2}:[0-9]{2}:[0-9]{2}")
_ISO_LENGTH = 19
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3]):(?P<minutes>[0-5][0-9])|[Zz]")
_NO_TIME = "?"
_SECONDS, _MILLISECONDS = r"^[0-9]{10}$", r"^[0-9]{13}$"

_DAY_S = 86_400
_NONE = np.iinfo(np.int64).min

_Numbers = NDArray[np.int64]


def utc_seconds(text: pl.Series, zone: str) -> pl.Series:
    """UTC seconds of every text; null for what is no time, and for a local time that clocks skipped or showed twice.

    Read are ISO 8601 with an offset or Z, local time of `zone` with a blank or a T (2024-05-01, 2024-05-01 13:00), the same with slashes,
    and seconds or milliseconds since 1970, which 10 and 13 digits tell apart.

    Args:
        zone: IANA time zone of local times.
    """
    seconds = _like_first(text.alias("text"), zone)
    left = seconds.is_null() & text.is_not_null()
    if left.any():
        seconds = seconds.scatter(left.arg_true(), _of_any(text.alias("text").filter(left), zone))
    read = seconds.alias(text.name).to_frame()
    return read.select(pl.when(pl.first().is_between(*TIMES)).then(pl.first())).to_series()


def _like_first(text: pl.Series, zone: str) -> pl.Series:
    """Times that are written as the first is, as in most files all are; null for the others."""
    first = text.drop_nulls().head(1).to_list()
    if first and re.match(_MILLISECONDS, first[0]):
        milliseconds = pl.when(pl.col("text").str.contains(_MILLISECONDS)).then("text").cast(pl.Int64)
        return text.to_frame().select(milliseconds // 1000).to_series()
    form = _ISO.match(first[0]) if first else None
    if form is None:
        return pl.Series("text", [None], pl.Int64).new_from_index(0, len(text))
    shown = f"%Y{form['date']}%m{form['date']}%d{form['time']}%H:%M:%S"
    clock = pl.col("text").str.head(_ISO_LENGTH).str.to_datetime(shown, strict=False, time_unit="us").dt.epoch("s")
    frame = text.to_frame().select(clock=clock, offset=pl.col("text").str.slice(_ISO_LENGTH).fill_null(_NO_TIME))
    parts = [_with_offset(part, zone) for part in parted(frame.with_row_index("at"), ["offset"])]
    return parts[0]["seconds"] if len(parts) == 1 else pl.concat(parts).sort("at")["seconds"]


def _with_offset(part: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Clock times with one offset as `seconds`, with `at`."""
    offset = part["offset"][0]
    if offset == "":
        seconds = pl.Series(_in_zone(part["clock"].fill_null(0).to_numpy(), zone))
        seconds = seconds.set(part["clock"].is_null() | (seconds == _NONE), None)
    elif (known := _OFFSET.fullmatch(offset)) is not None:
        ahead = 0 if known["sign"] is None else int(known["hours"]) * 3600 + int(known["minutes"]) * 60
        seconds = part["clock"] + ahead if known["sign"] == "-" else part["clock"] - ahead
    else:
        seconds = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(part))
    return part.select("at", seconds.alias("seconds"))


def _in_zone(local: _Numbers, zone: str) -> _Numbers:
    """UTC seconds of local seconds since 1970; `_NONE` where clocks never showed them, or twice."""
    days = np.unique(local // _DAY_S)
    midnights = pl.Series(np.unique(np.concatenate([days, days + 1])) * _DAY_S)
    shifts = dict(zip(midnights, _shifted(midnights, zone), strict=True))
    # No zone changes its clocks twice within a day: where both midnights have one offset, all between them has it.
    offsets = [
        shifts[day * _DAY_S] if shifts[day * _DAY_S] == shifts[(day + 1) * _DAY_S] else None for day in days.tolist()
    ]
    steady = np.array([_NONE if offset is None else offset for offset in offsets], np.int64)[
        np.searchsorted(days, local // _DAY_S)
    ]
    seconds = np.where(steady == _NONE, _NONE, local - steady)
    changing = steady == _NONE
    if changing.any():
        there = pl.Series(local[changing])
        seconds[changing] = (there - _shifted(there, zone)).fill_null(_NONE).to_numpy()
    return seconds


def _shifted(local: pl.Series, zone: str) -> pl.Series:
    """How far clocks of `zone` are ahead of UTC when they show local seconds; null where they never do, or do twice."""
    utc = _zoned(pl.from_epoch(pl.first(), time_unit="s"), zone)
    return local.to_frame().select(pl.first() - utc).to_series()


def _of_any(text: pl.Series, zone: str) -> pl.Series:
    """Times in any of the ways that are read, however they are mixed."""
    raw = pl.col("text").str.strip_chars()
    digits = pl.when(raw.str.contains(_SECONDS)).then(raw).cast(pl.Int64)
    milliseconds = pl.when(raw.str.contains(_MILLISECONDS)).then(raw).cast(pl.Int64) // 1000
    plain = (
        raw.str.replace("T", " ", literal=True).str.replace_all("/", "-", literal=True).str.replace(r"[Zz]$", "+00:00")
    )
    absolute = (
        plain.str.to_datetime(form, strict=False, time_zone="UTC", time_unit="us").dt.epoch("s") for form in _ABSOLUTE
    )
    local = (_zoned(plain.str.to_datetime(form, strict=False, time_unit="us"), zone) for form in _LOCAL)
    return text.to_frame().select(pl.coalesce(digits, milliseconds, *absolute, *local)).to_series()


def _zoned(local: pl.Expr, zone: str) -> pl.Expr:
    return local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.epoch("s")
