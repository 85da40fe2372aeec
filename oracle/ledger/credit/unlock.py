"""Closing batches whose credit period is over, so that their unused reserve is free again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.evidence_ledger import WRONG_PHASE, EvidenceLedger
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.model.errors import ContractReverted
from oracle.model.ids import BatchId


def closable_from(chain: Chain, batch: BatchId) -> int | None:
    """When anyone may close an open batch, UTC seconds; None while its methodology is suspended or the issuer is paused."""
    try:
        return EvidenceLedger(chain).closable_from(batch)
    except ContractReverted:
        return None


def overdue(chain: Chain, batches: Sequence[BatchId]) -> list[BatchId]:
    """Open batches whose credit period is over."""
    now, ledger = chain.now(), EvidenceLedger(chain)
    open_ = [batch for batch, phase in ledger.phases_of(batches).items() if phase.name == "open"]
    times = {batch: closable_from(chain, batch) for batch in open_}
    return [batch for batch, time in times.items() if time is not None and time <= now]


def close_all(outbox: Outbox, batches: Sequence[BatchId]) -> list[Sent]:
    """Closes batches; those that somebody else closed meanwhile are passed over.

    Raises:
        ContractReverted: The ledger refuses for another reason.
        ChainError: As `Outbox.send_all` says.
    """
    sent = []
    for outcome in outbox.send_all(_calls(EvidenceLedger(outbox.chain), batches)):
        if isinstance(outcome, Sent):
            sent.append(outcome)
        elif not (isinstance(outcome, ContractReverted) and outcome.name == WRONG_PHASE):
            raise outcome
    return sent


def _calls(ledger: EvidenceLedger, batches: Sequence[BatchId]) -> Iterator[Call]:
    for batch in batches:
        yield replace(ledger.close(batch), act=f"close {batch}")
