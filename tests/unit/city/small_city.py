"""A small city that cheats a lot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from oracle.sandbox.city.generate import Manifest
from oracle.sandbox.city.plan import Cheats, Plan

# 200 citizens from a Friday to a Sunday; with five of a hundred honest acts somebody cheats, in each way.
PLAN = Plan(
    seed=44030,
    citizens=200,
    first_day=date(2025, 5, 9),
    days=3,
    errands_bps=6_000,
    metro_bps=3_000,
    bus_card_bps=1_500,
    hourly_bps=4_000,
    bills_bps=3_000,
    cheats=Cheats(**dict.fromkeys(Cheats.__dataclass_fields__, 500)),
)


@dataclass(frozen=True)
class City:
    folder: Path
    manifest: Manifest
    truth: pl.DataFrame

    def told(self, file: str) -> pl.DataFrame:
        """The truth about a file's rows, by row."""
        return self.truth.filter(pl.col("file") == file).sort("row")

    def rows_of(self, file: str, *kinds: str) -> set[int]:
        """Rows of a file that are of one of these kinds."""
        return set(self.told(file).filter(pl.col("kind").is_in(kinds))["row"])


def truth_of(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "truth.parquet").with_columns(pl.col("file", "kind").cast(pl.String))
