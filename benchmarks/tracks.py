"""How many false tracks are found, and how many honest ones are lost, per mode.

    python -m benchmarks.tracks [--tracks 400] [--seed 20230501]

Tracks come from `trackmaker`, which shares no code with the detector. Of each mode there are as many honest tracks as false ones, and of
the false ones as many of each kind. A track is lost or found by all that stands between a file and an act: the track's own rules, and the
methodology's distance and mean speed.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.table import Row, print_rows, timed
from benchmarks.trackmaker import ALIKE, FRAUDS, OTHER_WAYS, Made, as_mode, honest
from oracle.measure.records.layouts import SCENARIO_OF_MODE
from oracle.measure.tracks.judge import Trip, judge
from oracle.measure.tracks.track import track
from oracle.measure.validate.rules import Limits

RECALL, FALSE_REJECTS = 0.95, 0.01
LIMITS = Limits()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=400, help="honest ones of a mode, and false ones")
    parser.add_argument("--seed", type=int, default=20230501)
    options = parser.parse_args()
    rows: list[Row] = []
    for number, mode in enumerate(OTHER_WAYS):
        rows += measured(np.random.default_rng([options.seed, number]), mode, options.tracks)
    print_rows(rows)


def measured(chance: np.random.Generator, mode: str, count: int) -> list[Row]:
    """The rows of a mode."""
    good = [honest(chance, mode) for _ in range(count)]
    seconds, trips = timed(lambda: [judged(made, mode) for made in good])
    lost = sum(trip is None for trip in trips) / count
    errors = np.array([trip.distance_m / made.true_m - 1 for made, trip in zip(good, trips, strict=True) if trip])
    each = max(1, count // (len(FRAUDS) + len(OTHER_WAYS[mode])))
    false = {name: [make(chance, mode) for _ in range(each)] for name, make in FRAUDS.items()}
    false |= {f"by {real}": [as_mode(chance, mode, real) for _ in range(each)] for real in OTHER_WAYS[mode]}
    found = {name: share_found(made, mode) for name, made in false.items()}
    recall = sum(found.values()) / len(found)
    told = ", ".join(f"{name} {share:.0%}" for name, share in found.items())
    rows = [
        Row(f"{mode}: false tracks found", f"{recall:.1%}", told, recall, f">= {RECALL}"),
        Row(f"{mode}: honest tracks lost", f"{lost:.1%}", f"of {count}", lost, f"<= {FALSE_REJECTS}"),
        Row(
            f"{mode}: credited metres against real ones",
            f"{np.median(errors):+.1%} in the middle",
            f"nine of ten from {np.quantile(errors, 0.05):+.1%} to {np.quantile(errors, 0.95):+.1%}",
        ),
        Row(
            f"{mode}: judged",
            f"{count / seconds:,.0f} a second",
            f"{np.mean([len(m.seconds) for m in good]):,.0f} fixes each",
        ),
    ]
    for real in ALIKE.get(mode, ()):
        share = share_found([as_mode(chance, mode, real) for _ in range(each)], mode)
        rows.append(Row(f"{mode}: really {real}, which positions do not show", f"{share:.0%} found"))
    return rows


def share_found(tracks: list[Made], mode: str) -> float:
    """Part of false tracks that bring nothing."""
    return sum(judged(made, mode) is None for made in tracks) / len(tracks)


def judged(made: Made, mode: str) -> Trip | None:
    """The trip of a track, if it becomes an act."""
    scenario = SCENARIO_OF_MODE[mode]
    fixes = zip(map(str, made.seconds.tolist()), made.latitude, made.longitude, strict=True)
    trip = judge(track(fixes, "Asia/Shanghai", rider="r", mode=mode, trip=None, mocked=False), scenario)
    if not isinstance(trip, Trip):
        return None
    low, high = LIMITS.distance_m[scenario]
    slow, fast = LIMITS.speed_kmh[scenario]
    seconds = trip.end - trip.start
    plausible = slow * 1000 * seconds <= trip.distance_m * 3600 <= fast * 1000 * seconds
    return trip if plausible and low <= trip.distance_m <= high else None


if __name__ == "__main__":
    main()
