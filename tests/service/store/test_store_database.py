"""The database: revisions, transactions, one writer, errors; on SQLite and on PostgreSQL."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, func, insert, select, text

import oracle.edge.store as store_package
from oracle.edge.store import migrate
from oracle.edge.store.database import Database
from oracle.edge.store.schema import citizens, files, metadata
from oracle.model.errors import ConfigError, StoreError, WrongChain

# Tables stand in the modules that use them.
for _module in pkgutil.iter_modules(store_package.__path__, "oracle.edge.store."):
    importlib.import_module(_module.name)

GENESIS = "0x" + "11" * 32
OTHER_GENESIS = "0x" + "22" * 32


def _file(number: int) -> dict[str, object]:
    names = {"sha256": f"{number:064x}", "name": f"f{number}.csv", "source": "szt", "ingested_at": number}
    return names | dict.fromkeys(("rows", "accepted", "quarantined"), 0)


def _opened(place: Path | str) -> closing[Database]:
    return closing(Database(place))


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(files)).scalar_one()


def test_revisions__build_exactly_the_schema(store: Database) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_head__is_the_last_of_one_line_of_revisions() -> None:
    scripts = migrate.script_directory()
    numbers = sorted(script.revision for script in scripts.walk_revisions())
    assert scripts.get_heads() == [migrate.HEAD]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_open__again__changes_nothing_and_keeps_rows(place: Path | str) -> None:
    with _opened(place) as database, database.begin() as connection:
        connection.execute(insert(files).values(_file(1)))
    with _opened(place) as database, database.reading() as connection:
        assert _count(connection) == 1
        assert migrate.revision(connection) == migrate.HEAD


def test_open__a_book_from_before_revisions__takes_it_over_with_its_rows(place: Path | str) -> None:
    url = f"sqlite:///{place}" if isinstance(place, Path) else place
    engine = create_engine(url)
    first = [
        metadata.tables[name] for name in ("identity", "citizens", "subjects", "files", "findings", "closes", "batches")
    ]
    metadata.create_all(engine, first)
    with engine.begin() as connection:
        connection.execute(insert(files).values(_file(1)))
    engine.dispose()
    with _opened(place) as database, database.reading() as connection:
        assert (_count(connection), migrate.revision(connection)) == (1, migrate.HEAD)


def test_open__a_book_of_a_newer_version__is_refused(place: Path | str, store: Database) -> None:
    with store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="revision 9999; this version supports revisions up to"):
        Database(place)


def test_open__two_at_once__makes_the_tables_once(place: Path | str) -> None:
    failures: list[BaseException] = []

    def opened() -> None:
        try:
            Database(place).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=opened) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_open__while_another_makes_the_tables_of_a_new_book__waits_for_it(tmp_path: Path) -> None:
    """SQLite waits for no writer when it is told to keep a write-ahead log."""
    path = tmp_path / "book.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        ending = threading.Timer(0.3, other.execute, ["ROLLBACK"])
        ending.start()
        Database(path).close()
        ending.join()


def test_begin__an_error_inside__leaves_nothing(store: Database) -> None:
    def fail() -> None:
        with store.begin() as connection:
            connection.execute(insert(files).values(_file(1)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.reading() as connection:
        assert _count(connection) == 0


def test_begin__two_writers_that_read_first__lose_no_update(store: Database) -> None:
    """Each reads a count and writes the next row by it: were both let in, both would write the same row."""
    failures: list[BaseException] = []

    def add() -> None:
        try:
            for _ in range(10):
                with store.begin() as connection:
                    connection.execute(insert(files).values(_file(_count(connection))))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with store.reading() as connection:
        assert _count(connection) == 40


def test_reading__while_another_writes__sees_one_state_and_does_not_wait(store: Database) -> None:
    with store.reading() as reader:
        assert _count(reader) == 0
        with store.begin() as writer:
            writer.execute(insert(files).values(_file(1)))
            assert _count(reader) == 0
        assert _count(reader) == 0
    with store.reading() as reader:
        assert _count(reader) == 1


def test_error__of_a_statement__does_not_show_the_values(store: Database) -> None:
    row = {"ref": b"r" * 32, "account": b"a" * 20, "salt": b"canary-salt-" * 2, "custody": True, "consented": False}
    with store.begin() as connection:
        connection.execute(insert(citizens).values(row))
    with pytest.raises(StoreError, match=r"(?i)unique") as caught, store.begin() as connection:
        connection.execute(insert(citizens).values(row | {"account": b"b" * 20}))
    assert not any(shown in str(caught.value) for shown in ("canary", "rrr", "727272"))


def test_bind__to_another_chain__is_refused(store: Database) -> None:
    store.bind(31337, GENESIS)
    store.bind(31337, GENESIS)
    with pytest.raises(WrongChain, match=f"not to chain 31337 with genesis {OTHER_GENESIS}"):
        store.bind(31337, OTHER_GENESIS)


def test_url__with_a_password__is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigError, match="contains a password") as caught:
        Database("postgresql+psycopg://book:canary-password@127.0.0.1/book")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("place", ["no url", "oracledb9://x/y"])
def test_url__of_nothing_known__is_refused(place: str) -> None:
    with pytest.raises(ConfigError, match="not a supported URL"):
        Database(place)


def test_server__that_does_not_answer__is_a_store_error() -> None:
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/book failed: connection failed"):
        Database("postgresql+psycopg://book@127.0.0.1:1/book")
