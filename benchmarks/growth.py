"""How cost grows with acts and with workers: plots in docs/performance, and the slopes that the page states.

    python -m benchmarks.growth [--largest 1000000] [--out docs/performance]

A slope is the exponent of the best power law through the points: 1 is proportional, below 1 is cheaper as it grows.
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
from benchmarks.table import require, timed
from benchmarks.world import FIRST_SECOND, OPERATOR, TRIPS_A_DAY, enrol, new_book, write_trips
from oracle.evidence import folder
from oracle.partition.engines import Pool
from oracle.partition.work import split
from oracle.quantify.library import Library
from oracle.units import day_of_time

mpl.use("Agg")
from matplotlib import pyplot as plt

Points = dict[int, float]


def of_acts(acts: int) -> tuple[float, float]:
    """Seconds of a day of trips, and of hashing its leaves alone."""
    with tempfile.TemporaryDirectory() as temporary:
        book, csv = new_book(Path(temporary) / "home"), Path(temporary) / "trips.csv"
        write_trips(csv, acts)
        enrol(book, acts // TRIPS_A_DAY)
        whole, _ = timed(lambda: day(book, csv))
        hashing = 0.0
        for path in bundles(book):
            bundle = folder.read(path)
            took, roots = timed(lambda records=bundle.records: hash_alone(records))  # type: ignore[misc]  # bound at once
            require(roots[0] == bundle.header.records_root, "hashing alone")
            hashing += took
    return whole, hashing


def of_workers(acts: int, shards: int) -> Points:
    """Seconds by number of processes, from one to twice the cores."""
    on = day_of_time(FIRST_SECOND + 20_000, "Asia/Shanghai")
    rule = Library.load().rule_for("CI-02", REGION, on)
    if rule is None:
        sys.exit(f"no rule for CI-02 in {REGION}")
    with tempfile.TemporaryDirectory() as temporary:
        parts = split(rides(acts, on), None, rule, OPERATOR, on, shards, temporary)
        return {workers: timed(lambda n=workers: Pool(n).run(parts))[0] for workers in _workers()}  # type: ignore[misc]  # bound at once


def _workers() -> list[int]:
    return list(range(1, 2 * (os.cpu_count() or 1) + 1))


def slope(points: Points) -> float:
    """Exponent of the power law that fits best."""
    return float(np.polyfit(np.log(list(points)), np.log(list(points.values())), 1)[0])


def plot(path: Path, lines: dict[str, Points], what: str) -> None:
    """Points on logarithmic axes, each line with its slope."""
    figure, axes = plt.subplots(figsize=(7, 4.5))
    for name, points in lines.items():
        axes.loglog(list(points), list(points.values()), marker="o", label=f"{name}, slope {slope(points):.2f}")
    axes.set_xlabel(what)
    axes.set_ylabel("seconds")
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


def in_child(acts: int) -> tuple[float, float]:
    """`of_acts` in a process of its own, so that no size finds what an earlier one has loaded."""
    command = [sys.executable, "-m", "benchmarks.growth", "--of-acts", str(acts)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    whole, hashing = json.loads(done.stdout)
    return whole, hashing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=1_000_000, help="acts of the largest day")
    parser.add_argument("--out", type=Path, default=Path("docs/performance"))
    parser.add_argument("--of-acts", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.of_acts:
        json.dump(of_acts(options.of_acts), sys.stdout)
        return
    sizes = [options.largest // part // 6 * 6 for part in (16, 8, 4, 2, 1)]
    measured = {acts: in_child(acts) for acts in sizes}
    days = {acts: whole for acts, (whole, _) in measured.items()}
    hashing = {acts: alone for acts, (_, alone) in measured.items()}
    workers = of_workers(options.largest // 2, 4 * (os.cpu_count() or 1))
    options.out.mkdir(parents=True, exist_ok=True)
    plot(
        options.out / "acts.png",
        {"CSV to signed headers": days, "hashing alone": hashing},
        "acts of a day, three by each account",
    )
    plot(options.out / "workers.png", {f"{options.largest // 2:,} acts": workers}, "processes")
    slopes = {"acts": slope(days), "hashing": slope(hashing), "workers": slope(workers)}
    result = {
        "load": os.getloadavg()[0],
        "cores": os.cpu_count(),
        "slopes": slopes,
        "days": days,
        "hashing": hashing,
        "workers": workers,
    }
    (options.out / "growth.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(slopes))


if __name__ == "__main__":
    main()
