"""Crediting: the accounts of an open batch, chunk by chunk, into the book on chain.

The contract credits an entry once whoever sends it how often; so a chunk is simply sent unless the chain says that nothing of it is
left. A crash, a second oracle or a lost answer costs at most a static call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eth_utils.crypto import keccak

from oracle.chain.sender import Sender, Sent
from oracle.errors import ContractReverted
from oracle.evidence.bundle import Bundle

_SELECTOR = keccak(text="credit(bytes32,uint256,uint256[],bytes32[])")[:4]
_NOTHING_LEFT = "PointIssuer_NothingToCredit"


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

    def call_data(self, batch: bytes) -> str:
        """Calldata of `PointIssuer.credit`, laid out by hand: no encoder looks at single entries."""
        entries_at = 4 * 32
        proof_at = entries_at + 32 + len(self.entries)
        words = [batch, _word(self.first), _word(entries_at), _word(proof_at)]
        words += [_word(len(self.entries) // 32), self.entries, _word(len(self.proof)), *self.proof]
        return "0x" + (_SELECTOR + b"".join(words)).hex()


def chunks(bundle: Bundle) -> Iterator[Chunk]:
    """The chunks of a bundle's accounts tree, in order."""
    accounts = bundle.accounts
    for first in range(0, len(accounts.tree), accounts.chunk):
        proof = accounts.tree.subtree_proof(first, accounts.chunk)
        yield Chunk(first, accounts.entries(first, accounts.chunk), proof)


def push(sender: Sender, batch: str, bundle: Bundle, told: Callable[[Chunk, Sent | None], None]) -> list[Sent]:
    """Credits what is left of an open batch.

    Args:
        told: Takes each chunk and its transaction, or None if it was credited before.

    Raises:
        ContractReverted: The issuer refuses for another reason than that nothing is left.
    """
    sent = []
    for chunk in chunks(bundle):
        done = _push(sender, batch, chunk)
        told(chunk, done)
        sent += [done] if done else []
    return sent


def _push(sender: Sender, batch: str, chunk: Chunk) -> Sent | None:
    try:
        return sender.send_data(sender.chain.address("PointIssuer"), chunk.call_data(bytes.fromhex(batch[2:])))
    except ContractReverted as refusal:
        closed = refusal.name == "EvidenceLedger_WrongPhase" and refusal.arguments["phase"] == PHASE_CLOSED
        if refusal.name == _NOTHING_LEFT or closed:
            return None
        raise


PHASE_CLOSED = 3  # IEvidenceLedger.Phase.Closed: everybody is credited


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")
