"""Taking back a file that was brought with the wrong unit, time zone or source."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from sqlalchemy import Connection

from oracle.edge.store.batches import batches_on
from oracle.edge.store.book import Book
from oracle.edge.store.files import StoredFile
from oracle.edge.store.undo import closing_of, copies_of, files_named, forget_file, is_correction
from oracle.measure.evidence.folder import RECORDS
from oracle.measure.records.content import sha256_of
from oracle.model.errors import InputError


def undo(book: Book, name: str) -> StoredFile:
    """Takes back a file: its acts and findings are gone, and it can be brought again.

    Args:
        name: The file itself, its name, or its SHA-256 or the first eight digits of it or more.

    Raises:
        InputError: There is no such file or more than one, a close took it in, or later files or decisions rest on it; nothing was changed.
    """
    with book.database.begin() as connection:
        file = _named(connection, name)
        number = closing_of(connection, file.sha256)
        if number is not None:
            raise InputError(_too_late(book, connection, file, number), file=file.name)
        copies = copies_of(connection, file)
        if copies:
            raise InputError(
                f"later files left rows out because they stand in this one: take back {', '.join(copies)} first, then bring them again",
                file=file.name,
            )
        if is_correction(connection, file.sha256):
            raise InputError("a person released a row in quarantine by it; a decision is final", file=file.name)
        forget_file(connection, file.sha256)
    book.acts.undo(file.sha256)  # were it to fail here, nobody reads acts of a file that the database does not know
    return file


def _named(connection: Connection, name: str) -> StoredFile:
    path = Path(name)
    found = files_named(connection, sha256_of(path) if path.is_file() else path.name)
    if not found:
        raise InputError("no such file was ingested", file=name)
    if len(found) > 1:
        raise InputError(
            f"{len(found)} files are called so: name one by its SHA-256, {found[0].sha256[:16]}, ...", file=name
        )
    return found[0]


def _too_late(book: Book, connection: Connection, file: StoredFile, number: int) -> str:
    """Which batches hold acts of the file, and what can be done."""
    holding = []
    for scenario in book.acts.scenarios():
        for day in book.acts.days(scenario):
            acts = book.acts.read(scenario, [day], {file.sha256})
            batches = batches_on(connection, scenario, day) if len(acts) else []
            for batch in batches:
                records = pl.read_parquet(book.bundle_folder(batch) / RECORDS, columns=["record_id"])
                if len(records.join(acts, on="record_id", how="semi")):
                    holding.append(batch)
    taken = f"close {number} took it in, and other nodes have settled that"
    if not holding:
        return (
            f"{taken}. No batch holds its acts, so nothing was credited: bring the readings again as they should be, and the later "
            "delivery counts"
        )
    return (
        f"{taken}. Its acts are in the batches {', '.join(holding)}. The authority can revoke a batch while its challenge window is open, "
        "and reverse what was credited from it, after a delay; a later delivery with the right values is kept beside it as the reason"
    )
