"""Reading acts of any methodology beside reading trips: the same acts, with the same number of columns, in the same run.

python -m benchmarks.records [--acts 500000]
"""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta, timezone
from functools import partial

from benchmarks.table import Row, print_rows, require, timed
from benchmarks.world import FIRST_SECOND
from oracle.measure.quantify.library import Library
from oracle.measure.records.acts import read_acts
from oracle.measure.records.meters import Household
from oracle.measure.records.origin import Origin
from oracle.measure.records.table import parse
from oracle.measure.records.trips import read_trips
from oracle.model.acts import Reading

ORIGIN = Origin("operator", "rides.csv", "CN-4403")
ROUNDS = 3


def trips(acts: int) -> bytes:
    """Rides as an operator's trips."""
    lines = (
        f"T{at},{rider},bicycle,{start * 1000},{end * 1000},{metres}" for at, rider, start, end, metres in _rides(acts)
    )
    return "\n".join(["trip_id,rider,mode,start_time,end_time,distance", *lines]).encode()


def same(acts: int, local: bool) -> bytes:
    """The same rides as acts of CI-05: with milliseconds and metres, or with local times and kilometres."""
    names = "record_key,subject,scenario,start,end," + ("distance_km" if local else "distance_m")
    lines = (
        f"T{at},{rider},CI-05,{_shown(start)},{_shown(end)},{metres / 1000}"
        if local
        else f"T{at},{rider},CI-05,{start * 1000},{end * 1000},{metres}"
        for at, rider, start, end, metres in _rides(acts)
    )
    return "\n".join([names, *lines]).encode()


def _rides(acts: int) -> list[tuple[int, str, int, int, int]]:
    return [
        (at, f"rider-{at % 50_000}", FIRST_SECOND + at % 80_000, FIRST_SECOND + at % 80_000 + 900, 2_000 + at % 1_500)
        for at in range(acts)
    ]


def _shown(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone(timedelta(hours=8))).strftime("%Y-%m-%d %H:%M:%S")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--acts", type=int, default=500_000)
    options = parser.parse_args()
    library = Library.load()
    content = trips(options.acts)
    beside, reading = timed(lambda: read_trips([content], ORIGIN, Household(), lambda: library), ROUNDS)
    distances = reading.acts["CI-05"]["distance_m"]
    rows = []
    for local, written in ((False, "milliseconds"), (True, "local times")):
        reached, reading = timed(partial(_read, same(options.acts, local), library), ROUNDS)
        require(reading.acts["CI-05"]["distance_m"].equals(distances), "distances")
        rows.append(
            Row(
                f"read {options.acts:,} acts of any methodology, {written}",
                f"{options.acts / reached:,.0f} acts/s",
                f"trips {options.acts / beside:,.0f} acts/s",
                beside / reached,
                ">= 0.7",
            )
        )
    print_rows(rows)


def _read(text: bytes, library: Library) -> Reading:
    return read_acts(parse([text], ORIGIN.file), ORIGIN, library)


if __name__ == "__main__":
    main()
