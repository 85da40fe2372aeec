"""Trips: in the field names of the Mobility Data Specification (MDS) as CSV or JSON, and as bike-share systems publish them.

==================================  =========  ===================================================================================
column                              MDS        becomes
==================================  =========  ===================================================================================
trip_id                             2.x, 1.x   `record_key`
start_time, end_time                2.x, 1.x   `start`, `end`: milliseconds since 1970, or seconds as MDS 0.2 has them
distance, or trip_distance          2.x, 1.x   `distance_m`: metres, decimals rounded down
rider                               no         `subject`: who travelled, as the operator names them
mode                                no         scenario, by `SCENARIO_OF_MODE` and `ASKING_OF_MODE`
==================================  =========  ===================================================================================

Other columns of MDS (provider_id, device_id, vehicle_type, propulsion_types, duration, start_location, ...) may be there and are not
used: the duration of a trip is its end less its start, and MDS describes the vehicle, not the traveller.

`oracle.measure.records.layouts` has the columns of bike-share files. They give places and no distance: the straight line between the
two is credited, which no ride is shorter than. A ride whose rider nobody names is its own subject, until somebody is enrolled with its
number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import polars as pl

from oracle.measure.quantify.library import Library
from oracle.measure.records.asking import read_asking
from oracle.measure.records.layouts import ASKING_OF_MODE, MDS, MODES, SCENARIO_OF_MODE, Layout, layout_of
from oracle.measure.records.mds import mds_trips
from oracle.measure.records.meters import Household
from oracle.measure.records.origin import Origin
from oracle.measure.records.table import Table, header_of, parse, require
from oracle.measure.tracks.sphere import millimetres, on_earth, positions
from oracle.measure.validate.rejected import Check, checked
from oracle.model.acts import Reading
from oracle.model.errors import InputError

_SCENARIOS = {**SCENARIO_OF_MODE, **ASKING_OF_MODE}
# Milliseconds between 2001 and 2286 have 13 digits, seconds 10.
_MILLISECONDS, _SECONDS = r"^[0-9]{13}$", r"^[0-9]{10}(?:\.[0-9]+)?$"
_LOCAL = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M")


def read_trips(blocks: Iterable[bytes], origin: Origin, given: Household, library: Callable[[], Library]) -> Reading:
    """Acts of a CSV of trips in UTF-8, in blocks of whole lines.

    Args:
        given: In `meter` the rider and in `service` the mode, where the file names none.
        library: Gives the methodologies; only some modes need it.

    Raises:
        InputError: the file is no CSV with the columns of a known layout.
    """
    names, blocks = header_of(blocks, origin.file)
    layout = layout_of(names) or MDS
    in_file = layout.in_file(names)
    require(names, replace(layout, distance=in_file.distance).required(given), origin.file)
    return _reading(parse(blocks, origin.file), in_file, origin, given, library)


def read_mds(blocks: Iterable[bytes], origin: Origin, given: Household, library: Callable[[], Library]) -> Reading:
    """Acts of an answer of the MDS provider API at /trips, as JSON.

    Raises:
        InputError: it is no such answer, or its trips name no mode and the caller does not either.
    """
    table = mds_trips(blocks, origin.file)
    frame = table.frame
    if given.service is None and len(frame) and frame["mode"].is_null().all():
        first = frame.row(0, named=True)
        seen = f"the first goes {first['distance']} m from {first['start_time']} to {first['end_time']}"
        raise InputError(
            f"this is an MDS answer of {table.rows} trips of vehicles ({seen}), which do not say how anybody travelled:"
            f" add a mode, one of {MODES}, and a rider to each trip, or name them with --mode and --rider",
            file=origin.file,
        )
    riders = None if frame["rider"].is_null().all() else "rider"
    layout = Layout(("trip_id",), "start_time", "end_time", rider=riders, mode="mode", distance="distance")
    return _reading([table], layout, origin, given, library)


def _reading(
    tables: Iterable[Table], layout: Layout, origin: Origin, given: Household, library: Callable[[], Library]
) -> Reading:
    rows, acts, asking, findings = 0, [pl.DataFrame(schema=_ACT)], list[pl.DataFrame](), list[pl.DataFrame]()
    for table in tables:
        trips, bad = _typed(table.frame, layout, origin, given)
        rows += table.rows
        asks = trips["scenario"].is_in(list(ASKING_OF_MODE.values()))
        asking += [trips.filter(asks)] if asks.any() else []
        acts.append(trips.filter(~asks).select(pl.col(name).cast(kind) for name, kind in _ACT.items()))
        findings += [table.findings, *bad]
    reading = origin.reading(rows, pl.concat(acts), findings)
    if not asking:
        return reading
    more = read_asking(pl.concat(asking), origin, library())
    found = pl.concat([reading.findings, more.findings]).sort("row", nulls_last=False, maintain_order=True)
    return replace(reading, acts={**reading.acts, **more.acts}, findings=found)


_ACT = {
    "scenario": pl.String(),
    "record_key": pl.String(),
    "subject": pl.String(),
    "start": pl.Int64(),
    "end": pl.Int64(),
    "distance_m": pl.Int64(),
    "duration_s": pl.Int64(),
    "rows": pl.List(pl.Int64()),
}


def _typed(
    frame: pl.DataFrame, layout: Layout, origin: Origin, given: Household
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Rows with a known mode, times and a distance, and findings for the others."""
    time = (lambda name: _local(name, origin.zone)) if layout.local else _seconds
    mode = pl.col(layout.mode) if layout.mode else pl.lit(layout.always or given.service, pl.String)
    frame = frame.with_columns(
        record_key=layout.record_key,
        subject=layout.subject(given.meter),
        travels=mode.fill_null(pl.lit(given.service, pl.String)).str.to_lowercase().str.replace_all("[ -]", "_"),
        start=time(layout.start),
        end=time(layout.end),
    )
    frame = frame.with_columns(duration_s=pl.col("end") - pl.col("start"), rows=pl.concat_list("row"))
    frame, checks = _with_distance(frame, layout)
    needed = [*layout.key, *([layout.rider] if layout.rider else []), layout.start, layout.end]
    told = layout.mode or "mode"
    checks = [
        *(Check("missing_field", name, pl.col(name).is_null()) for name in needed),
        Check("missing_field", told, pl.col("travels").is_null(), MODES),
        Check("unknown_kind", told, ~pl.col("travels").is_in(list(_SCENARIOS)), MODES),
        Check("bad_time", layout.start, pl.col("start").is_null()),
        Check("bad_time", layout.end, pl.col("end").is_null()),
        *checks,
    ]
    frame, bad = checked(
        frame.with_columns(mode="travels") if told not in frame.columns else frame, origin.file, checks
    )
    return frame.with_columns(scenario=pl.col("travels").replace_strict(_SCENARIOS, return_dtype=pl.String)), bad


def _with_distance(frame: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, list[Check]]:
    """The rows with `distance_m`, and what must hold of the columns it comes from."""
    if layout.distance is not None:
        metres = pl.col(layout.distance).cast(pl.Decimal(38, 6), strict=False).floor().cast(pl.Int64, strict=False)
        return frame.with_columns(distance_m=metres), [
            Check("missing_field", layout.distance, pl.col(layout.distance).is_null()),
            Check("bad_number", layout.distance, pl.col("distance_m").is_null()),
        ]
    placed = zip(*(positions(frame[name]) for name in layout.places), strict=True)
    ways = [way if on_earth(*way[:2]) and on_earth(*way[2:]) else None for way in placed]
    table = np.array([way or (0, 0, 0, 0) for way in ways], dtype=np.int64).reshape(-1, 4)
    straight = pl.lit(pl.Series(millimetres(*table.T) // 1000, dtype=pl.Int64))
    there = pl.lit(pl.Series([way is not None for way in ways], dtype=pl.Boolean))
    return frame.with_columns(distance_m=pl.when(there).then(straight)), [
        *(Check("missing_field", name, pl.col(name).is_null()) for name in layout.places),
        Check("bad_number", layout.places[0], pl.col("distance_m").is_null()),
    ]


def _seconds(name: str) -> pl.Expr:
    text = pl.col(name)
    milliseconds = pl.when(text.str.contains(_MILLISECONDS)).then(text)
    seconds = pl.when(text.str.contains(_SECONDS)).then(text.str.head(10))
    return pl.coalesce(milliseconds.cast(pl.Int64) // 1000, seconds.cast(pl.Int64))


def _local(name: str, zone: str) -> pl.Expr:
    """UTC seconds of local times; null for what is none, and for a time that clocks skipped or showed twice."""
    local = pl.coalesce(pl.col(name).str.to_datetime(form, strict=False, time_unit="us") for form in _LOCAL)
    return local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.epoch("s")
