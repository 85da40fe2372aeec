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

Quantities are exact in billionths of a watt-hour or litre until the act is made, which has whole watt-hours or litres, rounded to the
nearest (a half up): files carry binary noise (0.028999999999999998 kWh), and rounding down would make a whole unit of it.
"""

from __future__ import annotations

import polars as pl

from oracle.measure.records.origin import Origin, day_seconds
from oracle.measure.validate.overlap import with_overlap
from oracle.measure.validate.rejected import rejected_by_code, without_copies
from oracle.model.acts import ELECTRICITY, ELECTRICITY_BILL, GAS, WATER

NANO = 1_000_000_000

# Billionths of a watt-hour or litre in one unit. A foot is 0.3048 m and a US gallon 231 cubic inches, exactly. A therm is no volume but
# 100,000 Btu of gross heat (105.505585262 MJ); nine tenths of it are net heat (IPCC 2006, vol. 2, ch. 1), and it counts as the gas of
# 38.931 MJ/m3 net that has these, the calorific value behind the factor of CI-13 (JS/T 303-2026: 2.184 kg CO2e/m3). So a therm is
# 5.33 kg CO2e; US EPA has 5.3 kg.
NANO_PER_UNIT: dict[str, dict[str, int]] = {
    "electricity": {"Wh": NANO, "kWh": 10**3 * NANO, "MWh": 10**6 * NANO},
    "gas": {
        "L": NANO,
        "m3": 10**3 * NANO,
        "ft3": 28_316_846_592,
        "ccf": 2_831_684_659_200,
        "therm": 2_439_059_534_453,
    },
    "water": {
        "L": NANO,
        "m3": 10**3 * NANO,
        "ft3": 28_316_846_592,
        "ccf": 2_831_684_659_200,
        "gal": 3_785_411_784,
    },
}

# More than this in one reading is a slip. It leaves room to add up a country's meters in 128 bits.
LARGEST_NANO = 10**24

# Qualities of a value that somebody measured: plain words, 实抄 (read at the meter), and the codes of ESPI by their names.
MEASURED = (
    "actual",
    "measured",
    "实抄",
    "valid",
    "manually edited",
    "derived",
    "raw",
    "validated",
    "verified",
    "revenue-quality",
)

SCHEMA: dict[str, pl.DataType] = {
    "row": pl.Int64(),  # first of `rows`
    "rows": pl.List(pl.Int64()),  # file rows the reading was made of
    "meter": pl.String(),
    "service": pl.String(),  # key of NANO_PER_UNIT
    "start": pl.Int64(),  # UTC seconds
    "end": pl.Int64(),
    "value": pl.String(),  # as the file has it, to show
    "nano": pl.Int128(),  # billionths of a watt-hour or litre
    "quality": pl.String(),  # null if the file says nothing
    "residents": pl.Int64(),
}

_SHOWN = ("start", "end", "value", "quality", "other_row", "date", "covered_s", "day_s")

_SHORTEST_PERIOD_S = 23 * 3600


def acts_of(readings: pl.DataFrame, origin: Origin) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Acts of readings with the columns of `SCHEMA`, and findings for the readings that are part of none."""
    readings, copies = without_copies(readings, origin.file, ["meter", "start"], ["end", "nano", "quality"])
    readings, unsound = rejected_by_code(readings.with_columns(code=_problem()), origin.file, _SHOWN[:4])
    readings = with_overlap(readings, "meter", "row").sort("meter", "start", "row")
    readings = readings.with_columns(code=pl.when(pl.col("other_row").is_not_null()).then(pl.lit("overlap")))
    readings, overlaps = rejected_by_code(readings, origin.file, _SHOWN[:5])
    readings = _with_coverage(readings, origin)
    readings, incomplete = rejected_by_code(readings, origin.file, _SHOWN)
    acts = readings.group_by("act", "within", "meter", "service", maintain_order=True).agg(
        pl.col("start").min(),
        pl.col("end").max(),
        pl.col("nano").sum(),
        pl.col("residents").first(),
        pl.col("rows").explode(),
    )
    return _as_acts(acts, origin), [copies, *unsound, *overlaps, *incomplete]


def _problem() -> pl.Expr:
    return (
        pl.when(pl.col("end") <= pl.col("start"))
        .then(pl.lit("end_before_start"))
        .when(pl.col("nano") < 0)
        .then(pl.lit("negative"))
        .when(~pl.col("quality").is_in(MEASURED))
        .then(pl.lit("estimated_reading"))
    )


def _with_coverage(readings: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    """Adds `within` (lies in one civil day), `act` (readings of one act have the same) and `code` (incomplete_day or null)."""
    seconds = pl.col("end") - pl.col("start")
    readings = readings.with_columns(day=origin.day(pl.col("start")), seconds=seconds)
    readings = readings.with_columns(within=origin.day(pl.col("end") - 1) == pl.col("day"))
    lengths = {day: day_seconds(day, origin.zone) for day in readings["day"].unique()}
    readings = readings.with_columns(
        act=pl.when("within").then(pl.col("day").cast(pl.Int64)).otherwise(pl.col("start")),
        covered_s=pl.when("within").then(pl.col("seconds").sum().over("meter", "day", "within")).otherwise("seconds"),
        date=pl.col("day").cast(pl.Date).cast(pl.String),
        day_s=pl.when("within").then(pl.col("day").replace_strict(lengths, return_dtype=pl.Int64)),
    )
    incomplete = pl.when("within").then(pl.col("covered_s") < pl.col("day_s"))
    too_short = pl.col("seconds") < _SHORTEST_PERIOD_S
    return readings.with_columns(code=pl.when(incomplete.otherwise(too_short)).then(pl.lit("incomplete_day")))


def _as_acts(acts: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    base = ((pl.col("nano") + NANO // 2) // NANO).cast(pl.Int64)
    of_electricity = pl.when("within").then(pl.lit(ELECTRICITY)).otherwise(pl.lit(ELECTRICITY_BILL))
    of_volume = pl.col("service").replace_strict({"gas": GAS, "water": WATER}, default=None, return_dtype=pl.String)
    last_day = origin.day(pl.col("end"))
    return acts.select(
        "start",
        "end",
        "rows",
        "residents",
        scenario=pl.when(pl.col("service") == "electricity").then(of_electricity).otherwise(of_volume),
        record_key=pl.format("{}/{}", "meter", "start"),
        subject="meter",
        energy_wh=base,
        volume_l=base,
        days=(last_day - origin.day(pl.col("start"))).cast(pl.Int64),
    )
