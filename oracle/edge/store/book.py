"""The book of one installation: database, acts, bundles, and the register of citizens, in one home folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.edge.store.acts import ActStore
from oracle.edge.store.citizens import Register
from oracle.edge.store.database import Database
from oracle.edge.store.disk import disk
from oracle.model.errors import DifferencesFound
from oracle.model.ids import BatchId


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

    def open_for_writing(self, chain_id: int, genesis_hash: str) -> None:
        """Binds database, chain and home folder together, or checks that they belong together.

        Raises:
            WrongChain: The database belongs to another chain.
            DifferencesFound: It belongs to another home folder: acts and bundles here are of other people by its numbers.
        """
        self.database.bind(chain_id, genesis_hash)
        name = self.database.name_shared(self._name_here() or secrets.token_hex(16))
        if self._name_here() is None:
            draft = self._name_file.with_suffix(f".{os.getpid()}")
            with disk(draft):
                draft.write_text(name)
                draft.replace(self._name_file)
        if self._name_here() != name:
            raise DifferencesFound(
                f"The database {self.database.place} belongs to another installation, not to {self.home}. Nothing was "
                "written. Restore the right "
                "database. If there is none, remove this one and run `carbonbook rebuild`."
            )

    @property
    def _name_file(self) -> Path:
        return self.home / "book.id"

    def _name_here(self) -> str | None:
        with disk(self._name_file):
            return self._name_file.read_text(errors="replace") if self._name_file.exists() else None

    def named_accounts(self) -> dict[str, str]:
        """Names of the keys that are here, by account; the secrets that are no accounts are left out."""
        return {self._keys.address(name): name for name in self._keys.names() if name not in (CUSTODY, RECORDS)}

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

    def has_bundle(self, batch: str) -> bool:
        """Whether the bundle of a batch exists here; its content is not checked."""
        return (self.bundle_folder(batch) / "bundle.json").exists()

    def bundles(self) -> list[BatchId]:
        """Keys of the batches whose bundles are here, whether the database knows them or not."""
        return sorted(BatchId(f"0x{path.parent.name}") for path in (self.home / "bundles").glob("*/bundle.json"))

    def people_files(self) -> list[Path]:
        """Everything that `people_file` names and that is there."""
        return sorted((self.home / "closings").glob("*.parquet"))

    def last_people_file(self) -> int:
        """Number of the last close that left a file of people here; 0 if none did."""
        return max((int(path.stem) for path in self.people_files()), default=0)

    def people_file(self, closing: int) -> Path:
        """Where it is written what a close knew of people."""
        return self.home / "closings" / f"{closing}.parquet"
