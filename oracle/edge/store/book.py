"""The book of one installation: database, acts, bundles, and the register of citizens, in one home folder."""

from __future__ import annotations

from pathlib import Path

from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.edge.store.acts import ActStore
from oracle.edge.store.citizens import Register
from oracle.edge.store.database import Database


class Book:
    """Opens the book of a home folder.

    Args:
        home: The folder.
        keys: Keystore with the custody and record secrets.
        database: URL of its database; None for SQLite in the folder.
    """

    def __init__(self, home: Path, keys: Keyring, database: str | None = None):
        self.home = home
        self.database = Database(database or home / "book.sqlite")
        self.acts = ActStore(home / "acts")
        self._keys = keys

    @property
    def register(self) -> Register:
        """The register of citizens; opens the two secrets."""
        return Register(self._keys.secret(CUSTODY), self._keys.secret(RECORDS))

    @property
    def record_secret(self) -> bytes:
        """The secret that record ids are hashed with."""
        return self._keys.secret(RECORDS)

    def bundle_folder(self, batch: str) -> Path:
        """Where the bundle of a batch is."""
        return self.home / "bundles" / batch[2:]

    def people_files(self) -> list[Path]:
        """Everything that `people_file` names and that is there."""
        return sorted((self.home / "closings").glob("*.parquet"))

    def people_file(self, closing: int) -> Path:
        """Where it is written what a close knew of people."""
        return self.home / "closings" / f"{closing}.parquet"
