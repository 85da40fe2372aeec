"""The readers and rules against the truth: every honest act is accepted, and every cheat that shows in one file is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from oracle.measure.records.meters import Household
from oracle.measure.records.reader import read
from oracle.measure.validate.overlap import with_overlap
from oracle.measure.validate.rules import Context, validate
from oracle.model.acts import Reading
from oracle.model.units import SECONDS_PER_DAY, day_of
from oracle.sandbox.city.cheats import KINDS, Kind
from oracle.sandbox.city.generate import generate
from oracle.sandbox.city.plan import Plan
from tests.unit.city.small_city import PLAN, City, truth_of

FILES = ("taps", "trips-bus-app", "trips-ride-app", "meters-electricity", "meters-water", "meters-gas", "greenbutton")

# Codes that a kind of row is found by, where one file shows what it is.
FOUND_AS: dict[Kind, set[str]] = {
    Kind.TELEPORT: {"implausible_speed"},
    Kind.SAME_STATION: {"same_station"},
    Kind.EXIT_ONLY: {"exit_without_entry"},
    Kind.DUPLICATE: {"duplicate"},
    Kind.OVERLAP: {"overlap"},
    Kind.NEGATIVE: {"negative"},
    Kind.RESET: {"negative", "meter_reset"},
    Kind.MISSING_HOURS: {"incomplete_day"},
    Kind.SPOILED: {"incomplete_day"},
}
# One file does not show these: it takes the first file, or the other operator's.
ACTS_ALONE = {Kind.HONEST, Kind.RESENT, Kind.TWO_OPERATORS}


def reading(plan: Plan, folder: Path, name: str, source: str) -> Reading:
    now = (day_of(plan.first_day) + plan.days + 1) * SECONDS_PER_DAY
    household = Household(service=source if source in ("water", "gas") else None)
    return validate(read(folder / name, source=source, region=plan.region, household=household), Context(now=now))


def outcomes(made: Reading, told: pl.DataFrame) -> dict[tuple[str, str], int]:
    """Rows by kind and by what became of them: "act", or the code of the finding."""
    rows = [frame.select(row=pl.col("rows").explode(), outcome=pl.lit("act")) for frame in made.acts.values()]
    became = pl.concat([*rows, made.findings.select("row", outcome="code")])
    joined = told.join(became, on="row", how="full", validate="1:1", coalesce=True)
    return {(kind, outcome): count for kind, outcome, count in joined.group_by("kind", "outcome").len().iter_rows()}


@pytest.fixture(scope="module")
def became(city: City) -> dict[str, dict[tuple[str, str], int]]:
    """What became of the rows of every file."""
    sources = {file.name: file.source for file in city.manifest.files if file.source}
    return {
        name: outcomes(reading(PLAN, city.folder, name, source), city.told(name)) for name, source in sources.items()
    }


@pytest.mark.parametrize("start", FILES)
def test_read__files_of_honest_and_cheating_people__every_row_becomes_what_it_should(
    start: str, became: dict[str, dict[tuple[str, str], int]]
) -> None:
    files = {name: outcome for name, outcome in became.items() if name.startswith(start)}
    assert files
    for outcome in files.values():
        wrong = {
            (kind, what): count
            for (kind, what), count in outcome.items()
            if what not in ({"act"} if kind in ACTS_ALONE else FOUND_AS[Kind(kind)])
        }
        assert wrong == {}


@pytest.mark.parametrize("kind", KINDS)
def test_truth__of_the_small_city__has_rows_of_every_kind(
    kind: Kind, became: dict[str, dict[tuple[str, str], int]]
) -> None:
    assert sum(count for outcome in became.values() for (name, _), count in outcome.items() if name == kind) >= 8


@pytest.mark.parametrize("when", ["2025-05-09", "2025-05-10", "2025-05-11"])
def test_read__files_of_a_day__have_acts_of_that_day_only(when: str, city: City) -> None:
    dated = [(file.name, file.source) for file in city.manifest.files if when in file.name and file.source]
    assert len(dated) == 6
    for name, source in dated:
        days = {day for acts in reading(PLAN, city.folder, name, source).acts.values() for day in acts["day"]}
        assert days == {day_of(date.fromisoformat(when))}


@pytest.mark.parametrize("start", ["taps", "trips-bus-app", "trips-ride-app"])
def test_read__a_resent_file__has_only_keys_of_the_first_file(start: str, city: City) -> None:
    source = "szt" if start == "taps" else start.removeprefix("trips-")
    ending = "json" if start == "taps" else "csv"

    def keys(name: str) -> set[str]:
        return {key for acts in reading(PLAN, city.folder, name, source).acts.values() for key in acts["record_key"]}

    again = keys(f"{start}-2025-05-09-resent.{ending}")
    assert again
    assert again <= keys(f"{start}-2025-05-09.{ending}")


def test_overlap__of_both_operators_trips_by_citizen__finds_every_trip_sold_twice(city: City) -> None:
    citizen_of = pl.read_csv(city.folder / "citizens.csv").select("source", "subject", "citizen")
    tables = []
    for source in ("bus-app", "ride-app"):
        name = f"trips-{source}-2025-05-09.csv"
        frames = reading(PLAN, city.folder, name, source).acts.values()
        acts = pl.concat([frame.select("subject", "record_key", "start", "end", "rows") for frame in frames])
        told = city.told(name).select(row_in_file="row", kind="kind", act="act")
        acts = acts.with_columns(row_in_file=pl.col("rows").list.first(), source=pl.lit(source)).join(
            told, on="row_in_file"
        )
        tables.append(acts.join(citizen_of, on=["source", "subject"]))
    every = pl.concat(tables).with_row_index("row")
    judged = with_overlap(every.with_columns(pl.col("row").cast(pl.Int64)), "citizen", "record_key")
    lost = set(judged.filter(pl.col("other_row").is_not_null())["act"])
    sold_twice = set(every.filter(pl.col("kind") == Kind.TWO_OPERATORS)["act"])
    assert sold_twice
    assert lost == sold_twice


def test_read__a_thousand_honest_people__nobody_is_rejected(tmp_path: Path) -> None:
    honest = replace(PLAN.cheats, **dict.fromkeys(vars(PLAN.cheats), 0))
    plan = replace(PLAN, seed=7, citizens=1_000, days=1, cheats=honest)
    manifest = generate(plan, tmp_path)
    truth = truth_of(tmp_path)
    for file in manifest.files:
        if file.source:
            made = reading(plan, tmp_path, file.name, file.source)
            assert made.findings.height == 0
            assert outcomes(made, truth.filter(pl.col("file") == file.name)) == {("honest", "act"): file.rows}


def test_read__meters_of_a_city__have_the_quantities_that_were_written(city: City) -> None:
    made = reading(PLAN, city.folder, "meters-water.csv", "water").acts["CI-12"]
    written = pl.read_csv(city.folder / "meters-water.csv")
    assert made["volume_l"].sum() == (written["value"] * 1_000).cast(pl.Int64).sum()
    assert set(made["residents"]) == set(written["residents"])
    assert set(made["days"]) == {28, 29, 30, 31}


def test_read__the_green_button_household__is_the_enrolled_one(city: City) -> None:
    made = reading(PLAN, city.folder, "greenbutton.xml", "green-button").acts["CI-11"]
    enrolled = pl.read_csv(city.folder / "citizens.csv").filter(pl.col("source") == "green-button")["subject"]
    assert enrolled.to_list() == made["subject"].unique().to_list()
    assert made.height == 10
