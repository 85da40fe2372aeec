"""Whether anything stands twice in a column."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def any_twice(columns: Sequence[pl.Series]) -> bool:
    """Whether a value may stand twice in the columns taken together. It is asked by hash, in a third of the time: a yes may be wrong."""
    return bool(columns) and bool(pl.concat([column.hash() for column in columns]).is_duplicated().any())
