"""A report on disk: CSVs, pictures, a summary, and a manifest that says which block they are about and what their bytes hash to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from oracle.edge.chain.manifest import Manifest
from oracle.edge.store.outputs import write_files
from oracle.report.read.ledger import utc
from oracle.report.report import TABLES, Report
from oracle.report.tables.schema import Schema, conform
from oracle.report.write.csvfile import csv_bytes
from oracle.report.write.plots import plots
from oracle.report.write.summary import scenarios, summary, summary_text

SCHEMA = "carbonbook/report/1"

Listed = list[dict[str, object]]


def write_all(folder: Path, report: Report, deployment: Manifest) -> Listed:
    """Writes every table, the plots and the summary; returns the manifest's list of files."""
    text = summary_text(summary(report), scenarios(report))
    others = {**plots(report), "summary.txt": text.encode()}
    return write(folder, report, deployment, TABLES, others)


def write(
    folder: Path, report: Report, deployment: Manifest, tables: Iterable[str], others: dict[str, bytes] | None = None
) -> Listed:
    """Writes some tables and other files; the manifest comes last. The same block and book give the same bytes.

    Raises:
        VerificationFailed: A table is not as its schema says; nothing was written.
        OSError: The folder does not take them; nothing was written.
    """
    files: dict[str, bytes] = {}
    listed: Listed = []
    for name in tables:
        schema, table = Schema.load(name), report.table(name)
        files[f"{name}.csv"] = csv_bytes(table, schema)
        listed.append({"name": f"{name}.csv", "rows": len(table), "schema": f"{name}/{schema.version}"})
    listed += [{"name": name} for name in others or {}]
    files |= others or {}
    for entry in listed:
        entry["sha256"] = hashlib.sha256(files[str(entry["name"])]).hexdigest()
    write_files(folder, files | {"manifest.json": _manifest(report, deployment, listed)})
    return listed


def rows_of(report: Report, name: str) -> list[dict[str, object]]:
    """Rows of a table as its CSV has them, for JSON: integers stay integers, an empty cell is null."""
    table = conform(report.table(name), Schema.load(name))
    cells = table.astype(object).where(table.notna(), None)
    return [{str(column): cell for column, cell in row.items()} for row in cells.to_dict("records")]


def _manifest(report: Report, deployment: Manifest, listed: Listed) -> bytes:
    block = report.ledger.block
    document = {
        "schema": SCHEMA,
        "chainId": deployment.chain_id,
        "genesisHash": deployment.genesis_hash,
        "block": {"number": block.number, "hash": block.hash, "time": utc(block.time)},
        "period": {"from": report.period.first.isoformat(), "through": report.period.last.isoformat()},
        "contracts": {role: entry.address for role, entry in deployment.contracts.items()},
        "files": listed,
    }
    return (json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
