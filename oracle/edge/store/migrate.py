"""Bringing a book's tables to the newest revision. Revisions are the numbered files of `oracle/edge/store/migrations`.

To add or change a table: change `oracle/edge/store/schema.py` or a file beside it, add the next number to the folder, set `HEAD`. A test
compares what the revisions build with the schema, on both databases, and fails while they differ.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from oracle.edge.store import outbox  # noqa: F401  # its tables belong to `metadata`
from oracle.edge.store.schema import metadata
from oracle.model.errors import ConfigError

if TYPE_CHECKING:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

HEAD = "0011"

_FIRST = "0001"
_VERSIONS = "alembic_version"


def upgrade(engine: Engine) -> None:
    """Runs the revisions that a database lacks; all of them, or none.

    Raises:
        ConfigError: The database has a revision that this version does not know.
    """
    with engine.connect() as connection:
        connection = connection.execution_options(carbonbook_reading=True)
        present = revision(connection)
    if present == HEAD:
        return
    with engine.begin() as connection:
        _upgrade(connection)


def revision(connection: Connection) -> str | None:
    """The revision of a database; None for an empty one."""
    tables = inspect(connection).get_table_names()
    if _VERSIONS in tables:
        found: str | None = connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalar_one_or_none()
        return found
    return None


def _upgrade(connection: Connection) -> None:
    # Alembic takes a while to import, and nearly every command finds its tables as they should be.
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    scripts = script_directory()
    present = revision(connection)  # another process may have been here since
    known = {script.revision for script in scripts.walk_revisions()}
    if present is not None and present not in known:
        raise ConfigError(
            f"The database has schema revision {present}; this version supports revisions up to {HEAD}. Install a newer version."
        )
    if present is None and "files" in inspect(connection).get_table_names():
        # Made before revisions were counted: it has the tables of the first.
        _run(connection, EnvironmentContext(Config(), scripts, fn=lambda rev, _: scripts._stamp_revs(_FIRST, rev)))
    _run(connection, EnvironmentContext(Config(), scripts, fn=lambda rev, _: scripts._upgrade_revs(HEAD, rev)))


def _run(connection: Connection, environment: EnvironmentContext) -> None:
    with environment:
        environment.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
        environment.run_migrations()


def script_directory() -> ScriptDirectory:
    """The revisions, as Alembic sees them."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(
        Path(__file__).parent / "migrations", version_locations=[Path(__file__).parent / "migrations"]
    )
