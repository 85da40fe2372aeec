"""Reports: sums agree with each other and the chain, files with the manifest, and a difference is found when there is one."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from oracle.measure.evidence.folder import read
from tests.e2e.cli import DATA, Carbonbook, Inside

Row = dict[str, str]
MERCHANT = "merchant-1"


@pytest.fixture(scope="module")
def reports(carbonbook: Carbonbook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything reported after ten bus rides, one purchase whose order number looks like a formula, and its payment."""
    folder = tmp_path_factory.mktemp("reports")
    carbonbook("ingest", DATA / "szt_taps_100.json", "--source", "szt")
    carbonbook("close")
    carbonbook("attest")
    carbonbook("clock", "--advance", "1")
    carbonbook("credit")
    account = carbonbook("report", "statements")["rows"][0]["account"]
    orders = folder / "orders.csv"
    orders.write_text(f"account,merchant,order_number,points\n{account},{MERCHANT},=HYPERLINK(A1),1.25\n")
    assert carbonbook("redeem", orders)["taken"] == 1
    carbonbook("clock", "--advance", "9")
    carbonbook("settle")
    carbonbook("report", "--out", folder / "all")
    return folder / "all"


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _sum(rows: list[Row], column: str) -> int:
    return sum(int(row[column]) for row in rows)


def test_manifest__names_every_file_with_its_hash(reports: Path) -> None:
    listed = {entry["name"]: entry["sha256"] for entry in json.loads((reports / "manifest.json").read_text())["files"]}
    here = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in reports.iterdir()}
    here.pop("manifest.json")
    assert listed == here


def test_csv__has_a_mark_for_spreadsheets_and_no_live_formula(reports: Path) -> None:
    for path in reports.glob("*.csv"):
        assert path.read_bytes().startswith(b"\xef\xbb\xbf"), path.name
        for row in _rows(path):
            assert not [cell for cell in row.values() if cell.startswith(("=", "+", "@", "\t", "\r"))], path.name
    assert [row["order_text"] for row in _rows(reports / "redemptions.csv")] == ["'=HYPERLINK(A1)"]


def test_sums__issued_is_credited_and_spent_is_paid(reports: Path) -> None:
    issued, statements = _rows(reports / "issuance.csv"), _rows(reports / "statements.csv")
    paid, taken = _rows(reports / "settlement.csv"), _rows(reports / "redemptions.csv")
    assert _sum(issued, "points_milli") == _sum(statements, "points_in_milli") == 12_660
    assert _sum(issued, "reduction_mg") == _sum(statements, "reduction_mg") == 1_500_000
    assert _sum(taken, "points_milli") == _sum(statements, "points_out_milli") == _sum(paid, "points_milli") == 1_250
    assert _sum(paid, "amount_units") == 1_250 * 50


def test_rows__every_one_says_which_batch_or_transaction_backs_it(reports: Path) -> None:
    backing = {
        "issuance": "attested_tx",
        "statements": "transaction",
        "redemptions": "transaction",
        "settlement": "transaction",
    }
    for name, column in backing.items():
        rows = _rows(reports / f"{name}.csv")
        assert rows
        assert all(len(row[column]) == 66 for row in rows), name


def test_the_same_block__gives_the_same_bytes(carbonbook: Carbonbook, reports: Path, tmp_path: Path) -> None:
    block = json.loads((reports / "manifest.json").read_text())["block"]["number"]
    carbonbook("clock", "--advance", "1")
    carbonbook("report", "--block", str(block), "--out", tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in reports.iterdir()
    }


@contextmanager
def _edited(home: Path, change: str, back: str) -> Iterator[None]:
    """The book's database with something wrong in it."""

    def execute(script: str) -> None:
        with closing(sqlite3.connect(home / "book.sqlite")) as database:
            database.executescript(script)

    execute(change)
    try:
        yield
    finally:
        execute(back)


def _differing(carbonbook: Carbonbook) -> set[str]:
    done = carbonbook.run("report", "reconciliation")
    assert done.returncode == 8, done.stderr
    answer = json.loads(done.stdout)
    wrong = {row["check"] for row in answer["rows"] if row["difference"] != 0}
    assert answer["differences"] == sum(row["difference"] != 0 for row in answer["rows"])
    return wrong


def test_reconciliation__a_bundle_that_is_gone__is_found(carbonbook: Carbonbook, reports: Path) -> None:
    folder = next((carbonbook.home / "bundles").iterdir())
    away = carbonbook.home / "away"
    folder.rename(away)
    try:
        wrong = _differing(carbonbook)
    finally:
        away.rename(folder)
    assert "bundle" in wrong
    assert carbonbook("report", "reconciliation")["differences"] == 0


def test_reconciliation__a_batch_that_the_book_forgot__is_found(carbonbook: Carbonbook, reports: Path) -> None:
    change = "CREATE TABLE kept AS SELECT * FROM batches; DELETE FROM batches;"
    with _edited(carbonbook.home, change, "INSERT INTO batches SELECT * FROM kept; DROP TABLE kept;"):
        assert "bundle" in _differing(carbonbook)
    assert carbonbook("report", "reconciliation")["differences"] == 0


def test_reconciliation__a_row_count_that_was_changed__is_found(carbonbook: Carbonbook, reports: Path) -> None:
    change = "UPDATE files SET accepted = accepted {} 1;"
    with _edited(carbonbook.home, change.format("+"), change.format("-")):
        assert _differing(carbonbook)
    assert carbonbook("report", "reconciliation")["differences"] == 0


def test_home__after_everything__is_its_owners_only(carbonbook: Carbonbook, reports: Path) -> None:
    """Bundles, acts, the index and what the chain's own process wrote too."""
    modes = {path: path.stat().st_mode & 0o077 for path in carbonbook.home.rglob("*") if not path.is_symlink()}
    assert {path.name for path in modes} >= {"bundles", "acts", "book.sqlite", "deployment.json"}
    assert [str(path) for path, mode in modes.items() if mode] == []


@pytest.mark.parametrize(
    "words",
    [
        ("report",),
        ("report", "issuance"),
        ("statement", "--period", "2023-01"),
        ("rebuild",),
        ("source", "secret", "bus-app"),
        ("order", "sign", "--merchant", MERCHANT, "--number", "9", "--points", "0.1", "--account"),
        ("verify",),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_out__that_cannot_be_written__is_told_and_nothing_stays(
    reports: Path, carbonbook: Carbonbook, words: tuple[str, ...], tmp_path: Path
) -> None:
    """Below a file there is no place, for root either."""
    file = tmp_path / "file"
    file.write_text("mine")
    if words == ("verify",):
        bundle = read(next((carbonbook.home / "bundles").iterdir()))
        words = ("verify", f"0x{bundle.records['record_id'][0].hex()}", "--save")
    else:
        words += (_rows(reports / "statements.csv")[0]["account"], "--out") if "order" in words else ("--out",)
    ended = Inside(carbonbook.home).run(*words, file / "out.txt")
    assert ended.returncode in (3, 11)
    assert f"Error: {file / 'out.txt'}" in ended.stderr
    assert ("Not a directory" in ended.stderr, "Traceback" in ended.stderr) == (True, False)
    assert ([path.name for path in tmp_path.iterdir()], file.read_text()) == (["file"], "mine")
