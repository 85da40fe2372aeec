"""Of acts that overlap in time, which one stays."""

from __future__ import annotations

import polars as pl


def with_overlap(frame: pl.DataFrame, who: str, tie: str) -> pl.DataFrame:
    """The acts in their order, with a column `other_row`: null for an act that stays, else the `row` of the act that takes its time.

    Two acts of one `who` overlap if one begins before the other has ended, or both begin at once; an act that begins in the second
    in which another ends does not overlap it. The earlier start stays, and of two at once the one with the smaller `tie`. Only acts
    that stay take anybody's time, so of three in a chain the first and the third may stay.

    Args:
        frame: Acts with `row` (unique), `start`, `end` and the columns named by `who` and `tie`. No act ends before it starts.
        who: Column that says whose time it is; all that have none in it are one person.
        tie: Column that decides between acts that begin at once.
    """
    # Where any two acts of somebody overlap, two neighbours by start do, whichever way those that begin at once stand. A hash stands
    # for a person here: two who share one are looked at more closely for nothing.
    person = pl.col(who).hash()
    acts = frame.select("start", "end", _person=person).sort("_person", "start")
    of_one = pl.col("_person") == pl.col("_person").shift(1)
    begun = (pl.col("end").shift(1) > pl.col("start")) | (pl.col("start").shift(1) == pl.col("start"))
    doubtful = acts.filter(of_one & begun)["_person"].unique()
    if doubtful.is_empty():
        return frame.with_columns(other_row=pl.lit(None, pl.Int64))
    judged = frame.filter(person.is_in(doubtful.implode())).sort(who, "start", tie)
    losers = _losers(judged.select(who, "start", "end", "row"))
    others = pl.DataFrame(losers, schema={"row": pl.Int64, "other_row": pl.Int64}, orient="row")
    return frame.join(others, on="row", how="left", maintain_order="left")


def _losers(acts: pl.DataFrame) -> list[tuple[int, int]]:
    """Row of every act that does not stay, with the row of the act it overlaps. `acts` are in the order in which they may stay."""
    losers = []
    whose, kept_start, kept_end, kept_row = None, 0, 0, 0
    for who, start, end, row in acts.iter_rows():
        if who == whose and (start < kept_end or start == kept_start):
            losers.append((row, kept_row))
        else:
            whose, kept_start, kept_end, kept_row = who, start, end, row
    return losers
