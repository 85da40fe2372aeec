"""A series of meter readings that names only where each begins, as the openeemeter samples do.

A reading ends where the next one of the meter begins. A last row without a value only closes the series.

Hourly and daily series have gaps. A meter's usual step is the commonest distance between its rows; where that is at most a day, no
reading is longer, so that a missing hour is missing and does not make the hour before it a reading of two, and the last row is as long as
the others. A daily reading after a missing day is no day's reading: portals leave a day out and show the next with the sum. Bills have
no usual step: a bill that is missing from such a file makes the one before it longer, and only a column `end` could tell.
"""

from __future__ import annotations

import polars as pl

from oracle.measure.records.origin import Origin
from oracle.measure.validate.rejected import Check, checked, rejected_by_code, without_copies
from oracle.model.mapping import Mapping

_HOUR_S = 3600
_WHO = ("meter", "register")

# A register is told from a consumption by so many values that never fall, nearly all of which rise, by little against what they are.
_LEAST_ROWS = 6
_RISING_PERCENT = 80
_LARGEST_STEP_PERCENT = 20


def spanned(frame: pl.DataFrame, origin: Origin, mapping: Mapping) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings of rows with one stamp each, with `start_s`, `end_s` and `rows`; and findings, as `with_ends`."""
    if mapping.measure == "register":
        return _differences(frame, origin)
    return with_ends(frame, origin) if mapping.stamped == "start" else _with_starts(frame, origin)


def with_ends(frame: pl.DataFrame, origin: Origin) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings with `end_s` and `rows`, and findings for copies of a row, for a last bill with a value, whose end nobody knows, and for
    daily readings after a gap.

    A closing row without a value belongs to the reading it closes: both are in its `rows`.

    Args:
        frame: Rows with `row`, `meter`, `register`, `start_s` (UTC seconds), `value` and `unit`.
        origin: Says in which zone a daily meter counts its days.
    """
    frame, copies = without_copies(frame, origin.file, [*_WHO, "start_s", "value", "unit", "quality"], [])
    frame = frame.sort(*_WHO, "start_s", "row").with_columns(next_s=_of_series("start_s", -1))
    later = pl.when(pl.col("next_s") > pl.col("start_s")).then("next_s")
    frame = frame.with_columns(next_s=later.backward_fill().over(_WHO) if _has_twins(frame) else later)
    is_last = pl.col("next_s").is_null() & _of_series("start_s", 1).is_not_null()
    frame = frame.with_columns(closes=is_last & pl.col("value").is_null())
    closing_row = pl.when(_of_series("closes", -1)).then(_of_series("row", -1))
    frame = frame.with_columns(rows=pl.concat_list("row", closing_row).list.drop_nulls()).filter(~pl.col("closes"))
    frame = frame.join(_usual_steps(frame), on=_WHO, how="left", maintain_order="left", nulls_equal=True)
    frame = frame.with_columns(end_s=pl.min_horizontal("next_s", _shifted(origin, 1)))
    readings, unended = checked(frame, origin.file, [Check("missing_field", "end", pl.col("end_s").is_null())])
    after = _is_daily() & (_of_series("end_s", 1) < pl.col("start_s"))
    readings = readings.with_columns(code=pl.when(after).then(pl.lit("after_gap")))
    readings, gaps = rejected_by_code(readings, origin.file, ("start", "value"))
    return readings, [copies, *unended, *gaps]


def _with_starts(frame: pl.DataFrame, origin: Origin) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings whose one stamp is their end: they begin at the stamp before, and no earlier than the usual step allows."""
    frame, copies = without_copies(frame, origin.file, [*_WHO, "start_s", "value", "unit", "quality"], [])
    frame = frame.sort(*_WHO, "start_s", "row").with_columns(next_s=_of_series("start_s", -1))
    frame = frame.join(_usual_steps(frame), on=_WHO, how="left", maintain_order="left", nulls_equal=True)
    frame = frame.with_columns(before=_of_series("start_s", 1), earliest=_shifted(origin, -1))
    before = pl.when(pl.col("before") < pl.col("start_s")).then("before")
    frame = frame.with_columns(
        before=before.forward_fill().over(_WHO)
    )  # of two rows with one stamp both begin where the first does
    frame = frame.with_columns(
        start_s=pl.max_horizontal("before", "earliest"),
        end_s="start_s",
        rows=pl.concat_list("row"),
        code=pl.when(_is_daily() & (pl.col("before") < pl.col("earliest"))).then(pl.lit("after_gap")),
    )
    readings, unstarted = checked(frame, origin.file, [Check("missing_field", "start", pl.col("start_s").is_null())])
    readings, gaps = rejected_by_code(readings, origin.file, ("end_s", "value"))
    return readings, [copies, *unstarted, *gaps]


def _differences(frame: pl.DataFrame, origin: Origin) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings between the stamps of a register: what it counted from one to the next. The last row closes the series.

    A register that fell was reset or changed; where a daily or shorter series lacks a row, nobody knows which day the difference is of.
    """
    frame, copies = without_copies(frame, origin.file, [*_WHO, "start_s", "value", "unit", "quality"], [])
    frame = frame.sort(*_WHO, "start_s", "row").with_columns(next_s=_of_series("start_s", -1))
    frame = frame.join(_usual_steps(frame), on=_WHO, how="left", maintain_order="left", nulls_equal=True)
    count = pl.col("value").cast(pl.Decimal(38, 12), strict=False)
    frame = frame.with_columns(_count=count)
    counted = _of_series("_count", -1) - pl.col("_count")
    closes = pl.col("next_s").is_null() & _of_series("start_s", 1).is_not_null()
    frame = frame.with_columns(end_s="next_s", counted=counted, closes=closes)
    closing_row = pl.when(_of_series("closes", -1)).then(_of_series("row", -1))
    frame = frame.with_columns(rows=pl.concat_list("row", closing_row).list.drop_nulls()).filter(~pl.col("closes"))
    frame = frame.with_columns(twin=(pl.col("next_s") == pl.col("start_s")).fill_null(False))
    twice = pl.col("twin") | _of_series("twin", 1).fill_null(False)
    frame = frame.with_columns(
        code=pl.when(twice)
        .then(pl.lit("conflict"))
        .when(pl.col("counted") < 0)
        .then(pl.lit("meter_reset"))
        .when(pl.col("end_s") > _shifted(origin, 1))
        .then(pl.lit("after_gap"))
    )
    frame, found = rejected_by_code(frame, origin.file, ("start", "value"))
    frame, unended = checked(
        frame,
        origin.file,
        [
            Check("missing_field", "end", pl.col("end_s").is_null()),
            Check("missing_field", "value", pl.col("value").is_null()),
            Check("bad_number", "value", pl.col("counted").is_null()),
        ],
    )
    return frame.with_columns(value=pl.col("counted").cast(pl.String)), [copies, *found, *unended]


def register_like(frame: pl.DataFrame, file: str) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings of the meters whose values are consumption, and findings for those of the others: their values only rise, as registers do.

    Args:
        frame: Readings with `meter`, `register`, `start_s` and `nano`.
    """
    if frame.height < _LEAST_ROWS:
        return frame, []
    step = pl.col("nano") - pl.col("nano").shift(1)
    judged = (
        frame.sort(*_WHO, "start_s")
        .group_by(_WHO)
        .agg(
            (
                (pl.len() >= _LEAST_ROWS)
                & (step.min() >= 0)
                & ((step > 0).sum() * 100 >= (pl.len() - 1) * _RISING_PERCENT)
                & (step.max() * 100 <= pl.col("nano").sort().get(pl.len() // 2) * _LARGEST_STEP_PERCENT)
            ).alias("rises")
        )
    )
    suspects = judged.filter("rises").select(_WHO)
    if suspects.is_empty():
        return frame, []
    rising = frame.join(suspects, on=_WHO, how="semi", nulls_equal=True)
    _, found = rejected_by_code(rising.with_columns(code=pl.lit("register_reading")), file, ("start", "value"))
    return frame.join(suspects, on=_WHO, how="anti", nulls_equal=True), found


def _of_series(name: str, shift: int) -> pl.Expr:
    """The value of a neighbour in the same series; null beyond its ends."""
    return pl.col(name).shift(shift).over(_WHO)


def _has_twins(frame: pl.DataFrame) -> bool:
    return bool(frame.select((pl.col("next_s") == pl.col("start_s")).any()).item())


def _usual_steps(frame: pl.DataFrame) -> pl.DataFrame:
    """The commonest step of every series, the shorter of two as common, in `usual`."""
    steps = frame.with_columns(usual=pl.col("next_s") - pl.col("start_s")).drop_nulls("usual")
    counted = steps.group_by(*_WHO, "usual").len()
    counted = counted.sort(*_WHO, "len", "usual", descending=[False, False, True, False])
    return counted.unique(_WHO, keep="first", maintain_order=True).drop("len")


def _is_daily() -> pl.Expr:
    return pl.col("usual").is_between(23 * _HOUR_S, 25 * _HOUR_S)


def _shifted(origin: Origin, steps: int) -> pl.Expr:
    """`start_s` a usual step later or earlier: null for bills. A daily step is to the same local time of another day."""
    local = pl.from_epoch("start_s").dt.replace_time_zone("UTC").dt.convert_time_zone(origin.zone)
    other_day = local.dt.offset_by(f"{steps}d").dt.epoch("s")
    shorter = pl.col("usual") < 23 * _HOUR_S
    return pl.when(shorter).then(pl.col("start_s") + steps * pl.col("usual")).when(_is_daily()).then(other_day)
