"""What the service does in each round, step by step. Every step asks the chain what is left, so that any of them can be repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.edge.chain.outbox import Outbox
from oracle.edge.store.batches import all_batches
from oracle.ledger.attest.committee import attest_all
from oracle.ledger.attest.onchain import require_abreast
from oracle.ledger.credit.push import not_wholly_credited, push_all
from oracle.ledger.credit.rests import credit_rests, rests_of
from oracle.ledger.settle.book import Settlements
from oracle.measure.close.close import close as close_book
from oracle.measure.evidence.folder import read, read_entries
from oracle.model.ids import BatchId

if TYPE_CHECKING:
    from pathlib import Path

    from oracle.installation import Installation


@dataclass
class Work:
    """The work of one installation.

    Attributes:
        here: The installation.
        outbox: What it sends through.
        runs: Its settlement runs.
    """

    here: Installation
    outbox: Outbox
    runs: Settlements

    def close(self) -> int:
        """Bundles what is new; returns the number of batches."""
        here, operators = self.here, self.here.operators()
        require_abreast(here.chain, here.book, set(operators.values()), here.settings.finality)
        return len(close_book(here.book, here.library, operators))

    def attest(self) -> int:
        """Attests what is bundled; returns the number of batches."""
        waiting = self._in_phase("none")
        if not waiting:
            return 0
        bundles = ((batch, read(self._folder(batch))) for batch in waiting)
        return len(attest_all(self.outbox, bundles, self.here.members()))

    def credit(self) -> int:
        """Credits what is open; returns the number of transactions."""
        chain, open_ = self.here.chain, self._in_phase("open")
        sent = push_all(self.outbox, not_wholly_credited(chain, open_), lambda batch: read_entries(self._folder(batch)))
        pushed = sum(map(len, sent.values()))
        progress = PointIssuer(chain).progresses_of(open_)
        rests = [rest for batch in open_ if progress[batch].rests for rest in rests_of(chain, batch)]
        return pushed + len(credit_rests(self.outbox, rests))

    def settle(self) -> int:
        """Sends the settlement runs that two persons signed; returns the number of merchants that were paid."""
        paid = 0
        for name in self.runs.waiting():
            before = self.runs.refreshed(name)
            paid += len(before.open_items) - len(self.runs.send(self.outbox, name).open_items)
        return paid

    def _in_phase(self, name: str) -> list[BatchId]:
        with self.here.book.database.reading() as connection:
            stored = [batch.batch for batch in all_batches(connection)]
        phases = EvidenceLedger(self.here.chain).phases_of(stored)
        return [batch for batch in stored if phases[batch].name == name]

    def _folder(self, batch: BatchId) -> Path:
        return self.here.book.bundle_folder(batch)


# In the order of the work.
STEPS: dict[str, Callable[[Work], int]] = {
    "close": Work.close,
    "attest": Work.attest,
    "credit": Work.credit,
    "settle": Work.settle,
}
