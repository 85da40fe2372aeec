"""Locks: one process at a time. A lock ends with its process, however it ends.

Beside a SQLite database it is a locked file; in PostgreSQL it is an advisory lock of a session. Neither has a time limit that could end
while its holder still works.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from oracle.edge.store.database import Database
from oracle.edge.store.disk import disk
from oracle.model.errors import Busy

_POLL_SECONDS = 0.1


@contextmanager
def exclusive(database: Database, name: str, wait_seconds: float) -> Iterator[None]:
    """Holds a named lock of a book.

    Args:
        wait_seconds: How long to wait for another holder.

    Raises:
        Busy: Another process held it all the while.
        StoreError: The lock cannot be asked for.
    """
    if database.is_sqlite:
        held = _file(Path(f"{database.engine.url.database}.{name}.lock"), name, wait_seconds)
    else:
        held = _session(database, name, wait_seconds)
    with held:
        yield


@contextmanager
def _file(path: Path, name: str, wait_seconds: float) -> Iterator[None]:
    with disk(path):
        file = path.open("a+")
    with file:
        deadline = time.monotonic() + wait_seconds
        while not _locked(file.fileno()):
            if time.monotonic() >= deadline:
                file.seek(0)
                raise _busy(name, file.read().strip() or "unknown")
            time.sleep(_POLL_SECONDS)
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _session(database: Database, name: str, wait_seconds: float) -> Iterator[None]:
    key = int.from_bytes(hashlib.sha256(f"carbonbook {name}".encode()).digest()[:8], "big", signed=True)
    with (
        database.told(),
        database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
    ):
        deadline = time.monotonic() + wait_seconds
        while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one():
            if time.monotonic() >= deadline:
                raise _busy(name, "on another connection")
            time.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


def _busy(name: str, holder: str) -> Busy:
    return Busy(
        f"Another process ({holder}) holds the lock '{name}' of this book. Wait for it or stop it; the lock ends with the process."
    )
