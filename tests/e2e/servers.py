"""Services of `carbonbook` as processes of their own, that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import requests

from tests.e2e.cli import CARBONBOOK
from tests.services import free_port, until


class Service:
    """One running command.

    Args:
        words: The command, without the port.
        log: Where it says what it says.
        path: What to ask for to see that it listens.
    """

    def __init__(self, words: list[str], log: Path, path: str, environment: dict[str, str] | None = None):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._words = [CARBONBOOK, *words, "--port", str(self.port)]
        self._path = path
        self._environment = os.environ | (environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Service:
        """Starts it and waits until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._words, stdout=log, stderr=log, env=self._environment)
        until(self._answers, 60)
        return self

    def until_said(self, words: str) -> None:
        """Waits until its log has some words."""
        until(lambda: words in self.log.read_text(errors="replace"), 60)

    def kill(self) -> None:
        """Kills it, as a power cut would."""
        self._end(lambda process: process.send_signal(signal.SIGKILL))

    def stop(self) -> None:
        """Asks it to stop, and waits until it has."""
        self._end(lambda process: process.terminate())

    @property
    def runs(self) -> bool:
        """Whether the process that was started last is still there."""
        return self._process is not None and self._process.poll() is None

    @property
    def memory_peak(self) -> int:
        """Most bytes of memory it has held so far."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))

    def _end(self, how: Callable[[subprocess.Popen[bytes]], None]) -> None:
        if self._process is not None:
            how(self._process)
            self._process.wait(60)
            self._process = None

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text(errors="replace")
        try:
            return requests.get(self.url + self._path, timeout=5).status_code == 200
        except requests.exceptions.ConnectionError:
            return False
