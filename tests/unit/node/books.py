"""Installations without a chain: a book that closes, and nodes that look at its closes."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager, closing
from pathlib import Path

import polars as pl

from oracle.config import Settings, Source
from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.database import Database
from oracle.measure.close.close import Closed, close
from oracle.measure.evidence.bundle import Bundle
from oracle.measure.evidence.folder import read
from oracle.measure.ingest import Ingested, ingest
from oracle.measure.quantify.library import Library
from oracle.measure.records.meters import Household
from oracle.model.header import Header
from oracle.serve.node.proposal import Proposal, propose, read_people
from oracle.serve.node.replay import Replay

GENESIS = "0x" + "ab" * 32
NOW = 1_700_000_000
OPERATORS = {"bus-app": "0x" + "11" * 20, "ride-app": "0x" + "22" * 20, "grid": "0x" + "22" * 20}
HEADER = "trip_id,rider,mode,start_time,end_time,distance"
LIBRARY = Library.load()

# 2023-01-05 08:00 in Shenzhen
MORNING = 1_672_876_800


def trip(number: int, rider: str, *, minute: int = 0, distance: int = 8_000, mode: str = "metro") -> str:
    """A line of a trip file: twenty minutes from some minute after eight."""
    start = (MORNING + 60 * minute) * 1000
    return f"trip-{number},{rider},{mode},{start},{start + 1_200_000},{distance}"


def trips(path: Path, *lines: str) -> Path:
    """A trip file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *lines, ""]))
    return path


class Place:
    """A home folder with a book.

    Args:
        folder: The folder.
        records: The records secret.
        database: URL; None for SQLite.
    """

    def __init__(self, folder: Path, records: bytes, database: str | None = None):
        self.keys = Keyring(folder / "keys")
        self.keys.create_passphrase()
        self.keys.store(RECORDS, records, random_passphrase=True)
        self.keys.store(CUSTODY, random_passphrase=True)
        sources = {name: Source(operator=operator) for name, operator in OPERATORS.items()}
        sources["grid"] = Source(operator=OPERATORS["grid"], service="electricity")
        self.settings = Settings(home=folder, sources=sources)
        self.book = Book(folder, self.keys, database)

    def ingest(self, path: Path, source: str = "bus-app", unit: str | None = None) -> Ingested:
        """Reads a file."""
        known = self.settings.source(source)
        household = Household(known.service, unit, None, known.residents)
        return ingest(self.book, path, source, known, kind=None, household=household, now=NOW)

    def close(self) -> list[Closed]:
        """Closes."""
        return close(self.book, LIBRARY, OPERATORS)

    def proposal(self, number: int) -> tuple[Proposal, pl.DataFrame]:
        """A close as it is proposed, after a way through its bytes."""
        with self.book.database.reading() as connection:
            proposal, people = propose(self.book, connection, number, GENESIS)
        return Proposal.parse(proposal.document()), read_people(people)

    def bundle(self, batch: str) -> Bundle:
        """A batch's bundle, recomputed."""
        return read(self.book.bundle_folder(batch))


class Node(Place):
    """A node's home folder, without its key and chain.

    Attributes:
        chain: What the chain has: headers by batch.
    """

    def __init__(self, folder: Path, records: bytes):
        super().__init__(folder, records)
        self.chain: dict[str, Header] = {}
        self.replay = Replay(self.book, self.settings, LIBRARY, OPERATORS, self.chain.get)

    def copy(self, path: Path, source: str = "bus-app") -> Path:
        """Gives the node its own copy of a file."""
        target = self.book.home / "inputs" / source / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(path, target))


def closed(database: Database) -> AbstractContextManager[Database]:
    """Gives back a database's connections at the end."""
    return closing(database)
