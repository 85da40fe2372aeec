"""`IReversalDesk`: what happens to a series when fraud is found after issue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, word
from oracle.model.claim_frame import Reversal
from oracle.model.ids import BatchId


@dataclass(frozen=True)
class Shortfall:
    """What is owed to a series.

    Attributes:
        mg: Milligrams that nothing stands behind.
        pending: Reported batches that are not yet reversed.
    """

    mg: int
    pending: int


@dataclass(frozen=True)
class Reversed:
    """What became of a batch after issue.

    Attributes:
        reported: Whether it was reported as revoked.
        settled: Whether a figure was signed for it.
        mg: What was taken back for it.
    """

    reported: bool
    settled: bool
    mg: int


class ReversalDesk(Contract):
    """The desk."""

    role = "ReversalDesk"

    def shortfall_of(self, series: int) -> Shortfall:
        """What is owed to a series, and reports that wait for a figure."""
        return Shortfall(*self._read("shortfallOf", series))

    def owed_by(self, operator: str) -> int:
        """Shortfalls of all series of an operator, in milligrams."""
        return int(self._read("owedBy", operator))

    def reversal_of(self, batch: BatchId) -> Reversed:
        """What became of a batch after issue."""
        return Reversed(*self._read("reversalOf", word(batch)))

    def out_of(self, series: int) -> int:
        """Milligrams of a series that are with holders, or retired."""
        return int(self._read("outOf", series))

    def backed_of(self, series: int, mg: int) -> int:
        """What stands behind some milligrams of a series, rounded down."""
        return int(self._read("backedOf", series, mg))

    def reversal_digest(self, reversal: Reversal) -> bytes:
        """The digest that members sign for a reversal in the present epoch."""
        return bytes(self._read("reversalDigest", reversal.encoded()))

    def report_revoked(self, batch: BatchId) -> Call:
        """Freezes the series of a revoked batch."""
        return self._call("reportRevoked", word(batch))

    def freeze(self, series: int, reason: str) -> Call:
        """Freezes a series at once."""
        return self._call("freeze", series, reason)

    def unfreeze(self, series: int) -> Call:
        """Sets a series free."""
        return self._call("unfreeze", series)

    def cancel(self, reversal: Reversal, approvals: Sequence[tuple[str, bytes]]) -> Call:
        """Takes back what rested on a revoked batch, with signatures in strictly increasing order of member."""
        return self._call("cancel", reversal.encoded(), list(approvals))

    def restore(self, series: int) -> Call:
        """Lowers a shortfall with the operator's other buffers."""
        return self._call("restore", series)

    def surrender(self, series: int, mg: int) -> Call:
        """Lowers a shortfall with the sender's own credits."""
        return self._call("surrender", series, mg)
