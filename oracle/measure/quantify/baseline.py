"""A household's own baseline, from its own earlier records. Integers throughout; a record looks at earlier days only.

Both kinds work on one sorted table of all readings and never compare records of different households. The mean per resident is exact:
readings are scaled by a common multiple of all numbers of residents, so that nothing is rounded before the baseline itself, which is
rounded down.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm

import polars as pl

from oracle.measure.quantify.schema import Method, PreviousDays, YearBefore
from oracle.model.errors import MethodologyError

MAX_RESIDENTS = 20
DAYS_A_YEAR = 365
PRESENT = "present"
AT = "_at"  # household and day on one axis

_PER_PERSON = lcm(*range(1, MAX_RESIDENTS + 1))  # every number of residents divides it
_LARGEST_SHARE = 10**6  # numerator and denominator of the share below which a day is vacant stay below it
_SPAN = 10**6  # more than any two days lie apart: separates households on one axis


def require_room(method: Method) -> None:
    """Proves that no sum of a baseline can exceed 64 bits and that a mean per resident is exact.

    Raises:
        MethodologyError: the ranges of the fields are too wide.
    """
    spec = method.baseline
    if spec is None:
        return
    most = {field.column: field.in_base(field.max) for field in method.fields.values()}
    if isinstance(spec, PreviousDays):
        largest = most[spec.of] * max(_PER_PERSON * spec.days * most[spec.per], spec.usual_days * _LARGEST_SHARE)
    else:
        largest = most[spec.of] * most[spec.per] * most[spec.length]
    if most[spec.per] > MAX_RESIDENTS or largest >= 2**63:
        raise MethodologyError(
            f"a baseline supports at most {MAX_RESIDENTS} for '{spec.per}' and sums of 64 bits; narrow the fields' ranges"
        )


def on_one_axis(readings: pl.DataFrame) -> pl.DataFrame:
    """The readings with `AT`: a number for each household and day, households further apart than any days."""
    households = readings.select("subject").unique().with_row_index("_household")
    at = pl.col("_household").cast(pl.Int64) * _SPAN + pl.col("day")
    return readings.join(households, on="subject", how="left").with_columns(at.alias(AT)).drop("_household")


def previous_days(
    readings: pl.DataFrame, spec: PreviousDays, vacancy: Fraction, names: tuple[str, str]
) -> pl.DataFrame:
    """Baseline of each (subject, day): own mean of the previous days per resident, times the residents now.

    Args:
        readings: subject, day and the columns that `spec` names, sorted by `AT`, one row for each.
        spec: Which columns, how many days.
        vacancy: Share of the usual reading under which a day is vacant.
        names: Columns to fill: the baseline (null without one), and the mean of the previous `usual_days`.

    Returns:
        The readings with the two columns and `present`: readings among the previous days.
    """
    placed = readings.with_columns(pl.lit(1, pl.Int64).alias("_one"))
    sum_usual, days_usual = _before(spec.of, spec.usual_days), _before("_one", spec.usual_days)
    mean_usual = pl.when(days_usual > 0).then(sum_usual // days_usual).otherwise(0)
    lived = pl.col(spec.of) * vacancy.denominator >= pl.col(names[1]) * vacancy.numerator
    usual = placed.with_columns(mean_usual.alias(names[1])).with_columns(lived.alias("_lived"))
    per_person = pl.col(spec.of) * (pl.lit(_PER_PERSON, pl.Int64) // pl.col(spec.per))
    weighed = usual.with_columns(
        pl.when("_lived").then(per_person).otherwise(0).alias("_each"), pl.col("_lived").cast(pl.Int64).alias("_lived")
    ).with_columns(
        _before("_one", spec.days).alias(PRESENT),
        _before("_lived", spec.days).alias("_counted"),
        _before("_each", spec.days).alias("_sum"),
    )
    enough = (pl.col(PRESENT) == spec.days) & (pl.col("_counted") >= spec.least)
    mean = pl.col("_sum") * pl.col(spec.per) // (pl.col("_counted") * pl.lit(_PER_PERSON, pl.Int64))
    baseline = pl.when(enough).then(mean).alias(names[0])
    return weighed.select(*readings.columns, baseline, names[1], PRESENT)


def _before(column: str, days: int) -> pl.Expr:
    """Sum of `column` over the days before, the record's own day excluded."""
    return pl.col(column).rolling_sum_by(AT, window_size=f"{days}i", closed="left").fill_null(0)


def year_before(readings: pl.DataFrame, spec: YearBefore, name: str) -> pl.DataFrame:
    """Baseline of each (subject, day): own period of the previous year, per resident and day, times residents and days now.

    The period is the one that began nearest to 365 days earlier, within the tolerance; of two equally near the earlier.

    Args:
        readings: subject, day and the columns that `spec` names; one row for each subject and day.
        spec: Which columns, which tolerance.
        name: Column to fill: the baseline, null without one.

    Returns:
        The readings with that column and `present`: 1 where there is a baseline, else 0.
    """
    columns = [spec.of, spec.per, spec.length]
    earlier = readings.select(
        "subject", pl.col("day").alias("baseline_day"), *(pl.col(c).alias(f"_{c}") for c in columns)
    )
    wanted = readings.with_columns((pl.col("day") - DAYS_A_YEAR).alias("_target")).sort("_target")
    earlier = earlier.sort("baseline_day")
    found = [
        wanted.join_asof(
            earlier,
            left_on="_target",
            right_on="baseline_day",
            by="subject",
            strategy=strategy,
            tolerance=spec.tolerance_days,
            check_sortedness=False,
        )
        for strategy in ("backward", "forward")
    ]
    apart = (pl.col("baseline_day") - pl.col("_target")).abs().fill_null(spec.tolerance_days + 1)
    nearest = (
        pl.concat([frame.with_columns(apart.alias("_apart")) for frame in found])
        .sort("subject", "day", "_apart", "baseline_day")
        .unique(["subject", "day"], keep="first", maintain_order=True)
    )
    then = pl.col(f"_{spec.of}") * pl.col(spec.per) * pl.col(spec.length)
    baseline = then // (pl.col(f"_{spec.per}") * pl.col(f"_{spec.length}"))
    found_one = pl.col("baseline_day").is_not_null().cast(pl.Int64)
    return nearest.select(*readings.columns, baseline.alias(name), found_one.alias(PRESENT))
