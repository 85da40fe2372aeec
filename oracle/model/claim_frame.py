"""What the committee signs of a claim and of a reversal. Twin of `IReductionCertifier.Frame` and `IReversalDesk.Reversal`."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

from eth_account.messages import SignableMessage
from eth_utils.crypto import keccak

from oracle.model.ids import BatchId
from oracle.model.typed_data import FRAME, REVERSAL, Domain, signable


@dataclass(frozen=True)
class Frame:
    """What is claimed, in the order of the contract's struct.

    Attributes:
        claim: Number of the claim.
        batches_hash: `batches_hash_of` its batches in the order in which they were added.
        batch_count: Batches.
        account_count: Leaves of the shares tree, padding not counted.
        record_count: Records of the consenting accounts.
        record_quantity: Sum of their quantities, in the methodology's unit.
        reduction_mg: Sum of the shares, milligrams CO2e.
        shares_root: Root of the shares tree.
        report_hash: Hash of the monitoring report.
        declarations_hash: Hash of the operator's declarations.
    """

    claim: int
    batches_hash: bytes
    batch_count: int
    account_count: int
    record_count: int
    record_quantity: int
    reduction_mg: int
    shares_root: bytes
    report_hash: bytes
    declarations_hash: bytes

    def to_json(self) -> dict[str, str]:
        """By the names of the contract's struct: bytes as 0x hex, integers as text."""
        return _named(FRAME, astuple(self))

    def message(self, domain: Domain, epoch: int) -> SignableMessage:
        """What the committee of `epoch` signs."""
        values: dict[str, Any] = dict(zip([name for _, name in FRAME], (epoch, *astuple(self)), strict=True))
        return signable(domain, "Frame", FRAME, values)


@dataclass(frozen=True)
class Reversal:
    """How much of a series rests on a revoked batch.

    Attributes:
        series: Number of the series.
        batch: The batch.
        mg: Milligrams that rest on it, in all.
    """

    series: int
    batch: BatchId
    mg: int

    def encoded(self) -> tuple[object, ...]:
        """The struct as web3 takes it."""
        return self.series, bytes.fromhex(self.batch[2:]), self.mg

    def to_json(self) -> dict[str, str]:
        """By the names of the contract's struct: bytes as 0x hex, integers as text."""
        return _named(REVERSAL, self.encoded())

    def message(self, domain: Domain, epoch: int) -> SignableMessage:
        """What the committee of `epoch` signs."""
        values: dict[str, Any] = dict(zip([name for _, name in REVERSAL], (epoch, *self.encoded()), strict=True))
        return signable(domain, "Reversal", REVERSAL, values)


def batches_hash_of(batches: list[BatchId]) -> bytes:
    """keccak256(abi.encode(hash before, batch)) over the batches, from zero on: `Claim.batchesHash`."""
    found = bytes(32)
    for batch in batches:
        found = keccak(found + bytes.fromhex(batch[2:]))
    return found


def _named(fields: tuple[tuple[str, str], ...], values: tuple[object, ...]) -> dict[str, str]:
    pairs = zip(fields[1:], values, strict=True)
    return {name: "0x" + value.hex() if isinstance(value, bytes) else str(value) for (_, name), value in pairs}
