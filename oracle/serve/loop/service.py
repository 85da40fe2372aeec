"""The loop: close, attest, credit, settle, look, wait. One service works on a book; a second one is refused.

A step that fails is logged and counted and tried again in the next round; the steps after it run all the same, since each of them only
does what the chain says is left. What stops the service is a chain that took back what was final: it ends with exit code 9 within one
round, and has sent nothing.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from oracle.edge.store.disk import disk
from oracle.edge.store.lock import exclusive
from oracle.model.errors import CarbonbookError, NodesDisagree, RolledBack
from oracle.serve.loop.logs import logger
from oracle.serve.loop.metrics import Metrics
from oracle.serve.loop.sample import sample
from oracle.serve.loop.steps import STEPS, Work

if TYPE_CHECKING:
    from oracle.installation import Installation

PULSE_FILE = "pulse.json"


class Service:
    """Runs one installation.

    Args:
        here: The installation.
        metrics: Where to count.
        every_seconds: From the end of a round to the next.
        compare_every: Compare the whole book with the chain every N rounds; 0 for never.
    """

    def __init__(self, here: Installation, metrics: Metrics, every_seconds: float, compare_every: int):
        self._here = here
        self._metrics = metrics
        self._every = every_seconds
        self._compare_every = compare_every
        self._log = logger()
        self._stop = Event()
        self.pulse = time.time()
        metrics.pulse.set(self.pulse)

    def linger(self, seconds: float) -> None:
        """Waits so long, or until it is stopped: what has gone wrong can be seen from outside before the process ends."""
        self._stop.wait(seconds)

    def stop(self) -> None:
        """Ends the loop after the step that runs."""
        self._stop.set()

    def run(self, rounds: int | None = None) -> None:
        """Works until it is stopped, or for some rounds.

        Raises:
            Busy: Another service works on this book.
            RolledBack: The chain took back what was final; nothing was sent since.
        """
        with exclusive(self._here.book.database, "run", 0):
            work = Work(self._here, self._here.sender(), self._here.settlements)
            self._log.info("started", pid=os.getpid(), rpc=self._here.chain.rpc, every_seconds=self._every)
            number = 0
            while not self._stop.is_set() and number != rounds:
                number += 1
                self._round(work, number)
                if number != rounds:
                    self._stop.wait(self._every)
            self._log.info("stopped", rounds=number)

    def _round(self, work: Work, number: int) -> None:
        began = time.monotonic()
        good = self._followed(work)
        if good:
            for name in STEPS:
                good = self._step(work, name) and good
                if self._stop.is_set():
                    break
        good = self._sampled(number) and good
        self._metrics.rounds.observe(time.monotonic() - began)
        if good:
            self._beaten(number)

    def _disk(self) -> AbstractContextManager[None]:
        """Surrounds the work of a round: a disk error is logged, and the next round retries."""
        return disk(self._here.settings.home)

    def _followed(self, work: Work) -> bool:
        """Checks whether the chain can be trusted, and follows pending transactions."""
        try:
            with self._disk():
                found = work.outbox.reconcile()
        except RolledBack as error:
            self._metrics.halted.set(1)
            self._log.critical("halted", error=str(error))
            raise
        except CarbonbookError as error:
            return self._failed("reconcile", error)
        self._metrics.disagree.set(0)
        for kind, count in vars(found).items():
            self._metrics.followed.labels(kind).inc(count)
        if found.moved:
            self._log.info("followed", **vars(found))
        return True

    def _step(self, work: Work, name: str) -> bool:
        try:
            with self._disk():
                done = STEPS[name](work)
        except RolledBack:
            self._metrics.halted.set(1)
            raise
        except CarbonbookError as error:
            return self._failed(name, error)
        self._metrics.done.labels(name).inc(done)
        if done:
            self._log.info("done", step=name, count=done)
        return True

    def _failed(self, step: str, error: CarbonbookError) -> bool:
        self._metrics.failures.labels(step, type(error).__name__).inc()
        self._metrics.disagree.set(isinstance(error, NodesDisagree))
        self._log.error("failed", step=step, error=type(error).__name__, says=str(error))
        return False

    def _sampled(self, number: int) -> bool:
        try:
            with self._disk():
                sample(self._here, self._metrics)
                if self._compare_every and number % self._compare_every == 1 % self._compare_every:
                    self._compare()
        except CarbonbookError as error:
            return self._failed("look", error)
        return True

    def _compare(self) -> None:
        from oracle.report.report import read_report  # pandas is only for this

        made = read_report(self._here.chain, self._here.book)
        self._metrics.differences.set(made.differences)
        self._metrics.vault.set(sum(check.difference for check in made.reconciliation if check.check == "vault_units"))

    def _beaten(self, number: int) -> None:
        try:
            with self._disk():
                self._beat(number)
        except CarbonbookError as error:
            self._failed("pulse", error)

    def _beat(self, number: int) -> None:
        """Records a successful round: in memory, as a metric, and in a file that is replaced atomically."""
        self.pulse = time.time()
        self._metrics.pulse.set(self.pulse)
        path = self._here.settings.path(PULSE_FILE)
        draft = Path(f"{path}.draft")
        draft.write_text(json.dumps({"time": int(self.pulse), "round": number, "pid": os.getpid()}) + "\n")
        os.replace(draft, path)
