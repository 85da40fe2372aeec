"""The desk: receives everything that arrives over the network, exactly once.

A file is acknowledged only after it is committed. A sender without an answer sends again with the same idempotency key. The same file
changes nothing the second time. If there is no room, the file is rejected, and the answer says when to retry.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from oracle.config import Settings
from oracle.edge.keys.keyring import Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.deliveries import Delivery, add_delivery, delivery_of, sha256_of_name
from oracle.measure.ingest import AllowanceUsedUp, Ingested, ingest
from oracle.measure.quantify.library import folder_of
from oracle.measure.records.meters import Household
from oracle.model.errors import InputError
from oracle.model.names import MOST_BYTES
from oracle.serve.http.places import Places
from oracle.serve.http.problem import Refused
from oracle.serve.http.signed import ByAddress, NotAuthentic, SharedSecret, Verifier

_NAME = re.compile(r"[0-9A-Za-z一-鿿_][0-9A-Za-z一-鿿_. ()-]*")


@dataclass(frozen=True)
class Limits:
    """What the desk takes.

    Attributes:
        body_bytes: Of one file, as it is sent.
        unpacked_bytes: Of one file, unpacked: what reading it may hold in memory.
        waiting: Files being received or waiting to be read, all sources together.
        each: Of these, files of one source.
        free_bytes: Room that must be left on the disk.
    """

    body_bytes: int = 64 << 20
    unpacked_bytes: int = 256 << 20
    waiting: int = 32
    each: int = 8
    free_bytes: int = 256 << 20


@dataclass(frozen=True)
class Parcel:
    """A file that is being delivered.

    Attributes:
        source: Registered source.
        key: Idempotency key of the delivery.
        name: Name of the file; the same name never means other bytes.
        sha256: Of its bytes.
        kind, meter, unit: As in `carbonbook ingest`.
    """

    source: str
    key: str
    name: str
    sha256: str
    kind: str | None = None
    meter: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Receipt:
    """What became of a parcel.

    Attributes:
        sha256: Of its bytes.
        rows, accepted, quarantined: Of the file.
        findings: Findings per code; empty if it was taken before.
        before: Whether it was taken earlier, and nothing changed now.
    """

    sha256: str
    rows: int
    accepted: int
    quarantined: int
    findings: dict[str, int]
    before: bool


class Desk:
    """Takes parcels in, one after the other.

    Args:
        settings: Sources and home folder.
        keys: Keystore with the sources' secrets.
        clock: UTC seconds.
    """

    def __init__(
        self, book: Book, settings: Settings, keys: Keyring, clock: Callable[[], float], limits: Limits | None = None
    ):
        self.book = book
        self.settings = settings
        self.limits = limits or Limits()
        self.clock = clock
        self._keys = keys
        self._reading = threading.Lock()
        self._places = Places(self.limits.waiting, self.limits.each)
        shutil.rmtree(self._spool, ignore_errors=True)  # what a crash left was never answered

    @property
    def _spool(self) -> Path:
        return self.settings.path("spool") / "parcels"

    def verifier(self, source: str) -> Verifier:
        """Who may sign for a source.

        Raises:
            NotAuthentic: Nobody: it is not registered, or has neither secret nor signer.
        """
        known = self.settings.sources.get(source)
        if known is not None and known.signer is not None:
            return ByAddress(known.signer)
        if known is None or secret_name(source) not in self._keys.names():
            # One sentence for both: whether a source is registered is nobody's business.
            raise NotAuthentic(f"No key is registered for source '{source}'.")
        return SharedSecret(self._keys.secret(secret_name(source)))

    @contextmanager
    def place(self, parcel: Parcel) -> Iterator[Path]:
        """A folder for receiving a new parcel, if there is room.

        Raises:
            Refused: There is none, or the parcel is being received already; says when to come again.
        """
        with self._places.place(parcel.source, parcel.key), self.folder() as folder:
            yield folder

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder for one file, as long as the disk has room.

        Raises:
            Refused: It has none; says when to come again.
        """
        self.require_disk()
        folder = self._spool / os.urandom(8).hex()
        try:
            folder.mkdir(parents=True)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def free_places(self) -> int:
        """How many files may begin to come in now."""
        return self._places.free

    def require_disk(self) -> None:
        """Asks for room for everything that is being received, and what is kept free.

        Raises:
            Refused: There is none; says when to come again.
        """
        free = shutil.disk_usage(self.settings.home).free
        needed = self.limits.free_bytes + self._places.held * self.limits.body_bytes
        if free < needed:
            raise Refused(503, f"The disk has {free} bytes free; {needed} must stay free. Retry later.", retry_after=60)

    def answered(self, parcel: Parcel) -> Receipt | None:
        """The earlier answer for a parcel's key; None if there was none.

        Raises:
            Refused: The key, or the name, was used for other bytes.
            InputError: The name is none.
        """
        if not _NAME.fullmatch(parcel.name):
            raise InputError(
                f"'{parcel.name}' is not a valid file name: use letters, digits, _ . ( ) - and spaces", field="name"
            )
        if len(parcel.name.encode()) > MOST_BYTES:
            raise InputError(f"has {len(parcel.name.encode())} bytes; at most {MOST_BYTES} are allowed", field="name")
        with self.book.database.reading() as connection:
            before = delivery_of(connection, parcel.source, parcel.key)
            named = sha256_of_name(connection, parcel.source, parcel.name)
        if before is not None and before.sha256 != parcel.sha256:
            raise Refused(
                409, f"The key {parcel.key} was already used for another file: {before.sha256}. Use a new key."
            )
        if named is not None and named != parcel.sha256:
            raise Refused(409, f"Another file was already received as {parcel.name}: {named}. Use another name.")
        if before is None:
            return None
        return self._receipt_of(before)

    def take(self, parcel: Parcel, path: Path) -> Receipt:
        """Reads a received file, whose name is the parcel's, and commits what is in it.

        Raises:
            InputError: It cannot be read as a whole; nothing was stored.
            Refused: The source's allowance is used up, or the key was used for other bytes.
        """
        source = self.settings.source(parcel.source)
        household = Household(source.service, parcel.unit, parcel.meter, source.residents, source.mapping)
        now = int(self.clock())
        with self._reading:
            again = self.answered(parcel)
            if again is not None:
                return again
            try:
                done = ingest(
                    self.book,
                    path,
                    parcel.source,
                    source,
                    kind=parcel.kind,
                    household=household,
                    now=now,
                    most=self.limits.unpacked_bytes,
                    documents=folder_of(self.settings),
                )
            except AllowanceUsedUp as used_up:
                raise Refused(429, str(used_up), retry_after=max(1, used_up.until - now)) from used_up
            if self.settings.keep_inputs:
                self._keep(parcel, path)
            with self.book.database.begin() as connection:
                add_delivery(connection, Delivery(parcel.source, parcel.key, parcel.sha256, parcel.name, now))
        return _receipt(done)

    def _receipt_of(self, before: Delivery) -> Receipt:
        from oracle.edge.store.files import file_of

        with self.book.database.reading() as connection:
            file = file_of(connection, before.sha256)
        if file is None:
            raise Refused(409, f"The file of key {before.key} was withdrawn. Use a new key.")
        return Receipt(file.sha256, file.rows, file.accepted, file.quarantined, {}, before=True)

    def _keep(self, parcel: Parcel, path: Path) -> None:
        target = self.settings.path("received") / parcel.source / parcel.name
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)


def secret_name(source: str) -> str:
    """Name of the key that holds a source's secret."""
    return f"source-{source}"


def _receipt(done: Ingested) -> Receipt:
    from oracle.model.findings import counts

    return Receipt(
        done.file.sha256,
        done.file.rows,
        done.file.accepted,
        done.file.quarantined,
        counts(done.findings),
        done.before,
    )
