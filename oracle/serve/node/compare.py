"""Differences between two bundles of one batch: record, field, and both values. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from oracle.measure.evidence.bundle import Bundle
from oracle.model.canonical import hexed

# Follow from the other columns: named only where nothing else differs.
_DERIVED = ("leaf", "commitment")
_SHOWN = 20


@dataclass(frozen=True)
class Difference:
    """One field of one record, finding or batch.

    Attributes:
        what: `record`, `finding` or `batch`.
        name: Record id, or the finding's code, file and row; empty for the batch.
        field: Column; `presence` if one side has nothing of that name.
        here, there: What each side has.
    """

    what: str
    name: str
    field: str
    here: str
    there: str


@dataclass(frozen=True)
class Comparison:
    """All differences are counted, the first are listed."""

    records: int
    findings: int
    listed: tuple[Difference, ...]


def compare(here: Bundle, there: Bundle) -> Comparison:
    """Differences of two bundles of one batch, records first, by record id."""
    records = _records(here.records, there.records)
    findings = _findings(here.findings, there.findings)
    batch = [
        Difference("batch", "", name, str(value), str(there.meta.to_json()[name]))
        for name, value in here.meta.to_json().items()
        if value != there.meta.to_json()[name]
    ]
    listed = [*batch, *records, *findings][:_SHOWN]
    return Comparison(len({item.name for item in records}), len(findings), tuple(listed))


def _records(here: pl.DataFrame, there: pl.DataFrame) -> list[Difference]:
    found = [*_presence(here, there, "only here"), *_presence(there, here, "only there")]
    columns = [name for name in here.columns if name in there.columns and name != "record_id"]
    both = here.join(there, on="record_id", suffix="_there")
    for name in columns:
        unequal = both.filter(pl.col(name).ne_missing(pl.col(f"{name}_there")))
        rows = unequal.select("record_id", name, f"{name}_there").iter_rows()
        found += [Difference("record", hexed(key), name, _text(a), _text(b)) for key, a, b in rows]
    plain = {item.name for item in found if item.field not in _DERIVED}
    kept = [item for item in found if item.field not in _DERIVED or item.name not in plain]
    return sorted(kept, key=lambda item: (item.name, item.field))


def _presence(one: pl.DataFrame, other: pl.DataFrame, where: str) -> list[Difference]:
    missing = one.join(other, on="record_id", how="anti")["record_id"]
    here, there = ("present", "missing") if where == "only here" else ("missing", "present")
    return [Difference("record", hexed(key), "presence", here, there) for key in missing]


def _findings(here: pl.DataFrame, there: pl.DataFrame) -> list[Difference]:
    mine, theirs = set(here.iter_rows()), set(there.iter_rows())
    found = [Difference("finding", _name(row), "presence", "present", "missing") for row in mine - theirs]
    found += [Difference("finding", _name(row), "presence", "missing", "present") for row in theirs - mine]
    return sorted(found, key=lambda item: (item.name, item.here))


def _name(row: tuple[object, ...]) -> str:
    code, file, number, values = row
    return f"{code} in {file}, row {number}: {values}"


def _text(value: object) -> str:
    return hexed(value) if isinstance(value, bytes) else str(value)
