"""The header of a batch: what the committee signs and the evidence ledger stores. Twin of `IEvidenceLedger.Header`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from eth_account.messages import SignableMessage
from eth_account.signers.base import BaseAccount

from oracle.model.typed_data import ATTESTATION, Domain, sign, signable


@dataclass(frozen=True)
class Header:
    """One batch, in the order of the contract's struct.

    Attributes:
        operator: Address of the operator.
        day: Act day.
        sequence: 0 for the first batch of the day.
        version: Version of the methodology.
        methodology: 32-byte id.
        record_count: Leaves of the records tree.
        account_count: Entries of the accounts tree, padding not counted.
        total_quantity: Sum over the accounts, in the methodology's unit.
        consented_quantity: Part of it whose citizens consented to the sale.
        records_root: Root of the records tree.
        accounts_root: Root of the accounts tree.
        bundle_hash: Hash of the canonical bundle.
    """

    operator: str
    day: int
    sequence: int
    version: int
    methodology: bytes
    record_count: int
    account_count: int
    total_quantity: int
    consented_quantity: int
    records_root: bytes
    accounts_root: bytes
    bundle_hash: bytes

    def encoded(self) -> tuple[object, ...]:
        """The struct as web3 takes it."""
        return tuple(asdict(self).values())

    def message(self, domain: Domain, epoch: int) -> SignableMessage:
        """The attestation of this header by the committee of `epoch`."""
        names = [name for _, name in ATTESTATION]
        values: dict[str, Any] = dict(zip(names, (epoch, *self.encoded()), strict=True))
        return signable(domain, "Attestation", ATTESTATION, values)


def approvals(members: list[BaseAccount], message: SignableMessage) -> list[tuple[str, bytes]]:
    """Signatures in strictly increasing order of member, as `OracleCommittee.requireQuorum` wants them."""
    ordered = sorted(members, key=lambda member: int(member.address, 16))
    return [(member.address, sign(member, message)) for member in ordered]
