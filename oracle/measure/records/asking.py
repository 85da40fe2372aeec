"""Trips whose methodology asks for more than a distance: trains, shared cars, one's own electric car.

Such a row is read as an act of its methodology (`oracle.measure.records.acts`), with the columns that this asks for beside those of a trip:
`detour_km` and `passengers` of a carpool, `energy_kwh` of a car. The car is named by `item`, or by the `vehicle_id` or `device_id` of MDS.
"""

from __future__ import annotations

import polars as pl

from oracle.measure.quantify.library import Library
from oracle.measure.records.acts import read_acts
from oracle.measure.records.asked import SCENARIO, Asked, asked
from oracle.measure.records.origin import Origin
from oracle.measure.records.table import Table
from oracle.model.acts import ITEM, Reading
from oracle.model.findings import empty_findings

_NAMES_OF_A_CAR = (ITEM, "vehicle_id", "device_id")
_DISTANCES = ("distance_m", "shared_m")


def read_asking(trips: pl.DataFrame, origin: Origin, library: Library) -> Reading:
    """Acts of typed trips (`scenario`, `record_key`, `subject`, `start`, `end`, `distance_m`) with the file's other columns as text."""
    parts = trips.partition_by(SCENARIO, maintain_order=True)
    tables = [Table(len(part), _as_act(part, library, origin), empty_findings()) for part in parts]
    return read_acts(tables, origin, library)


def _as_act(part: pl.DataFrame, library: Library, origin: Origin) -> pl.DataFrame:
    wanted = asked(library, part[SCENARIO][0], origin.region)
    named = [pl.col(name) for name in _NAMES_OF_A_CAR if name in part.columns]
    return part.select(
        "row",
        SCENARIO,
        "record_key",
        "subject",
        *(pl.from_epoch(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias(name) for name in ("start", "end")),
        *([pl.coalesce(named).alias(ITEM)] if wanted and wanted.document.thing is not None and named else []),
        *(_fields(part, wanted) if wanted else []),
    )


def _fields(part: pl.DataFrame, wanted: Asked) -> list[pl.Expr]:
    """The distance, and the file's columns that are fields of the methodology."""
    of_trip = next(field.column for field in wanted.fields.values() if field.column in _DISTANCES)
    others = [name for name, field in wanted.names.items() if wanted.fields[field].column != of_trip]
    return [
        pl.col("distance_m").cast(pl.String).alias(of_trip),
        *(pl.col(name) for name in others if name in part.columns),
    ]
