"""What a newcomer runs first: `make demo`, twice, as the program it is; its CSVs add up by themselves."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.cli import CHAIN, ROOT, free_port


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of the second run: the first one's files were there."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    command = [sys.executable, str(ROOT / "scripts" / "demo.py"), "--chain", CHAIN, "--folder", str(folder)]
    for _ in range(2):
        done = subprocess.run([*command, "--port", str(free_port())], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return folder / "reports"


def column(path: Path, name: str) -> list[int]:
    """One column of a CSV."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [int(row[name]) for row in csv.DictReader(file)]


def test_demo__run_twice__ends_with_reports_that_add_up(reports: Path) -> None:
    issued = column(reports / "issuance.csv", "points_milli")
    earned = column(reports / "statements.csv", "points_in_milli")
    spent = column(reports / "redemptions.csv", "points_milli")
    settled = column(reports / "settlement.csv", "points_milli")
    assert sum(issued) == sum(earned) > 0
    assert sum(spent) == sum(column(reports / "statements.csv", "points_out_milli")) == sum(settled) > 0
    assert sum(column(reports / "issuance.csv", "reduction_mg")) == sum(
        column(reports / "statements.csv", "reduction_mg")
    )


def test_demo__leaves_plots_to_look_at(reports: Path) -> None:
    for name in ("reductions.png", "points.png"):
        assert (reports / name).read_bytes().startswith(b"\x89PNG")


def test_demo__the_summary_tells_twenty_scenarios_with_kilograms(reports: Path) -> None:
    text = (reports / "summary.txt").read_text(encoding="utf-8").partition("Scenarios")[2]
    rows = [line.rpartition(": ")[2].split(", ") for line in text.splitlines()[1:] if line]
    assert len(rows) >= 20
    assert all(int(acts) > 0 and float(kg.replace(",", "")) > 0 for acts, kg, _ in rows)


def test_demo__credits__certified_is_stock_buffer_held_retired_and_cancelled(reports: Path) -> None:
    parts = [
        column(reports / "series.csv", f"{part}_mg") for part in ("stock", "buffer", "held", "retired", "cancelled")
    ]
    assert column(reports / "series.csv", "issued_mg") == [sum(of) for of in zip(*parts, strict=True)]
    assert sum(column(reports / "retirements.csv", "mg")) == sum(column(reports / "series.csv", "retired_mg")) > 0
    assert (
        sum(column(reports / "shares.csv", "paid_units"))
        == sum(column(reports / "proceeds.csv", "shares_paid_units"))
        > 0
    )
    assert sum(column(reports / "trades.csv", "cost_units")) == sum(column(reports / "proceeds.csv", "gross_units"))
