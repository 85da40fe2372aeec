"""Trials and the table they end in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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
