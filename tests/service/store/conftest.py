"""Every test of the store runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from oracle.edge.store.database import Database
from tests.services import database, postgresql


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server."""
    with postgresql(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """Where an empty database is."""
    if request.param == "sqlite":
        yield tmp_path / "book.sqlite"
        return
    with database(request.getfixturevalue("postgresql_server"), "carbonbook_store") as url:
        yield url


@pytest.fixture
def store(place: Path | str) -> Iterator[Database]:
    """An empty database with the book's tables."""
    opened = Database(place)
    yield opened
    opened.close()
