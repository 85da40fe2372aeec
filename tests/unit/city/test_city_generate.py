from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.model.errors import InputError
from oracle.sandbox.city.cheats import Kind
from oracle.sandbox.city.generate import generate
from oracle.sandbox.city.plan import Cheats, Plan
from tests.unit.city.small_city import PLAN, City, truth_of

TINY = Plan(seed=1, citizens=40, first_day=date(2025, 5, 12), bills_bps=1_000, cheats=PLAN.cheats)


def hashes(plan: Plan) -> dict[str, str]:
    with TemporaryDirectory() as folder:
        return {file.name: file.sha256 for file in generate(plan, Path(folder)).files}


def data_rows(path: Path) -> int:
    """Rows of a file, counted without the code that wrote it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return len(json.loads(text)["data"])
    if path.suffix == ".jsonl":
        return len([json.loads(line) for line in text.splitlines()])
    if path.suffix == ".xml":
        return text.count("<IntervalReading>")
    return len(text.splitlines()) - 1


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    citizens=st.integers(1, 60),
    days=st.integers(1, 2),
    per_shard=st.sampled_from([7, 25, 1_000]),
)
def test_generate__the_same_plan_twice__gives_the_same_bytes(
    seed: int, citizens: int, days: int, per_shard: int
) -> None:
    plan = replace(TINY, seed=seed, citizens=citizens, days=days, citizens_per_shard=per_shard)
    assert hashes(plan) == hashes(plan)


def test_generate__a_known_plan__gives_the_bytes_it_gives_on_every_machine() -> None:
    known = {name: digest[:16] for name, digest in hashes(TINY).items() if name != "truth.parquet"}
    assert known == {
        "citizens.csv": "812051644dd9f81b",
        "greenbutton.xml": "b79b25f1ada5e187",
        "meters-electricity.csv": "1c7fb1611b9fff60",
        "meters-gas.csv": "dbbe0f3df3642c14",
        "meters-water.csv": "ab2c14a22fe18a1e",
        "taps-2025-05-12-resent.json": "b3ed05fd908871f5",
        "taps-2025-05-12.json": "672f3e4fb7da4bf8",
        "trips-bus-app-2025-05-12-resent.csv": "3cbcc6b135688b36",
        "trips-bus-app-2025-05-12.csv": "25faf9b835f807ea",
        "trips-ride-app-2025-05-12.csv": "d00e69762e203d3e",
    }


def test_generate__another_seed__gives_other_people() -> None:
    first, second = hashes(TINY), hashes(replace(TINY, seed=2))
    assert not {first[name] for name in first} & {second[name] for name in second}


def test_generate__days__do_not_depend_on_each_other(city: City) -> None:
    saturday = hashes(replace(PLAN, first_day=date(2025, 5, 10), days=1))
    both = {file.name: file.sha256 for file in city.manifest.files}
    same = [name for name in saturday if "2025-05-10" in name]
    assert len(same) == 6
    assert {name: saturday[name] for name in same} == {name: both[name] for name in same}


def test_generate__parts__do_not_depend_on_each_other() -> None:
    honest_meters = replace(TINY.cheats, negative_bps=0, reset_bps=0, missing_hours_bps=0)
    first, second = hashes(TINY), hashes(replace(TINY, cheats=honest_meters))
    differ = {name for name in first if first[name] != second[name]}
    assert differ == {"meters-electricity.csv", "truth.parquet"}


def test_manifest__of_a_city__tells_the_plan_and_every_file_as_it_is(city: City) -> None:
    written = json.loads((city.folder / "manifest.json").read_text(encoding="utf-8"))
    assert written == json.loads(city.manifest.to_json())
    assert (written["plan"]["seed"], written["plan"]["first_day"], written["plan"]["zone"]) == (
        44030,
        "2025-05-09",
        "Asia/Shanghai",
    )
    assert written["plan"]["cheats"]["teleport_bps"] == 500
    assert {file["name"] for file in written["files"]} == {path.name for path in city.folder.iterdir()} - {
        "manifest.json"
    }
    for file in written["files"]:
        assert file["sha256"] == sha256((city.folder / file["name"]).read_bytes()).hexdigest()


def test_manifest__counts__are_those_of_the_truth(city: City) -> None:
    assert city.manifest.counts == dict(city.truth["kind"].value_counts().iter_rows())
    for file in city.manifest.files:
        assert file.kinds == dict(city.told(file.name)["kind"].value_counts().iter_rows())


def test_truth__of_every_file__tells_of_every_row_once(city: City) -> None:
    told_files = set(city.truth["file"])
    assert told_files == {file.name for file in city.manifest.files} - {"citizens.csv", "truth.parquet"}
    for name in told_files:
        assert city.told(name)["row"].to_list() == list(range(1, data_rows(city.folder / name) + 1))


def metro_rides(path: Path, told: pl.DataFrame) -> int:
    """Rides by metro in a file of taps: every one, cheated with or not, is an act of the truth."""
    text = path.read_text(encoding="utf-8")
    taps = json.loads(text)["data"] if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    return told.sort("row").filter(pl.Series([tap["deal_type"] != "巴士" for tap in taps]))["act"].n_unique()


@pytest.mark.parametrize(("kind", "taps"), [(Kind.TELEPORT, 2), (Kind.SAME_STATION, 2), (Kind.EXIT_ONLY, 1)])
def test_cheats__with_metro_rides__are_the_stated_rate_exactly(city: City, kind: Kind, taps: int) -> None:
    file = "taps-2025-05-09.json"
    rides = metro_rides(city.folder / file, city.told(file))
    assert len(city.rows_of(file, kind)) == rides * 500 // 10_000 * taps > 0


@pytest.mark.parametrize("operator", ["bus-app", "ride-app"])
@pytest.mark.parametrize("kind", [Kind.TELEPORT, Kind.OVERLAP, Kind.DUPLICATE])
def test_cheats__with_trips__are_the_stated_rate_exactly(city: City, operator: str, kind: Kind) -> None:
    file = f"trips-{operator}-2025-05-09.csv"
    own = city.told(file).filter(pl.col("kind") != Kind.TWO_OPERATORS)["act"].n_unique()
    assert len(city.rows_of(file, kind)) == own * 500 // 10_000 > 0


def test_cheats__a_trip_of_two_operators__is_the_same_ride_told_twice(city: City) -> None:
    first = pl.read_csv(city.folder / "trips-bus-app-2025-05-09.csv").with_columns(
        city.told("trips-bus-app-2025-05-09.csv")
    )
    second = pl.read_csv(city.folder / "trips-ride-app-2025-05-09.csv").with_columns(
        city.told("trips-ride-app-2025-05-09.csv")
    )
    sold = second.filter(pl.col("kind") == Kind.TWO_OPERATORS).join(first, on="act", suffix="_first")
    assert sold.height == first["act"].n_unique() * 500 // 10_000 > 0
    assert set(sold["kind_first"]) == {"honest"}
    assert (sold["start_time"] - sold["start_time_first"]).is_between(0, 40_000).all()
    assert (sold["end_time"] - sold["end_time_first"]).is_between(0, 40_000).all()
    assert (sold["trip_distance"] * 100 / sold["trip_distance_first"]).is_between(96.9, 103).all()
    assert not set(sold["trip_id"]) & set(first["trip_id"])
    citizens = pl.read_csv(city.folder / "citizens.csv")
    of_rider = dict(citizens.select("subject", "citizen").iter_rows())
    assert [of_rider[rider] for rider in sold["rider"]] == [of_rider[rider] for rider in sold["rider_first"]]


@pytest.mark.parametrize("operator", ["bus-app", "ride-app"])
def test_cheats__a_resent_trip__is_a_row_of_the_first_file_again(city: City, operator: str) -> None:
    first = (city.folder / f"trips-{operator}-2025-05-09.csv").read_text().splitlines()
    again = (city.folder / f"trips-{operator}-2025-05-09-resent.csv").read_text().splitlines()
    assert again[0] == first[0]
    assert len(again) > 1
    assert set(again) <= set(first)


def test_cheats__resent_taps__are_taps_of_the_first_file_again(city: City) -> None:
    def taps(name: str) -> list[str]:
        page = json.loads((city.folder / name).read_text(encoding="utf-8"))
        assert page["total"] == page["rows"] == len(page["data"])
        return [json.dumps(tap) for tap in page["data"]]

    again = taps("taps-2025-05-09-resent.json")
    assert again
    assert set(again) <= set(taps("taps-2025-05-09.json"))


def test_cheats__a_duplicate_trip__has_the_key_of_an_earlier_row(city: City) -> None:
    name = "trips-bus-app-2025-05-09.csv"
    trips = pl.read_csv(city.folder / name).with_columns(city.told(name))
    copies = trips.filter(pl.col("kind") == Kind.DUPLICATE)
    pairs = copies.join(trips.filter(pl.col("kind") == Kind.HONEST), on=["trip_id", "rider", "act"], suffix="_first")
    assert pairs.height == copies.height
    assert (pairs["row"] > pairs["row_first"]).all()
    assert 0 < (pairs["trip_distance"] > pairs["trip_distance_first"]).sum() == copies.height // 2


def test_enrolment__of_a_city__knows_everybody_who_acts_and_nobody_twice(city: City) -> None:
    citizens = pl.read_csv(city.folder / "citizens.csv")
    assert citizens.columns == ["citizen", "source", "subject", "consented", "residents"]
    assert citizens.select("source", "subject").is_duplicated().sum() == 0
    assert citizens["citizen"].n_unique() <= 200
    assert set(citizens["consented"]) == {"yes", "no"}
    assert citizens.group_by("citizen").agg(pl.col("consented", "residents").n_unique()).max().row(0)[1:] == (1, 1)
    known = {source: set(table["subject"]) for (source,), table in citizens.group_by("source")}
    page = json.loads((city.folder / "taps-2025-05-09.json").read_text(encoding="utf-8"))
    assert {tap["card_no"] for tap in page["data"]} <= known["szt"]
    for file, source, column in (
        ("trips-bus-app-2025-05-09.csv", "bus-app", "rider"),
        ("trips-ride-app-2025-05-09.csv", "ride-app", "rider"),
        ("meters-electricity.csv", "grid", "meter"),
        ("meters-water.csv", "water", "meter"),
        ("meters-gas.csv", "gas", "meter"),
    ):
        acting = set(pl.read_csv(city.folder / file)[column])
        assert acting <= known[source]
        assert acting


def test_generate__a_large_city__splits_its_files_and_tells_the_truth_all_the_same(tmp_path: Path) -> None:
    plan = replace(PLAN, citizens=300, citizens_per_shard=20, days=1)
    manifest = generate(plan, tmp_path)
    names = {file.name for file in manifest.files}
    assert {"taps-2025-05-09.jsonl", "taps-2025-05-09-resent.jsonl", "meters-electricity-2025-05-02.csv"} <= names
    assert not {"taps-2025-05-09.json", "meters-electricity.csv"} & names
    truth = truth_of(tmp_path)
    for name in names - {"citizens.csv", "truth.parquet"}:
        told = truth.filter(pl.col("file") == name).sort("row")
        assert told["row"].to_list() == list(range(1, data_rows(tmp_path / name) + 1))
    # Rates hold for the city, not for each shard.
    rides = truth.filter(pl.col("file") == "trips-bus-app-2025-05-09.csv")
    assert rides.filter(pl.col("kind") == Kind.TELEPORT).height == rides["act"].n_unique() * 500 // 10_000
    taps = truth.filter(pl.col("file") == "taps-2025-05-09.jsonl")
    exits = metro_rides(tmp_path / "taps-2025-05-09.jsonl", taps) * 500 // 10_000
    assert taps.filter(pl.col("kind") == Kind.EXIT_ONLY).height == exits
    days = truth.filter(pl.col("file") == "meters-electricity-2025-05-09.csv")["act"].n_unique()
    assert manifest.counts["negative"] == days * 500 // 10_000


def test_generate__without_cheats__everything_is_honest_and_nothing_is_sent_again(tmp_path: Path) -> None:
    manifest = generate(replace(TINY, cheats=Cheats(**dict.fromkeys(Cheats.__dataclass_fields__, 0))), tmp_path)
    assert set(manifest.counts) == {"honest"}
    assert not [file.name for file in manifest.files if "resent" in file.name]


def test_generate__into_a_folder_with_something_in_it__refuses_and_leaves_it_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="the folder is not empty: name another, or empty it"):
        generate(TINY, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_generate__where_a_file_stands__says_so(tmp_path: Path) -> None:
    (tmp_path / "city").write_text("a file")
    with pytest.raises(InputError, match="the folder cannot be made: File exists"):
        generate(TINY, tmp_path / "city")


def test_generate__tells_how_far_it_is__shard_by_shard(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    generate(replace(TINY, citizens_per_shard=20), tmp_path, lambda *step: told.append(step))
    assert told[:3] == [("citizens", 0, 2), ("citizens", 1, 2), ("citizens", 2, 2)]
    assert [what for what, done, total in told if done == total] == [
        "citizens",
        "rides 2025-05-12",
        *(f"electricity 2025-05-{day:02d}" for day in range(5, 13)),
        "water bills",
        "gas bills",
    ]
