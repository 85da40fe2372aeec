"""Forgetting a person, in everything that an installation keeps: database, acts, what closes knew, received files, leftovers.

What stays says nothing of the person: an account among others with its records in the bundles, and totals. Killed in between, it is
repeated: acts go before the tags by which they are found.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import Connection

from oracle.edge.store import erasure
from oracle.edge.store.arrivals import Arrival, all_arrivals, forget_in
from oracle.edge.store.book import Book
from oracle.edge.store.files import committed_files
from oracle.edge.store.quarantine import Row
from oracle.measure.records.content import sha256_of
from oracle.measure.records.meters import Household
from oracle.measure.records.subjects import subjects
from oracle.model.errors import InputError

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


def forget(book: Book, citizen: int | None, who: str, now: int, tag: bytes | None = None) -> Forgotten:
    """Forgets a person.

    Args:
        citizen: None for somebody of whom there never was a sound row.
        tag: A name of the person, hashed (`Register.tag`), if there is no citizen that has it.
        who: On whose word.
        now: UTC seconds.

    Raises:
        StoreError: The database is being read, so that its log could not be emptied: repeat.
    """
    with book.database.begin() as connection:
        tags = {tag} if tag is not None else set()
        rows: set[Row] = set()
        if citizen is not None:
            tags |= erasure.tags_of(connection, citizen)
            rows = set(book.acts.forget(citizen, committed_files(connection)).iter_rows())
            for written in book.people_files():
                forget_in(written, citizen)
        removed, unreadable = _forget_raw(book, connection, tags)
        erasure.erase(connection, citizen, tags, book.register.tag, rows, who, now)
    _clear_spool(book.home / _SPOOL)
    book.database.scrub()
    return Forgotten(len(rows), removed, tuple(unreadable))


def _forget_raw(book: Book, connection: Connection, tags: set[bytes]) -> tuple[int, list[str]]:
    """Removes raw files that name one of some tags; says how many, and which files nobody can read."""
    removed, unreadable = 0, []
    came = {arrival.sha256: arrival for arrival in all_arrivals(connection)}
    for source, path in _raw_files(book.home):
        try:
            arrival = came.get(sha256_of(path))
            kind = None if arrival is None else arrival.kind
            named = subjects(path, kind, Household() if arrival is None else _household(arrival))["subject"].unique()
        except InputError:
            unreadable.append(str(path.relative_to(book.home)))
            continue
        found = book.register.tags(source, named) if len(named) else pl.Series([], dtype=pl.Binary)
        if tags & set(found):
            path.unlink()
            removed += 1
    return removed, unreadable


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
