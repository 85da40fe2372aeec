"""A process with every command imported, that forks one child per line it reads: `python -m tests.faults.forkserver`.

It reads {"words", "out", "environment", "clock"} and answers with the child's pid at once, and, when the child has ended, with its pid
and code.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
import time
from importlib import import_module
from itertools import count
from typing import Any

_MODULES = (
    "ledger.attest",
    "ledger.credit",
    "measure.ingest",
    "ledger.redeem",
    "ledger.settle",
    "measure.enrol",
    "report.status",
    "serve.up",
    "report.reconcile",
    "serve.run",
)
_ALSO = (
    "oracle.edge.chain.outbox",
    "oracle.measure.evidence.folder",
    "oracle.report.report",
    "oracle.report.write.folder",
    "pyarrow.compute",
    "polars",
)


def main() -> None:
    """Serves until its input ends."""
    from oracle.cli import commands

    for name in (*(f"oracle.cli.{module}" for module in _MODULES), *_ALSO):
        import_module(name)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(wake, selectors.EVENT_READ)
    asked = b""
    while True:
        for key, _ in selector.select():
            if key.fd == wake:
                os.read(wake, 4096)
                _reap()
                continue
            read = os.read(0, 65536)
            if not read:
                return
            *lines, asked = (asked + read).split(b"\n")
            for line in lines:
                _tell({"started": _fork(json.loads(line), commands.main)})


def _fork(order: dict[str, Any], command: Any) -> int:
    pid = os.fork()
    if pid:
        return pid
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(order["environment"])
    for path, stream in ((order["out"] + ".out", 1), (order["out"] + ".err", 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["carbonbook", *order["words"]]
    if order["clock"]:
        _jump(*order["clock"])
    code = 1
    try:
        command()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _jump(looks: int, seconds: int) -> None:
    """The clock of the machine, as this process sees it, jumps after some looks at it."""
    real, left = time.time, count(-looks)

    def now() -> float:
        return real() + (seconds if next(left) >= 0 else 0)

    time.time = now


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _tell(answer: dict[str, int]) -> None:
    sys.__stdout__.write(json.dumps(answer) + "\n")  # type: ignore[union-attr]  # it is there
    sys.__stdout__.flush()  # type: ignore[union-attr]  # it is there


if __name__ == "__main__":
    main()
