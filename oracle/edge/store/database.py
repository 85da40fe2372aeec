"""The database behind the book: SQLite in the home folder, or PostgreSQL by URL. The same statements run on both.

One writer at a time, on either: what `begin` reads cannot change before it has written. Readers never wait, and see one state throughout.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from oracle.edge.store.migrate import upgrade
from oracle.edge.store.schema import home, identity
from oracle.model.errors import ConfigError, StoreError, WrongChain

_WAIT_SECONDS = 30
_OTHERS = 0o077
# What SQLite says of a file whose bytes are not what it wrote; Python cannot decode it when SQLite quotes them.
_DAMAGE = ("malformed", "not a database", "unsupported file format", "decode to UTF-8", "can't decode byte")
_DAMAGED = "The file is damaged. Stop all processes that use it, restore the last backup, and run `carbonbook rebuild`."
_READING = "carbonbook_reading"
# Tables that forgetting a person takes something out of.
_PERSONAL = (
    *("citizens", "subjects", "reseeded", "readings", "arrivals", "findings"),
    *("quarantined_rows", "rejected_subjects", "refused_messages"),
)
# Any number, the same in every process: PostgreSQL's name of the lock that a writer holds until its transaction ends.
_WRITER = 0x436172626F6E


class Database:
    """Opens the book's database, bringing its tables to the newest revision.

    Args:
        place: The SQLite file, or an SQLAlchemy URL such as `postgresql+psycopg://user@host/book`.

    Raises:
        ConfigError: The URL is none, or the book was written by a newer version.
        StoreError: The database does not answer.
    """

    def __init__(self, place: Path | str):
        if isinstance(place, Path):
            _keep_private(place)
            url = URL.create("sqlite", database=str(place))
        else:
            url = _parsed(place)
        self.place = url.render_as_string(hide_password=True)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._admission: Callable[[], None] | None = None
        # Parameters are salts and tags: an error must not show them.
        self._engine = create_engine(url, hide_parameters=True, connect_args=_connect_args(url), pool_pre_ping=True)
        event.listen(self._engine, "begin", _begin_sqlite if self.is_sqlite else _begin_postgresql)
        if self.is_sqlite:
            event.listen(self._engine, "connect", _durable)
        try:
            with self.told():
                upgrade(self._engine)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"Database({self.place!r})"

    @property
    def engine(self) -> Engine:
        """The engine, for locks that outlive a transaction."""
        return self._engine

    def admit_writers(self, admission: Callable[[], None]) -> None:
        """Registers a check that runs once before the first write; it raises to refuse."""
        self._admission = admission

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that may write: all of it happens, or nothing, and no other writes meanwhile.

        Raises:
            StoreError: The database does not answer, is full, or another writer did not end in time.
        """
        self.require_admitted()
        with self._writing() as connection:
            yield connection

    def require_admitted(self) -> None:
        """Runs the check of `begin` before the first write, for callers that contact others first."""
        if self._admission is not None:
            self._admission()
            self._admission = None

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self.told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads: one state of the database, whatever is written meanwhile; errors as in `begin`."""
        with (
            self.told(),
            self._engine.connect().execution_options(**{_READING: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def is_bound(self, chain_id: int, genesis_hash: str) -> bool:
        """Whether the book belongs to a chain; False if it belongs to none yet.

        Raises:
            WrongChain: It belongs to another one.
        """
        with self.reading() as connection:
            return _is_bound(connection, chain_id, genesis_hash)

    def bind(self, chain_id: int, genesis_hash: str) -> None:
        """Binds the book to a chain, once; errors as in `is_bound`."""
        if self.is_bound(chain_id, genesis_hash):
            return
        with self._writing() as connection:
            if not _is_bound(connection, chain_id, genesis_hash):
                connection.execute(insert(identity).values(chain_id=chain_id, genesis_hash=genesis_hash))

    def name_shared(self, offered: str) -> str:
        """The name that the database shares with its home folder; one without takes what is offered."""
        query = select(home.c.name)
        with self.reading() as connection:
            name: str | None = connection.execute(query).scalar_one_or_none()
        if name is None:
            with self._writing() as connection:
                name = connection.execute(query).scalar_one_or_none()
                if name is None:
                    connection.execute(insert(home).values(name=offered))
        return name or offered

    def scrub(self) -> None:
        """Removes the bytes of deleted rows from the database's files.

        SQLite overwrites deleted bytes (`secure_delete`); this empties its write-ahead log too. PostgreSQL keeps old rows until a
        vacuum: this runs a full one. Its own write-ahead log, replicas and backups are for its administrator.
        """
        with self.told():
            if self.is_sqlite:
                self._empty_log()
            else:
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("VACUUM (FULL) " + ", ".join(_PERSONAL)))

    def _empty_log(self) -> None:
        connection = self._engine.raw_connection()
        try:
            busy, _, _ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()
        if busy:
            raise StoreError(
                f"{self.place} is being read, so its log could not be emptied. Stop the processes that read it, then repeat."
            )

    def close(self) -> None:
        """Gives back the connections."""
        self._engine.dispose()

    @contextmanager
    def told(self) -> Iterator[None]:
        """What SQLAlchemy or the database's driver says meanwhile, as an error of ours.

        Raises:
            StoreError: The database does not answer, is full, damaged, or refuses.
        """
        try:
            yield
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error, UnicodeDecodeError) as error:
            said = _said(error)
            remedy = " " + _DAMAGED if any(sign in said for sign in _DAMAGE) else ""
            raise StoreError(f"The database {self.place} failed: {said}.{remedy}") from error


def _keep_private(place: Path) -> None:
    """Makes the home folder and the database its owner's only, new ones and those that are there; SQLite's log goes by the database.

    Raises:
        StoreError: They cannot be made or changed.
    """
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            # Never opens one that is there: to close it would drop the locks that this process's other connections hold on it.
            os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        for path in (place.parent, place, *place.parent.glob(f"{place.name}-*")):
            mode = path.stat().st_mode
            if mode & _OTHERS:
                path.chmod(mode & ~_OTHERS & 0o7777)
    except OSError as error:
        raise StoreError(f"{place} cannot be opened or made private: {error.strerror}") from error


def _is_bound(connection: Connection, chain_id: int, genesis_hash: str) -> bool:
    row = connection.execute(select(identity)).one_or_none()
    if row is not None and (row.chain_id, row.genesis_hash) != (chain_id, genesis_hash):
        raise WrongChain(
            f"This book belongs to chain {row.chain_id} with genesis {row.genesis_hash}, not to chain {chain_id} with "
            f"genesis {genesis_hash}. Nothing was sent. Use the book's own chain, or a new home folder."
        )
    return row is not None


def _parsed(place: str) -> URL:
    try:
        url = make_url(place)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigError(
            "The setting `database` is not a supported URL. Use postgresql+psycopg://user@host/name."
        ) from error
    if url.password is not None:
        raise ConfigError(
            "The setting `database` contains a password. Remove it. PostgreSQL reads the password from ~/.pgpass, or from the file that "
            "?passfile=/path in the URL names."
        )
    return url


def _connect_args(url: URL) -> dict[str, object]:
    if url.get_backend_name() == "sqlite":
        # Transactions are begun by the event below, not by the driver, which would leave DDL and reads outside of them.
        return {"timeout": _WAIT_SECONDS, "isolation_level": None}
    return {"connect_timeout": _WAIT_SECONDS}


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    if connection.get_execution_options().get(_READING, False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_WAIT_SECONDS}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")


def _durable(connection: sqlite3.Connection, _record: object) -> None:
    cursor = connection.cursor()
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY


@retry(
    retry=retry_if_exception(_is_locked), wait=wait_random(0, 0.05), stop=stop_after_delay(_WAIT_SECONDS), reraise=True
)
def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Of all statements this one does not wait for a writer that has begun: several processes may open a new book at once."""
    cursor.execute("PRAGMA journal_mode=WAL")


def _said(error: Exception) -> str:
    """The driver's own words, without the statement and without what stands in the database; SQLAlchemy's if it has none."""
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    said = " ".join(said.split())
    for quotes in (" with text ", " DETAIL: "):  # SQLite's and PostgreSQL's ways to say what a value is
        said = said.partition(quotes)[0]
    return said.rstrip(".")
