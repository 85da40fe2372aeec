"""The main job, step by step, on a small city and the real samples."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from web3.types import RPCEndpoint

from oracle.edge.chain.client import connect
from oracle.measure.evidence.bundle import Bundle
from oracle.measure.evidence.folder import read
from oracle.sandbox.city.generate import generate
from oracle.sandbox.city.plan import Cheats, Plan
from tests.e2e.cli import CHAIN, DATA, Carbonbook, free_port

AT_ONCE = "at once"
CLOCK = "2023-01-10T08:00:00+08:00"
CHEATS = Cheats(
    **{f"{kind}_bps": 400 for kind in ("teleport", "same_station", "exit_only", "duplicate", "resent", "two_operators")}
)
PLAN = Plan(seed=11, citizens=60, first_day=date(2023, 1, 5), days=2, bills_bps=2_000, cheats=CHEATS)
SOURCES = {
    "taps": "szt",
    "trips-bus-app": "bus-app",
    "trips-ride-app": "ride-app",
    "meters-electricity": "grid",
    "meters-water": "water",
    "meters-gas": "gas",
    "greenbutton": "green-button",
}


class Story:
    """One installation that goes through the whole job.

    Each step can be repeated: what it did before, it does not do again.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.city = folder / "city"
        self.carbonbook = Carbonbook(folder / "home")
        generate(PLAN, self.city)

    def up(self, mining: str = AT_ONCE) -> None:
        """A chain with everything on it, that goes on mining as told: at once, or ten times a second."""
        rpc = self.carbonbook("up", "--chain", CHAIN, "--port", str(free_port()), "--clock", CLOCK)["rpc"]
        if mining != AT_ONCE:
            for method, argument in (("evm_setAutomine", False), ("evm_setIntervalMining", 100)):
                assert "error" not in connect(rpc).provider.make_request(RPCEndpoint(method), [argument])

    def inputs(self) -> list[tuple[list[Path], str]]:
        """Files and their sources."""
        files = [([DATA / "szt_taps_100.json"], "szt")]
        return files + [(sorted(self.city.glob(f"{prefix}*")), source) for prefix, source in SOURCES.items()]

    def before_credit(self) -> list[tuple[str | Path, ...]]:
        """Commands up to the challenge window."""
        ingests = [("ingest", *paths, "--source", source) for paths, source in self.inputs()]
        return [("enrol", self.city / "citizens.csv"), *ingests, ("close",), ("attest",)]

    def write_orders(self) -> Path:
        """An order of each of the ten accounts with the most points, and one that nobody can pay."""
        self.carbonbook("report", "statements", "--out", self.folder / "before")
        with (self.folder / "before" / "statements.csv").open(encoding="utf-8-sig", newline="") as file:
            balances = {row["account"]: int(row["balance_milli"]) for row in csv.DictReader(file)}
        rich = sorted(balances, key=lambda account: (-balances[account], account))[:10]
        path = self.folder / "orders.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["account", "merchant", "order_number", "points"])
            for number, account in enumerate(rich):
                writer.writerow([account, f"merchant-{number % 3 + 1}", f"A-{number}", "2.5"])
            writer.writerow([rich[0], "merchant-1", "A-99", "1000000"])
        return path

    def run(self) -> None:
        """Everything, once."""
        for command in self.before_credit():
            self.carbonbook(*command)
        self.carbonbook("clock", "--advance", "1")
        self.carbonbook("credit")
        self.carbonbook("redeem", self.write_orders())
        self.carbonbook("clock", "--advance", "9")
        self.carbonbook("settle")

    def bundles(self) -> Iterator[Bundle]:
        """Every bundle there is."""
        for folder in sorted((self.carbonbook.home / "bundles").iterdir()):
            yield read(folder)

    def totals(self) -> dict[str, int]:
        """What the whole job came to, from the reports."""
        folder = self.folder / "reports"
        self.carbonbook("report", "--out", folder)
        issued, paid = _rows(folder / "issuance.csv"), _rows(folder / "settlement.csv")
        return {
            "batches": len(issued),
            "records": _sum(issued, "records"),
            "quantity": _sum(issued, "quantity"),
            "reduction_mg": _sum(issued, "reduction_mg"),
            "points_milli": _sum(issued, "points_milli"),
            "orders": len(_rows(folder / "redemptions.csv")),
            "paid_milli": _sum(paid, "points_milli"),
            "paid_units": _sum(paid, "amount_units"),
            "findings": len(_rows(folder / "findings.csv")),
        }


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _sum(rows: list[dict[str, str]], column: str) -> int:
    return sum(int(row[column]) for row in rows)
