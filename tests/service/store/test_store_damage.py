"""A database whose file is not what was written: whatever the damage, it is told with a code, and never more than that is lost."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from oracle.edge.store import outbox as rows
from oracle.edge.store.batches import all_batches
from oracle.edge.store.database import Database
from oracle.edge.store.files import all_files, all_findings
from oracle.model.errors import ConfigError, StoreError

PAGE = 4096
SENDER = "0x" + "ab" * 20


def _fill(path: Path) -> bytes:
    """A book with some transactions; its bytes."""
    book = Database(path)
    planned = {"sender": SENDER, "to": SENDER, "data": bytes(2_000), "gas": 1, "state": rows.PLANNED, "planned_at": 0}
    with book.begin() as connection:
        rows.add_planned(connection, [planned | {"act": f"act {number}"} for number in range(50)])
    book.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


def _read(path: Path) -> int:
    """Transactions in a book, after everything else in it."""
    book = Database(path)
    try:
        with book.reading() as connection:
            all_files(connection), all_batches(connection), all_findings(connection)
            return len(rows.rows_in(connection, SENDER, rows.STATES))
    finally:
        book.close()


def _no_database(content: bytearray, chance: random.Random) -> None:
    content[:] = chance.randbytes(PAGE * 3)


def _no_header(content: bytearray, chance: random.Random) -> None:
    content[:16] = bytes(16)


def _cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(PAGE, len(content) - PAGE) :]


def _pages(content: bytearray, chance: random.Random) -> None:
    for page in range(1, len(content) // PAGE):
        content[page * PAGE : page * PAGE + 16] = chance.randbytes(16)


@pytest.mark.parametrize("damage", [_no_database, _no_header, _cut, _pages])
@pytest.mark.parametrize("seed", range(5))
def test_damaged__is_told_with_what_to_do(
    tmp_path: Path, damage: Callable[[bytearray, random.Random], None], seed: int
) -> None:
    path = tmp_path / "book.sqlite"
    content = bytearray(_fill(path))
    damage(content, random.Random(seed))
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"failed: .*The file is damaged\. .*`carbonbook rebuild`"):
        _read(path)


def test_any_bytes_changed__is_read_or_told(tmp_path: Path) -> None:
    path, chance = tmp_path / "book.sqlite", random.Random(13)
    whole, told = _fill(path), 0
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 60)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        for suffix in ("-wal", "-shm"):
            path.with_name(f"book.sqlite{suffix}").unlink(missing_ok=True)
        try:
            _read(path)
        except (StoreError, ConfigError):
            told += 1
    assert told > 0


def test_folder_in_its_place__is_told(tmp_path: Path) -> None:
    (tmp_path / "book.sqlite").mkdir()
    with pytest.raises(StoreError, match="unable to open database file"):
        _read(tmp_path / "book.sqlite")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"Not a directory|File exists"):
        _read(tmp_path / "file" / "book.sqlite")
