"""The whole story on sample data, with the commands an operator would type: `make demo`.

Real Shenzhen card taps, a real household's meter and a small synthetic city become evidence, points on a local chain, purchases, payments
to merchants, then credits (`demo_credits.py`) and reports. Everything is made anew in build/demo each time; the local chain's clock is
set, so that each run tells the same story.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gzip
import io
import json
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import demo_credits
import polars as pl

from oracle.cli import app
from oracle.cli.commands import MODULES, load
from oracle.model.errors import CarbonbookError

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"
CLOCK = "2023-01-10T08:00:00+08:00"
CITIZENS, DAYS, FIRST_DAY = 300, 2, "2023-01-05"
HOUSEHOLD_SINCE = "2022-11-20"  # the real meter's last weeks are enough to show
ORDER_POINTS = ("5", "12.5", "3.2")
MERCHANTS = ("merchant-1", "merchant-2", "merchant-3")


def main() -> None:
    """Runs the story; leaves the first command's failure as it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chain", choices=("anvil", "ganache", "hardhat"), default="anvil")
    parser.add_argument("--port", type=int, default=8645)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "demo")
    arguments = parser.parse_args()
    demo = Demo(arguments.folder)
    demo.clear()
    began = time.monotonic()
    try:
        demo.run("up", "--chain", arguments.chain, "--port", str(arguments.port), "--clock", CLOCK)
        demo.tell()
    finally:
        demo.run("down")
    print(f"\n{time.monotonic() - began:.0f} s. CSVs, plots and a summary: {demo.reports}", flush=True)


class Demo:
    """One run in one folder."""

    def __init__(self, folder: Path):
        self.home = folder / "home"
        self.city = folder / "city"
        self.reports = folder / "reports"
        self._folder = folder

    def clear(self) -> None:
        """Stops what an interrupted run left and removes its files."""
        if self.home.exists():
            self.run("down")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)

    def tell(self) -> None:
        """Everything after the chain is up."""
        self.heading("Records: real taps and meters, and a synthetic city with some cheats in it")
        self.run("city", str(self.city), "--citizens", str(CITIZENS), "--days", str(DAYS), "--first-day", FIRST_DAY)
        self.run("enrol", str(self.city / "citizens.csv"))
        for paths, source, *options in self.inputs():
            done = self.run("ingest", *map(str, paths), "--source", source, *options)
            found = ", ".join(f"{count} {code}" for code, count in done["findings"].items())
            print(
                f"   {done['rows']} rows: {done['accepted']} accepted, {done['quarantined']} with a finding ({found or '-'})"
            )
        self.heading("Evidence: quantified, bundled, signed by two of three, anchored on chain")
        closed = self.run("close")
        print(f"   {closed['batches']} batches of {closed['records']} records")
        self.run("attest")
        self.run("clock", "--advance", "1")
        credited = self.run("credit")["credited"]
        print(f"   {sum(batch['points_milli'] for batch in credited) / 1000:.3f} points")
        self.heading("Purchases, and the merchants' money a refund window later")
        orders = self.write_orders()
        taken = self.run("redeem", str(orders))
        print(f"   {taken['taken']} orders taken for {taken['points']} points, {len(taken['refused'])} refused")
        self.run("clock", "--advance", "9")
        run = self.run("settle", "propose", "--key", "authority-1")["run"]
        self.run("settle", "approve", run, "--key", "authority-2")
        paid = self.run("settle", "send", run)
        print(f"   {len(paid['payouts'])} merchants paid {paid['amount'] / 1e6:.6f} test yuan")
        demo_credits.tell(self)
        self.heading("Proof and reports")
        print(f"   one record proven in {len(self.run('verify', self.a_record())['steps'])} checks")
        stated = self.run("statement", "--period", CLOCK[:7], "--out", str(self.reports / "statements"))
        print(f"   {len(stated['merchants'])} merchants' statements, {len(stated['do_not_foot'])} that do not foot")
        self.show("report", "--out", str(self.reports))

    def inputs(self) -> Iterator[tuple[Any, ...]]:
        """Files to ingest, their source and options."""
        yield [DATA / "szt_taps_100.json"], "szt"
        yield [self.household()], "grid", "--meter", "sample-0", "--unit", "kWh"
        named = {"taps": "szt", "trips-bus-app": "bus-app", "trips-ride-app": "ride-app", "meters-electricity": "grid"}
        named |= {"meters-water": "water", "meters-gas": "gas", "greenbutton": "green-button"}
        named |= {"acts-": "green-life"}
        for prefix, source in named.items():
            yield sorted(self.city.glob(f"{prefix}*")), source

    def household(self) -> Path:
        """The last weeks of a real household's hourly meter."""
        path = self._folder / "household.csv"
        with gzip.open(DATA / "uk-electricity-hdd-only-hourly-sample-0.csv.gz", "rt") as whole:
            header, *rows = whole.readlines()
        path.write_text(header + "".join(row for row in rows if row >= HOUSEHOLD_SINCE))
        return path

    def write_orders(self) -> Path:
        """An order for each of the accounts with the most points, and one that nobody can pay."""
        before = self._folder / "before"
        self.run("report", "statements", "--out", str(before))
        with (before / "statements.csv").open(encoding="utf-8-sig", newline="") as file:
            balances = {row["account"]: int(row["balance_milli"]) for row in csv.DictReader(file)}
        rich = sorted(balances, key=lambda account: (-balances[account], account))[:60]
        path = self._folder / "orders.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["account", "merchant", "order_number", "points", "terms"])
            for number, account in enumerate(rich):
                writer.writerow(
                    [account, MERCHANTS[number % 3], f"A-{number:04d}", ORDER_POINTS[number % 3], "one tea"]
                )
            writer.writerow([rich[0], MERCHANTS[0], "A-9999", "1000000", "a moon"])
        return path

    def a_record(self) -> str:
        """The record id of one of the real bus rides: the earliest record there is."""
        records = pl.scan_parquet(
            self.home / "bundles" / "*" / "records.parquet", missing_columns="insert", extra_columns="ignore"
        )
        first = records.select("record_id", "start").sort("start", "record_id").first().collect()
        return "0x" + str(first["record_id"][0].hex())

    def heading(self, text: str) -> None:
        """A line between chapters."""
        print(f"\n{text}", flush=True)

    def run(self, *words: str) -> Any:
        """One command, shown; its JSON."""
        self._say(words)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self._call(*words, "--json")
        return json.loads(output.getvalue())

    def show(self, *words: str) -> None:
        """One command with its output as it is."""
        self._say(words)
        self._call(*words)

    def _say(self, words: tuple[str, ...]) -> None:
        print(f" $ carbonbook {shlex.join(words)}".replace(f"{ROOT}/", ""), flush=True)

    def _call(self, *words: str) -> None:
        """Runs a command in this process: a dozen starts of Python would take longer than the work."""
        load([MODULES[words[0]]])
        try:
            app([*words, *self._home(words)], standalone_mode=False)
        except CarbonbookError as error:
            sys.stderr.write(f"Error: {error}\n")
            sys.exit(error.exit_code)

    def _home(self, words: tuple[str, ...]) -> list[str]:
        return [] if words[0] == "city" else ["--home", str(self.home)]


if __name__ == "__main__":
    main()
