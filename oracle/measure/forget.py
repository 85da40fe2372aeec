"""Forgetting a person, in everything that an installation keeps: database, acts, what closes knew, received files, leftovers.

What stays says nothing of the person: an account among others with its records in the bundles, and totals. Killed in between, it is
repeated: acts go before the tags by which they are found.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import polars as pl
from sqlalchemy import Connection

from oracle.edge.store import erasure
from oracle.edge.store.arrivals import Arrival, all_arrivals, forget_in
from oracle.edge.store.batches import batches_on
from oracle.edge.store.book import Book
from oracle.edge.store.files import committed_files, rows_excluded
from oracle.edge.store.quarantine import Row
from oracle.measure.evidence.folder import RECORDS
from oracle.measure.records.content import sha256_of
from oracle.measure.records.meters import Household
from oracle.measure.records.subjects import subjects
from oracle.model.errors import InputError
from oracle.model.mapping import Mapping as FileMapping

# Raw files by source: what this installation took in, and a node's own copies.
RAW = ("received", "inputs")

_SPOOL = "spool"
_ABANDONED_SECONDS = 3600  # no file takes longer to come in


@dataclass(frozen=True)
class Forgotten:
    """What was destroyed beside the person's own rows in the database.

    Attributes:
        act_rows: Rows whose acts were taken out of `acts/`.
        raw_files: Raw files that named the person; removed whole.
        unreadable: Raw files that cannot be read, so that nobody can tell whom they name; they stay.
    """

    act_rows: int
    raw_files: int
    unreadable: tuple[str, ...]


def forget(
    book: Book,
    citizen: int | None,
    who: str,
    now: int,
    tag: bytes | None = None,
    mappings: Mapping[str, FileMapping] = MappingProxyType({}),
) -> Forgotten:
    """Forgets a person.

    Args:
        citizen: None for somebody of whom there never was a sound row.
        tag: A name of the person, hashed (`Register.tag`), if there is no citizen that has it.
        who: On whose word.
        now: UTC seconds.
        mappings: Of the sources that have one: what their raw files mean.

    Raises:
        StoreError: The database is being read, so that its log could not be emptied: repeat.
    """
    # Reading all raw files takes long, and nobody can write meanwhile: in the transaction only those are read that came since.
    raw = _Raw(book, mappings)
    with book.database.reading() as connection:
        raw.forget(connection, _tags(connection, citizen, tag))
    if citizen is not None:  # first and for itself: killed afterwards, every count still adds up
        with book.database.begin() as connection:
            erasure.add_forgotten(connection, _outcomes(book, connection, citizen))
    with book.database.begin() as connection:
        tags = _tags(connection, citizen, tag)
        raw.forget(connection, tags)
        rows: set[Row] = set()
        if citizen is not None:
            rows = set(book.acts.forget(citizen, committed_files(connection)).iter_rows())
            for written in book.people_files():
                forget_in(written, citizen)
        erasure.erase(connection, citizen, tags, book.register.tag, rows, who, now)
    _clear_spool(book.home / _SPOOL)
    book.database.scrub()
    return Forgotten(len(rows), raw.removed, tuple(raw.unreadable))


def _outcomes(book: Book, connection: Connection, citizen: int) -> Iterator[erasure.ForgottenRow]:
    """The rows of a citizen's acts and what became of each."""
    own = book.acts.of_citizen(citizen, committed_files(connection))
    excluded = rows_excluded(connection)
    batched = {
        record
        for scenario, day in own.select("scenario", "day").unique().iter_rows()
        for batch in batches_on(connection, scenario, day)
        for record in pl.read_parquet(book.bundle_folder(batch) / RECORDS, columns=["record_id"])["record_id"]
    }
    counted: set[bytes] = set()
    for record, sha256, rows in own.select("record_id", "sha256", "rows").iter_rows():
        for row in rows:
            outcome = "excluded" if (sha256, row) in excluded else "batched" if record in batched else "waiting"
            first = outcome == "batched" and record not in counted
            counted |= {record} if first else set()
            yield erasure.ForgottenRow(sha256, row, outcome, first)


class _Raw:
    """The raw files of a book.

    Attributes:
        removed: How many were removed.
        unreadable: Those that nobody can read.
    """

    def __init__(self, book: Book, mappings: Mapping[str, FileMapping]):
        self._book = book
        self._mappings = mappings
        self._seen: set[Path] = set()
        self.removed = 0
        self.unreadable: list[str] = []

    def forget(self, connection: Connection, tags: set[bytes]) -> None:
        """Removes files that name one of some tags, of those that were not looked at before."""
        came = {arrival.sha256: arrival for arrival in all_arrivals(connection)}
        for source, path in _raw_files(self._book.home):
            if path in self._seen:
                continue
            self._seen.add(path)
            try:
                found = self._tags(source, path, came)
            except InputError:
                self.unreadable.append(str(path.relative_to(self._book.home)))
                continue
            if tags & found:
                path.unlink()
                self.removed += 1

    def _tags(self, source: str, path: Path, came: dict[str, Arrival]) -> set[bytes]:
        arrival = came.get(sha256_of(path))
        kind = None if arrival is None else arrival.kind
        household = Household() if arrival is None else _household(arrival)
        household = replace(household, mapping=self._mappings.get(source))
        named = subjects(path, kind, household)["subject"].unique()
        return set(self._book.register.tags(source, named)) if len(named) else set()


def _tags(connection: Connection, citizen: int | None, tag: bytes | None) -> set[bytes]:
    own = erasure.tags_of(connection, citizen) if citizen is not None else set()
    return own | ({tag} if tag is not None else set())


def _household(arrival: Arrival) -> Household:
    return Household(arrival.service, arrival.unit, arrival.meter, arrival.residents)


def _raw_files(home: Path) -> Iterator[tuple[str, Path]]:
    for folder in RAW:
        for path in sorted((home / folder).glob("*/*")):
            if path.is_file() and not path.is_symlink():
                yield path.parent.name, path


def _clear_spool(folder: Path) -> None:
    """Takes away what a crash left on its way in."""
    for path in folder.rglob("*"):
        if path.is_file() and time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
            path.unlink()
