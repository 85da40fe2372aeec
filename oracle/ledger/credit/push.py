"""Crediting: the accounts of an open batch, chunk by chunk, into the book on chain.

The contract credits an entry once, however often it is sent. So a chunk is sent unless the chain says that nothing of it is
left. A crash, a second oracle or a lost answer costs at most a static call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.evidence_ledger import PHASES, WRONG_PHASE, EvidenceLedger
from oracle.edge.chain.contracts.point_issuer import NOTHING_TO_CREDIT, PointIssuer
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.measure.evidence.accounts import Entries
from oracle.model.errors import ChainError, ContractReverted
from oracle.model.ids import BatchId

# An account's first credit of a year costs 25,900 gas with everything; the base is the batch's own words, proof and closing.
_GAS_BASE = 500_000
_GAS_PER_ACCOUNT = 31_700
_GAS_OF_A_TRANSACTION = 1 << 24  # the most that Ethereum takes since Osaka: EIP-7825


@dataclass(frozen=True)
class Chunk:
    """A run of leaves with one proof.

    Attributes:
        first: Index of the first leaf.
        entries: Packed words, 32 bytes each, a power of two of them.
        proof: Siblings from the leaves' common node to the root.
    """

    first: int
    entries: bytes
    proof: list[bytes]


def chunks(entries: Entries, most: int) -> Iterator[Chunk]:
    """The chunks of a batch's accounts tree, in order, of `most` leaves at most: a power of two."""
    size = min(entries.chunk, most)
    for first in range(0, len(entries.tree), size):
        yield Chunk(first, entries.words(first, size), entries.tree.subtree_proof(first, size))


def push_all(outbox: Outbox, batches: Iterable[tuple[BatchId, Entries]]) -> dict[BatchId, list[Sent]]:
    """Credits what is left of open batches, many chunks in flight at a time; returns the transactions of each batch.

    Raises:
        ContractReverted: The issuer refuses for another reason than that nothing is left; what went before it stands.
        ChainError: As `Outbox.send_all` says.
    """
    asked: list[BatchId] = []
    most = most_accounts(outbox.chain.block_gas())
    outcomes = outbox.send_all(_calls(PointIssuer(outbox.chain), batches, most, asked))
    sent: dict[BatchId, list[Sent]] = {batch: [] for batch in asked}
    for batch, outcome in zip(asked, outcomes, strict=True):
        if isinstance(outcome, Sent):
            sent[batch].append(outcome)
        elif not _is_done(outcome):
            raise outcome
    return sent


def not_wholly_credited(chain: Chain, batches: Sequence[BatchId]) -> list[BatchId]:
    """Batches of which some entry was never credited. The others may still have rests."""
    ledger, progress = EvidenceLedger(chain), PointIssuer(chain).progresses_of(batches)
    headers = {batch: ledger.header_of(batch) for batch in batches}
    return [batch for batch, header in headers.items() if header and progress[batch].accounts < header.account_count]


def call_of(issuer: PointIssuer, batch: BatchId, chunk: Chunk) -> Call:
    """The call that credits a chunk."""
    accounts = len(chunk.entries) // 32
    call = issuer.credit(batch, chunk.first, chunk.entries, chunk.proof)
    return replace(call, act=f"credit {batch} {chunk.first} and {accounts - 1} more", gas=gas_for(accounts))


def gas_for(accounts: int) -> int:
    """Gas limit of a chunk: more than any of the contract's gas tests use."""
    return _GAS_BASE + _GAS_PER_ACCOUNT * accounts


def most_accounts(block_gas: int) -> int:
    """Most accounts that one transaction may credit where blocks have so much gas: a power of two.

    Raises:
        ChainError: Not even one.
    """
    room = (min(block_gas, _GAS_OF_A_TRANSACTION) - _GAS_BASE) // _GAS_PER_ACCOUNT
    if room < 1:
        raise ChainError(f"A block of this chain has {block_gas} gas, but crediting one account may need {gas_for(1)}.")
    return int(1 << (room.bit_length() - 1))


def _calls(
    issuer: PointIssuer, batches: Iterable[tuple[BatchId, Entries]], most: int, asked: list[BatchId]
) -> Iterator[Call]:
    """Calls of every chunk; notes in `asked` whose they are. Entries are read when their turn comes."""
    for batch, entries in batches:
        for chunk in chunks(entries, most):
            asked.append(batch)
            yield call_of(issuer, batch, chunk)


def _is_done(refusal: ChainError) -> bool:
    """Whether a chunk is refused because everybody in it has been credited."""
    if not isinstance(refusal, ContractReverted):
        return False
    closed = refusal.name == WRONG_PHASE and refusal.arguments["phase"] == PHASES.index("closed")
    return refusal.name == NOTHING_TO_CREDIT or closed
