"""What the service does in each round, step by step. Every step asks the chain what is left, so that any of them can be repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.attest.committee import attest_all, phases_of
from oracle.chain.outbox import Outbox
from oracle.credit.push import push_all
from oracle.evidence.folder import read
from oracle.pipeline import close as close_book
from oracle.settle.pay import due, last_final_day, merchants_of, pay
from oracle.store.batches import all_batches
from oracle.units import day_of_time

if TYPE_CHECKING:
    from oracle.cli.console import Installation
    from oracle.evidence.bundle import Bundle


@dataclass
class Work:
    """The work of one installation.

    Attributes:
        here: The installation.
        outbox: What it sends through.
        settled_through: Last day that this process has settled.
    """

    here: Installation
    outbox: Outbox
    settled_through: int = -1

    def close(self) -> int:
        """Bundles what is new; returns the number of batches."""
        return len(close_book(self.here.book, self.here.library, self.here.operators()))

    def attest(self) -> int:
        """Attests what is bundled; returns the number of batches."""
        waiting = self._in_phase("none")
        if not waiting:
            return 0
        bundles = ((batch, self._bundle(batch)) for batch in waiting)
        return len(attest_all(self.outbox, bundles, self.here.members()))

    def credit(self) -> int:
        """Credits what is open; returns the number of transactions."""
        bundles = ((batch, self._bundle(batch)) for batch in self._in_phase("open"))
        return sum(len(sent) for sent in push_all(self.outbox, bundles).values())

    def settle(self) -> int:
        """Pays for days that have become final; returns the number of merchants."""
        chain = self.here.chain
        last = last_final_day(chain)
        first = max(self.settled_through + 1, day_of_time(chain.now(chain.manifest.first_block), "UTC"))
        if first > last:
            return 0
        owed = due(chain, merchants_of(chain), first, last)
        paid = [payment for payment in pay(self.outbox, [item.merchant for item in owed], first, last)]
        if not any(payment.problem for payment in paid):
            self.settled_through = last
        return sum(not payment.problem for payment in paid)

    def _in_phase(self, name: str) -> list[str]:
        with self.here.book.database.reading() as connection:
            stored = [batch.batch for batch in all_batches(connection)]
        phases = phases_of(self.here.chain, stored)
        return [batch for batch in stored if phases[batch].name == name]

    def _bundle(self, batch: str) -> Bundle:
        return read(self.here.book.bundle_folder(batch))


# In the order of the work.
STEPS: dict[str, Callable[[Work], int]] = {
    "close": Work.close,
    "attest": Work.attest,
    "credit": Work.credit,
    "settle": Work.settle,
}
