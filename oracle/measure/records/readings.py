"""Meter readings, from whatever file, made into acts.

A reading is what one meter counted from `start` to `end`. Readings within one civil day are added up; if they cover the whole day (23, 24
or 25 hours, as clocks have it) they are one act of that day, else every one of them is a finding. A reading of 23 hours or more that does
not lie within one civil day is the reading of a period, from bill to bill, and an act by itself.

===========  ======================  ==================
service      one civil day           a period
===========  ======================  ==================
electricity  CI-11                   CI-11-BILL
gas          CI-13 of 1 day          CI-13
water        CI-12 of 1 day          CI-12
===========  ======================  ==================

Conflicts never pay. Readings of one meter that share any time, and are no registers to be added, are all findings; what they contest is
named, so that an earlier file's value does not count either. Delivered registers of one time are added, a total holds them already.

Quantities are exact in billionths of a watt-hour or litre until the act is made, which has whole watt-hours or litres, rounded to the
nearest (a half up): files carry binary noise (0.028999999999999998 kWh), and rounding down would make a whole unit of it.
"""

from __future__ import annotations

import polars as pl

from oracle.measure.records.origin import Origin, day_seconds
from oracle.measure.records.words import ESTIMATED, MEASURED, NANO, TOTAL, quality_of
from oracle.measure.validate.rejected import rejected_by_code, without_copies
from oracle.model.acts import ELECTRICITY, ELECTRICITY_BILL, GAS, WATER, Made

# More than this in one reading is a slip. It leaves room to add up a country's meters in 128 bits.
LARGEST_NANO = 10**24

SCHEMA: dict[str, pl.DataType] = {
    "row": pl.Int64(),  # first of `rows`
    "rows": pl.List(pl.Int64()),  # file rows the reading was made of
    "meter": pl.String(),
    "register": pl.String(),  # of the meter; null if it has one
    "service": pl.String(),  # key of NANO_PER_UNIT
    "start": pl.Int64(),  # UTC seconds
    "end": pl.Int64(),
    "value": pl.String(),  # as the file has it, to show
    "nano": pl.Int128(),  # billionths of a watt-hour or litre
    "quality": pl.String(),  # null if the file says nothing
    "residents": pl.Int64(),
}

_SHOWN = ("start", "end", "value", "quality", "register", "other_row", "date", "covered_s", "day_s")
_UNSOUND = (*_SHOWN[:4], "known")

_SHORTEST_PERIOD_S = 23 * 3600


def acts_of(readings: pl.DataFrame, origin: Origin) -> Made:
    """Acts of readings with the columns of `SCHEMA`, findings for the readings that are part of none, and what is contested."""
    readings, unsound = rejected_by_code(_judged(readings), origin.file, _UNSOUND)
    identity = ["meter", "register", "start", "end", "nano"]
    readings, copies = without_copies(readings.drop("code", "known"), origin.file, identity, [])
    readings, parts = _registers_added(readings, origin)
    readings = _with_conflicts(_with_coverage(readings, origin))
    contested = readings.filter(pl.col("code") == "conflict")
    readings, useless = rejected_by_code(readings, origin.file, _SHOWN)
    acts = readings.group_by("act", "within", "meter", "service", maintain_order=True).agg(
        pl.col("start").min(),
        pl.col("end").max(),
        pl.col("nano").sum(),
        pl.col("residents").first(),
        pl.col("rows").explode(),
    )
    return Made(
        _as_acts(acts, origin),
        [copies, *unsound, *parts, *useless],
        contested.select(
            scenario=_scenario(), record_key=_record_key(pl.col("act_start")), day=pl.col("day").cast(pl.Int32)
        ).unique(maintain_order=True),
    )


def _judged(readings: pl.DataFrame) -> pl.DataFrame:
    """Adds `code` (why a reading is not sound, or null) and `known`, the words of quality for who used another."""
    words = {word: quality_of(word) for word in readings["quality"].drop_nulls().unique().to_list()}
    quality = pl.col("quality").replace_strict(words, default=None, return_dtype=pl.String)
    code = (
        pl.when(pl.col("end") <= pl.col("start"))
        .then(pl.lit("end_before_start"))
        .when(pl.col("nano") < 0)
        .then(pl.lit("negative"))
        .when(quality == ESTIMATED[0])
        .then(pl.lit("estimated_reading"))
        .when(pl.col("quality").is_not_null() & quality.is_null())
        .then(pl.lit("unknown_quality"))
    )
    readings = readings.with_columns(code=code)
    told = f"measured: {', '.join(MEASURED[:5])}, ...; not measured: {', '.join(ESTIMATED[:5])}, ..."
    return readings.with_columns(known=pl.when(pl.col("code") == "unknown_quality").then(pl.lit(told)))


def _registers_added(readings: pl.DataFrame, origin: Origin) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """One reading for every meter and time: a total, or the sum of its registers; and findings of the other rows.

    Where a register that the meter has for other days is missing, the day is not whole. Without registers nothing changes.
    """
    named = pl.col("register").is_not_null()
    if not readings.select(named.any()).item():
        return readings, []
    totals = readings.filter(pl.col("register") == TOTAL).select("meter", "start", "end").unique()
    beside = readings.filter(named & (pl.col("register") != TOTAL)).join(totals, on=totals.columns, how="semi")
    readings = readings.join(
        beside.select("meter", "register", "start", "end"), on=["meter", "register", "start", "end"], how="anti"
    )
    _, parts = rejected_by_code(beside.with_columns(code=pl.lit("part_of_total")), origin.file, ("register",))
    long = pl.col("end") - pl.col("start") >= _SHORTEST_PERIOD_S
    of_time = pl.col("register").unique().len().over("meter", "start", "end")
    of_meter = pl.col("register").filter(long & (pl.col("register") != TOTAL)).unique().len().over("meter")
    lacking = long & named & (pl.col("register") != TOTAL) & (of_time < of_meter)
    lines, lacks = rejected_by_code(
        readings.with_columns(code=pl.when(lacking).then(pl.lit("incomplete_day"))), origin.file, ("start", "register")
    )
    added = (
        lines.filter(named)
        .group_by("meter", "start", "end", maintain_order=True)
        .agg(
            pl.col("row").min(),
            pl.col("rows").explode(),
            pl.col("register").first(),
            pl.col("service", "value", "quality", "residents").first(),
            pl.col("nano").sum(),
        )
    )
    return pl.concat([lines.filter(~named), added.select(pl.all().exclude("code"))], how="diagonal").select(
        SCHEMA.keys()
    ), [*parts, *lacks]


def _with_coverage(readings: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    """Adds `within` (lies in one civil day), `act` (readings of one act have the same), its `act_start`, and what shows coverage."""
    seconds = pl.col("end") - pl.col("start")
    readings = readings.sort("meter", "start", "row").with_columns(day=origin.day(pl.col("start")), seconds=seconds)
    readings = readings.with_columns(within=origin.day(pl.col("end") - 1) == pl.col("day"))
    lengths = {day: day_seconds(day, origin.zone) for day in readings["day"].unique()}
    of_day = ("meter", "day", "within")
    return readings.with_columns(
        act=pl.when("within").then(pl.col("day").cast(pl.Int64)).otherwise(pl.col("start")),
        act_start=pl.when("within").then(pl.col("start").min().over(of_day)).otherwise("start"),
        covered_s=pl.when("within").then(pl.col("seconds").sum().over(of_day)).otherwise("seconds"),
        date=pl.col("day").cast(pl.Date).cast(pl.String),
        day_s=pl.when("within").then(pl.col("day").replace_strict(lengths, return_dtype=pl.Int64)),
    )


def _with_conflicts(readings: pl.DataFrame) -> pl.DataFrame:
    """Adds `code` and `other_row`, to readings in the order of meter and start.

    A reading that shares time with another of its meter is a conflict; hours that tell no more than the whole day beside them are
    duplicates of it. What is left of a day that is not covered is incomplete.
    """
    code = pl.lit(None, pl.String)
    other_row = pl.lit(None, pl.Int64)
    meets = (pl.col("meter") == pl.col("meter").shift(1)) & (pl.col("start") < pl.col("end").shift(1))
    if readings.select(meets.any()).item():
        readings = _with_whole_days(readings)
        alone = readings.filter("told").with_columns(code=pl.lit("duplicate"), other_row="whole_row")
        rest = readings.filter(~pl.col("told"))
        before = pl.col("end").cum_max().shift(1).over("meter") > pl.col("start")
        after = pl.col("end") > pl.col("start").shift(-1).over("meter")
        other = pl.when(before).then(pl.col("row").shift(1)).when(after).then(pl.col("row").shift(-1)).over("meter")
        rest = rest.with_columns(other_row=other)
        rest = rest.with_columns(code=pl.when(pl.col("other_row").is_not_null()).then(pl.lit("conflict")))
        readings = pl.concat([rest, alone], how="diagonal").sort("meter", "start", "row")
        code, other_row = pl.col("code"), pl.col("other_row")
        covered = pl.col("seconds").filter(pl.col("code").is_null()).sum().over("meter", "day", "within")
        readings = readings.with_columns(covered_s=pl.when("within").then(covered).otherwise("seconds"))
    incomplete = pl.when("within").then(pl.col("covered_s") < pl.col("day_s"))
    too_short = pl.col("seconds") < _SHORTEST_PERIOD_S
    return readings.with_columns(
        code=pl.coalesce(code, pl.when(incomplete.otherwise(too_short)).then(pl.lit("incomplete_day"))),
        other_row=other_row,
    )


def _with_whole_days(readings: pl.DataFrame) -> pl.DataFrame:
    """Adds `told`: a part of a day of which one other row has the whole, and the parts have the same sum; and that `whole_row`."""
    whole = pl.col("within") & (pl.col("seconds") == pl.col("day_s"))
    of_day = ("meter", "day", "within")
    parts = ~whole & pl.col("within")
    same = (
        (whole.sum() == 1)
        & (pl.col("seconds").filter(parts).sum() == pl.col("day_s").first())
        & (pl.col("nano").filter(parts).sum() == pl.col("nano").filter(whole).sum())
    )
    return readings.with_columns(
        told=(parts & same.over(of_day)).fill_null(False),
        whole_row=pl.col("row").filter(whole).first().over(of_day),
    )


def _scenario() -> pl.Expr:
    of_electricity = pl.when("within").then(pl.lit(ELECTRICITY)).otherwise(pl.lit(ELECTRICITY_BILL))
    of_volume = pl.col("service").replace_strict({"gas": GAS, "water": WATER}, default=None, return_dtype=pl.String)
    return pl.when(pl.col("service") == "electricity").then(of_electricity).otherwise(of_volume)


def _record_key(start: pl.Expr) -> pl.Expr:
    return pl.format("{}/{}", "meter", start)


def _as_acts(acts: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    base = ((pl.col("nano") + NANO // 2) // NANO).cast(pl.Int64)
    last_day = origin.day(pl.col("end"))
    return acts.select(
        "start",
        "end",
        "rows",
        "residents",
        scenario=_scenario(),
        record_key=_record_key(pl.col("start")),
        subject="meter",
        energy_wh=base,
        volume_l=base,
        days=(last_day - origin.day(pl.col("start"))).cast(pl.Int64),
    )
