"""The monitoring report of a claim: one document that every node writes alike, and its page for people. No person is in it.

Its hash is signed with the frame: keccak256 of the canonical JSON.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from oracle.ledger.certify.frame import Claimed, Portion
from oracle.ledger.certify.sample import STEPS, TOLERABLE_PPM
from oracle.model.canonical import canonical_json, hexed
from oracle.model.claim_frame import Frame
from oracle.model.errors import VerificationFailed
from oracle.model.ids import methodology_text
from oracle.model.keccak import keccak
from oracle.model.units import date_of, tonnes

SCHEMA = "carbonbook/monitoring-report/1"
DECLARATIONS = {
    "schema": "carbonbook/declarations/1",
    "notClaimedElsewhere": "These reductions are not registered, certified or sold under another mechanism.",
    "consent": "Every person whose reductions are claimed consented to their sale, and had not withdrawn it when this was submitted.",
    "sources": "The records are kept, with their source rows, for the verifier and the authority.",
}
_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Report:
    """A claim's report.

    Attributes:
        claimed: The claim, recomputed.
        declarations: The operator's declarations: one JSON object.
    """

    claimed: Claimed
    declarations: dict[str, Any]

    @cached_property
    def document(self) -> dict[str, Any]:
        """The report as one JSON object: integers as text, bytes as 0x hex."""
        claimed, claim = self.claimed, self.claimed.claim
        first = claimed.portions[0]
        findings = sum((Counter(portion.findings) for portion in claimed.portions), Counter())
        return {
            "schema": SCHEMA,
            "claim": str(claimed.number),
            "operator": claim.operator,
            "methodology": methodology_text(claim.methodology),
            "version": str(claim.version),
            "documentHash": hexed(first.document_hash),
            "factorUg": str(first.factor_ug),
            "vintage": str(claim.vintage),
            "sequence": str(claim.sequence),
            "totals": self._totals(),
            "findings": {code: str(count) for code, count in sorted(findings.items())},
            "sampling": {
                "frame": "records of the claimed entries: batches as listed, records by record id, on a line of quantity",
                "method": "hits in proportion to quantity, from a seed made of a later block's hash",
                "confidencePercent": "95",
                "tolerablePpm": str(TOLERABLE_PPM),
                "hits": [str(step) for step in STEPS],
                "acceptedTrueErrorPercent": "8.3",  # three looks accept a true error of 5 % with 8.3 %, not 5 %
                "records": str(claimed.record_count),
                "quantity": str(claimed.record_quantity),
            },
            "declarations": self.declarations,
            "declarationsHash": hexed(self._declarations_hash),
            "batchesHash": hexed(claim.batches_hash),
            "sharesRoot": hexed(claimed.shares.root),
            "batches": [_batch(portion) for portion in claimed.portions],
        }

    @cached_property
    def content(self) -> bytes:
        """The bytes that the hash is over."""
        return canonical_json(self.document)

    @cached_property
    def frame(self) -> Frame:
        """What the committee signs."""
        claimed = self.claimed
        return Frame(
            claim=claimed.number,
            batches_hash=claimed.claim.batches_hash,
            batch_count=len(claimed.portions),
            account_count=len(claimed.shares.shares),
            record_count=claimed.record_count,
            record_quantity=claimed.record_quantity,
            reduction_mg=claimed.shares.total_mg,
            shares_root=claimed.shares.root,
            report_hash=keccak(self.content),
            declarations_hash=self._declarations_hash,
        )

    @property
    def _declarations_hash(self) -> bytes:
        return keccak(canonical_json(self.declarations))

    def _totals(self) -> dict[str, str]:
        claimed = self.claimed
        totals = {
            "batches": len(claimed.portions),
            "recordsOfBatches": sum(portion.header.record_count for portion in claimed.portions),
            "records": claimed.record_count,
            "quantity": claimed.record_quantity,
            "shares": len(claimed.shares.shares),
            "boundMg": claimed.claim.bound_mg,
            "withdrawnAccounts": len(claimed.withdrawn),
            "withdrawnMg": claimed.left_out_mg,
            "reductionMg": claimed.shares.total_mg,
        }
        return {name: str(value) for name, value in totals.items()}


def page(document: dict[str, Any], frame: Frame, operator: str) -> str:
    """The report for people, as Markdown, with the operator's name."""
    totals, sampling = document["totals"], document["sampling"]
    rows = [
        f"| {batch['actDate']} | {batch['sequence']} | {batch['records']} of {batch['recordsOfBatch']} | {batch['quantity']} | "
        f"{batch['shares']} | {tonnes(int(batch['reductionMg']))} | {batch['batch']} |"
        for batch in document["batches"]
    ]
    declared = [f"- **{name}**: {_plain(text)}" for name, text in document["declarations"].items() if name != "schema"]
    found = [f"- {count} {code}" for code, count in document["findings"].items()] or ["- none"]
    return "\n".join(
        [
            f"# Monitoring report of claim {document['claim']}",
            "",
            f"Operator {operator} ({document['operator']}), {document['methodology']} version {document['version']}, "
            f"acts of {document['vintage']}, claim {document['sequence']} of that year.",
            "",
            f"**{tonnes(int(totals['reductionMg']))} t CO2e** of {totals['shares']} accounts, by {totals['records']} records in "
            f"{totals['batches']} batches. Consenting accounts were credited {tonnes(int(totals['boundMg']))} t; "
            f"{tonnes(int(totals['withdrawnMg']))} t of {totals['withdrawnAccounts']} accounts are left out because consent was withdrawn.",
            "",
            "## Batches",
            "",
            "| act date | sequence | records claimed | quantity | shares | t CO2e | batch |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
            "## Findings of the closes",
            "",
            *found,
            "",
            "## Sampling frame",
            "",
            f"{sampling['records']} records with a quantity of {sampling['quantity']}; {' or '.join(sampling['hits'])} hits. "
            f"Tolerable error {sampling['tolerablePpm']} ppm at {sampling['confidencePercent']} %; with two extensions a true error of "
            f"that size passes in {sampling['acceptedTrueErrorPercent']} % of cases.",
            "",
            "## Declarations",
            "",
            *declared,
            "",
            "## Hashes",
            "",
            f"- report: {hexed(frame.report_hash)}",
            f"- declarations: {document['declarationsHash']}",
            f"- batches: {document['batchesHash']}",
            f"- shares: {document['sharesRoot']}",
            "",
        ]
    )


def require_same(here: dict[str, Any], there: dict[str, Any]) -> None:
    """Raises unless two reports are the same.

    Raises:
        VerificationFailed: They are not; says where, and what each has.
    """
    mine, theirs = dict(_flat("", here)), dict(_flat("", there))
    differing = [name for name in dict.fromkeys([*mine, *theirs]) if mine.get(name) != theirs.get(name)]
    if differing:
        told = [f"{name} is {mine.get(name)} here, {theirs.get(name)} there" for name in differing[:_SHOWN]]
        raise VerificationFailed(f"the reports differ in {len(differing)} places: {'; '.join(told)}")


def _batch(portion: Portion) -> dict[str, str]:
    return {
        "batch": portion.batch,
        "actDate": date_of(portion.header.day).isoformat(),
        "sequence": str(portion.header.sequence),
        "recordsOfBatch": str(portion.header.record_count),
        "records": str(portion.records),
        "quantity": str(portion.quantity),
        "shares": str(len(portion.shares)),
        "reductionMg": str(portion.mg),
        "withdrawnMg": str(portion.left_out_mg),
    }


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in _flat(f"{name}.{key}".lstrip("."), item)]
    if isinstance(value, list):
        return [pair for number, item in enumerate(value) for pair in _flat(f"{name}[{number}]", item)]
    return [(name, str(value))]


def _plain(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")
