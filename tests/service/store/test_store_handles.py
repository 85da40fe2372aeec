"""POSIX gives up all of a process's locks on a file when it closes any handle of it: nothing but SQLite may open the database's file.

https://www.sqlite.org/howtocorrupt.html, section 2.2.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from oracle.edge.keys.keyring import Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.database import Database
from oracle.edge.store.schema import files

# What a process asks that wants to remove the log: all of SQLite's lock bytes for shared use, for itself alone.
_ASKS = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
    except BlockingIOError:
        print("held")
    else:
        print("free")
"""


def _lock(place: Path) -> str:
    """How another process finds the lock of those who read."""
    return subprocess.run(
        [sys.executable, "-c", _ASKS, place], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_lock__any_handle_of_the_file_closed__is_lost(tmp_path: Path) -> None:
    place = tmp_path / "book.sqlite"
    database = Database(place)
    with database.reading() as connection:
        connection.execute(select(files)).all()
        assert _lock(place) == "held"
        place.read_bytes()
        assert _lock(place) == "free"
    database.close()


def test_lock__the_book_opened_again_in_the_process__is_held(tmp_path: Path) -> None:
    place = tmp_path / "book.sqlite"
    database = Database(place)
    with database.reading() as connection:
        connection.execute(select(files)).all()
        again = Book(tmp_path, Keyring(tmp_path / "keys"))
        with again.database.begin() as writing:
            writing.execute(select(files)).all()
        again.database.close()
        assert _lock(place) == "held"
    database.close()
