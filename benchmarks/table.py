"""A benchmark's rows: what was reached beside a baseline of the same run, and whether the target was met."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: What was measured.
        reached: The figure, with its unit.
        baseline: What it is compared with, with its figure.
        ratio: Of the two, as `target` means it; None where nothing is compared.
        target: What the ratio should be, such as "<= 2"; empty for a figure that is only told.
        source: For a baseline that is a constant: where it is from.
    """

    what: str
    reached: str
    baseline: str = ""
    ratio: float | None = None
    target: str = ""
    source: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.ratio is None or not self.target:
            return None
        sign, limit = self.target.split()
        return self.ratio <= float(limit) if sign == "<=" else self.ratio >= float(limit)


def timed(work: Callable[[], T], runs: int = 1) -> tuple[float, T]:
    """Median seconds of some runs, and the last result."""
    seconds = []
    for _ in range(runs):
        begun = perf_counter()
        result = work()
        seconds.append(perf_counter() - begun)
    return median(seconds), result


def require(holds: bool, what: str) -> None:
    """A benchmark whose result is wrong prints no figure."""
    if not holds:
        sys.exit(f"{what}: the results differ, so nothing is told of their speed")


def print_rows(rows: Sequence[Row]) -> None:
    """Rows as one JSON list on stdout, for `run.py`."""
    json.dump([asdict(row) for row in rows], sys.stdout)


def shown(rows: Sequence[Row]) -> str:
    """Rows as a table in text."""
    head = ["what", "reached", "baseline", "ratio", "target", ""]
    marks = {True: "met", False: "MISSED", None: ""}
    lines = [
        [
            row.what,
            row.reached,
            row.baseline + (f" [{row.source}]" if row.source else ""),
            "" if row.ratio is None else f"{row.ratio:.3g}",
            row.target,
            marks[row.met],
        ]
        for row in rows
    ]
    widths = [max(len(line[at]) for line in [head, *lines]) for at in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [head, *lines]
    )
