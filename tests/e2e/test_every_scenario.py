"""Every active methodology, credited on a real chain from a file that a person could bring: `-s` prints the table.

What each act must come to is worked out here from the published figures, with none of the library's code.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import Library
from tests.e2e.cli import CHAIN, Carbonbook, free_port

CLOCK = "2023-06-15T08:00:00+08:00"
DAY = datetime(2023, 6, 10)  # noqa: DTZ001  local time of the source
G, KG = 1_000, 1_000_000  # milligrams
GRID_GD_2022 = 4_419  # 0.4419 kg/kWh, in tenths of a gram


@dataclass(frozen=True)
class Case:
    """One act: the fields it has besides who and when, how long it took, and the milligrams it must come to."""

    fields: dict[str, str]
    minutes: float
    mg: int


def days(count: float) -> float:
    return count * 24 * 60


# Figures as published: grams or kilograms a unit. Sources are in the documents and in docs of the catalogue.
ACTS = {
    "CI-01": Case({"distance_km": "10"}, 30, 10 * 26_900),  # 26.9 g/pkm, Shenzhen 2022
    "CI-01-RIDE": Case({"rides": "1"}, 30, 150 * G),  # 0.15 kg a ride, Wuhan 2023
    "CI-02": Case({"distance_km": "10"}, 15, 10 * 46_700),  # 46.7 g/pkm, Shenzhen 2022
    "CI-02-RIDE": Case({"rides": "1"}, 15, 170 * G),  # 0.17 kg a ride
    "CI-03": Case({"distance_km": "5"}, 15, 5 * 46_700),
    # a train for a flight of 1000 km: 108.3 g less 30.48 g a kilometre
    "CI-04": Case({"distance_km": "1000", "replaced_mode": "plane"}, 240, 1000 * (108_300 - 30_480)),
    "CI-05": Case({"distance_km": "3"}, 13, 3 * 40 * G),  # 40 g/km
    "CI-06": Case({"distance_km": "5"}, 20, 5 * 59_400),  # 0.31 x 240 g less 240 g / 16
    "CI-07": Case({"steps": "7250"}, 90, 7250 * 20),  # 0.02 g a step
    # 100 km: 5.5 L of petrol at 2.179 kg, less 15 kWh from Guangdong's grid
    "CI-09": Case({"item": "LSV1", "distance_km": "100", "energy_kwh": "15"}, days(1), 5_356 * G),
    "CI-09-RIDE": Case({"distance_km": "24"}, 45, 24 * 7 * G),  # 7 g/km, Wuhan 2023-06
    "CI-10": Case({"item": "LSV2", "days": "1", "odometer_start": "52310", "odometer_end": "52310"}, days(1), 8_170 * G),
    "CI-14": Case({"item": "PV1", "kwh_generated": "12"}, days(1), 12 * GRID_GD_2022 * 100),
    # 2.6 m2 x 1.4065 kWh/m2-day x 3 days x 0.4419 kg/kWh
    "CI-15": Case({"item": "SC1", "area_m2": "2.6", "days": "3"}, days(3), 26 * 14_065 * 3 * GRID_GD_2022 // 1_000),
    "CI-16": Case({"item": "GEC1", "mwh": "1"}, 0, 530_600 * G),  # 0.5306 kg/kWh, the nation's
    # 1 mu x 1 t a year x 3.65 of 365 days
    "CI-17": Case({"item": "PLOT1", "area_mu": "1", "years": "0.01"}, days(3.65), 10 * KG),
    "CI-17-TREE": Case({"item": "TREE1", "trees": "1", "years": "0.01"}, days(3.65), 60 * G),
    "CI-18": Case({"item": "PLOT2", "area_m2": "10", "years": "0.01"}, days(3.65), 105_260),
    "CI-20": Case({"item": "PICK1", "kg": "5"}, 0, 18 * KG),  # 3.6 kg a kilogram
    "CI-21": Case({"item": "RCPT1", "kg": "1", "resin": "PET"}, 0, 1_650 * G),
    "CI-22": Case({"item": "RCPT2", "kg": "5"}, 0, 5 * 219_700),
    "CI-23": Case({"item": "RCPT3", "kg": "1", "material": "aluminium"}, 0, 8_120_800),
    "CI-25": Case({"item": "356938035643809", "category": "phone", "quantity": "1"}, 0, 25 * KG),
    "CI-26": Case({"item": "ORDER1", "orders": "1"}, 0, 20 * G),
    "CI-27": Case({"item": "CUP1", "cups": "1"}, 0, 33_300),
    # 100 kWh a year less, 3 of 365 days
    "CI-28": Case(
        {"item": "FRIDGE1", "kwh_yr_base": "300", "kwh_yr_actual": "200", "days": "3"},
        days(3),
        (100_000 * 3 * 86_400 // 31_536_000) * GRID_GD_2022 // 10,
    ),
    "CI-29": Case({"item": "INV1", "sheets_avoided": "1"}, 0, 2_600),
    # ten persons, a round trip of 1000 km by train at 30.48 g, less two hours of video at 57.06 g
    "CI-30": Case(
        {"item": "MEET1", "participants": "10", "hours": "2", "avoided_km": "1000"}, 120, 10 * (1000 * 30_480 - 2 * 57_060)
    ),
    "CI-31": Case({"item": "MEAL1", "meals": "1", "type": "vegan"}, 0, 1_460 * G - 540 * G),
    "CI-32": Case({"meals": "1"}, 0, 87_400),
    "CI-33": Case({"item": "BOX1", "boxes_reused": "1"}, 0, 37 * G),
    "CI-33-MASS": Case({"item": "PARCEL1", "kg_avoided": "0.1", "component": "box"}, 0, 113_700),
    "CI-34": Case({"uses": "1"}, 0, 1_000),
}  # fmt: skip

# A week at 9 kWh and a day of 6; bills of May a year apart.
METERS = {
    "CI-11": ("grid", "kWh", 3 * GRID_GD_2022 * 100),
    "CI-11-BILL": ("grid", "kWh", 45 * GRID_GD_2022 * 100),
    "CI-12": ("water", "m3", 2 * 194 * G),
    "CI-13": ("gas", "m3", 6 * 2_184 * G),
}
BILLS = {"CI-11-BILL": (225, 180), "CI-12": (11, 9), "CI-13": (24, 18)}
WITHOUT_POINTS = {"CI-07", "CI-30", "CI-32"}


@pytest.fixture(scope="module")
def brought(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Carbonbook, dict[str, tuple[str, int]], list[dict[str, str]]]]:
    """An installation that has credited every file; the files with their rows; the issuance, a row a batch."""
    folder = tmp_path_factory.mktemp("scenarios")
    carbonbook = Carbonbook(folder / "home")
    carbonbook("up", "--chain", CHAIN, "--port", str(free_port()), "--clock", CLOCK)
    config = folder / "home" / "config.toml"
    sources = '\n[sources.acts]\noperator = "living"\n\n[sources.wuhan]\noperator = "living"\nregion = "CN-4201"\n'
    config.write_text(config.read_text() + sources)
    files = _acts(folder) | _meters(folder)
    for source in ("acts", "wuhan", "grid", "water", "gas"):
        paths = [path for path in files if _source(path) == source]
        done = carbonbook("ingest", *paths, "--source", source)
        assert (done["findings"], done["accepted"]) == ({}, sum(files[path][1] for path in paths)), source
    carbonbook("close")
    carbonbook("attest")
    carbonbook("clock", "--advance", "1")
    carbonbook("credit")
    carbonbook("report", "issuance", "--out", folder / "reports")
    with (folder / "reports" / "issuance.csv").open(encoding="utf-8-sig", newline="") as file:
        issued = list(csv.DictReader(file))
    yield carbonbook, {scenario: (path.name, rows) for path, (scenario, rows) in files.items()}, issued
    carbonbook("down")


def _source(path: Path) -> str:
    return path.stem.partition("-")[0]


def _acts(folder: Path) -> dict[Path, tuple[str, int]]:
    """A file for every scenario of acts, with one act."""
    files = {}
    for number, (scenario, case) in enumerate(ACTS.items()):
        end = DAY - timedelta(days=1) + timedelta(minutes=case.minutes)
        row = {
            "scenario": scenario,
            "record_key": f"R-{number}",
            "subject": f"customer-{number}",
            "start": str(DAY - timedelta(days=1)),
            "end": str(end),
            **case.fields,
        }
        path = folder / f"{'wuhan' if scenario == 'CI-09-RIDE' else 'acts'}-{scenario}.csv"
        path.write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
        files[path] = (scenario, 1)
    return files


def _meters(folder: Path) -> dict[Path, tuple[str, int]]:
    files = {}
    for scenario, (source, unit, _) in METERS.items():
        if scenario in BILLS:
            before, now = BILLS[scenario]
            lines = [f"2022-05-01,2022-05-31,{before}", f"2023-05-01,2023-05-31,{now}"]
        else:
            first = DAY - timedelta(days=8)
            lines = [
                f"{first + timedelta(days=at)},{first + timedelta(days=at + 1)},{9 if at < 7 else 6}" for at in range(8)
            ]
        path = folder / f"{source}-{scenario}.csv"
        path.write_text("meter,start,end,value,unit\n" + "".join(f"{scenario},{line},{unit}\n" for line in lines))
        files[path] = (scenario, len(lines))
    return files


def test_every_active_scenario__from_a_file__is_credited_what_its_figures_say(
    brought: tuple[Carbonbook, dict[str, tuple[str, int]], list[dict[str, str]]],
) -> None:
    _, files, issued = brought
    active = {rule.scenario for rule in Library.load().rules() if rule.status is Status.ACTIVE}
    assert active == ACTS.keys() | METERS.keys()
    expected = {scenario: case.mg for scenario, case in ACTS.items()} | {
        scenario: mg for scenario, (_, _, mg) in METERS.items()
    }
    credited = {scenario: [0, 0] for scenario in sorted(expected)}
    for row in issued:
        credited[row["methodology"].partition(".")[0]][0] += int(row["reduction_mg"])
        credited[row["methodology"].partition(".")[0]][1] += int(row["points_milli"])
    print(f"\n{'scenario':12} {'file':22} {'rows':>4} {'kg':>10} {'points':>10}")  # noqa: T201  the table that a person asks for
    for scenario, (mg, points) in credited.items():
        name, rows = files[scenario]
        print(f"{scenario:12} {name:22} {rows:>4} {mg / KG:>10.4f} {points / 1000:>10.3f}")  # noqa: T201
    assert {scenario: mg for scenario, (mg, _) in credited.items()} == expected
    assert {scenario: points for scenario, (_, points) in credited.items()} == {
        scenario: 0 if scenario in WITHOUT_POINTS else mg * 76 // 9000 for scenario, mg in expected.items()
    }


def test_every_active_scenario__reconciles_with_the_chain(
    brought: tuple[Carbonbook, dict[str, tuple[str, int]], list[dict[str, str]]],
) -> None:
    carbonbook, _, _ = brought
    assert carbonbook("report", "reconciliation")["differences"] == 0
