"""The main job end to end, on a real chain: it foots, it can be repeated, and it can be killed."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cli import DATA, ROOT
from tests.e2e.story import Story

KILL_SEED = 20230105


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The job, done once."""
    told = Story(tmp_path_factory.mktemp("story"))
    told.up()
    told.run()
    yield told
    told.carbonbook("down")


@pytest.fixture(scope="module")
def totals(story: Story) -> dict[str, int]:
    """What it came to."""
    return story.totals()


def test_the_real_taps__ten_bus_rides_and_ninety_findings(story: Story) -> None:
    again = story.carbonbook("ingest", DATA / "szt_taps_100.json", "--source", "szt")
    assert (again["rows"], again["accepted"], again["quarantined"]) == (100, 10, 90)


def test_reconciliation__finds_no_difference(story: Story) -> None:
    assert story.carbonbook("report", "reconciliation")["differences"] == 0


def test_totals__are_those_of_an_independent_recomputation(story: Story, totals: dict[str, int]) -> None:
    command = [".venv/bin/python", "tests/independent/recompute.py", "--reports", str(story.folder / "reports")]
    command += ["--inputs", str(story.city), str(DATA / "szt_taps_100.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_merchants__are_paid_for_ten_orders_at_the_price_of_a_point(totals: dict[str, int]) -> None:
    assert totals["orders"] == 10
    assert totals["paid_milli"] == 10 * 2_500
    assert totals["paid_units"] == 10 * 2_500 * 50


def test_every_step__repeated__changes_nothing(story: Story, totals: dict[str, int]) -> None:
    for command in story.before_credit():
        story.carbonbook(*command)
    assert story.carbonbook("close")["batches"] == 0
    assert story.carbonbook("attest")["attested"] == 0
    assert story.carbonbook("credit")["credited"] == []
    assert story.carbonbook("redeem", story.folder / "orders.csv")["taken"] == 10
    assert story.carbonbook("settle")["payments"] == []
    assert story.totals() == totals


def test_the_oracle__killed_again_and_again__ends_in_the_same_totals(tmp_path: Path, totals: dict[str, int]) -> None:
    """Each command is killed at three moments of its run and then run to its end."""
    moments = random.Random(KILL_SEED)
    killed = Story(tmp_path)
    killed.up()

    def hard(*command: str | Path) -> None:
        for _ in range(3):
            killed.carbonbook.killed(*command, after=moments.uniform(1.0, 5.0))
        killed.carbonbook(*command)

    for command in killed.before_credit():
        hard(*command)
    killed.carbonbook("clock", "--advance", "1")
    hard("credit")
    hard("redeem", killed.write_orders())
    killed.carbonbook("clock", "--advance", "8")
    hard("settle")
    found = killed.totals()
    killed.carbonbook("down")
    assert found == totals
