"""Locks: one holder at a time, and a lock ends with its process; on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from oracle.edge.store.database import Database
from oracle.edge.store.lock import exclusive
from oracle.model.errors import Busy

_HOLD = """
import sys, time
from pathlib import Path
from oracle.edge.store.database import Database
from oracle.edge.store.lock import exclusive
place = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])
with exclusive(Database(place), "work", 0):
    print("held", flush=True)
    time.sleep(600)
"""


def test_exclusive__held__is_refused_and_free_afterwards(store: Database, place: Path | str) -> None:
    other = Database(place)
    with exclusive(store, "work", 0):
        with pytest.raises(Busy, match="holds the lock 'work' of this book"), exclusive(other, "work", 0.2):
            pytest.fail("two hold the same lock")
        with exclusive(other, "another", 0):
            pass
    with exclusive(other, "work", 0):
        pass
    other.close()


def test_exclusive__holder_is_killed__is_free(store: Database, place: Path | str) -> None:
    holder = subprocess.Popen([sys.executable, "-c", _HOLD, str(place)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Busy), exclusive(store, "work", 0):
        pytest.fail("two hold the same lock")
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with exclusive(store, "work", 10):
        pass
