"""The milligrams of a series as runs, each with what became of it; and the whole tonnes that a run completes.

A series is milligrams 1 to issued: retired ones from the bottom up, cancelled ones from the top down, between them what is held, with the
buffer at its upper end. Other registries count whole tonnes: tonne k is milligrams (k - 1) * 10^9 + 1 to k * 10^9 and belongs to the run
that completes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from oracle.edge.chain.client import Event
from oracle.model.errors import DifferencesFound
from oracle.model.units import MG_PER_TONNE
from oracle.report.checks.credits import check_series
from oracle.report.read.claims import SecondFlow, Series
from oracle.report.read.ledger import Ledger
from oracle.report.tables.claims import by

HELD, BUFFER, RETIRED, CANCELLED = "Held", "Buffer", "Retired", "Cancelled"


@dataclass(frozen=True)
class Run:
    """Milligrams `first_mg` to `last_mg` of a series, inclusive.

    Attributes:
        status: One of the four above.
        event: What retired or cancelled them, or issued the series.
        certificate: Of what is retired; else 0.
    """

    series: int
    first_mg: int
    last_mg: int
    status: str
    event: Event
    certificate: int = 0

    @property
    def mg(self) -> int:
        """Its milligrams."""
        return self.last_mg - self.first_mg + 1

    @property
    def first_tonne(self) -> int:
        """The first tonne that it completes."""
        return (self.first_mg - 1) // MG_PER_TONNE + 1

    @property
    def last_tonne(self) -> int:
        """The last one; below the first if it completes none."""
        return self.last_mg // MG_PER_TONNE

    @property
    def tonnes(self) -> int:
        """Whole tonnes that it completes."""
        return self.last_tonne - self.first_tonne + 1


def runs_of(ledger: Ledger, flow: SecondFlow) -> list[Run]:
    """Every milligram of every series, once, in order.

    Raises:
        DifferencesFound: Events and contracts tell different sums; nothing may be exported.
    """
    wrong = next((check for check in check_series(ledger, flow) if check.difference), None)
    if wrong is not None:
        raise DifferencesFound(
            f"{wrong.check} of {wrong.scope} is {wrong.book} by its events and {wrong.chain} by the contracts at block "
            f"{ledger.block.number}. Nothing was written. `carbonbook report reconciliation` lists all that differs."
        )
    issued = by(ledger, "SeriesIssued", "series")
    runs: list[Run] = []
    for number, of in flow.series.items():
        whole, mg = list(_series(ledger, flow, of, issued[number])), issued[number].values["mg"]
        if not is_whole(whole, mg):
            raise DifferencesFound(
                f"What became of series {number} does not add up to its {mg} mg. Nothing was written."
            )
        runs += whole
    return runs


def is_whole(runs: Sequence[Run], issued_mg: int) -> bool:
    """Whether runs are milligrams 1 to issued without a gap, and their tonnes are the whole tonnes of it."""
    ends = [0, *(run.last_mg for run in runs)]
    joined = all(run.first_mg == before + 1 and run.mg > 0 for before, run in zip(ends, runs, strict=False))
    return joined and ends[-1] == issued_mg and sum(run.tonnes for run in runs) == issued_mg // MG_PER_TONNE


def _series(ledger: Ledger, flow: SecondFlow, of: Series, issue: Event) -> Iterator[Run]:
    issued_mg = issue.values["mg"]
    for event in ledger.events["Retired"]:
        number = event.values["certificate"]
        if (stored := flow.certificates[number].stored).series == of.number:
            yield Run(of.number, stored.first_mg, stored.first_mg + stored.mg - 1, RETIRED, event, number)
    top = issued_mg - of.cancelled_mg
    bottom, buffer = of.retired_mg, top - of.stock.buffer_mg
    if bottom < buffer:
        yield Run(of.number, bottom + 1, buffer, HELD, issue)
    if buffer < top:
        yield Run(of.number, buffer + 1, top, BUFFER, issue)
    for event in reversed(of.cancellations):
        yield Run(of.number, event.values["firstMg"], event.values["lastMg"], CANCELLED, event)
