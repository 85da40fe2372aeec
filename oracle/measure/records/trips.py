"""Trips as CSV, with the field names of the Mobility Data Specification (MDS 2.x, object Trip) and two columns MDS has no use for.

==================================  =========  ===================================================================================
column                              MDS        becomes
==================================  =========  ===================================================================================
trip_id                             2.x, 1.x   `record_key`
start_time, end_time                2.x, 1.x   `start`, `end`: milliseconds since 1970 in the file, rounded down to seconds
distance, or trip_distance          2.x, 1.x   `distance_m`: metres, decimals rounded down
rider                               no         `subject`: who travelled, as the operator names them
mode                                no         scenario, by `SCENARIO_OF_MODE`
==================================  =========  ===================================================================================

Other columns of MDS (provider_id, device_id, vehicle_type, propulsion_types, duration, start_location, ...) may be there and are not
used: the duration of a trip is its end less its start, and MDS describes the vehicle, not the traveller.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from oracle.measure.records.origin import Origin
from oracle.measure.records.table import header_of, parse, require
from oracle.measure.validate.rejected import Check, checked
from oracle.model.acts import BUS_KM, METRO, Reading

SCENARIO_OF_MODE = {"bus": BUS_KM, "metro": METRO}

REQUIRED = ("trip_id", "rider", "mode", "start_time", "end_time")

_ACT = (
    pl.col("mode").replace_strict(SCENARIO_OF_MODE, return_dtype=pl.String).alias("scenario"),
    pl.col("trip_id").alias("record_key"),
    pl.col("rider").alias("subject"),
    pl.col("start", "end", "distance_m"),
    pl.concat_list("row").alias("rows"),
)

# Milliseconds between 2001 and 2286 have 13 digits; seconds given by mistake have 10.
_MILLISECONDS = r"^[0-9]{13}$"


def read_trips(blocks: Iterable[bytes], origin: Origin) -> Reading:
    """Acts CI-01 and CI-02 of a trip CSV in UTF-8, in blocks of whole lines.

    Raises:
        InputError: the file is no CSV with these columns.
    """
    names, blocks = header_of(blocks, origin.file)
    distance = "trip_distance" if "trip_distance" in names and "distance" not in names else "distance"
    require(names, (*REQUIRED, distance), origin.file)
    rows, acts, findings = 0, [], []
    for table in parse(blocks, origin.file):
        trips, bad = _typed(table.frame.rename({distance: "distance"}), origin.file)
        rows += table.rows
        acts.append(trips.select(*_ACT))
        findings += [table.findings, *bad]
    return origin.reading(rows, pl.concat(acts), findings)


def _typed(frame: pl.DataFrame, file: str) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Rows with a known mode, times and a distance, and findings for the others."""
    frame = frame.with_columns(
        pl.col("mode").str.to_lowercase(),
        start=_seconds("start_time"),
        end=_seconds("end_time"),
        distance_m=pl.col("distance").cast(pl.Decimal(38, 6), strict=False).floor().cast(pl.Int64, strict=False),
    )
    checks = [
        *(Check("missing_field", name, pl.col(name).is_null()) for name in (*REQUIRED, "distance")),
        Check("unknown_kind", "mode", ~pl.col("mode").is_in(list(SCENARIO_OF_MODE))),
        Check("bad_time", "start_time", pl.col("start").is_null()),
        Check("bad_time", "end_time", pl.col("end").is_null()),
        Check("bad_number", "distance", pl.col("distance_m").is_null()),
    ]
    return checked(frame, file, checks)


def _seconds(name: str) -> pl.Expr:
    milliseconds = pl.when(pl.col(name).str.contains(_MILLISECONDS)).then(pl.col(name))
    return milliseconds.cast(pl.Int64) // 1000
