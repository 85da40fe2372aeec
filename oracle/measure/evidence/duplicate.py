"""One record in two batches: what `EvidenceLedger.reportDuplicate` takes, made of two proof documents that anyone can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from oracle.measure.evidence.proof import require_proof
from oracle.model.errors import InputError
from oracle.model.header import Header
from oracle.model.ids import BatchId


@dataclass(frozen=True)
class Side:
    """One record of one batch. Twin of `IEvidenceLedger.RecordProof`.

    Attributes:
        batch: Key of the batch, 0x hex.
        record_id: The record's id, 0x hex.
        record: `LeafLib.Record`, in its order.
        proof: Siblings from the record's leaf to the batch's root.
    """

    batch: BatchId
    record_id: str
    record: tuple[object, ...]
    proof: tuple[bytes, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Side:
        """The side that a proof document shows.

        Raises:
            InputError: It is no proof.
            VerificationFailed: The proof does not hold.
        """
        require_proof(dict(document))
        record = document["record"]
        return cls(
            batch=Header.from_json(document["header"]).batch,
            record_id=record["recordId"].lower(),
            record=(
                _bytes(record["recordId"]),
                to_checksum_address(record["account"]),
                *(int(record[name]) for name in ("quantity", "startTime", "endTime")),
                _bytes(record["recordCommitment"]),
            ),
            proof=tuple(_bytes(step["sibling"]) for step in document["steps"]),
        )

    def encoded(self) -> tuple[object, ...]:
        """The struct as web3 takes it."""
        return _bytes(self.batch), self.record, list(self.proof)


def sides_of(documents: Iterable[Mapping[str, Any]]) -> list[Side]:
    """The sides that some proofs show, one for each batch.

    Raises:
        InputError: They are of different records, or all of one batch.
        VerificationFailed: A proof does not hold.
    """
    sides = {side.batch: side for side in map(Side.of, documents)}
    records = sorted({side.record_id for side in sides.values()})
    if len(records) > 1:
        raise InputError(f"the proofs belong to {len(records)} different records: {', '.join(records)}")
    if len(sides) < 2:
        found = f"in batch {next(iter(sides))} only" if sides else "in no batch"
        raise InputError(f"the record is not a duplicate: it is {found}")
    return list(sides.values())


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
