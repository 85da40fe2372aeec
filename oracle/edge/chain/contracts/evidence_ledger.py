"""`IEvidenceLedger`: headers of batches and where each stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, struct, word
from oracle.model.header import Header
from oracle.model.ids import BatchId

PHASES = ("none", "attested", "open", "closed", "revoked", "frozen")

KEY_USED = "EvidenceLedger_KeyUsed"
SETTLED = "EvidenceLedger_Settled"
WRONG_PHASE = "EvidenceLedger_WrongPhase"


@dataclass(frozen=True)
class Phase:
    """Where a batch stands.

    Attributes:
        name: One of `PHASES`.
        attested_at: UTC seconds; 0 if it is not there.
    """

    name: str
    attested_at: int


class EvidenceLedger(Contract):
    """The evidence ledger."""

    role = "EvidenceLedger"

    def header_of(self, batch: BatchId) -> Header | None:
        """A batch's header; None if it is not attested."""
        stored = self._read("headerOf", word(batch))
        return chain_header(stored) if stored.recordCount else None

    def headers_of(self, batches: Sequence[BatchId]) -> dict[BatchId, Header]:
        """Headers of those of many batches that are attested."""
        found = self._read_many("headerOf", [[word(batch)] for batch in batches])
        headers = (Header(to_checksum_address(operator), *rest) for ((operator, *rest),) in found)
        return {batch: header for batch, header in zip(batches, headers, strict=True) if header.record_count}

    def phase_of(self, batch: BatchId) -> Phase:
        """Where a batch stands."""
        number, attested_at = self._read("phaseOf", word(batch))
        return Phase(PHASES[number], attested_at)

    def phases_of(self, batches: Sequence[BatchId]) -> dict[BatchId, Phase]:
        """Where many batches stand."""
        found = self._read_many("phaseOf", [[word(batch)] for batch in batches])
        return {batch: Phase(PHASES[number], at) for batch, (number, at) in zip(batches, found, strict=True)}

    def challenge_window(self) -> int:
        """Seconds between a batch's attestation and its opening."""
        return int(self._read("challengeWindow"))

    def closable_from(self, batch: BatchId) -> int:
        """From when on anyone may close an open batch that is not wholly credited, UTC seconds.

        Raises:
            ContractReverted: Nobody may now: its methodology is suspended, or the issuer is paused.
        """
        return int(self._read("closableFrom", word(batch)))

    def close(self, batch: BatchId) -> Call:
        """Closes a batch whose credit period is over: what was not credited ends, and its reserve is free again."""
        return self._call("close", word(batch))

    def attest(self, header: Header, approvals: Sequence[tuple[str, bytes]]) -> Call:
        """Puts a header on chain, with signatures in strictly increasing order of member."""
        return self._call("attest", header.encoded(), list(approvals))

    def report_duplicate(self, earlier: tuple[object, ...], later: tuple[object, ...]) -> Call:
        """Freezes a batch that repeats a record, by both records with their proofs (`Side.encoded`)."""
        return self._call("reportDuplicate", earlier, later)


def chain_header(stored: Any) -> Header:
    """A header as the ledger and its events give it."""
    return struct(Header, stored)
