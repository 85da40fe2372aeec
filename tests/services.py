"""Servers that tests talk to, real ones: PostgreSQL and Mosquitto, each a process of its own on a free port.

CARBONBOOK_TEST_POSTGRESQL names a server that is there already; a server at 127.0.0.1:5432 with a database `test` is found without.
Nothing is skipped when the programs are missing: `make services` installs them.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

_START_SECONDS = 30
_DEBIAN = "/usr/lib/postgresql"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """SQLAlchemy URL of a PostgreSQL server, without the database's name: the one that is there, else one started in `folder`."""
    present = os.environ.get("CARBONBOOK_TEST_POSTGRESQL") or _running()
    if present:
        yield present
        return
    programs, port = _postgresql_programs(), free_port()
    # Not in pytest's own folder: it shuts that to everybody else whenever another run begins, and the server is somebody else.
    data = Path(tempfile.mkdtemp(prefix="carbonbook-postgresql-"))
    user = _owner(data)
    subprocess.run(
        [*user, programs / "initdb", "-D", data, "-U", "carbonbook", "-A", "trust", "--no-sync"],
        check=True,
        capture_output=True,
    )
    # No connection but from this machine, and no socket file in a folder that others share.
    settings = [
        *("-c", f"port={port}", "-c", "listen_addresses=127.0.0.1"),
        *("-c", "unix_socket_directories=", "-c", "fsync=off"),
    ]
    with (folder / "postgresql.log").open("wb") as log:
        server = subprocess.Popen([*user, programs / "postgres", "-D", data, *settings], stdout=log, stderr=log)
    try:
        _until(lambda: _answers(port), server, folder / "postgresql.log")
        yield f"postgresql+psycopg://carbonbook@127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(_START_SECONDS)
        shutil.rmtree(data)


@contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """URL of a fresh database on a server."""
    address = server.replace("+psycopg", "")
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
    try:
        yield f"{server}/{name}"
    finally:
        with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]


class Mosquitto:
    """An MQTT broker that keeps what it has not delivered.

    Args:
        folder: Where its configuration, log and store are.
        access: Who may connect, and how: lines of its configuration.
    """

    def __init__(self, folder: Path, access: str = "allow_anonymous true"):
        self.port = free_port()
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)  # started as root, it becomes the user mosquitto
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\n{access}\npersistence true\npersistence_location {folder}/\n"
            "max_queued_messages 0\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it listens."""
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        assert program, "mosquitto is not installed: `make services`"
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen([program, "-c", self._folder / "mosquitto.conf"], stdout=log, stderr=log)
        _until(lambda: _listens(self.port), self._process, self._folder / "mosquitto.log")

    def stop(self) -> None:
        """Stops it; it writes down what is not delivered."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(_START_SECONDS)


def until(holds: Callable[[], bool], seconds: float = _START_SECONDS) -> None:
    """Waits for a condition, and fails if it does not come about."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not so within {seconds} s"
        time.sleep(0.02)


def _until(holds: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    def checked() -> bool:
        assert process.poll() is None, log.read_text(errors="replace")
        return holds()

    until(checked)


def _running() -> str | None:
    for user in ("postgres", "root"):
        try:
            with psycopg.connect(f"postgresql://{user}@127.0.0.1:5432/test", connect_timeout=2):
                return f"postgresql+psycopg://{user}@127.0.0.1:5432"
        except psycopg.OperationalError:
            continue
    return None


def _postgresql_programs() -> Path:
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else []
    folders += sorted(Path(_DEBIAN).glob("*/bin"), reverse=True)
    found = [folder for folder in folders if (folder / "initdb").exists()]
    assert found, "PostgreSQL is not installed: `make services`"
    return found[0]


def _owner(data: Path) -> list[str]:
    """How to become somebody the server will run as: it refuses root. Gives that user the data folder."""
    if os.geteuid() != 0:
        return []
    shutil.chown(data, "nobody", "nogroup")
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "env", "LC_ALL=C.UTF-8"]


def _answers(port: int) -> bool:
    try:
        with psycopg.connect(f"postgresql://carbonbook@127.0.0.1:{port}/postgres", connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def signer(key: bytes, lie: str = "no") -> Iterator[str]:
    """URL of a signer that holds a key, a process of its own."""
    port = free_port()
    program = Path(__file__).parent / "signer_server.py"
    server = subprocess.Popen(
        [sys.executable, str(program), "--port", str(port), "--lie", lie], stdin=subprocess.PIPE, text=True
    )
    assert server.stdin is not None
    server.stdin.write(key.hex() + "\n")
    server.stdin.close()
    with _answering(server, port) as url:
        yield url


@contextmanager
def lying_node(honest: str) -> Iterator[str]:
    """URL of a node that lies, a process of its own; what it lies about is the first part of the path.

    Args:
        honest: URL of the node whose answers it changes.
    """
    port = free_port()
    program = Path(__file__).parent / "lying_node.py"
    server = subprocess.Popen([sys.executable, str(program), "--port", str(port), "--honest", honest])
    with _answering(server, port) as url:
        yield url


@contextmanager
def _answering(server: subprocess.Popen[Any], port: int) -> Iterator[str]:
    """URL of a process once it listens; afterwards it ends."""
    try:
        until(lambda: _listens(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
