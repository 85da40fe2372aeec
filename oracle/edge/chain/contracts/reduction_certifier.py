"""`IReductionCertifier`: claims, from a draft to an issued series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, struct, word
from oracle.model.claim_frame import Frame
from oracle.model.ids import Address, BatchId, methodology_word

STATES = (
    "none",
    "draft",
    "submitted",
    "drawn",
    "verified",
    "notice",
    "issued",
    "rejected",
    "withdrawn",
    "void",
)

_NOBODY = "0x" + 40 * "0"


@dataclass(frozen=True)
class Claim:
    """One claim, in the order of `IReductionCertifier.Claim`.

    Attributes:
        state: One of `STATES`; `none` if there is no such claim.
        seed_round: Which draw this is; 0 before there is a verifier.
        bound_mg: What consenting citizens were credited by the batches.
        reduction_mg: What is claimed.
        certified_mg: What the verifier certified.
        notice_ends: UTC seconds; 0 before the notice.
    """

    operator: Address
    state: str
    vintage: int
    sequence: int
    version: int
    holds: int
    seed_round: int
    bound_mg: int
    reduction_mg: int
    certified_mg: int
    batch_count: int
    account_count: int
    methodology: bytes
    batches_hash: bytes
    shares_root: bytes
    verifier: Address
    notice_ends: int
    seed_block: int
    objections: int
    noticed_by: Address
    record_quantity: int
    series_before: int

    @property
    def has_verifier(self) -> bool:
        """Whether a verifier is appointed."""
        return self.verifier != _NOBODY


@dataclass(frozen=True)
class ClaimedBatch:
    """A batch as the certifier has it.

    Attributes:
        claim: The live or issued claim it is in; 0 if it is free.
        bound_mg: What consenting citizens were credited by it.
        held: Whether it is reported as frozen.
    """

    claim: int
    bound_mg: int
    held: bool


@dataclass(frozen=True)
class Exclusion:
    """Act days of a methodology that are claimed under another mechanism, both ends included."""

    from_day: int
    through_day: int
    mechanism: bytes


class ReductionCertifier(Contract):
    """The certifier. Claims are numbers from 1 on, methodologies are named by their ids as people write them."""

    role = "ReductionCertifier"

    def claim_of(self, claim: int) -> Claim:
        """A claim."""
        found: Claim = struct(Claim, self._read("claimOf", claim))
        return replace(found, state=STATES[int(found.state)])

    def claim_count(self) -> int:
        """Claims opened so far."""
        return int(self._read("claimCount"))

    def claim_by_key(self, operator: str, methodology: str, vintage: int, sequence: int) -> int:
        """The live or issued claim that has this key; 0 if none."""
        return int(self._read("claimByKey", operator, methodology_word(methodology), vintage, sequence))

    def batch_of(self, batch: BatchId) -> ClaimedBatch:
        """The live or issued claim that a batch is in."""
        return ClaimedBatch(*self._read("batchOf", word(batch)))

    def batches_of(self, batches: Sequence[BatchId]) -> dict[BatchId, ClaimedBatch]:
        """The same of many batches."""
        found = self._read_many("batchOf", [[word(batch)] for batch in batches])
        return {batch: ClaimedBatch(*each) for batch, each in zip(batches, found, strict=True)}

    def batches_in(self, claim: int) -> list[BatchId]:
        """A claim's batches in the order in which they were added, as its events tell."""
        added = self.events("BatchesAdded", where={"claim": claim})
        return [BatchId("0x" + batch.hex()) for event in added for batch in event.values["batches"]]

    def seed_of(self, claim: int) -> bytes | None:
        """The seed of a claim's sample; None before it is drawn."""
        seed = bytes(self._read("seedOf", claim))
        return seed if any(seed) else None

    def licence_of(self, verifier: str) -> bytes | None:
        """A verifier's licence; None if it has none."""
        licence = bytes(self._read("licenceOf", verifier))
        return licence if any(licence) else None

    def operator_number_of(self, operator: str) -> int:
        """An operator's number in serials; 0 before its first claim."""
        return int(self._read("operatorNumberOf", operator))

    def last_series_of(self, operator: str) -> int:
        """The operator's series that was issued last; 0 if none."""
        return int(self._read("lastSeriesOf", operator))

    def shares_of(self, series: int) -> tuple[bytes, int]:
        """What shares of an issued series are proved against: root and sum of milligrams; zero before issue."""
        root, total_mg = self._read("sharesOf", series)
        return bytes(root), int(total_mg)

    def token_of(self, series: int) -> Address:
        """The token of a series, whether it is issued or not."""
        return Address(self._read("tokenOf", series))

    def exclusions_of(self, methodology: str) -> list[Exclusion]:
        """Intervals of a methodology that are claimed elsewhere."""
        return [struct(Exclusion, each) for each in self._read("exclusionsOf", methodology_word(methodology))]

    def notice_period(self) -> int:
        """Seconds of public notice."""
        return int(self._read("NOTICE_PERIOD"))

    def frame_digest(self, frame: Frame) -> bytes:
        """The digest that members sign for a frame in the present epoch."""
        return bytes(self._read("frameDigest", astuple(frame)))

    def open(self, methodology: str, version: int, vintage: int, sequence: int) -> Call:
        """Opens a claim of the sending operator."""
        return self._call("open", methodology_word(methodology), version, vintage, sequence)

    def add_batches(self, claim: int, batches: Sequence[BatchId]) -> Call:
        """Adds closed batches to a draft."""
        return self._call("addBatches", claim, [word(batch) for batch in batches])

    def submit(self, frame: Frame, approvals: Sequence[tuple[str, bytes]]) -> Call:
        """Submits a frame with signatures in strictly increasing order of member."""
        return self._call("submit", astuple(frame), list(approvals))

    def appoint(self, claim: int, verifier: str) -> Call:
        """Appoints the verifier."""
        return self._call("appoint", claim, verifier)

    def draw(self, claim: int) -> Call:
        """Draws the seed, or names a new seed block where the former is too old."""
        return self._call("draw", claim)

    def certify(self, claim: int, mg: int, statement_hash: bytes) -> Call:
        """Certifies all or part of a claim."""
        return self._call("certify", claim, mg, statement_hash)

    def reject(self, claim: int, reason: str) -> Call:
        """Rejects a claim."""
        return self._call("reject", claim, reason)

    def withdraw(self, claim: int) -> Call:
        """Gives a claim up."""
        return self._call("withdraw", claim)

    def start_notice(self, claim: int) -> Call:
        """Starts the public notice."""
        return self._call("startNotice", claim)

    def object_to(self, claim: int, text_hash: bytes) -> Call:
        """Objects to a claim on notice."""
        return self._call("object", claim, text_hash)

    def issue(self, claim: int, answers_hash: bytes) -> Call:
        """Issues the series; zero stands for no answers."""
        return self._call("issue", claim, answers_hash)

    def report_revoked(self, batch: BatchId) -> Call:
        """Voids the claim of a revoked batch."""
        return self._call("reportRevoked", word(batch))

    def report_frozen(self, batch: BatchId) -> Call:
        """Holds the claim of a frozen batch."""
        return self._call("reportFrozen", word(batch))

    def clear_hold(self, batch: BatchId) -> Call:
        """Ends the hold of a batch that is closed again."""
        return self._call("clearHold", word(batch))

    def license_verifier(self, verifier: str, licence: bytes) -> Call:
        """Licenses a verifier; zero takes the licence away."""
        return self._call("licenseVerifier", verifier, licence)

    def set_exclusion(self, methodology: str, from_day: int, through_day: int, mechanism: bytes) -> Call:
        """Excludes act days that are claimed under another mechanism."""
        return self._call("setExclusion", methodology_word(methodology), from_day, through_day, mechanism)
