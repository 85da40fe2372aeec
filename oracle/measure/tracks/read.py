"""Tracks as acts: of each the distance, which is all that is recorded of it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from oracle.measure.records.layouts import SCENARIO_OF_MODE, TRACK_MODES, mode_word
from oracle.measure.records.meters import Household
from oracle.measure.records.origin import Origin
from oracle.measure.tracks.files import tracks
from oracle.measure.tracks.judge import LEAST_FIXES, Refused, judge
from oracle.measure.tracks.track import Track
from oracle.model.acts import Reading
from oracle.model.findings import empty_findings, findings

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


def read_tracks(path: Path, origin: Origin, given: Household, most: int) -> Reading:
    """Acts of a file of tracks, and findings for those that are no trips.

    The key of a track that has no `trip_id` is its rider and the time of its first fix.

    Raises:
        InputError: the file cannot be read as a whole.
    """
    acts: list[tuple[object, ...]] = []
    found = [empty_findings()]
    shapes: dict[bytes, int] = {}
    rows = 0
    for row, track in tracks(path, origin.zone, given, most):
        rows = row
        made = _act(row, track, shapes)
        if isinstance(made, Refused):
            found.append(findings(made.code, origin.file, [(row, made.values)]))
        else:
            acts.append(made)
    return origin.reading(rows, pl.DataFrame(acts, schema=_ACT, orient="row"), found)


def _act(row: int, track: Track | None, shapes: dict[bytes, int]) -> tuple[object, ...] | Refused:
    """The act of a track, or why it is none.

    Args:
        shapes: Row of each line that was there before, by its positions: nobody travels the same one twice to the centimetre.
    """
    if track is None:
        return Refused("malformed_row", {})
    if track.mode is None or track.rider is None:
        field = "rider" if track.mode else "mode"
        return Refused("missing_field", {"field": field, **({} if track.mode else {"known": TRACK_MODES})})
    scenario = SCENARIO_OF_MODE.get(mode_word(track.mode))
    if scenario is None:
        return Refused("unknown_kind", {"field": "mode", "value": track.mode[:64], "known": TRACK_MODES})
    key = track.trip or f"{track.rider}/{track.time_ms[0] if len(track) else row}"
    first = shapes.setdefault(track.latitude.tobytes() + track.longitude.tobytes(), row)
    if first != row and len(track) >= LEAST_FIXES:
        return Refused("mock_location", {"reason": "positions of another track", "row": first})
    trip = judge(track, scenario)
    if isinstance(trip, Refused):
        return trip
    return scenario, key, track.rider, trip.start, trip.end, trip.distance_m, trip.end - trip.start, [row]
