"""The database behind the book: SQLite in the home folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, insert, select

from oracle.errors import WrongChain
from oracle.store import outbox  # noqa: F401  # its tables belong to `metadata`
from oracle.store.schema import identity, metadata


class Database:
    """Opens the book's database, creating its tables on first use.

    Args:
        path: The SQLite file.
    """

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", _durable)
        metadata.create_all(self._engine)

    @property
    def engine(self) -> Engine:
        """The engine, for locks that outlive a transaction."""
        return self._engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: all of it happens, or nothing."""
        with self._engine.begin() as connection:
            yield connection

    def bind(self, chain_id: int, genesis_hash: str) -> None:
        """Ties the book to a chain, once.

        Raises:
            WrongChain: It belongs to another one.
        """
        with self.begin() as connection:
            row = connection.execute(select(identity)).one_or_none()
            if row is None:
                connection.execute(insert(identity).values(chain_id=chain_id, genesis_hash=genesis_hash))
            elif (row.chain_id, row.genesis_hash) != (chain_id, genesis_hash):
                raise WrongChain(
                    f"This book belongs to chain {row.chain_id} with genesis {row.genesis_hash}, not to chain {chain_id} with "
                    f"genesis {genesis_hash}. Nothing was sent. Use the book's own chain, or a new home folder."
                )


def _durable(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]  # a DB-API connection
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
