"""Acts of every other methodology: the readers take all of them, and each brings something."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from oracle.measure.quantify.engine import quantify
from oracle.measure.quantify.library import Library
from oracle.measure.records.reader import read
from oracle.sandbox.city.generate import generate
from oracle.sandbox.city.plan import Plan

PLAN = Plan(seed=5, citizens=40, first_day=date(2023, 1, 5), life_bps=2_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("life") / "city"
    generate(PLAN, target)
    return target


def test_life__of_a_city__is_read_without_a_finding_and_brings_something(folder: Path) -> None:
    library = Library.load()
    brought = {}
    for path in sorted(folder.glob("acts-*.csv")):
        reading = read(path, source="green-life", region=PLAN.region)
        assert reading.findings.is_empty(), reading.findings.to_dicts()
        ((scenario, acts),) = reading.acts.items()
        rule = library.rule_for(scenario, PLAN.region, acts["day"][0])
        assert rule is not None
        assert path.stem == f"acts-{scenario}"
        brought[scenario] = quantify(acts, rule).acts.height == acts.height
    assert len(brought) >= 25
    assert [name for name, every in brought.items() if not every] == []


def test_life__everybody__is_enrolled_with_its_source(folder: Path) -> None:
    enrolled = pl.read_csv(folder / "citizens.csv").filter(pl.col("source") == "green-life")
    assert len(enrolled) == PLAN.citizens
    subjects = pl.concat(pl.read_csv(path, columns=["subject"]) for path in folder.glob("acts-*.csv"))
    assert set(subjects["subject"]) <= set(enrolled["subject"])


def test_life__the_other_files__are_the_same_without_it(folder: Path, tmp_path: Path) -> None:
    generate(replace(PLAN, life_bps=0), tmp_path / "city")
    for path in (tmp_path / "city").iterdir():
        if path.name not in ("citizens.csv", "manifest.json", "truth.parquet"):
            assert path.read_bytes() == (folder / path.name).read_bytes(), path.name
