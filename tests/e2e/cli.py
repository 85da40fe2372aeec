"""Running `carbonbook` as a person does: a process of its own, its exit code, its JSON."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from oracle.cli import commands

ROOT = Path(__file__).resolve().parents[2]
CARBONBOOK = str(Path(sys.executable).parent / "carbonbook")
DATA = ROOT / "tests" / "data"
CHAIN = os.environ.get("CHAIN", "anvil")


class Carbonbook:
    """The command line in one home folder."""

    def __init__(self, home: Path):
        self.home = home

    def __call__(self, *words: str | Path) -> Any:
        """The JSON of a command that must succeed."""
        done = self.run(*words)
        assert done.returncode == 0, f"carbonbook {' '.join(map(str, words))}: {done.stderr}"
        return json.loads(done.stdout)

    def run(self, *words: str | Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """A command with `--json`, whatever becomes of it."""
        return subprocess.run(
            self._command(*words), capture_output=True, text=True, env=os.environ | (environment or {}), check=False
        )

    def run_plain(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """A command that knows no installation, as typed."""
        command = [CARBONBOOK, *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def killed(self, *words: str | Path, after: float) -> None:
        """A command that is killed `after` seconds, unless it is done by then."""
        process = subprocess.Popen(self._command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _command(self, *words: str | Path) -> list[str]:
        return [CARBONBOOK, *map(str, words), "--home", str(self.home), "--json"]


class Inside(Carbonbook):
    """The same in this process: what a test does hundreds of times need not wait for an interpreter each time."""

    def run(self, *words: str | Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """A command with `--json`, whatever becomes of it."""
        command, out, err = self._command(*words), io.StringIO(), io.StringIO()
        with (
            mock.patch.object(sys, "argv", command),
            mock.patch.dict(os.environ, environment or {}),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            commands.main()
        return subprocess.CompletedProcess(command, int(ended.value.code or 0), out.getvalue(), err.getvalue())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def counts(status: dict[str, Any]) -> dict[str, Any]:
    """What a status says of the book: whatever changes it, changes this."""
    names = ("files", "rows", "rows_accepted", "rows_quarantined", "acts", "days_to_close", "batches")
    return {name: status[name] for name in names}
