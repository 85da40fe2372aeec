"""A bill is a bill, a day is a day: readings of gas, water and electricity that are shorter than a bill are compared by whole months.

Of single days against single days of another year only the better ones would count: the weather of each day would be paid as if the
household had saved it. So what a meter counted in a calendar month is one record, named by its first reading, if the readings cover the
month; in a month that they do not cover nothing counts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from oracle.model.acts import ELECTRICITY_BILL, GAS, WATER

COMPARED_BY_MONTHS = (ELECTRICITY_BILL, WATER, GAS)
# Days of the shortest bill: monthly bills have 28 or more, save where a meter is read early.
LEAST_BILL_DAYS = 20

_MONTH = ("citizen", "month")


@dataclass(frozen=True)
class Months:
    """Readings by months.

    Attributes:
        records: Bills, and for each whole month its first reading with the sum, end and days of all.
        others: record_id and code of every short reading that is no record: part_of_month or incomplete_month.
    """

    records: pl.DataFrame
    others: pl.DataFrame


def by_months(readings: pl.DataFrame, batched: Collection[bytes]) -> Months:
    """Bills as they are, and shorter readings by months.

    Args:
        readings: Stored acts with citizen, record_id, day, days, end and one quantity.
        batched: Record ids that stand in batches. A month of which a later day stands in one was credited by days, and is no record.
    """
    is_short = (pl.col("days") < LEAST_BILL_DAYS).fill_null(False)  # who names no length means a bill
    short, bills = readings.filter(is_short).sort("citizen", "day"), readings.filter(~is_short)
    if short.is_empty():
        return Months(readings, pl.DataFrame(schema={"record_id": pl.Binary(), "code": pl.String()}))
    first = pl.col("day").cast(pl.Date).dt.month_start()
    short = short.with_columns(
        month=first.cast(pl.Int32), until=first.dt.offset_by("1mo").cast(pl.Int32), stops=pl.col("day") + pl.col("days")
    )
    short = short.with_columns(before=pl.col("stops").shift(1).over(_MONTH))
    joined = pl.col("before").is_null() | (pl.col("before") == pl.col("day"))
    whole = (
        joined.all()
        & (pl.col("day").min() == pl.col("month").first())
        & (pl.col("stops").max() == pl.col("until").first())
    )
    short = short.with_columns(whole=whole.over(_MONTH), leads=pl.col("before").is_null())
    by_days = pl.col("record_id").is_in(list(batched)) & ~pl.col("leads")
    short = short.with_columns(by_days=by_days.any().over(_MONTH))
    quantity = "energy_wh" if "energy_wh" in readings.columns else "volume_l"
    summed = short.with_columns(
        pl.col(quantity).sum().over(_MONTH), pl.col("days").sum().over(_MONTH), pl.col("end").max().over(_MONTH)
    )
    is_record = pl.col("whole") & pl.col("leads") & ~pl.col("by_days")
    code = pl.when("whole").then(pl.lit("part_of_month")).otherwise(pl.lit("incomplete_month"))
    records = pl.concat([bills, summed.filter(is_record).select(bills.columns)])
    return Months(records, short.filter(~is_record).select("record_id", code=code))
