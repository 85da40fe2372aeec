"""The files of a claim: `<home>/claims/<claim>/`. Each is whole or not there.

=================  =========================================================================================
report.json, .md   the monitoring report; its hash is signed
submission.json    what nodes are told: the report, and who withdrew consent
shares.csv         account, mg: not for publication
samples.csv        one row for each hit
evidence/          one JSON for each sampled record, with its commitment opened: for the verifier only
statement.json     the verifier's statement, .md for people
=================  =========================================================================================
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from oracle.edge.store.disk import disk
from oracle.ledger.certify.evidence import Evidence
from oracle.ledger.certify.report import Report, page
from oracle.ledger.certify.shares import claim_folder, write_shares
from oracle.ledger.certify.submission import Submission
from oracle.ledger.certify.verification import COLUMNS, Checked, statement_page
from oracle.model.canonical import canonical_json
from oracle.model.errors import InputError
from oracle.model.machine import blamed

REPORT, SAMPLES, STATEMENT = "report.json", "samples.csv", "statement.json"


def keep_report(home: Path, report: Report, operator: str) -> Path:
    """Writes report, shares and submission of a claim, whose operator has this name; returns the folder."""
    number = report.claimed.number
    write_shares(home, number, report.claimed.shares)
    Submission.of(report).save(home)
    _write(home, number, REPORT, report.content)
    _write(home, number, "report.md", page(report.document, report.frame, operator).encode())
    return claim_folder(home, number)


def keep_sample(home: Path, checked: Checked, evidence: Iterable[Evidence]) -> None:
    """Writes a sample with its evidence."""
    number, target = checked.frame.number, io.StringIO()
    writer = csv.DictWriter(target, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(checked.rows)
    for each in evidence:
        text = json.dumps(each.document, ensure_ascii=False, indent=2) + "\n"
        _write(home, number, f"evidence/{each.sampled.record_id}.json", text.encode())
    _write(home, number, SAMPLES, target.getvalue().encode())


def keep_statement(home: Path, statement: Mapping[str, Any], verifier: str) -> Path:
    """Writes the verifier's statement; returns the file whose hash goes on chain."""
    number = int(statement["claim"])
    _write(home, number, "statement.md", statement_page(statement, verifier).encode())
    return _write(home, number, STATEMENT, canonical_json(dict(statement)))


def hits_of(home: Path, claim: int) -> int:
    """Hits of the sample that was drawn last; 0 if none was drawn here."""
    return len(samples_of(home, claim))


def samples_of(home: Path, claim: int) -> list[dict[str, str]]:
    """The sample that was drawn last, a row for each hit; none if none was drawn here."""
    path = claim_folder(home, claim) / SAMPLES
    with disk(path):
        if not path.exists():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def statement_of(home: Path, claim: int) -> dict[str, Any] | None:
    """The statement that `check` wrote last; None if it wrote none.

    Raises:
        InputError: It cannot be read.
    """
    path = claim_folder(home, claim) / STATEMENT
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except OSError as error:
        raise blamed(error, InputError(f"cannot be read: {error.strerror}", file=str(path))) from error
    except ValueError as error:
        raise InputError("no JSON text", file=str(path)) from error
    return found


def _write(home: Path, claim: int, name: str, content: bytes) -> Path:
    target = claim_folder(home, claim) / name
    unfinished = target.with_name(f"{target.name}.part")
    with disk(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(target)
    return target
