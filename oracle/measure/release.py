"""Deciding about a row in quarantine: a correction is read in its place, or it stays out for good."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from oracle.config import Source
from oracle.edge.store.book import Book
from oracle.edge.store.quarantine import REJECTED, RELEASED, Case, Decision, decide, decision_of
from oracle.measure.ingest import Ingested, ingest
from oracle.measure.quantify.library import FOLDER
from oracle.measure.records.meters import Household
from oracle.measure.records.reader import read
from oracle.measure.validate.rules import Context, validate
from oracle.model.errors import InputError
from oracle.model.findings import CODES, Kind, counts


def release(
    book: Book,
    case: Case,
    correction: Path,
    source: Source,
    household: Household,
    who: str,
    reason: str,
    now: int,
    documents: Path = FOLDER,
) -> Ingested:
    """Reads a corrected file instead of a row; it has to be without fault as a whole.

    Raises:
        InputError: The correction cannot be read or has findings itself, or the case was decided; nothing was stored.
    """
    with book.database.reading() as connection:
        before = decision_of(connection, case)
    if before is not None and before.decision == REJECTED:
        raise InputError(f"{case.name} was already rejected by {before.who} ({before.reason}). Decisions are final.")
    reading = read(
        correction,
        source=case.source,
        region=source.region,
        zone=source.zone,
        household=household,
        documents=documents,
    )
    reading = validate(reading, Context(now=now))
    codes = [name for name, code in CODES.items() if code.kind is Kind.QUARANTINED]
    wrong = counts(reading.findings.filter(pl.col("code").is_in(codes)))
    if wrong or not reading.acts:
        listed = ", ".join(f"{code}: {count}" for code, count in wrong.items()) or "it contains no act"
        raise InputError(
            f"the correction still has findings ({listed}); fix them and release again", file=correction.name
        )
    done = ingest(book, correction, case.source, source, kind=None, household=household, now=now, documents=documents)
    with book.database.begin() as connection:
        decide(connection, case, Decision(RELEASED, who, reason, done.file.sha256, now))
    return done


def reject(book: Book, case: Case, who: str, reason: str, now: int) -> None:
    """Leaves a row out for good.

    Raises:
        InputError: The case was decided.
    """
    with book.database.begin() as connection:
        decide(connection, case, Decision(REJECTED, who, reason, None, now))
