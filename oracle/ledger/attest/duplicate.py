"""Reporting duplicates: the batch that was attested first stands, each later one is frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.evidence_ledger import SETTLED, EvidenceLedger, Phase
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.measure.evidence.duplicate import Side
from oracle.model.errors import ContractReverted, InputError
from oracle.model.ids import BatchId

_STANDING = ("attested", "open", "closed", "frozen")
_REPORTABLE = ("attested", "open", "closed")


@dataclass(frozen=True)
class Repeat:
    """A batch that repeats a record of an earlier one.

    Attributes:
        earlier: The side that stands.
        later: The side that repeats it.
        phase: Where the later batch stands now.
    """

    earlier: Side
    later: Side
    phase: str

    @property
    def reportable(self) -> bool:
        """Whether a report can freeze the later batch."""
        return self.phase in _REPORTABLE


def repeats(chain: Chain, sides: Sequence[Side]) -> list[Repeat]:
    """Which batches repeat the first of those that stand, in the ledger's own order: time of attestation, then key.

    Raises:
        InputError: Fewer than two of the batches stand on this chain.
    """
    phases = EvidenceLedger(chain).phases_of([side.batch for side in sides])
    standing = sorted(
        (side for side in sides if phases[side.batch].name in _STANDING), key=lambda side: _order(side, phases)
    )
    if len(standing) < 2:
        listed = ", ".join(f"{side.batch} is {phases[side.batch].name}" for side in sides)
        raise InputError(f"no duplicate found on chain: {listed}")
    return [Repeat(standing[0], side, phases[side.batch].name) for side in standing[1:]]


def report(outbox: Outbox, found: Sequence[Repeat]) -> Iterator[tuple[Repeat, Sent | None]]:
    """Reports each repeat that can be reported; gives None for those that are frozen, or that the authority settled before.

    Raises:
        ContractReverted: The ledger refuses for another reason.
    """
    ledger = EvidenceLedger(outbox.chain)
    for repeat in found:
        sent = None
        if repeat.reportable:
            call = ledger.report_duplicate(repeat.earlier.encoded(), repeat.later.encoded())
            try:
                sent = outbox.send(replace(call, act=f"duplicate {repeat.later.batch} {repeat.earlier.batch}"))
            except ContractReverted as refusal:
                if refusal.name != SETTLED:
                    raise
        yield repeat, sent


def _order(side: Side, phases: Mapping[BatchId, Phase]) -> tuple[int, str]:
    return phases[side.batch].attested_at, side.batch
