"""Where a file came from, and what follows from that for its acts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

import polars as pl

from oracle.model.acts import FIELDS, Reading, nothing_contested, schema
from oracle.model.units import DEFAULT_ZONE, date_of

# Times outside 1970 to 2286 are slips: 10 digits of seconds.
TIMES = (0, 10**10 - 1)


@dataclass(frozen=True)
class Origin:
    """What the operator declares about a file.

    Attributes:
        source: Registered name of the source.
        file: Name of the file, without its folders.
        region: Where the acts happened, as `CN` plus GB/T 2260 digits.
        zone: IANA time zone whose clocks decide on which day an act was.
    """

    source: str
    file: str
    region: str
    zone: str = DEFAULT_ZONE

    def day(self, seconds: pl.Expr) -> pl.Expr:
        """Day number of UTC seconds in the zone: `oracle.model.units.day_of_time` for a column."""
        return civil_day(seconds, self.zone)

    def reading(
        self, rows: int, acts: pl.DataFrame, findings: Iterable[pl.DataFrame], contested: pl.DataFrame | None = None
    ) -> Reading:
        """A reading of the file.

        Args:
            rows: Number of data rows.
            acts: Acts of all scenarios, named in `scenario`; every column of `acts.schema` but `region` and `day`.
            findings: Tables of findings, in any order.
            contested: Records of which the file says two different things (`acts.CONTESTED_SCHEMA`).
        """
        placed = acts.with_columns(region=pl.lit(self.region), day=self.day(pl.col("start")))
        return Reading(
            self.source,
            self.file,
            rows,
            {name: _of_scenario(placed, name) for name in FIELDS if name in placed["scenario"]},
            pl.concat(findings).sort("row", nulls_last=False, maintain_order=True),
            nothing_contested() if contested is None else contested,
        )


def civil_day(seconds: pl.Expr, zone: str) -> pl.Expr:
    """Days from 1970-01-01 to the civil date that clocks in `zone` show at UTC seconds."""
    shown = pl.from_epoch(seconds, time_unit="s").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return shown.dt.date().cast(pl.Int32)


def day_seconds(day: int, zone: str) -> int:
    """Length of a civil day: 86,400 seconds save where clocks are changed."""
    midnights = (datetime.combine(date_of(number), time.min, ZoneInfo(zone)) for number in (day, day + 1))
    start, end = (round(midnight.timestamp()) for midnight in midnights)
    return end - start


def _of_scenario(acts: pl.DataFrame, scenario: str) -> pl.DataFrame:
    columns = [pl.col(name).cast(kind) for name, kind in schema(scenario).items()]
    return acts.filter(pl.col("scenario") == scenario).select(columns)
