"""What was read: files, and the findings about their rows."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, delete, func, insert, select

from oracle.edge.store.bulk import insert_frame
from oracle.edge.store.schema import files, findings
from oracle.model.findings import FINDING_SCHEMA


@dataclass(frozen=True)
class StoredFile:
    """One ingested file.

    Attributes:
        sha256: Of the bytes as they came.
        name: File name without folders.
        source: Registered source.
        rows: Data rows.
        accepted: Rows that are part of an act.
        quarantined: Rows that have a finding instead.
        ingested_at: UTC seconds.
    """

    sha256: str
    name: str
    source: str
    rows: int
    accepted: int
    quarantined: int
    ingested_at: int


def add_file(connection: Connection, file: StoredFile, found: pl.DataFrame) -> None:
    """Stores a file and the findings about it."""
    connection.execute(insert(files).values(vars(file)))
    insert_frame(connection, findings, found.with_columns(sha256=pl.lit(file.sha256)))


def file_of(connection: Connection, sha256: str) -> StoredFile | None:
    """A stored file, or None."""
    row = connection.execute(select(files).where(files.c.sha256 == sha256)).one_or_none()
    return None if row is None else StoredFile(**row._mapping)


def rows_since(connection: Connection, source: str, since: int) -> int:
    """Rows of the files that a source brought since a time, UTC seconds."""
    query = select(func.coalesce(func.sum(files.c.rows), 0))
    return int(connection.execute(query.where(files.c.source == source, files.c.ingested_at >= since)).scalar_one())


def committed_files(connection: Connection) -> set[str]:
    """SHA-256 of every stored file."""
    return set(connection.execute(select(files.c.sha256)).scalars())


def replace_close_findings(connection: Connection, scenario: str, day: int, found: pl.DataFrame) -> None:
    """Stores what closing a scenario's day found, instead of what closing it found before."""
    connection.execute(delete(findings).where(findings.c.scenario == scenario, findings.c.day == day))
    insert_frame(connection, findings, found.with_columns(scenario=pl.lit(scenario), day=pl.lit(day)))


def rows_excluded(connection: Connection) -> set[tuple[str, int]]:
    """File and number of every row that closing its day found a reason against."""
    query = select(findings.c.sha256, findings.c.row).where(findings.c.scenario.is_not(None))
    return {(sha256, row) for sha256, row in connection.execute(query)}


def all_files(connection: Connection) -> list[StoredFile]:
    """Every stored file, in the order they came."""
    return [
        StoredFile(**row._mapping)
        for row in connection.execute(select(files).order_by(files.c.ingested_at, files.c.name))
    ]


def finding_counts(connection: Connection, sha256: str | None = None) -> dict[str, int]:
    """Findings per code, of one file or of all, most first."""
    counted = func.count().label("count")
    query = select(findings.c.code, counted).group_by(findings.c.code).order_by(counted.desc(), findings.c.code)
    if sha256 is not None:
        query = query.where(findings.c.sha256 == sha256)
    return {code: count for code, count in connection.execute(query)}


def all_findings(connection: Connection) -> pl.DataFrame:
    """Every finding, with the kind of its code."""
    query = select(findings.c.code, findings.c.file, findings.c.row, findings.c["values"])
    query = query.order_by(findings.c.file, findings.c.row, findings.c.code)
    return pl.DataFrame([tuple(row) for row in connection.execute(query)], schema=FINDING_SCHEMA, orient="row")
