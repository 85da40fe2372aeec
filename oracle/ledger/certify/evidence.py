"""The evidence of one sampled record: its proof with the commitment opened, its source row, and its quantity computed anew.

What a machine can check is checked here. Whether the source says the truth is the verifier's to see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection

from oracle.edge.store.acts import ActStore
from oracle.edge.store.citizens import salt_of
from oracle.edge.store.files import committed_files, file_of
from oracle.ledger.certify.sampled import Sampled
from oracle.measure.evidence.proof import check_proof, record_proof
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.rule import Rule

SCHEMA = "carbonbook/sample-evidence/1"


@dataclass(frozen=True)
class Doubt:
    """Why a record is not wholly supported.

    Attributes:
        supported: What of its quantity is.
        reason: One sentence.
    """

    supported: int
    reason: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """What there is of one record.

    Attributes:
        sampled: The record.
        document: For the verifier: proof, opening, source and recomputation.
        doubt: What a machine found against it; None if nothing.
    """

    sampled: Sampled
    document: dict[str, Any]
    doubt: Doubt | None


def evidence_of(connection: Connection, acts: ActStore, library: Library, sampled: Sampled) -> Evidence:
    """Gathers and checks the evidence of a record.

    Args:
        connection: Of the book that has the citizens and the files.
        acts: Its acts.

    Raises:
        MethodologyError: The library does not hold the rule.
    """
    meta, row = sampled.bundle.meta, sampled.row
    rule = library.rule(meta.methodology, meta.version)
    salt = salt_of(connection, row["account"])
    proof = record_proof(sampled.bundle, row["record_id"], salt)
    source = _source(connection, acts, rule.scenario, meta.day, row["record_id"])
    again = recomputed(rule, row)
    document = {
        "schema": SCHEMA,
        "record": sampled.record_id,
        "hits": [str(hit) for hit in sampled.hits],
        "batch": sampled.bundle.header.batch,
        "recordedQuantity": str(sampled.quantity),
        "recomputedQuantity": str(again),
        "fields": {name: str(row[name]) for name in meta.fields},
        "consented": row["consented"],
        "source": source,
        "proof": proof,
    }
    doubts = list(_doubts(sampled, proof, source, again))
    return Evidence(sampled, document, min(doubts, key=lambda doubt: doubt.supported, default=None))


def recomputed(rule: Rule, row: dict[str, Any]) -> int:
    """Quantity of a record by the rule's formulas, from the fields and, where there is a baseline, the mean that stand in it."""
    values = {name: value for name, value in row.items() if isinstance(value, int)}
    for field in rule.method.fields.values():
        if field.column not in values and field.default is not None:
            values[field.column] = field.in_base(field.default)
    frame = pl.DataFrame({name: [value] for name, value in values.items()})
    for name, expr in rule.plan.columns:
        frame = frame.with_columns(expr.alias(name))
    return int(frame["quantity"][0])


def _doubts(sampled: Sampled, proof: dict[str, Any], source: dict[str, Any] | None, again: int) -> Iterator[Doubt]:
    broken = [check.what for check in check_proof(proof) if not check.holds]
    if broken:
        yield Doubt(0, f"the proof breaks at {broken[0]}")
    if proof["opening"] is None:
        yield Doubt(0, "the commitment cannot be opened: the citizen's salt is not here")
    if source is None:
        yield Doubt(0, "its source row is not here")
    if not sampled.row["consented"]:
        yield Doubt(0, "the citizen did not consent")
    if again != sampled.quantity:
        yield Doubt(min(again, sampled.quantity), f"the formula gives {again}")


def _source(connection: Connection, acts: ActStore, scenario: str, day: int, record_id: bytes) -> dict[str, Any] | None:
    """File, source and rows of a record; None if they are not here."""
    stored = acts.read(scenario, [day], committed_files(connection))
    if stored.is_empty():
        return None
    found = stored.filter(pl.col("record_id") == record_id)
    if found.is_empty():
        return None
    sha256, rows = found.select("sha256", "rows").row(0)
    file = file_of(connection, sha256)
    return None if file is None else {"file": file.name, "source": file.source, "sha256": sha256, "rows": list(rows)}
