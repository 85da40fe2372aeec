"""Quarantine: rows that were kept aside, what stood in them, and what a person decided about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from oracle.edge.store.bulk import insert_frame
from oracle.edge.store.schema import files, findings, metadata
from oracle.model.errors import InputError
from oracle.model.findings import CODES, Kind

RELEASED, REJECTED = "released", "rejected"

# The row as it stood in its file, without who it belongs to.
quarantined_rows = Table(
    "quarantined_rows",
    metadata,
    Column("sha256", String(64), ForeignKey("files.sha256"), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
)

# Whose a row with a finding is, as a keyed hash, so that it can be found when the person is to be forgotten.
rejected_subjects = Table(
    "rejected_subjects",
    metadata,
    Column("sha256", String(64), ForeignKey("files.sha256"), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("tag", LargeBinary(32), nullable=False),
    Index("rejected_subjects_tag", "tag"),
)

# Decisions; nothing is ever changed or taken out here.
decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("row", Integer),
    Column("code", String(40), nullable=False),
    Column("decision", String(10), nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("correction", String(64)),
    Column("decided_at", BigInteger, nullable=False),
    Index("decisions_case", "sha256", "row", "code", unique=True),
)

_KEPT = (quarantined_rows, rejected_subjects)
_QUARANTINED = [name for name, code in CODES.items() if code.kind is Kind.QUARANTINED]
_DIGITS = 12
_IN_LIMIT = 500  # below every database's limit of bound values

Row = tuple[str, int]  # SHA-256 of the file, number of the row


@dataclass(frozen=True)
class Case:
    """A row in quarantine.

    Attributes:
        sha256, file, source: The file it stands in.
        row: Data row; None for the whole file.
        code: What is wrong.
        values: What shows it, JSON.
        text: The row itself, masked; None if it was not kept.
        decision: `released`, `rejected`, or None while it waits.
    """

    sha256: str
    file: str
    source: str
    row: int | None
    code: str
    values: str
    text: str | None
    decision: str | None

    @property
    def name(self) -> str:
        """How a person names it; stays the same whatever is closed again."""
        return f"{self.sha256[:_DIGITS]}-{self.row or 0}-{self.code}"


@dataclass(frozen=True)
class Decision:
    """What a person decided.

    Attributes:
        decision: `released` or `rejected`.
        who: Who decided.
        reason: Why.
        correction: SHA-256 of the file that was read instead; None for a rejection.
        decided_at: UTC seconds.
    """

    decision: str
    who: str
    reason: str
    correction: str | None
    decided_at: int


def keep_rows(connection: Connection, sha256: str, texts: Mapping[int, str]) -> None:
    """Stores masked rows of a file."""
    if texts:
        rows = [{"sha256": sha256, "row": row, "text": text} for row, text in texts.items()]
        connection.execute(insert(quarantined_rows), rows)


def keep_subjects(connection: Connection, sha256: str, tags: pl.DataFrame) -> None:
    """Stores whose rows with findings are: row, tag."""
    insert_frame(connection, rejected_subjects, tags.with_columns(sha256=pl.lit(sha256)))


def rows_of_tags(connection: Connection, tags: set[bytes]) -> set[Row]:
    """Rows with findings of a person."""
    query = select(rejected_subjects.c.sha256, rejected_subjects.c.row).where(rejected_subjects.c.tag.in_(tags))
    return {(sha256, row) for sha256, row in connection.execute(query)}


def forget_rows(connection: Connection, rows: set[Row]) -> None:
    """Takes out what rows showed: what stood in them, whose they were, and the values of their findings; the codes stay.

    With them goes what stood in every row whose person nobody can tell: it may be this one.
    """
    gone = [{"of": sha256, "at": row} for sha256, row in sorted(rows)]
    of_row = [(table.c.sha256 == bindparam("of")) & (table.c.row == bindparam("at")) for table in _KEPT]
    for table, which in zip(_KEPT, of_row, strict=True) if gone else ():
        connection.execute(delete(table).where(which), gone)
    told = select(rejected_subjects).where(
        rejected_subjects.c.sha256 == quarantined_rows.c.sha256, rejected_subjects.c.row == quarantined_rows.c.row
    )
    connection.execute(delete(quarantined_rows).where(~told.exists()))
    _forget_values(connection, rows)


def _forget_values(connection: Connection, rows: set[Row]) -> None:
    names = sorted({sha256 for sha256, _ in rows})
    numbers = []
    for at in range(0, len(names), _IN_LIMIT):
        query = select(findings.c.id, findings.c.sha256, findings.c.row)
        found = connection.execute(query.where(findings.c.sha256.in_(names[at : at + _IN_LIMIT])))
        numbers += [{"number": number} for number, sha256, row in found if (sha256, row) in rows]
    if numbers:
        connection.execute(update(findings).where(findings.c.id == bindparam("number")).values(values="{}"), numbers)


def cases(connection: Connection, *, decided: bool = False, code: str | None = None) -> list[Case]:
    """Rows in quarantine, by file and row: those that wait, or those that were decided."""
    same_row = (quarantined_rows.c.sha256 == findings.c.sha256) & (quarantined_rows.c.row == findings.c.row)
    query = (
        select(
            findings.c.sha256,
            findings.c.file,
            files.c.source,
            findings.c.row,
            findings.c.code,
            findings.c["values"],
            quarantined_rows.c.text,
            decisions.c.decision,
        )
        .join(files, files.c.sha256 == findings.c.sha256)
        .outerjoin(quarantined_rows, same_row)
        .outerjoin(decisions, _same_case())
        .where(findings.c.code.in_([code] if code else _QUARANTINED))
        .where(decisions.c.decision.is_not(None) if decided else decisions.c.decision.is_(None))
        .order_by(findings.c.file, findings.c.row, findings.c.code)
    )
    return [Case(**row._mapping) for row in connection.execute(query)]


def case_of(connection: Connection, name: str) -> Case:
    """A case by its name.

    Raises:
        InputError: There is none.
    """
    for decided in (False, True):
        for case in cases(connection, decided=decided):
            if case.name == name:
                return case
    raise InputError(f"no case '{name}' in quarantine; `carbonbook quarantine list` shows all cases")


def decision_of(connection: Connection, case: Case) -> Decision | None:
    """What was decided about a case, or None."""
    query = select(decisions).where(
        decisions.c.sha256 == case.sha256,
        decisions.c.row.is_(None) if case.row is None else decisions.c.row == case.row,
        decisions.c.code == case.code,
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Decision(row.decision, row.who, row.reason, row.correction, row.decided_at)


def decide(connection: Connection, case: Case, decision: Decision) -> None:
    """Stores a decision, once.

    Raises:
        InputError: Something was decided about the case before.
    """
    before = decision_of(connection, case)
    if before is not None:
        raise InputError(
            f"{case.name} was already {before.decision} by {before.who} ({before.reason}). Decisions are final."
        )
    key = {"sha256": case.sha256, "row": case.row, "code": case.code}
    connection.execute(insert(decisions).values(key | vars(decision)))


def _same_case() -> ColumnElement[bool]:
    row = (decisions.c.row == findings.c.row) | (decisions.c.row.is_(None) & findings.c.row.is_(None))
    return (decisions.c.sha256 == findings.c.sha256) & (decisions.c.code == findings.c.code) & row
