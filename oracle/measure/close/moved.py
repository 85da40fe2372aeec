"""Whose account an act belongs to when the person's book has moved: the one that the person had on the act's day. Pure."""

from __future__ import annotations

import polars as pl


def accounts_on_day(acts: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Acts with the account of their day instead of the present one, in their order.

    Args:
        acts: citizen, day, account, and whatever else.
        people: citizen, `moved` (`oracle.edge.store.moves.MOVED`).
    """
    moved = people.select("citizen", "moved").explode("moved").drop_nulls("moved").unnest("moved")
    moved = moved.with_columns(pl.col("through").cast(acts.schema["day"])).sort("through")
    if moved.is_empty() or acts.is_empty():
        return acts
    numbered = acts.with_row_index("_place").sort("day")
    joined = numbered.join_asof(
        moved, left_on="day", right_on="through", by="citizen", strategy="forward", check_sortedness=False
    )
    known = joined.with_columns(account=pl.coalesce("former", "account"))
    return known.sort("_place").drop("_place", "former", "through")
