"""How cost grows with acts, accounts and workers: plots in docs/performance, and the slopes in benchmarks/results/growth.json.

    python -m benchmarks.growth [--largest 1000000]

A slope is the exponent of the best power law through the points: 1 is proportional, below 1 is cheaper as it grows. Each point is made by a
process of its own, so that none finds what an earlier one has loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np

from benchmarks.daywork import bundles, day, hash_alone
from benchmarks.parts import REGION, rides
from benchmarks.run import ROOT, circumstances, write_result
from benchmarks.table import require, timed
from benchmarks.world import FIRST_SECOND, OPERATOR, TRIPS_A_DAY, enrol, new_book, write_trips
from oracle.measure.evidence import folder
from oracle.measure.quantify.library import Library
from oracle.measure.shards.engines import Pool
from oracle.measure.shards.work import split
from oracle.model.units import day_of_time

mpl.use("Agg")
from matplotlib import pyplot as plt

Points = dict[int, float]

PLOTS = ROOT / "docs" / "performance"
RESULT = "growth.json"
PARTS_OF_LARGEST = (16, 8, 4, 2, 1)
TRIPS_OF_ACCOUNT = (12, 6, 4, 2, 1)  # a day
SHARDS = 12  # of the batch that workers share: a number that many numbers divide


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=1_000_000, help="acts of the largest day")
    parser.add_argument("--of-day", type=int, nargs=2, metavar=("ACTS", "A_DAY"), help=argparse.SUPPRESS)
    parser.add_argument("--of-workers", type=int, nargs=2, metavar=("ACTS", "WORKERS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.of_day:
        json.dump(of_day(*options.of_day), sys.stdout)
    elif options.of_workers:
        json.dump([of_workers(*options.of_workers)], sys.stdout)
    else:
        print(json.dumps(measured(options.largest // 192 * 192), indent=1))


def measured(largest: int) -> dict[str, float]:
    """Makes all points, plots and keeps them; the slopes."""
    by_acts = {acts: in_child("--of-day", acts, TRIPS_A_DAY) for acts in (largest // part for part in PARTS_OF_LARGEST)}
    days, hashing = ({acts: found[at] for acts, found in by_acts.items()} for at in (0, 1))
    half = largest // 2
    accounts = {half // each: in_child("--of-day", half, each)[0] for each in TRIPS_OF_ACCOUNT}
    cores = range(1, len(os.sched_getaffinity(0)) + 1)
    workers = {number: in_child("--of-workers", 2 * largest, number)[0] for number in cores}
    PLOTS.mkdir(exist_ok=True)
    plot(
        PLOTS / "acts.png",
        {"CSV to signed headers": days, "hashing alone": hashing},
        "acts of a day, three of each account",
    )
    plot(PLOTS / "accounts.png", {"CSV to signed headers": accounts}, f"accounts that share {half:,} acts of a day")
    plot(
        PLOTS / "workers.png",
        {f"{2 * largest:,} acts in {SHARDS} parts": workers},
        "processes, each on a core of its own",
    )
    lines = {"acts": days, "hashing": hashing, "accounts": accounts, "workers": workers}
    slopes = {name: round(slope(points), 3) for name, points in lines.items()}
    write_result(RESULT, circumstances() | {"slopes": slopes, "points": lines})
    return slopes


def in_child(what: str, *numbers: int) -> list[float]:
    """One point, by a process of its own."""
    command = [sys.executable, "-m", "benchmarks.growth", what, *map(str, numbers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds: list[float] = json.loads(done.stdout)
    return seconds


def of_day(acts: int, a_day: int) -> list[float]:
    """Seconds of a day of trips, `a_day` of each account, and of hashing its leaves alone."""
    with tempfile.TemporaryDirectory() as temporary:
        book, csv = new_book(Path(temporary) / "home"), Path(temporary) / "trips.csv"
        write_trips(csv, acts, a_day)
        enrol(book, acts // a_day)
        whole, _ = timed(lambda: day(book, csv))
        hashing, found = 0.0, 0
        for path in bundles(book):
            bundle = folder.read(path)
            took, roots = timed(lambda records=bundle.records: hash_alone(records))  # type: ignore[misc]  # bound at once
            require(roots[0] == bundle.header.records_root, "hashing alone")
            hashing, found = hashing + took, found + len(bundle.records)
    require(found == acts, "acts in bundles")
    return [whole, hashing]


def of_workers(acts: int, workers: int) -> float:
    """Seconds of a batch in parts, by some processes on as many cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:workers])
    on = day_of_time(FIRST_SECOND + 20_000, "Asia/Shanghai")
    rule = Library.load().rule_for("CI-02", REGION, on)
    if rule is None:
        sys.exit(f"no rule for CI-02 in {REGION}")
    with tempfile.TemporaryDirectory() as temporary:
        parts = split(rides(acts, on), None, rule, OPERATOR, on, SHARDS, temporary)
        seconds, rows = timed(lambda: Pool(workers).run(parts))
    require(sum(rows) == acts, "acts in parts")
    return seconds


def slope(points: Points) -> float:
    """Exponent of the power law that fits best."""
    return float(np.polyfit(np.log(list(points)), np.log(list(points.values())), 1)[0])


def plot(path: Path, lines: dict[str, Points], what: str) -> None:
    """Points on logarithmic axes, each line with its slope and each point with its seconds."""
    figure, axes = plt.subplots(figsize=(7, 4.5))
    for name, points in lines.items():
        axes.loglog(list(points), list(points.values()), marker="o", label=f"{name}, slope {slope(points):.2f}")
        for x, seconds in points.items():
            axes.annotate(f"{seconds:.3g} s", (x, seconds), (0, 7), textcoords="offset points", ha="center", fontsize=8)
    ticks = sorted({x for points in lines.values() for x in points})
    axes.set_xticks(ticks, [f"{x:,}" for x in ticks])
    lowest, highest = (end(y for points in lines.values() for y in points.values()) for end in (min, max))
    marks = [digit * 10.0**power for power in range(-3, 5) for digit in (1, 2, 5)]
    shown = [mark for mark in marks if lowest / 2 <= mark <= 2 * highest]
    axes.set_yticks(shown, [f"{mark:g}" for mark in shown])
    axes.minorticks_off()
    axes.margins(0.1, 0.2)
    axes.set_xlabel(what)
    axes.set_ylabel("seconds")
    axes.grid(True, alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
