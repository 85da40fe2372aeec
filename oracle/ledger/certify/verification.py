"""The verifier's work on a sample: what was found of each record, what it comes to, and the statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oracle.ledger.certify.evaluation import Evaluation, evaluate, evaluate_all, taint_ppm
from oracle.ledger.certify.evidence import Doubt, Evidence
from oracle.ledger.certify.sample import TOLERABLE_PPM
from oracle.ledger.certify.sampled import Sampled, SignedFrame
from oracle.model.canonical import canonical_json, hexed
from oracle.model.errors import InputError
from oracle.model.keccak import keccak
from oracle.model.units import tonnes

COLUMNS = ("claim", "round", "hit", "record_id", "batch", "quantity", "supported_quantity", "taint_ppm", "reason")
FINDING_COLUMNS = ("record_id", "supported_quantity", "reason")
SCHEMA = "carbonbook/verification-statement/1"


@dataclass(frozen=True, eq=False)
class Checked:
    """A sample that was looked at.

    Attributes:
        frame: Of the claim.
        sample: The records.
        doubts: What was found against some of them, by record id.
    """

    frame: SignedFrame
    sample: Sequence[Sampled]
    doubts: Mapping[str, Doubt]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row for each hit, in the order of the hits: `COLUMNS`."""
        rows = [self._row(sampled, hit) for sampled in self.sample for hit in sampled.hits]
        return sorted(rows, key=lambda row: row["hit"])

    @property
    def evaluation(self) -> Evaluation:
        """What it comes to."""
        if self.frame.is_small:
            return evaluate_all([(each.quantity, self._supported(each)) for each in self.sample], self.frame.mass)
        return evaluate([row["taint_ppm"] for row in self.rows], self.frame.mass)

    def statement(self) -> dict[str, Any]:
        """The statement of the verifier as one JSON object, integers as text."""
        found, claim, report = self.evaluation, self.frame.claim, self.frame.report
        return {
            "schema": SCHEMA,
            "claim": str(self.frame.number),
            "operator": claim.operator,
            "methodology": report["methodology"],
            "version": report["version"],
            "vintage": report["vintage"],
            "verifier": claim.verifier,
            "reportHash": hexed(self.frame.report_hash),
            "seedRound": str(claim.seed_round),
            "everyRecord": self.frame.is_small,
            "hits": str(found.hits),
            "records": str(len(self.sample)),
            "errors": str(found.errors),
            "taintPpm": str(found.taint_ppm),
            "limitPpm": str(found.limit_ppm),
            "tolerablePpm": str(TOLERABLE_PPM),
            "claimedMg": str(claim.reduction_mg),
            "certifiableMg": str(found.certifiable_mg),
            "samplesHash": hexed(keccak(canonical_json([_as_text(row) for row in self.rows]))),
        }

    def _row(self, sampled: Sampled, hit: int) -> dict[str, Any]:
        supported, doubt = self._supported(sampled), self.doubts.get(sampled.record_id)
        return {
            "claim": self.frame.number,
            "round": self.frame.claim.seed_round,
            "hit": hit,
            "record_id": sampled.record_id,
            "batch": sampled.bundle.header.batch,
            "quantity": sampled.quantity,
            "supported_quantity": supported,
            "taint_ppm": taint_ppm(sampled.quantity, supported),
            "reason": "" if doubt is None else doubt.reason,
        }

    def _supported(self, sampled: Sampled) -> int:
        doubt = self.doubts.get(sampled.record_id)
        return sampled.quantity if doubt is None else doubt.supported


def checked(
    frame: SignedFrame, evidence: Sequence[Evidence], found: Iterable[Mapping[str, str]], file: str | None = None
) -> Checked:
    """A sample with what a machine found against it, and with what the verifier found instead.

    Args:
        found: Rows of `FINDING_COLUMNS`: the verifier's word stands above the machine's.

    Raises:
        InputError: A row names a record that is not in the sample or stands twice, or has no quantity or no reason; names the row.
    """
    doubts = {each.sampled.record_id: each.doubt for each in evidence if each.doubt is not None}
    recorded = {each.sampled.record_id: each.sampled.quantity for each in evidence}
    seen: set[str] = set()
    for number, row in enumerate(found, 1):
        record = row["record_id"].lower()
        if record not in recorded:
            raise InputError(f"{record} is not in the sample", file=file, row=number, field="record_id")
        if record in seen:
            raise InputError(f"{record} stands twice", file=file, row=number, field="record_id")
        seen.add(record)
        doubts[record] = _doubt(row, recorded[record], number, file)
    return Checked(frame, [each.sampled for each in evidence], doubts)


def statement_page(statement: Mapping[str, Any], verifier: str) -> str:
    """The statement for people, as Markdown."""
    tolerable = int(statement["limitPpm"]) <= int(statement["tolerablePpm"])
    looked = (
        "every record" if statement["everyRecord"] else f"{statement['hits']} hits on {statement['records']} records"
    )
    limit = "error" if statement["everyRecord"] else "upper limit of the error at 95 %"
    return "\n".join(
        [
            f"# Verification statement, claim {statement['claim']}",
            "",
            f"Verifier {verifier} looked at {looked} of {statement['methodology']} version {statement['version']}, acts of "
            f"{statement['vintage']}, drawn from the report with the hash {statement['reportHash']}.",
            "",
            f"- not wholly supported: {statement['errors']}, together {statement['taintPpm']} ppm of a record",
            f"- {limit}: {statement['limitPpm']} ppm, {'within' if tolerable else 'above'} the tolerable {statement['tolerablePpm']} ppm",
            f"- claimed: {tonnes(int(statement['claimedMg']))} t",
            f"- can be certified: {tonnes(int(statement['certifiableMg']))} t",
            f"- the sample: {statement['samplesHash']}",
            "",
        ]
    )


def _doubt(row: Mapping[str, str], recorded: int, number: int, file: str | None) -> Doubt:
    supported, reason = row["supported_quantity"], row["reason"]
    if not (supported.isascii() and supported.isdecimal() and len(supported) < 20 and int(supported) <= recorded):
        problem = f"'{supported}' is not a whole number from 0 to the {recorded} that were recorded"
        raise InputError(problem, file=file, row=number, field="supported_quantity")
    if not reason:
        raise InputError("a finding needs a reason", file=file, row=number, field="reason")
    return Doubt(int(supported), reason)


def _as_text(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(row[name]) for name in COLUMNS}
