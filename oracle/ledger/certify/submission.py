"""What an operator tells the committee of its claim: who withdrew consent, and the report that it found. Nodes recompute the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.address import is_address, to_checksum_address

from oracle.edge.store.disk import disk
from oracle.ledger.certify.report import Report
from oracle.ledger.certify.shares import claim_folder
from oracle.model.canonical import canonical_json
from oracle.model.errors import InputError
from oracle.model.ids import Address
from oracle.model.machine import blamed
from oracle.model.strict_json import strict

SCHEMA = "carbonbook/claim-submission/1"
FILE = "submission.json"


@dataclass(frozen=True)
class Submission:
    """One claim as it is told to nodes.

    Attributes:
        claim: Its number.
        withdrawn: Accounts whose consent was withdrawn: they are left out, and the claim is that much smaller.
        report: The monitoring report that the operator found.
    """

    claim: int
    withdrawn: tuple[Address, ...]
    report: dict[str, Any]

    @classmethod
    def of(cls, report: Report) -> Submission:
        """The submission of a report."""
        return cls(report.claimed.number, tuple(report.claimed.withdrawn), report.document)

    @property
    def left_out(self) -> set[bytes]:
        """The withdrawn accounts as 20 bytes each."""
        return {bytes.fromhex(account[2:]) for account in self.withdrawn}

    @property
    def declarations(self) -> dict[str, Any]:
        """What the operator declares."""
        found: dict[str, Any] = self.report["declarations"]
        return found

    def document(self) -> bytes:
        """As it is sent and kept."""
        return canonical_json(
            {
                "schema": SCHEMA,
                "claim": str(self.claim),
                "withdrawn": list(self.withdrawn),
                "report": self.report,
            }
        )

    @classmethod
    def parse(cls, document: bytes) -> Submission:
        """What `document` wrote.

        Raises:
            InputError: It is no submission; says why.
        """
        try:
            return _parsed(strict(document))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not a claim as it is submitted: {error!r}") from error

    def save(self, home: Path) -> Path:
        """Keeps it in the claim's folder; the file is whole or not there."""
        target = claim_folder(home, self.claim) / FILE
        unfinished = target.with_suffix(".part")
        with disk(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(self.document())
            unfinished.replace(target)
        return target

    @classmethod
    def load(cls, home: Path, claim: int) -> Submission:
        """The submission of a claim that was submitted from here.

        Raises:
            InputError: There is none, or it is none.
        """
        path = claim_folder(home, claim) / FILE
        try:
            return cls.parse(path.read_bytes())
        except OSError as error:
            problem = f"claim {claim} was not submitted from this installation: {error.strerror}"
            raise blamed(error, InputError(problem, file=str(path))) from error


def _parsed(found: Any) -> Submission:
    if not isinstance(found, Mapping) or found["schema"] != SCHEMA:
        raise ValueError(f"the schema is not {SCHEMA}")
    withdrawn, report = found["withdrawn"], found["report"]
    if not isinstance(withdrawn, list) or not all(isinstance(each, str) and is_address(each) for each in withdrawn):
        raise ValueError("what was withdrawn is no list of accounts")
    if not isinstance(report, dict) or not isinstance(report["declarations"], dict):
        raise ValueError("there is no report, or it has no declarations")
    accounts = tuple(Address(to_checksum_address(each)) for each in withdrawn)
    return Submission(int(found["claim"]), accounts, report)
