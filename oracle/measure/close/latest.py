"""Of several values for one meter and time, the one that counts: that of the latest delivery, if it says one thing.

A delivery that says two things decides nothing, and while it is the latest nothing counts. What was in a batch before a later delivery
corrected it stays there; that it was corrected is a finding, for the report.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from oracle.model.acts import ELECTRICITY, ELECTRICITY_BILL, GAS, WATER

# Of other acts a second value is no correction: a trip does not change after it was made.
METERED = (ELECTRICITY, ELECTRICITY_BILL, WATER, GAS)
_AT = "_at"


def latest(
    acts: pl.DataFrame, contested: pl.DataFrame, arrived: Mapping[str, int]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Acts that count, and the others with `code`: corrected or conflict, and what the latest delivery has in `now`.

    Args:
        acts: Stored acts with `record_id`, `sha256` and their content.
        contested: record_id and sha256 of deliveries that say two things of a record.
        arrived: In which order the files came.
    """
    many = acts["record_id"].is_duplicated()
    if not many.any() and contested.join(acts, on="record_id", how="semi").is_empty():
        return acts, acts.clear().with_columns(code=pl.lit(None, pl.String), now=pl.lit(None, pl.Int64))
    order = pl.col("sha256").replace_strict(arrived, default=0, return_dtype=pl.Int64)
    against = contested.with_columns(order.alias(_AT)).group_by("record_id").agg(pl.col(_AT).max().alias("_against"))
    placed = acts.with_columns(order.alias(_AT)).join(against, on="record_id", how="left", maintain_order="left")
    newest = pl.max_horizontal(pl.col(_AT).max().over("record_id"), "_against")
    placed = placed.with_columns(
        counts=pl.col(_AT) == newest, now=quantity(acts).filter(pl.col(_AT) == newest).first().over("record_id")
    )
    others = placed.filter(~pl.col("counts")).with_columns(
        code=pl.when(pl.col("now").is_null()).then(pl.lit("conflict")).otherwise(pl.lit("corrected"))
    )
    kept = placed.filter("counts")
    return kept.select(acts.columns), others.select(*acts.columns, "code", "now")


def quantity(acts: pl.DataFrame) -> pl.Expr:
    """Watt-hours or litres of acts of meters."""
    return pl.col("energy_wh" if "energy_wh" in acts.columns else "volume_l")


def lumps(readings: pl.DataFrame) -> pl.DataFrame:
    """Daily readings after missing days, which may hold what was used in them: no part of a baseline, and no day's reading.

    Args:
        readings: Stored acts of single days, with `citizen` and `day`.
    """
    ordered = readings.sort("citizen", "day")
    return ordered.filter(pl.col("day") - pl.col("day").shift(1).over("citizen") > 1)
