"""Taking back a file that no close has taken in: afterwards it was never here."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select

from oracle.edge.store.arrivals import arrivals, closings
from oracle.edge.store.files import StoredFile
from oracle.edge.store.quarantine import decisions, quarantined_rows, rejected_subjects
from oracle.edge.store.schema import files, findings

_LEAST_DIGITS = 8


def files_named(connection: Connection, name: str) -> list[StoredFile]:
    """Stored files of a name, or of a SHA-256 or the first digits of one; the last that came first."""
    is_hash = len(name) >= _LEAST_DIGITS and all(digit in "0123456789abcdef" for digit in name)
    which = files.c.sha256.startswith(name) if is_hash else files.c.name == name
    query = select(files).join(arrivals, arrivals.c.sha256 == files.c.sha256).where(which)
    return [StoredFile(**row._mapping) for row in connection.execute(query.order_by(arrivals.c.number.desc()))]


def closing_of(connection: Connection, sha256: str) -> int | None:
    """Number of the close that took a file in; None while it is open."""
    number = select(arrivals.c.number).where(arrivals.c.sha256 == sha256).scalar_subquery()
    query = select(func.min(closings.c.number)).where(closings.c.last_arrival >= number)
    found: int | None = connection.execute(query).scalar_one()
    return found


def copies_of(connection: Connection, file: StoredFile) -> list[str]:
    """Names of later files of the source that left rows out because an earlier file has them."""
    number = select(arrivals.c.number).where(arrivals.c.sha256 == file.sha256).scalar_subquery()
    query = select(files.c.name).distinct().join(arrivals, arrivals.c.sha256 == files.c.sha256)
    query = query.join(findings, findings.c.sha256 == files.c.sha256)
    left_out = findings.c["values"].contains("of an earlier file") & (findings.c.code == "duplicate")
    later = (files.c.source == file.source) & (arrivals.c.number > number)
    return list(connection.execute(query.where(left_out, later).order_by(files.c.name)).scalars())


def is_correction(connection: Connection, sha256: str) -> bool:
    """Whether a person released a row by this file."""
    return connection.execute(select(decisions.c.id).where(decisions.c.correction == sha256)).first() is not None


def forget_file(connection: Connection, sha256: str) -> None:
    """Takes everything out that the database knows of a file; its acts are no longer read."""
    for table in (arrivals, findings, quarantined_rows, rejected_subjects, files):
        connection.execute(delete(table).where(table.c.sha256 == sha256))
