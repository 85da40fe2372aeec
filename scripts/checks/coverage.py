"""Runs the contract tests on contracts compiled without the optimizer, and counts which statements ran and which way conditions went;
for the libraries what the fuzz suites of tests/fuzz/arithmetic reach counts as well.

    python scripts/checks/coverage.py                    the tests of every contract and of the system (minutes)
    python scripts/checks/coverage.py Counter OfferBook  of some

A condition counts twice, for being true and for being false; so does each part of one that && or || joins. Statements inside assembly are
not told apart: fuzzing holds those to their definitions. Whether the tests pass is not asked here, where some bounds of gas do not hold.
Exit codes: 0 if every contract and library has at least 95 % of both; 1 if not.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from tracing import JUMPED, STAYED
from tree import ROOT, fresh_copy

WORK = ROOT / "build" / "coverage"
TREE = WORK / "tree"
TRACED = WORK / "traced.json"
LCOV = WORK / "libraries.lcov"
LEAST_PERCENT = 95
PORT = 8545  # where brownie looks for its development chain
TESTED_BY = {"CertificatePicture": "RetirementRegistry"}  # contracts without a folder of tests of their own


class Place(NamedTuple):
    """Where something that can be covered stands: a range of characters of a source, and for a condition its outcome."""

    path: str
    start: int
    stop: int
    outcome: bool | None = None


def main() -> int:
    """Entry point."""
    fresh_copy(TREE)
    config = TREE / "brownie-config.yaml"
    config.write_text(config.read_text().replace("enabled: true", "enabled: false"))
    names = sys.argv[1:] or [*sorted(path.stem for path in (ROOT / "contracts").glob("*.sol")), "system"]
    subprocess.run(["brownie", "compile"], cwd=TREE, check=True, stdout=subprocess.DEVNULL)
    TRACED.unlink(missing_ok=True)
    with _chain():
        folders = sorted({f"tests/contracts/{TESTED_BY.get(name, name)}" for name in names})
        options = {"PYTEST_PLUGINS": "scripts.checks.tracing", "TRACED": str(TRACED)}
        command = ["brownie", "test", *folders, "--network", "development", "-q", "--tb=no"]
        subprocess.run(command, cwd=TREE, env=os.environ | options, check=False)
    present, reached = places(json.loads(TRACED.read_text()))
    return report(present, reached | fuzzed(present))


@contextmanager
def _chain() -> Iterator[None]:
    """What brownie would start, with room for code that is not optimized: one contract would be above the limit of a contract's size."""
    command = ["anvil", "--quiet", "--port", str(PORT), "--gas-limit", "60000000", "--accounts", "10"]
    command += ["--block-base-fee-per-gas", "0", "--disable-code-size-limit", "--auto-impersonate"]
    process = subprocess.Popen(command)
    try:
        while not _listens():
            if process.poll() is not None:
                sys.exit(f"anvil ended at once; is port {PORT} taken?")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def _listens() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


def places(visits: dict[str, dict[str, int]]) -> tuple[set[Place], set[Place]]:
    """Everything of our own contracts that can be covered, and what of it was."""
    present: set[Place] = set()
    reached: set[Place] = set()
    for artifact in (TREE / "build" / "contracts").glob("*.json"):
        build = json.loads(artifact.read_text())
        if not build["sourcePath"].startswith("contracts/") or "/mocks/" in build["sourcePath"]:
            continue
        here, there = _places_of(build, visits.get(build["contractName"], {}))
        present |= here
        reached |= there
    return present, reached


def _places_of(build: dict[str, Any], visited: dict[str, int]) -> tuple[set[Place], set[Place]]:
    """Of one contract with the libraries compiled into it."""
    paths = {number: path for number, path in build["allSourcePaths"].items() if path.startswith("contracts/")}
    statements = _by_number(build, "statements")
    conditions = _by_number(build, "branches")
    present = {Place(paths[number], at[0], at[1]) for (number, _), at in statements.items() if number in paths}
    present |= {
        Place(paths[number], at[0], at[1], outcome)
        for (number, _), at in conditions.items()
        if number in paths
        for outcome in (True, False)
    }
    reached: set[Place] = set()
    for pc, how in visited.items():
        step = build["pcMap"].get(pc, {})
        number = step.get("path")
        if number not in paths:
            continue
        if "statement" in step:
            reached.add(Place(paths[number], *statements[number, step["statement"]][:2]))
        if "branch" in step and step["op"] == "JUMPI":
            start, stop, jumps_if = conditions[number, step["branch"]]
            for way, jumped in ((JUMPED, True), (STAYED, False)):
                if how & way:
                    reached.add(Place(paths[number], start, stop, jumped == jumps_if))
    return present, reached


def _by_number(build: dict[str, Any], kind: str) -> dict[tuple[str, int], list[Any]]:
    return {
        (path, int(index)): at
        for path, functions in build["coverageMap"][kind].items()
        for numbered in functions.values()
        for index, at in numbered.items()
    }


def fuzzed(present: set[Place]) -> set[Place]:
    """What of the libraries the fuzz suites reach, as forge says it line by line: of a line how often it ran, of an `if` how often it held.
    A line with several conditions says nothing of either."""
    suites = "tests/fuzz/arithmetic"
    options = {"FOUNDRY_TEST": suites, "FOUNDRY_SCRIPT": suites, "FOUNDRY_OUT": str(WORK / "forge" / "out")}
    options |= {"FOUNDRY_CACHE_PATH": str(WORK / "forge" / "cache")}
    command = ["forge", "coverage", "--report", "lcov", "--report-file", str(LCOV)]
    subprocess.run(command, cwd=ROOT, env=os.environ | options, check=True, stdout=subprocess.DEVNULL)
    ran: dict[tuple[str, int], int] = {}
    held: dict[tuple[str, int], int] = {}
    path = ""
    for record in LCOV.read_text().splitlines():
        kind, _, rest = record.partition(":")
        if kind == "SF":
            path = rest
        elif kind == "DA":
            line, hits = rest.split(",")
            ran[path, int(line)] = int(hits)
        elif kind == "BRDA":
            line, _, _, hits = rest.split(",")
            held[path, int(line)] = int(hits) if hits != "-" else 0
    lines = {place: (place.path, _line(place)) for place in present if place.path.startswith("contracts/libraries/")}
    conditions = Counter(at for place, at in lines.items() if place.outcome)
    reached = {place for place, at in lines.items() if place.outcome is None and ran.get(at)}
    for place, at in lines.items():
        alone = place.outcome is not None and conditions[at] == 1 and at in held
        if alone and (held[at] > 0 if place.outcome else ran[at] > held[at]):
            reached.add(place)
    return reached


def _line(place: Place) -> int:
    return (ROOT / place.path).read_text().count("\n", 0, place.start) + 1


def report(present: set[Place], reached: set[Place]) -> int:
    """Prints a row for each source and every place that was not reached; 1 if a source has too little."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for place in present:
        kind = 0 if place.outcome is None else 2
        counts[place.path][kind] += place in reached
        counts[place.path][kind + 1] += 1
    print(f"{'':36} {'statements':>16} {'branches':>16}")
    failed = False
    for path, (ran, statements, went, outcomes) in sorted(counts.items()):
        low = ran * 100 < statements * LEAST_PERCENT or went * 100 < outcomes * LEAST_PERCENT
        failed |= low
        print(f"{path:36} {_share(ran, statements):>16} {_share(went, outcomes):>16}{'  too low' if low else ''}")
    totals = [sum(column) for column in zip(*counts.values(), strict=True)]
    print(f"{'':36} {_share(*totals[:2]):>16} {_share(*totals[2:]):>16}")
    for place in sorted(present - reached, key=lambda place: place[:3]):
        text = " ".join((ROOT / place.path).read_text()[place.start : place.stop].split())
        what = "not run" if place.outcome is None else f"never {place.outcome}".lower()
        print(f"  {place.path}:{_line(place)}: {what}: {text}")
    return int(failed)


def _share(some: int, every: int) -> str:
    return f"{some}/{every} {100 * some / every:.1f} %" if every else "-"


if __name__ == "__main__":
    sys.exit(main())
