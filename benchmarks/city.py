"""A city's day, from files to confirmed credits, with the commands that people type: `make bench-city`.

The city is made, a chain started, everybody enrolled and the week before closed beforehand; that is yesterday's work. Then the clock
runs: the day's taps, trips and meter readings are ingested, closed, attested, and, once the challenge window is over, credited. The window
itself is passed by moving the chain's clock.

    python -m benchmarks.city [--citizens 1000000] [--seed 7] [--folder build/bench]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import requests

from benchmarks.run import kept
from benchmarks.table import Row, require, shown
from oracle.sandbox import local

DAY = "2023-01-02"
SOURCES = {"taps": "szt", "trips-bus-app": "bus-app", "trips-ride-app": "ride-app", "meters-electricity": "grid"}
LIMIT_SECONDS = 60
CLOCK = f"{DAY}T08:00:00+08:00"
HEAD_START_SECONDS = 30 * 86_400  # as `carbonbook up` begins
# Many chunks a block: this node computes its whole state root anew in every block, a second's work at a million accounts.
BLOCK_GAS, BLOCK_SECONDS = 4_000_000_000, 4
CARBONBOOK = str(Path(sys.executable).parent / "carbonbook")


class City:
    """A city's files and the installation that takes them.

    Args:
        folder: Where both are; the files are kept for the next run, the installation is made anew.
    """

    def __init__(self, folder: Path, citizens: int, seed: int):
        self.files = folder / f"city-{citizens}-{seed}"
        self.home = folder / f"home-{citizens}-{seed}"
        shutil.rmtree(self.home, ignore_errors=True)
        if not (self.files / "manifest.json").exists():
            shutil.rmtree(self.files, ignore_errors=True)
            _run("city", str(self.files), "--citizens", str(citizens), "--seed", str(seed), "--first-day", DAY)

    def __call__(self, *words: str | Path) -> Any:
        """The JSON of a command."""
        return _run(*map(str, words), "--home", str(self.home))

    def paths(self, of_the_day: bool) -> Iterable[tuple[str, list[Path]]]:
        """Sources and their files: those of the day, or of the days before."""
        for prefix, source in SOURCES.items():
            found = [path for path in sorted(self.files.glob(f"{prefix}*")) if (DAY in path.name) == of_the_day]
            if found:
                yield source, found


def _run(*words: str) -> Any:
    done = subprocess.run([CARBONBOOK, *words, "--json"], stdout=subprocess.PIPE, text=True, check=False)
    require(done.returncode == 0, f"carbonbook {words[0]}")
    return json.loads(done.stdout)


def yesterday(city: City, port: int) -> None:
    """Everything that is there before the day's files come."""
    launch(city.home, port)
    city("up", "--port", str(port), "--clock", CLOCK)
    city("enrol", city.files / "citizens.csv")
    for source, paths in city.paths(of_the_day=False):
        city("ingest", *paths, "--source", source)
    city("close")
    city("clock", "--advance", "1")
    for method, setting in (("evm_setBlockGasLimit", hex(BLOCK_GAS)), ("evm_setIntervalMining", BLOCK_SECONDS)):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [setting]}
        answer = requests.post(f"http://127.0.0.1:{port}", json=body, timeout=60).json()
        require("error" not in answer, f"{method}: {answer}")


def launch(home: Path, port: int) -> None:
    """The node as it is run for speed: no history, no state on disk. `carbonbook up` finds it running."""
    genesis = int(datetime.fromisoformat(CLOCK).timestamp()) - HEAD_START_SECONDS
    words = [*local._anvil(home, port, genesis)[:-4], "--prune-history"]
    home.mkdir(parents=True)
    with (home / "chain.log").open("wb") as log:
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    process = local.Process("anvil", port, child.pid, genesis)
    require(local._answers(process.rpc, child), "anvil")
    (home / local._PROCESS_FILE).write_text(json.dumps(asdict(process)))


def day(city: City) -> tuple[dict[str, float], int, int]:
    """Seconds by step, acts taken in, and accounts credited."""
    seconds: dict[str, float] = {}

    def step(name: str, *words: str | Path) -> Any:
        begun = perf_counter()
        answer = city(*words)
        seconds[name] = seconds.get(name, 0) + perf_counter() - begun
        return answer

    acts = 0
    for source, paths in city.paths(of_the_day=True):
        acts += sum(step("ingest", "ingest", *paths, "--source", source)["acts"].values())
    bundled = step("close", "close")
    step("attest", "attest")
    city("clock", "--advance", "1")
    credited = step("credit", "credit")["credited"]
    today = [each for each in bundled["bundles"] if each["act_date"] == DAY]
    accounts = {each["batch"]: each["accounts"] for each in credited}
    require(all(accounts[each["batch"]] == each["accounts"] for each in today), "accounts credited")
    return seconds, acts, sum(accounts.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--citizens", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=8598)
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    city = City(options.folder, options.citizens, options.seed)
    try:
        yesterday(city, options.port)
        seconds, acts, accounts = day(city)
    finally:
        subprocess.run([CARBONBOOK, "down", "--home", str(city.home)], capture_output=True, check=False)
    whole = sum(seconds.values())
    limit = LIMIT_SECONDS if options.citizens == 1_000_000 else 0
    rows = [Row(f"the day's {name}", f"{took:.1f} s") for name, took in seconds.items()]
    rows.append(
        Row(
            f"{acts:,} acts of {options.citizens:,} people, {accounts:,} credits",
            f"{whole:.1f} s",
            f"{LIMIT_SECONDS} s for a million people",
            whole / LIMIT_SECONDS if limit else None,
            "<= 1" if limit else "",
        )
    )
    print(shown(rows))
    print(
        f"\nkept in {kept(rows, {name: round(took, 1) for name, took in seconds.items()}, options.citizens / 1_000_000)}"
    )


if __name__ == "__main__":
    main()
