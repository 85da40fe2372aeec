"""`python -m tests.faults.soak`: the service at work for an hour while everything around it breaks; then all numbers are compared.

Files keep coming, the chain's clock moves on, and every few seconds something happens: the service is killed and started anew, the node
hangs, transactions vanish, the chain re-organises, answers get lost. At the end there must be no difference between book and chain, no
transaction on its way, and the totals of a second world that nothing happened to.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

from oracle.sandbox.city.plan import Plan
from tests.faults.child import Command
from tests.faults.delivery import Lossy
from tests.faults.facts import Facts
from tests.faults.history import FINALITY
from tests.faults.proxy import Rule
from tests.faults.world import SOURCES, World


class Soak:
    """One world at work.

    Args:
        world: The world.
        chance: Where every decision comes from.
    """

    def __init__(self, world: World, chance: random.Random):
        self._world = world
        self._chance = chance
        self._service = self._started()
        self.happened: Counter[str] = Counter()

    def work(self, minutes: float) -> None:
        """Brings files and breaks things until the time is over."""
        ends = time.monotonic() + 60 * minutes
        files = list(_files(self._world))
        pause = 60 * minutes / (len(files) + 1)
        due = time.monotonic()
        while time.monotonic() < ends or files:
            if files and time.monotonic() >= due:
                self._hard("ingest", *files.pop(0))
                self._hard("close")  # or the service does; which file comes first must not be left to chance
                due = time.monotonic() + pause
            self._break()
            time.sleep(self._chance.uniform(0.2, 2.0))  # faults come at random times
        self._finish()

    def _break(self) -> None:
        faults = {
            "kill -9": self._kill,
            "node hangs": self._hang,
            "re-organisation": self._reorganise,
            "answers lost": self._lose,
            "an hour passes": lambda: _advance(self._world, 3600),
        }
        name = self._chance.choice(list(faults))
        faults[name]()
        self.happened[name] += 1
        if self._service.ended():
            ended = self._service.wait()
            self.happened[f"service ended by itself with {ended.code}: {ended.err.strip()[-300:]}"] += 1
            self._service = self._started()

    def _kill(self) -> None:
        self._service.kill()
        self._service.wait()
        self._service = self._started()

    def _hang(self) -> None:
        pid = self._world.node().pid
        os.kill(pid, signal.SIGSTOP)
        time.sleep(self._chance.uniform(0.1, 6.0))  # up to more than the time limit of an answer
        os.kill(pid, signal.SIGCONT)

    def _reorganise(self) -> None:
        self._world.rpc("anvil_reorg", self._chance.randint(1, FINALITY), [])
        self._world.rpc("evm_mine")

    def _lose(self) -> None:
        self._world.proxy.rule = Lossy(self._chance, self._chance.uniform(0.1, 0.5))
        time.sleep(self._chance.uniform(0.5, 3.0))
        self._world.proxy.rule = Rule()

    def _started(self) -> Command:
        return self._world.start(
            "run", "--every", "0.3", "--port", "0", "--compare-every", "0", rpc=self._world.proxy.rpc
        )

    def _hard(self, *words: str) -> None:
        """A command that is killed once at any moment, then done."""
        command = self._world.start(*words)
        time.sleep(self._chance.uniform(0, 1.0))
        command.kill()
        command.wait()
        self._world.run(*words)

    def _finish(self) -> None:
        """Stops breaking things and lets the work come to its end."""
        self._service.kill()
        self._service.wait()
        finish(self._world)


def finish(world: World) -> None:
    """The rest of the work, in peace."""
    world.run("close")
    world.run("attest")
    _advance(world, 86_400)
    world.run("credit")
    world.run("reconcile", "--no-compare")


def _advance(world: World, seconds: int) -> None:
    """Moves the clock, for good: a re-organisation of a development chain that takes the block back takes the time back too."""
    world.advance(seconds)
    world.rpc("anvil_mine", hex(FINALITY))


def undisturbed(world: World) -> Facts:
    """The same files in a world that nothing happens to."""
    for words in _files(world):
        world.run("ingest", *words)
        world.run("close")
    finish(world)
    return world.facts()


def totals(facts: Facts) -> dict[str, int]:
    """What does not depend on salts and on the order in which files came: points and reductions, and how many people have some."""
    sums: Counter[str] = Counter()
    for key, amount in facts.amounts.items():
        kind = key.split()[0]
        if kind in ("points", "chunk"):
            sums[kind] += amount
    return dict(sums)


def _files(world: World) -> Iterator[tuple[str, ...]]:
    city = world.folder / "city"
    for prefix, source in SOURCES.items():
        for path in sorted(city.glob(f"{prefix}*")):
            yield str(path), "--source", source


def main() -> None:
    """Soaks, compares, says what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    plan = Plan(seed=arguments.seed, citizens=40, first_day=date(2023, 1, 3), days=4)
    with tempfile.TemporaryDirectory(prefix="carbonbook-soak-") as folder:
        with closing(World(Path(folder) / "calm", plan, prepare=False)) as calm:
            expected = totals(undisturbed(calm))
        with closing(World(Path(folder) / "soaked", plan, prepare=False)) as world:
            world.rpc("anvil_mine", hex(FINALITY))
            soak = Soak(world, random.Random(arguments.seed))
            soak.work(arguments.minutes)
            found = world.facts()
            compared = world.ends("report", "reconciliation")
    for name, count in sorted(soak.happened.items()):
        print(f"{count:6} {name}")
    print(f"expected {expected}, found {totals(found)}; {found.waiting} transactions on their way")
    print(f"book and chain: {json.loads(compared.out)['differences']} differences {compared.err.strip()}")
    sys.exit(0 if compared.code == 0 and totals(found) == expected and found.waiting == 0 else 1)


if __name__ == "__main__":
    main()
