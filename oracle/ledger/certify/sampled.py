"""The records that a claim's seed hits: the line is the signed report's, the records are those of the bundles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import polars as pl

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.methodology_registry import MethodologyRegistry
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.edge.chain.contracts.reduction_certifier import Claim, ReductionCertifier
from oracle.ledger.certify.credited import credited_mg
from oracle.ledger.certify.evaluation import Mass
from oracle.ledger.certify.frame import FolderOf, Portion, claimed_records, portion_of
from oracle.ledger.certify.sample import STEPS, draw, part_at
from oracle.ledger.certify.submission import Submission
from oracle.measure.evidence.bundle import Bundle
from oracle.measure.evidence.folder import read
from oracle.model.canonical import canonical_json, hexed
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.ids import BatchId
from oracle.model.keccak import keccak


@dataclass(frozen=True, eq=False)
class Sampled:
    """One record of the sample.

    Attributes:
        hits: Numbers of the hits that it got, from 0.
        bundle: Of its batch.
        row: Its row of records.parquet.
    """

    hits: tuple[int, ...]
    bundle: Bundle
    row: dict[str, Any]

    @property
    def record_id(self) -> str:
        """Its id, 0x hex."""
        return hexed(self.row["record_id"])

    @property
    def quantity(self) -> int:
        """What it records, in the methodology's unit."""
        return int(self.row["quantity"])


class SignedFrame:
    """The frame that the committee signed, to draw from.

    Raises:
        VerificationFailed: The submission kept here is not the one that was signed.
    """

    def __init__(self, chain: Chain, number: int, submission: Submission, folder_of: FolderOf):
        self._chain = chain
        self._folder_of = folder_of
        self._left_out = submission.left_out
        self._certifier = ReductionCertifier(chain)
        self._batches: list[dict[str, str]] = submission.report["batches"]
        self.number = number
        self.report = submission.report
        self.claim: Claim = self._certifier.claim_of(number)
        self._require_signed()

    @property
    def mass(self) -> Mass:
        """What the claim weighs, by its records and by what was credited."""
        return Mass(self.claim.record_quantity, int(self.report["factorUg"]), self.claim.reduction_mg)

    @property
    def is_small(self) -> bool:
        """Whether all records are looked at: there are no more than the first look has hits."""
        return int(self.report["totals"]["records"]) <= STEPS[0]

    @property
    def report_hash(self) -> bytes:
        """Hash of the monitoring report."""
        return keccak(canonical_json(self.report))

    def sample(self, hits: int) -> list[Sampled]:
        """The records hit by the first `hits` hits, in the order of their first; every record, if there are few.

        Raises:
            InputError: The seed is not drawn, or a bundle cannot be read.
            VerificationFailed: A bundle does not bring what the signed report says.
        """
        seed = self._certifier.seed_of(self.number)
        if seed is None:
            raise InputError(
                f"the seed of claim {self.number} is not drawn; `carbonbook certify draw {self.number}` does it"
            )
        if self.is_small:
            return self._all()
        places: dict[int, list[tuple[int, int]]] = {}
        for hit in draw(seed, [int(batch["quantity"]) for batch in self._batches], hits):
            places.setdefault(hit.part, []).append((hit.number, hit.inside))
        found = [each for part, inside in places.items() for each in self._hit(part, inside)]
        return sorted(found, key=lambda each: each.hits)

    def _all(self) -> list[Sampled]:
        found: list[Sampled] = []
        for part in range(len(self._batches)):
            bundle, records = self._records(part)
            found += [Sampled((len(found) + at,), bundle, row) for at, row in enumerate(records.iter_rows(named=True))]
        return found

    def _hit(self, part: int, inside: Sequence[tuple[int, int]]) -> list[Sampled]:
        bundle, records = self._records(part)
        ends = list(accumulate(records["quantity"].to_list()))
        rows: dict[int, list[int]] = {}
        for number, place in inside:
            rows.setdefault(part_at(ends, place), []).append(number)
        return [Sampled(tuple(numbers), bundle, records.row(at, named=True)) for at, numbers in rows.items()]

    def _records(self, part: int) -> tuple[Bundle, pl.DataFrame]:
        told = self._batches[part]
        batch = BatchId(told["batch"])
        bundle = read(self._folder_of(batch))
        if bundle.header != EvidenceLedger(self._chain).header_of(batch):
            raise VerificationFailed(f"{self._folder_of(batch)} is not batch {batch} as the chain has it")
        portion = self._portion(bundle)
        if (str(portion.records), str(portion.quantity)) != (told["records"], told["quantity"]):
            raise VerificationFailed(
                f"batch {batch} brings {portion.records} records of {portion.quantity} in all, the signed report says "
                f"{told['records']} of {told['quantity']}"
            )
        return bundle, claimed_records(bundle, portion.shares)

    def _portion(self, bundle: Bundle) -> Portion:
        credited = credited_mg(MethodologyRegistry(self._chain), PointIssuer(self._chain), bundle)
        return portion_of(bundle, credited, self._left_out)

    def _require_signed(self) -> None:
        signed = [
            event.values["frame"] for event in self._certifier.events("ClaimSubmitted", where={"claim": self.number})
        ]
        there = bytes(signed[0].reportHash) if signed else bytes(32)
        if there != self.report_hash:
            raise VerificationFailed(
                f"claim {self.number}: the report kept here has the hash {hexed(self.report_hash)}, the committee signed {hexed(there)}"
            )
