"""`IPointIssuer`: credits of open batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, struct, word
from oracle.model.ids import BatchId

_CHUNK_CREDITED = "0x" + keccak(text="ChunkCredited(bytes32,address,uint256,uint256,uint256,uint256)").hex()
NOTHING_TO_CREDIT = "PointIssuer_NothingToCredit"
NOTHING_FITS = "PointIssuer_NothingFits"

_CREDIT = keccak(text="credit(bytes32,uint256,uint256[],bytes32[])")[:4]


@dataclass(frozen=True)
class Progress:
    """How far a batch is credited.

    Attributes:
        quantity: In the methodology's unit.
        reduction_mg: Milligrams CO2e.
        points_milli: Thousandths of a point.
        consented_mg: Part of the reduction that may be certified for sale.
        accounts: Leaves.
        rests: Leaves of which a rest waits.
    """

    quantity: int
    reduction_mg: int
    points_milli: int
    consented_mg: int
    accounts: int
    rests: int


class PointIssuer(Contract):
    """The issuer."""

    role = "PointIssuer"

    def is_credited(self, batch: BatchId, index: int) -> bool:
        """Whether a leaf was credited, by whatever way."""
        return bool(self._read("isCredited", word(batch), index))

    def are_credited(self, batch: BatchId, indices: Sequence[int]) -> list[bool]:
        """Whether each of some leaves was credited."""
        return [found for (found,) in self._read_many("isCredited", [[word(batch), index] for index in indices])]

    def progress_of(self, batch: BatchId) -> Progress:
        """How far a batch is credited."""
        return struct(Progress, self._read("progressOf", word(batch)))

    def progresses_of(self, batches: Sequence[BatchId]) -> dict[BatchId, Progress]:
        """How far many batches are credited."""
        found = self._read_many("progressOf", [[word(batch)] for batch in batches])
        return {batch: Progress(*progress) for batch, (progress,) in zip(batches, found, strict=True)}

    def rests_of(self, batch: BatchId, indices: Sequence[int]) -> list[int]:
        """Milligrams of leaves that wait until the cap of their account's day leaves room."""
        return [mg for (mg,) in self._read_many("restOf", [[word(batch), index] for index in indices])]

    def issued_on(self, operator: str, day: int) -> int:
        """Milligrams that an operator's batches brought on a day of the chain's clock."""
        return int(self._read("issuedOn", operator, day))

    def credit(self, batch: BatchId, first: int, entries: bytes, proof: Sequence[bytes]) -> Call:
        """Credits a run of leaves; laid out by hand: no encoder looks at single entries.

        Args:
            first: Index of the first leaf.
            entries: Packed words, 32 bytes each.
            proof: Siblings from the leaves' common node to the root.
        """
        entries_at = 4 * 32
        proof_at = entries_at + 32 + len(entries)
        words = [word(batch), *(number.to_bytes(32) for number in (first, entries_at, proof_at, len(entries) // 32))]
        words += [entries, len(proof).to_bytes(32), *proof]
        data = "0x" + (_CREDIT + b"".join(words)).hex()
        return Call(self.address, data, f"credit {batch} {first}", told_by=(self.address, (_CHUNK_CREDITED, batch)))

    def credit_rests(self, batch: BatchId, indices: Sequence[int]) -> Call:
        """Credits what fits now of the rests of some leaves."""
        return self._call("creditRests", word(batch), list(indices))
