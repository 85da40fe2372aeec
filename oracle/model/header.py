"""The header of a batch: what the committee signs and the evidence ledger stores. Twin of `IEvidenceLedger.Header`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from eth_account.messages import SignableMessage
from eth_account.signers.base import BaseAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from oracle.model.ids import BatchId, batch_id, methodology_text, methodology_word
from oracle.model.typed_data import ATTESTATION, Domain, sign, signable

# Types and names of `IEvidenceLedger.Header`: what is signed, without the epoch.
FIELDS = ATTESTATION[1:]


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

    @property
    def batch(self) -> BatchId:
        """Key of the batch."""
        return batch_id(self.operator, self.methodology, self.day, self.sequence)

    @property
    def methodology_name(self) -> str:
        """The methodology's id as people write it."""
        return methodology_text(self.methodology)

    def encoded(self) -> tuple[object, ...]:
        """The struct as web3 takes it."""
        return tuple(asdict(self).values())

    def to_json(self) -> dict[str, str]:
        """By the names of the contract's struct: bytes as 0x hex, integers as text."""
        return {name: _text(value) for (_, name), value in zip(FIELDS, self.encoded(), strict=True)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Header:
        """What `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: It did not write this.
        """
        return cls(*(_value(kind, document[name]) for kind, name in FIELDS))

    @classmethod
    def of_bundle(cls, document: bytes) -> Header:
        """The header that the bytes of a bundle.json stand for."""
        said = json.loads(document)
        methodology = "0x" + methodology_word(said["methodology"]).hex()
        return cls.from_json(said | {"methodology": methodology, "bundleHash": "0x" + keccak(document).hex()})

    def message(self, domain: Domain, epoch: int) -> SignableMessage:
        """The attestation of this header by the committee of `epoch`."""
        names = [name for _, name in ATTESTATION]
        values: dict[str, Any] = dict(zip(names, (epoch, *self.encoded()), strict=True))
        return signable(domain, "Attestation", ATTESTATION, values)


def approvals(members: list[BaseAccount], message: SignableMessage) -> list[tuple[str, bytes]]:
    """Signatures in strictly increasing order of member, as `OracleCommittee.requireQuorum` wants them."""
    ordered = sorted(members, key=lambda member: int(member.address, 16))
    return [(member.address, sign(member, message)) for member in ordered]


def _text(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _value(kind: str, text: Any) -> Any:
    if kind == "address":
        return to_checksum_address(text)
    return bytes.fromhex(text[2:]) if kind == "bytes32" else int(text)
