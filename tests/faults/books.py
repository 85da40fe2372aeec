"""Where a world's book is: a file in its home folder, or a database on a PostgreSQL server. Both can be kept and gone back to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any, Protocol

import psycopg


class Open(Protocol):
    """An open connection."""

    def execute(self, query: str, /) -> Iterable[tuple[Any, ...]]:
        """Rows of a query."""

    def close(self) -> None:
        """Gives it back."""


class InHome:
    """A file in the home folder, kept and gone back to with it."""

    environment: dict[str, str] = {}  # noqa: RUF012  # nothing is put into it

    def open(self, home: Path) -> AbstractContextManager[Open]:
        """The book of a home folder."""
        return closing(sqlite3.connect(home / "book.sqlite"))

    def keep(self, label: str) -> None:
        """The file is kept with its folder."""

    def back_to(self, label: str) -> None:
        """The file comes back with its folder."""

    def close(self) -> None:
        """The file goes with its folder."""


class OnServer:
    """A database on a PostgreSQL server; what is kept of it are databases beside it.

    Args:
        server: SQLAlchemy URL without the database's name.
    """

    def __init__(self, server: str):
        self._address = server.replace("+psycopg", "")
        self.environment = {"CARBONBOOK_DATABASE": f"{server}/faults"}
        self._made: set[str] = set()
        self._replace("faults", "template1")

    def open(self, home: Path) -> AbstractContextManager[Open]:
        """The book, whichever the home folder."""
        return closing(psycopg.connect(f"{self._address}/faults"))

    def keep(self, label: str) -> None:
        """Copies the database, in which nobody may be at work."""
        self._replace(f"faults {label}", "faults")

    def back_to(self, label: str) -> None:
        """Brings a copy back, whoever is at work in the database."""
        self._replace("faults", f"faults {label}")

    def close(self) -> None:
        """Drops all of them."""
        for name in self._made:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _replace(self, name: str, template: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made.add(name)

    def _run(self, command: str) -> None:
        with psycopg.connect(f"{self._address}/postgres", autocommit=True) as connection:
            connection.execute(command)
