"""Commands as processes that are cheap to start and to kill: forked from one that has everything imported."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread

from tests.e2e.cli import ROOT


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit code (negative: the signal that killed it) and everything it said."""

    code: int
    out: str
    err: str


class Forker:
    """Talks to a fork server."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forkserver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        self._news = Condition()
        self._started: list[int] = []
        self._ended: dict[int, int] = {}
        self._number = 0
        Thread(target=self._listen, daemon=True).start()
        atexit.register(self._server.terminate)

    def start(
        self, words: list[str], folder: Path, environment: dict[str, str], clock: tuple[int, int] | None = None
    ) -> Command:
        """Starts a command whose output goes to a file in `folder`; `clock` as in `World.start`."""
        self._number += 1
        out = folder / f"{self._number:06d}-{words[0]}"
        out.with_suffix(".out").touch()  # it may be killed before it opens them
        out.with_suffix(".err").touch()
        order = json.dumps({"words": words, "out": str(out), "environment": environment, "clock": clock})
        with self._news:
            self._server.stdin.write(order.encode() + b"\n")  # type: ignore[union-attr]  # a pipe
            self._server.stdin.flush()  # type: ignore[union-attr]  # a pipe
            if not self._news.wait_for(lambda: self._started, 60):
                raise TimeoutError("the fork server does not answer")
            return Command(self, self._started.pop(), out)

    def wait(self, pid: int, seconds: float) -> int | None:
        """Exit code of a child that ends within some seconds."""
        with self._news:
            self._news.wait_for(lambda: pid in self._ended, seconds)
            return self._ended.get(pid)

    def _listen(self) -> None:
        for line in self._server.stdout:  # type: ignore[union-attr]  # a pipe
            news = json.loads(line)
            with self._news:
                if "started" in news:
                    self._ended.pop(news["started"], None)  # the number of one that ended long ago
                    self._started.append(news["started"])
                else:
                    self._ended[news["ended"]] = news["code"]
                self._news.notify_all()


class Command:
    """One running `carbonbook` command."""

    def __init__(self, forker: Forker, pid: int, out: Path):
        self._forker = forker
        self._out = out
        self.pid = pid

    def ended(self) -> bool:
        """Whether it has ended."""
        return self._forker.wait(self.pid, 0) is not None

    def kill(self) -> None:
        """kill -9; nothing if it has ended."""
        if not self.ended():
            with suppress(ProcessLookupError):  # it has ended since
                os.kill(self.pid, signal.SIGKILL)

    def wait(self, seconds: float = 120) -> Ended:
        """Waits for its end.

        Raises:
            TimeoutError: It has not ended by then; it is killed.
        """
        code = self._forker.wait(self.pid, seconds)
        if code is None:
            self.kill()
            raise TimeoutError(f"{self._out} has not ended within {seconds} s")
        return Ended(code, self._text(".out"), self._text(".err"))

    def _text(self, suffix: str) -> str:
        return self._out.with_suffix(suffix).read_text()
