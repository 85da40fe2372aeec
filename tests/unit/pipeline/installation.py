"""A book without a chain: trips go in as files, batches come out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from oracle.config import Source
from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.citizens import Enrolment
from oracle.measure.close.close import Closed, close
from oracle.measure.evidence.bundle import Bundle
from oracle.measure.evidence.folder import read
from oracle.measure.ingest import Ingested, ingest
from oracle.measure.quantify.library import Library
from oracle.measure.records.meters import Household

LIBRARY = Library.load()
OPERATORS = {"app-1": "0x" + "11" * 20, "app-2": "0x" + "22" * 20}
MIDNIGHT = 1_672_848_000  # 2023-01-05 00:00 in Shenzhen
HOUR, MINUTE = 3600, 60
HEADER = "trip_id,rider,mode,start_time,end_time,trip_distance\n"
NOW = MIDNIGHT + 30 * 86_400


@dataclass(frozen=True)
class Trip:
    """One metro trip of a rider; hours are of 5 January 2023 in Shenzhen and may run over."""

    name: str
    rider: str
    hour: float
    metres: int = 9_000
    minutes: int = 20

    def row(self) -> str:
        """As a line of the app's CSV."""
        start = MIDNIGHT + int(self.hour * HOUR)
        return f"{self.name},{self.rider},metro,{start * 1000},{(start + self.minutes * MINUTE) * 1000},{self.metres}\n"


class Installation:
    """One book in a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        keys = Keyring(folder / "keys")
        keys.create_passphrase()
        for name in (CUSTODY, RECORDS):
            keys.store(name, bytes([len(name)]) * 32, random_passphrase=True)
        self.book = Book(folder, keys)

    def ingest(self, trips: list[Trip], source: str = "app-1") -> Ingested:
        """Ingests trips as one file."""
        path = self.folder / "trips.csv"
        path.write_text(HEADER + "".join(trip.row() for trip in trips))
        household = Household(service=None, unit=None, meter=None, residents=1)
        return ingest(self.book, path, source, Source(operator=source), kind=None, household=household, now=NOW)

    def enrol(self, citizen: str, subjects: dict[str, str], consented: bool = False) -> None:
        """Says which rider of which source is one person."""
        people = [Enrolment(citizen, source, subject, consented) for source, subject in subjects.items()]
        with self.book.database.begin() as connection:
            self.book.register.enrol(connection, people)

    def close(self) -> list[Closed]:
        """Closes what is open."""
        return close(self.book, LIBRARY, OPERATORS)

    def bundle(self, closed: Closed) -> Bundle:
        """The bundle of a batch."""
        return read(self.book.bundle_folder(closed.batch.batch))

    def records(self) -> pl.DataFrame:
        """Every record of every bundle: record_id, account, quantity."""
        folders = sorted((self.folder / "bundles").iterdir())
        return pl.concat([read(folder).records.select("record_id", "account", "quantity") for folder in folders])
