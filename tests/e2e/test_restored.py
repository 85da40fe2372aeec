"""Books that know less than the chain: restored from before other work, from another installation, or empty. Nothing is credited twice,
nothing is lost, and no evidence goes."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from oracle.installation import Installation
from oracle.measure.evidence.folder import DOCUMENT, read
from tests.e2e.cli import Carbonbook, Inside, free_port
from tests.e2e.till import PROVIDER, RIDE, RIDE_COLUMNS, RIDE_METRES

CLOCK = "2023-01-10T08:00:00+08:00"
FIRST_DAY = datetime(2023, 1, 3, 1, 0, tzinfo=UTC)
RIDERS = ("ada", "bo")
NOBODY = "0x" + "0" * 40


class Town:
    """An installation with two riders, whose book can be kept and put back. Every test has a day of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.home = folder / "home"
        self.carbonbook = Inside(self.home)
        self.days: list[int] = []

    def open(self) -> None:
        """Starts the chain, enrols the riders, and credits both for a day."""
        Carbonbook(self.home)("up", "--port", str(free_port()), "--clock", CLOCK)
        people = self.folder / "people.csv"
        rows = [("citizen", "source", "subject", "consented", "residents", "account")]
        rows += [(f"C-{rider}", "bus-app", rider, "yes", "", "") for rider in RIDERS]
        _write(people, rows)
        self.carbonbook("enrol", people)
        for rider in RIDERS:
            self.ingest(rider, 0)
        self.close()
        self.credit()
        self.once_each(0)

    def ride(self, rider: str, day: int) -> Path:
        """A file with one ride of a rider, so many days after the first."""
        start = FIRST_DAY + timedelta(days=day, hours=RIDERS.index(rider) * 3)
        times = [str(int(when.timestamp()) * 1000) for when in (start, start + RIDE)]
        path = self.folder / f"{rider}-{day}.csv"
        trip = (
            PROVIDER,
            f"trip-{rider}-{day}",
            "bus",
            rider,
            "bus",
            *times,
            str(RIDE_METRES),
            str(int(RIDE.total_seconds())),
        )
        _write(path, [RIDE_COLUMNS, trip])
        return path

    def ingest(self, rider: str, day: int) -> None:
        """Reads that file."""
        assert self.carbonbook("ingest", self.ride(rider, day), "--source", "bus-app")["accepted"] == 1

    def close(self) -> list[str]:
        """Closes; keys of the batches that were made."""
        return [made["batch"] for made in self.carbonbook("close")["bundles"]]

    def credit(self) -> None:
        """Attests and credits what is bundled."""
        self.carbonbook("attest")
        self.carbonbook("clock", "--advance", "1")
        self.carbonbook("credit")

    def keep(self, name: str, home: Path | None = None) -> None:
        """Copies the database, or that of another home folder, whoever has it open."""
        with (
            closing(sqlite3.connect((home or self.home) / "book.sqlite")) as book,
            closing(sqlite3.connect(self.folder / f"{name}.sqlite")) as copy,
        ):
            book.backup(copy)

    def put_back(self, name: str) -> None:
        """Brings a copy back."""
        self.lose()
        shutil.copy(self.folder / f"{name}.sqlite", self.home / "book.sqlite")

    def lose(self) -> None:
        """Removes the database."""
        for path in self.home.glob("book.sqlite*"):
            path.unlink()

    def refused(self, *words: str | Path) -> str:
        """What a command says that must end with exit code 8."""
        done = self.carbonbook.run(*words)
        assert done.returncode == 8, (words, done.returncode, done.stdout, done.stderr)
        return done.stderr

    def evidence(self) -> dict[str, bytes]:
        """Every file of every bundle that is attested."""
        folders = sorted((self.home / "bundles").iterdir())
        return {f"{folder.name}/{path.name}": path.read_bytes() for folder in folders for path in folder.iterdir()}

    def rows(self) -> int:
        """Rows of files, people, transactions and runs that the database has."""
        tables = ("files", "citizens", "transactions", "settlement_runs", "merchants", "identity")
        with closing(sqlite3.connect(self.home / "book.sqlite")) as book:
            return sum(book.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)

    def credits(self) -> dict[str, int]:
        """How many reductions every account was credited with, by the chain's log."""
        minted: Counter[str] = Counter()
        for event in Installation.at(self.home).chain.events("CarbonPoint", "Transfer"):
            minted[event.values["to"]] += event.values["from"] == NOBODY
        return {account: count for account, count in minted.items() if count}

    def once_each(self, day: int) -> None:
        """Both riders were credited for one more day, and once for each before; book and chain agree."""
        self.days.append(day)
        assert sorted(self.credits().values()) == [len(self.days)] * len(RIDERS)
        assert self.carbonbook("reconcile")["differences"] == 0


def _write(path: Path, rows: list[Any]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The town, with its chain running."""
    opened = Town(tmp_path_factory.mktemp("town"))
    opened.open()
    yield opened
    Carbonbook(opened.home)("down")


def test_a_database_of_before_a_credit__credits_each_rider_once(town: Town) -> None:
    town.keep("before")
    town.ingest("ada", 1)
    (first,) = town.close()
    town.credit()
    kept = town.evidence()
    town.put_back("before")
    town.ingest("bo", 1)
    told = town.refused("close")
    assert first in told
    assert "carbonbook rebuild" in told
    assert town.evidence() == kept
    done = town.carbonbook("rebuild")
    assert (done["batches_brought_back"], done["lost"], done["differ"]) == ([first], [], [])
    (second,) = town.close()
    town.ingest("ada", 1)
    assert town.close() == []
    town.credit()
    assert read(town.home / "bundles" / second[2:]).meta.sequence == 1
    assert kept.items() <= town.evidence().items()
    town.once_each(1)


def test_a_home_of_another_time__with_a_batch_attested_otherwise__is_mended(town: Town) -> None:
    town.keep("before")
    town.ingest("ada", 2)
    (batch,) = town.close()
    adas = town.folder / "adas"
    shutil.copytree(town.home / "bundles" / batch[2:], adas)
    town.keep("adas")
    town.put_back("before")
    town.ingest("bo", 2)
    assert town.close() == [batch]
    town.carbonbook("attest")
    attested = read(town.home / "bundles" / batch[2:]).header
    town.put_back("adas")
    bos = town.folder / "bos"
    shutil.move(town.home / "bundles" / batch[2:], bos)
    shutil.copytree(adas, town.home / "bundles" / batch[2:])

    for words in (("attest",), ("attest", "--dry-run"), ("close",)):
        assert batch in town.refused(*words)
    (lost,) = json.loads(town.carbonbook.run("rebuild").stdout)["lost"]
    assert (lost["batch"], lost["why"]) == (batch, "the bundle here is a different one")

    shutil.copytree(bos, town.home / "bundles" / batch[2:], dirs_exist_ok=True)
    done = town.carbonbook("rebuild")
    assert (done["lost"], done["differ"]) == ([], [])
    assert read(town.home / "bundles" / batch[2:]).header == attested
    (second,) = town.close()
    assert read(town.home / "bundles" / second[2:]).meta.sequence == 1
    town.ingest("bo", 2)
    assert town.close() == []
    town.credit()
    town.once_each(2)


def test_an_unattested_bundle_of_a_lost_database__gives_way_and_is_kept(town: Town) -> None:
    town.keep("before")
    town.ingest("ada", 3)
    (batch,) = town.close()
    lost = (town.home / "bundles" / batch[2:] / DOCUMENT).read_bytes()
    town.put_back("before")
    town.ingest("bo", 3)
    assert town.close() == [batch]
    (kept,) = (town.home / "bundles-replaced").glob(f"{batch[2:]}-*")
    assert (kept / DOCUMENT).read_bytes() == lost
    town.ingest("ada", 3)
    assert len(town.close()) == 1
    town.credit()
    town.once_each(3)


def test_an_empty_database__beside_bundles__stops_every_command_that_writes(town: Town) -> None:
    town.keep("full")
    town.lose()
    before = town.evidence()
    drop = town.folder / "drop" / "bus-app"
    drop.mkdir(parents=True)
    shutil.copy(town.ride("ada", 4), drop)
    banks = town.folder / "banks.csv"
    banks.write_text("merchant,name,bank_account,bank_code\nmerchant-1,Bakery,DE89370400440532013000,COBADEFFXXX\n")
    writing: list[tuple[str | Path, ...]] = [
        ("enrol", town.folder / "people.csv"),
        ("ingest", town.ride("ada", 4), "--source", "bus-app"),
        ("close",),
        ("attest",),
        ("credit",),
        ("merchant", "set", banks),
        ("settle",),
        ("reconcile", "--no-compare"),
        ("watch", town.folder / "drop", "--once"),
        ("offer", "add", "1", "--key", "merchant-1", "--points", "1", "--stock", "1", "--terms", "x"),
    ]
    for words in writing:
        assert "`carbonbook rebuild`" in town.refused(*words)
    assert town.carbonbook("status")["files"] == 0
    assert (town.evidence(), town.rows()) == (before, 0)

    done = town.carbonbook("rebuild")
    assert (len(done["batches_brought_back"]), done["lost"], done["differ"]) == (
        len(list((town.home / "bundles").iterdir())),
        [],
        [],
    )
    town.carbonbook("enrol", town.folder / "people.csv")
    for day in town.days:
        for rider in RIDERS:
            town.ingest(rider, day)
    assert town.close() == []
    for rider in RIDERS:
        town.ingest(rider, 4)
    assert len(town.close()) == 1
    town.credit()
    assert before.items() <= town.evidence().items()
    town.once_each(4)


def test_a_database_of_another_installation__is_refused_by_every_command_that_writes(town: Town) -> None:
    town.keep("own")
    other = town.folder / "other"
    other.mkdir()
    for name in ("config.toml", "deployment.json"):
        shutil.copy(town.home / name, other)
    shutil.copytree(town.home / "keys", other / "keys")
    stranger = Inside(other)
    refused = stranger.run("ingest", town.ride("bo", 5), "--source", "bus-app")
    assert (refused.returncode, "the chain has" in refused.stderr) == (8, True), refused.stderr
    assert stranger.run("rebuild").returncode == 8
    assert stranger("ingest", town.ride("bo", 5), "--source", "bus-app")["accepted"] == 1
    assert "the book does not know it" in stranger.run("close").stderr

    town.ingest("ada", 5)
    town.keep("other", other)
    town.put_back("other")
    before = town.evidence()
    for words in (("ingest", town.ride("ada", 5), "--source", "bus-app"), ("close",), ("credit",), ("rebuild",)):
        assert "belongs to another installation" in town.refused(*words)
    assert town.evidence() == before
    town.lose()
    assert town.carbonbook("rebuild")["lost"] == []
    town.carbonbook("enrol", town.folder / "people.csv")
    for day in (*town.days, 5):
        for rider in RIDERS:
            town.ingest(rider, day)
    assert len(town.close()) == 1
    town.credit()
    town.once_each(5)


def test_a_chain_that_knows_more__and_no_bundle_here__says_what_is_lost(town: Town) -> None:
    town.keep("full")
    shutil.move(town.home / "bundles", town.folder / "bundles")
    town.lose()
    assert "is new, but its home folder has 0 bundles" in town.refused(
        "ingest", town.ride("ada", 6), "--source", "bus-app"
    )
    lost = json.loads(town.carbonbook.run("rebuild").stdout)["lost"]
    assert {row["batch"][2:] for row in lost} == {path.name for path in (town.folder / "bundles").iterdir()}
    assert "the chain has it, the book does not know it" in town.refused("close")
    town.put_back("full")
    assert "its bundle is not here" in town.refused("close")
    shutil.move(town.folder / "bundles", town.home / "bundles")
    assert town.carbonbook("rebuild")["lost"] == []
    for rider in RIDERS:
        town.ingest(rider, 6)
    assert len(town.close()) == 1
    town.credit()
    town.once_each(6)
