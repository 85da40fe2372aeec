"""Crediting: the accounts of an open batch, chunk by chunk, into the book on chain.

The contract credits an entry once, however often it is sent. So a chunk is sent unless the chain says that nothing of it is
left. A crash, a second oracle or a lost answer costs at most a static call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.evidence_ledger import PHASES, WRONG_PHASE, EvidenceLedger
from oracle.edge.chain.contracts.point_issuer import NOTHING_TO_CREDIT, PointIssuer
from oracle.edge.chain.outbox import Outbox, Outcome
from oracle.edge.chain.reverts import NAMELESS
from oracle.edge.chain.sender import Sent
from oracle.measure.evidence.accounts import Entries
from oracle.model.errors import ChainError, ContractReverted
from oracle.model.ids import BatchId

# An account's first credit of a year costs 25,900 gas with everything; the base is the batch's own words, proof and closing.
_GAS_BASE = 500_000
_GAS_PER_ACCOUNT = 31_700
_GAS_PER_CUT = 85_000  # an entry for a late day that the account's cap cuts costs 65,900
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

    @property
    def leaves(self) -> range:
        """Indices of its leaves."""
        return range(self.first, self.first + len(self.entries) // 32)


def chunks(entries: Entries, most: int) -> Iterator[Chunk]:
    """The chunks of a batch's accounts tree, in order, of `most` leaves at most: a power of two."""
    size = min(entries.chunk, most)
    for first in range(0, len(entries.tree), size):
        yield Chunk(first, entries.words(first, size), entries.tree.subtree_proof(first, size))


def push_all(
    outbox: Outbox, batches: Iterable[BatchId], entries_of: Callable[[BatchId], Entries]
) -> dict[BatchId, list[Sent]]:
    """Credits what is left of open batches, many chunks in flight at a time; returns the transactions of each batch.

    A cap cuts few entries, and gas for a rest of each would make all chunks small. So a chunk that may have had too little gas is split,
    and its parts have enough whatever is cut.

    Args:
        entries_of: Reads a batch's entries, when their turn comes.

    Raises:
        ContractReverted: The issuer refuses for another reason than that nothing is left; what else there was is credited.
        ChainError: As `Outbox.send_all` says.
    """
    sent: dict[BatchId, list[Sent]] = {}
    short: dict[BatchId, set[int]] = {}
    refused: list[ChainError] = []

    def sort(batch: BatchId, outcome: Outcome) -> None:
        if isinstance(outcome, Sent):
            sent[batch].append(outcome)
        elif not _is_done(outcome):
            refused.append(outcome)

    for batch, leaves, outcome in _pushed(outbox, batches, entries_of, _GAS_PER_ACCOUNT):
        sent.setdefault(batch, [])
        if _may_lack_gas(outcome):
            short.setdefault(batch, set()).update(leaves)
        else:
            sort(batch, outcome)
    if short:
        for batch, _, outcome in _pushed(outbox, short, entries_of, _GAS_PER_CUT, short):
            sort(batch, outcome)
    if refused:
        raise refused[0]
    return sent


def not_wholly_credited(chain: Chain, batches: Sequence[BatchId]) -> list[BatchId]:
    """Batches of which some entry was never credited. The others may still have rests."""
    ledger, progress = EvidenceLedger(chain), PointIssuer(chain).progresses_of(batches)
    headers = {batch: ledger.header_of(batch) for batch in batches}
    return [batch for batch, header in headers.items() if header and progress[batch].accounts < header.account_count]


def call_of(issuer: PointIssuer, batch: BatchId, chunk: Chunk, gas_each: int = _GAS_PER_ACCOUNT) -> Call:
    """The call that credits a chunk."""
    accounts = len(chunk.leaves)
    call = issuer.credit(batch, chunk.first, chunk.entries, chunk.proof)
    return replace(call, act=f"credit {batch} {chunk.first} and {accounts - 1} more", gas=gas_for(accounts, gas_each))


def gas_for(accounts: int, each: int = _GAS_PER_ACCOUNT) -> int:
    """Gas limit of a chunk: more than any of the contract's gas tests use."""
    return _GAS_BASE + each * accounts


def most_accounts(block_gas: int, each: int = _GAS_PER_ACCOUNT) -> int:
    """Most accounts that one transaction may credit where blocks have so much gas: a power of two.

    Raises:
        ChainError: Not even one.
    """
    room = (min(block_gas, _GAS_OF_A_TRANSACTION) - _GAS_BASE) // each
    if room < 1:
        raise ChainError(
            f"A block of this chain has {block_gas} gas, but crediting one account may need {gas_for(1, each)}."
        )
    return int(1 << (room.bit_length() - 1))


def _pushed(
    outbox: Outbox,
    batches: Iterable[BatchId],
    entries_of: Callable[[BatchId], Entries],
    gas_each: int,
    only: Mapping[BatchId, set[int]] | None = None,
) -> list[tuple[BatchId, range, Outcome]]:
    """What became of every chunk, or of those with the leaves `only`: its batch and its leaves."""
    issuer, most = PointIssuer(outbox.chain), most_accounts(outbox.chain.block_gas(), gas_each)
    asked: list[tuple[BatchId, range]] = []

    def calls() -> Iterator[Call]:
        for batch in batches:
            for chunk in chunks(entries_of(batch), most):
                if only is None or chunk.first in only[batch]:
                    asked.append((batch, chunk.leaves))
                    yield call_of(issuer, batch, chunk, gas_each)

    outcomes = outbox.send_all(calls())
    return [(*each, outcome) for each, outcome in zip(asked, outcomes, strict=True)]


def _may_lack_gas(outcome: Outcome) -> bool:
    """Whether a chunk failed without any of the contracts' errors: a call inside that runs out of gas reverts without a word."""
    if isinstance(outcome, ContractReverted):
        return outcome.name in NAMELESS
    return isinstance(outcome, ChainError)


def _is_done(refusal: ChainError) -> bool:
    """Whether a chunk is refused because everybody in it has been credited."""
    if not isinstance(refusal, ContractReverted):
        return False
    closed = refusal.name == WRONG_PHASE and refusal.arguments["phase"] == PHASES.index("closed")
    return refusal.name == NOTHING_TO_CREDIT or closed
