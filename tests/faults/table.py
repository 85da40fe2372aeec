"""Trials and the table they end in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

HEADER = ("fault", "trials", "injected", "double credits", "lost credits", "slowest recovery, s")


@dataclass(frozen=True)
class Trial:
    """One trial.

    Attributes:
        label: Seed or case, to repeat it by.
        injected: What was done to the oracle, by name.
        doubled: Amounts that are more than they should be.
        lost: Amounts that are less, transactions that wait for ever, and a recovery that failed.
        seconds: From the end of the fault to everything done.
        note: What went wrong.
    """

    label: str
    injected: list[str]
    doubled: int
    lost: int
    seconds: float
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether each act was credited once."""
        return self.doubled == 0 and self.lost == 0 and not self.note


@dataclass(frozen=True)
class Done:
    """A trial that was made: of which fault, on which step, with which seed."""

    fault: str
    step: str
    number: int
    trial: Trial


class Results:
    """Trials that were made, kept in a file line by line: whoever goes on later, or works beside, adds to it.

    Args:
        path: The file.
    """

    def __init__(self, path: Path):
        self._path = path
        path.touch()

    def add(self, done: Done) -> None:
        """Keeps a trial."""
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(done)) + "\n")

    def all(self) -> list[Done]:
        """Every trial in the file."""
        found = (json.loads(line) for line in self._path.read_text().splitlines())
        return [Done(**{**entry, "trial": Trial(**entry["trial"])}) for entry in found]

    def has(self, fault: str, step: str, number: int) -> bool:
        """Whether a trial was made before."""
        return any((done.fault, done.step, done.number) == (fault, step, number) for done in self.all())

    def table(self) -> list[str]:
        """The table of all of them as Markdown."""
        results: dict[str, Result] = {}
        for done in sorted(self.all(), key=lambda done: done.fault):
            results.setdefault(done.fault, Result(done.fault)).trials.append(done.trial)
        return lines(results.values())

    @property
    def crashes(self) -> int:
        """How often a process was killed."""
        return sum(len(done.trial.injected) for done in self.all() if done.fault.startswith("F01"))


@dataclass
class Result:
    """All trials of one fault."""

    fault: str
    trials: list[Trial] = field(default_factory=list)

    @property
    def injected(self) -> int:
        """How many crashes, cuts or other faults there were."""
        return sum(len(trial.injected) for trial in self.trials)

    def row(self) -> tuple[str, ...]:
        """As the table has it."""
        slowest = max((trial.seconds for trial in self.trials), default=0.0)
        doubled, lost = (sum(getattr(trial, name) for trial in self.trials) for name in ("doubled", "lost"))
        return (self.fault, str(len(self.trials)), str(self.injected), str(doubled), str(lost), f"{slowest:.1f}")


def lines(results: Iterable[Result]) -> list[str]:
    """The table as Markdown, columns aligned."""
    rows = [HEADER, *(result.row() for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    texts = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return [texts[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *texts[1:]]
