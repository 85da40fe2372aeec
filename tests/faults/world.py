"""A small world to break: a chain with everything on it, a book, and each step of the work with the state before it and the facts after.

Going back to a step is a snapshot of the chain and a copy of the home folder, so that a trial costs less than a second.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from web3 import Web3

from oracle.edge.chain.client import Chain, connect
from oracle.edge.chain.manifest import Manifest
from oracle.sandbox import local
from oracle.sandbox.city.generate import generate
from oracle.sandbox.city.plan import Plan
from tests.e2e.cli import free_port
from tests.faults.books import InHome, OnServer
from tests.faults.child import Command, Ended, Forker
from tests.faults.facts import PAYEE, Facts, facts_of
from tests.faults.proxy import Proxy
from tests.series import Founder

CLOCK = "2023-01-10T08:00:00+08:00"
PLAN = Plan(seed=7, citizens=24, first_day=date(2023, 1, 5), days=2)
SOURCES = {"taps": "szt", "trips-bus-app": "bus-app", "trips-ride-app": "ride-app", "meters-electricity": "grid"}
_CUSTODY = "SELECT account FROM citizens WHERE custody ORDER BY account LIMIT 3"
_LIST = "market list 1 --tonnes 30 --price 60 --through 2023-12-31 --key transit"
_SETUP_SECONDS = 400  # deploying takes a while on a busy machine
# anvil puts all but its last ten states on disk after five hundred blocks, and a re-organisation to one of those loses the contracts' code.
# Counted are the states of blocks that were replaced or reverted too: of some hundred trials, each going back to the same step.
_ANVIL = '#!/bin/sh\nexec "{program}" --prune-history 2000 "$@"\n'
# Small windows and short patience: more moments to be killed at, and less waiting.
_SETTINGS = "in_flight = 2\npatience_seconds = 1\nwait_seconds = 20\nlock_seconds = 20\nrpc_timeout_seconds = 5\n"


@dataclass
class Step:
    """One command of the work.

    Attributes:
        words: The command.
        home: Copy of the home folder before it.
        snapshot: The chain before it.
        after: The facts when it has been done once, undisturbed.
    """

    words: list[str]
    home: Path
    snapshot: str
    after: Facts = field(default_factory=Facts)


class World:
    """Everything, in one folder.

    Args:
        folder: An empty one.
        plan: The city.
        prepare: Whether to do the work once, for going back to.
        server: SQLAlchemy URL of a PostgreSQL server for the book, without the database's name; None for a file in the home folder.
    """

    def __init__(self, folder: Path, plan: Plan = PLAN, prepare: bool = True, server: str | None = None):
        self.folder = folder
        self.book = OnServer(server) if server else InHome()
        self.home = folder / "home"
        self._outputs = folder / "outputs"
        self._outputs.mkdir(parents=True)
        self._forker = Forker()
        self._tools = _tools(folder / "tools")
        generate(plan, folder / "city")
        self.run("up", "--port", str(free_port()), "--clock", CLOCK)
        config = self.home / "config.toml"
        config.write_text(_SETTINGS + config.read_text())
        self.chain = Chain(self.node().rpc, Manifest.load(self.home / "deployment.json"))
        self.proxy = Proxy(self.chain.rpc)
        self.steps: dict[str, Step] = {}
        self.run("enrol", str(folder / "city" / "citizens.csv"))
        if prepare:
            self._prepare()

    def _prepare(self) -> None:
        """Does the work once, keeping the state before each step and the facts after it."""
        for words in self.ingests():
            self._step(f"ingest {words[-1]}", words)
        self._step("close", ["close"])
        self._step("attest", ["attest"])
        self.advance(86_400)
        self._step("credit", ["credit"])
        self._write_orders()
        self._step("redeem", ["redeem", str(self.folder / "orders.csv")])
        self.advance(9 * 86_400)
        self._step("settle", ["settle"])
        self.prepare_credits()

    def prepare_credits(self) -> None:
        """Issues a series without commands, and does what follows once, like the work before it."""
        founder = Founder(self.home, self.chain)
        with self.book.open(self.home) as book:
            accounts = [Web3.to_checksum_address(account) for (account,) in book.execute(_CUSTODY)]
        series = founder.issue(accounts)
        founder.list_(series, 4_000_000_000, 50_000_000)
        for buyer in ("buyer-1", "buyer-2"):
            founder.fund(buyer)
        self._step("list", [*_LIST.split(), "--order", "L-1"])
        self.advance(86_400 + 3_600)
        self._step("buy", ["market", "buy", "3.5t", "--max-price", "60", "--order", "P-1", "--key", "buyer-1"])
        self._step(
            "retire",
            [*["retire", "1.5t", "--period", "2022", "--order", "R-1", "--key", "buyer-1"], "--for", "Example Ltd"],
        )
        bought = [
            "retire",
            "1.5t",
            "--period",
            "2022",
            "--buy",
            "--max-price",
            "60",
            "--order",
            "R-1",
            "--key",
            "buyer-2",
        ]
        self._step("retire bought", [*bought, "--for", "示例公司"])
        self._step("round", ["shares", "round", str(series)])
        self._step("payout due", ["shares", "payout", "--account", accounts[1], "--to", PAYEE])
        self._step("push", ["shares", "push", str(series)])
        self._step("payout", ["shares", "payout", "--account", accounts[0], "--to", PAYEE])
        self._step("draw", ["market", "draw", str(series), "--key", "transit"])

    def ingests(self) -> list[list[str]]:
        """The commands that read the city's files."""
        city = self.folder / "city"
        return [
            ["ingest", *map(str, sorted(city.glob(f"{prefix}*"))), "--source", source]
            for prefix, source in SOURCES.items()
        ]

    def _step(self, name: str, words: list[str]) -> None:
        kept = self.folder / "kept" / name.replace(" ", "-")
        self._copy(self.home, kept)
        self.book.keep(name)
        self.steps[name] = Step(words, kept, self.rpc("evm_snapshot"))
        self.run(*words)
        self.steps[name].after = self.facts()

    def back_to(self, name: str) -> Step:
        """Brings chain and book back to before a step; steps after it must not be gone back to any more."""
        step = self.steps[name]
        if not self.rpc("evm_revert", step.snapshot):
            raise RuntimeError(f"the chain has no snapshot {step.snapshot}")
        step.snapshot = self.rpc("evm_snapshot")
        self._copy(step.home, self.home)
        self.book.back_to(name)
        return step

    def start(
        self, *words: str, rpc: str | None = None, home: Path | None = None, clock: tuple[int, int] | None = None
    ) -> Command:
        """Starts a command; through `rpc` if that is another than the chain's own, in `home` if not in the world's.

        Args:
            clock: How often it looks at the machine's clock before that jumps, and by how many seconds.
        """
        full = [*words, "--home", str(home or self.home), "--json"]
        environment = self.book.environment | self._tools | ({"CARBONBOOK_RPC": rpc} if rpc else {})
        return self._forker.start(full, self._outputs, environment, clock)

    def run(self, *words: str) -> dict[str, Any]:
        """The JSON of a command that must succeed."""
        ended = self.start(*words).wait(_SETUP_SECONDS)
        if ended.code != 0:
            raise RuntimeError(f"carbonbook {' '.join(words)} ended with {ended.code}: {ended.err}")
        done: dict[str, Any] = json.loads(ended.out)
        return done

    def ends(self, *words: str, rpc: str | None = None, home: Path | None = None) -> Ended:
        """A command, whatever becomes of it."""
        return self.start(*words, rpc=rpc, home=home).wait()

    def facts(self, home: Path | None = None) -> Facts:
        """What the chain and the book say now."""
        with self.book.open(home or self.home) as book:
            return facts_of(self.chain, book, home or self.home)

    def node(self) -> local.Process:
        """The chain's process."""
        process = local.running(self.home)
        if process is None:
            raise RuntimeError("the chain has ended")
        return process

    def advance(self, seconds: int) -> None:
        """Moves the chain's clock."""
        local.advance(self.chain.rpc, seconds)

    def rpc(self, method: str, *arguments: object) -> Any:
        """A call that only development chains know."""
        answer = connect(self.chain.rpc).provider.make_request(method, list(arguments))  # type: ignore[arg-type]  # not in web3's list
        if "error" in answer:
            raise RuntimeError(f"{method}{arguments}: {answer['error']}")
        return answer["result"]

    def outputs(self) -> list[Path]:
        """Everything that any command has said."""
        return sorted(self._outputs.iterdir())

    def close(self) -> None:
        """Stops the chain and the proxy, and drops what was made on a server."""
        self.proxy.close()
        local.stop(self.home)
        self.book.close()

    def _copy(self, source: Path, target: Path) -> None:
        """Copies a home folder without what belongs to the running chain."""
        for entry in target.iterdir() if target.exists() else ():
            if not entry.name.startswith("chain"):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("chain*", "*.lock"), dirs_exist_ok=True)

    def _write_orders(self) -> None:
        """An order of each of the six accounts with the most points."""
        points = {key: value for key, value in self.facts().amounts.items() if key.startswith("points ")}
        rich = sorted(points, key=lambda key: (-points[key], key))[:6]
        with (self.folder / "orders.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["account", "merchant", "order_number", "points"])
            for number, key in enumerate(rich):
                writer.writerow([key.removeprefix("points "), f"merchant-{number % 3 + 1}", f"A-{number}", "1.5"])


def _tools(folder: Path) -> dict[str, str]:
    """The environment in which `anvil` keeps the states of all blocks that are not final in memory."""
    program = shutil.which("anvil")
    if program is None:
        raise RuntimeError("anvil is not on the PATH: run `make setup`")
    folder.mkdir()
    script = folder / "anvil"
    script.write_text(_ANVIL.format(program=program))
    script.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
