"""A series of meter readings that names only where each begins, as the openeemeter samples do.

A reading ends where the next one of the meter begins. The last row has no end: it closes the series, and should have no value.

Hourly and daily series have gaps. A meter's usual step is the commonest distance between its rows; where that is at most a day, no
reading is longer, so that a missing hour is missing and does not make the hour before it a reading of two. Bills have no usual step: a
bill that is missing from such a file makes the one before it longer, and only a column `end` could tell.
"""

from __future__ import annotations

import polars as pl

from oracle.measure.records.origin import Origin
from oracle.measure.validate.rejected import Check, checked, without_copies

_HOUR_S = 3600


def with_ends(frame: pl.DataFrame, origin: Origin) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings with `end_s` and `rows`, and findings for copies of a row and for a last row with a value, whose end nobody knows.

    A closing row without a value belongs to the reading it closes: both are in its `rows`.

    Args:
        frame: Rows with `row`, `meter`, `start_s` (UTC seconds), `value` and `unit`.
        origin: Says in which zone a daily meter counts its days.
    """
    frame, copies = without_copies(frame, origin.file, ["meter", "start_s"], ["value", "unit", "quality"])
    frame = frame.sort("meter", "start_s").with_columns(next_s=pl.col("start_s").shift(-1).over("meter"))
    is_last = pl.col("next_s").is_null() & pl.col("start_s").shift(1).over("meter").is_not_null()
    frame = frame.with_columns(closes=is_last & pl.col("value").is_null())
    closing_row = pl.when(pl.col("closes").shift(-1).over("meter")).then(pl.col("row").shift(-1).over("meter"))
    frame = frame.with_columns(rows=pl.concat_list("row", closing_row).list.drop_nulls()).filter(~pl.col("closes"))
    frame = frame.join(_usual_steps(frame), on="meter", how="left", maintain_order="left")
    frame = frame.with_columns(end_s=pl.min_horizontal("next_s", _longest(origin)))
    readings, unended = checked(frame, origin.file, [Check("missing_field", "end", pl.col("next_s").is_null())])
    return readings, [copies, *unended]


def _usual_steps(frame: pl.DataFrame) -> pl.DataFrame:
    """The commonest step of every meter, the shorter of two as common, in `usual`."""
    steps = frame.with_columns(usual=pl.col("next_s") - pl.col("start_s")).drop_nulls("usual")
    counted = steps.group_by("meter", "usual").len().sort("meter", "len", "usual", descending=[False, True, False])
    return counted.unique("meter", keep="first", maintain_order=True).drop("len")


def _longest(origin: Origin) -> pl.Expr:
    """Where a reading ends at the latest: null for bills. A daily one ends at the same local time of the next day."""
    local = pl.from_epoch("start_s").dt.replace_time_zone("UTC").dt.convert_time_zone(origin.zone)
    next_day = local.dt.offset_by("1d").dt.epoch("s")
    is_daily = pl.col("usual").is_between(23 * _HOUR_S, 25 * _HOUR_S)
    return (
        pl.when(pl.col("usual") < 23 * _HOUR_S).then(pl.col("start_s") + pl.col("usual")).when(is_daily).then(next_day)
    )
