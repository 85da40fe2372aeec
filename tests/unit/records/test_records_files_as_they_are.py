"""Files as utilities, portals and spreadsheets write them: what each ends as, by the public fact in tests/data/readings/README.md."""

from __future__ import annotations

from datetime import date

import pytest

from oracle.measure.records.meters import Household
from oracle.measure.records.reader import read
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from oracle.model.units import date_of
from tests.unit.records.record_files import DATA, found

FILES = DATA / "readings"
KWH = Household(unit="kWh", meter="m")


def reading_of(file: str, zone: str, household: Household) -> Reading:
    return read(FILES / file, source="grid", region="CN-4403", zone=zone, household=household)


def quantities(reading: Reading) -> dict[str, list[tuple[str, int]]]:
    """Date and Wh, litres or metres of every act, by scenario."""
    field = {"CI-11": "energy_wh", "CI-11-BILL": "energy_wh", "CI-12": "volume_l", "CI-13": "volume_l"}
    field |= {"CI-02": "distance_m", "CI-01-RIDE": "rides"}
    return {
        name: [
            (date_of(day).isoformat(), quantity)
            for day, quantity in acts.select("day", field[name]).sort("day").iter_rows()
        ]
        for name, acts in reading.acts.items()
    }


def days(first: str, *wh: int) -> list[tuple[str, int]]:
    start = date.fromisoformat(first)
    return [(date.fromordinal(start.toordinal() + i).isoformat(), value) for i, value in enumerate(wh)]


SHENZHEN, NEW_YORK, PARIS = "Asia/Shanghai", "America/New_York", "Europe/Paris"
GAS = Household(service="gas", meter="gk")

# file, zone, what the caller says; quantities by scenario; findings by code
CASES: list[tuple[str, str, Household, dict[str, list[tuple[str, int]]], dict[str, int]]] = [
    ("default_quality.xml", NEW_YORK, Household(), {}, {"estimated_reading": 4}),
    ("end_2400.csv", SHENZHEN, KWH, {"CI-11": days("2023-03-01", 7_000)}, {}),
    ("fall_back.csv", NEW_YORK, KWH, {"CI-11": days("2024-11-03", 10_000)}, {}),
    ("fluvius.csv", "Europe/Brussels", Household(meter="m1"), {"CI-11": days("2023-02-01", 5_500)}, {"fed_in": 1}),
    ("gas_btu.xml", NEW_YORK, Household(), {"CI-13": days("2023-03-01", 3_659)}, {}),
    ("gas_kwh.csv", SHENZHEN, GAS, {"CI-13": days("2023-03-01", 2_039, 2_580)}, {}),
    ("gas_no_flow.xml", NEW_YORK, Household(), {"CI-13": days("2023-03-01", 61_250)}, {}),
    ("linky_kw.csv", PARIS, Household(unit="kWh", meter="m1"), {"CI-11": days("2023-03-02", 15_000)}, {}),
    (
        "lumped_day.csv",
        SHENZHEN,
        KWH,
        {"CI-11": [*days("2023-03-11", 10_000), *days("2023-03-14", *[10_000] * 7)]},
        {"after_gap": 1},
    ),
    ("month_daily.csv", SHENZHEN, KWH, {"CI-11": days("2023-04-17", *[10_000] * 14)}, {}),
    ("net_reverse_first.xml", NEW_YORK, Household(), {}, {"unknown_kind": 8}),
    ("octopus.csv", "Europe/London", KWH, {"CI-11": days("2023-06-01", 2_000)}, {}),
    ("octopus_api.json", "Europe/London", KWH, {"CI-11": days("2023-06-01", 2_000)}, {}),
    ("one_day.csv", SHENZHEN, KWH, {"CI-11": days("2023-03-01", 9_600)}, {}),
    ("peak_valley.csv", SHENZHEN, Household(), {"CI-11": days("2023-03-01", *[10_000] * 9)}, {}),
    (
        "quality_words.csv",
        SHENZHEN,
        KWH,
        {"CI-11": [("2023-03-02", 10_000), ("2023-03-05", 10_000)]},
        {"unknown_quality": 5},
    ),
    ("register_daily.csv", SHENZHEN, KWH, {}, {"register_reading": 14}),
    ("semicolon_comma.csv", PARIS, KWH, {"CI-11": days("2023-03-01", 10_300, 9_800)}, {}),
    ("slash_dates.csv", SHENZHEN, KWH, {"CI-11": days("2023-03-01", 10_300)}, {}),
    ("szt.csv", SHENZHEN, Household(), {"CI-02": [("2018-09-01", 19_747)], "CI-01-RIDE": [("2018-09-01", 1)]}, {}),
    ("units_written.csv", SHENZHEN, Household(meter="u1"), {"CI-11": days("2023-03-01", 10_300, 9_800)}, {}),
    ("wrong_unit.csv", SHENZHEN, KWH, {"CI-11": days("2023-03-01", *[10_000] * 8, 9_000)}, {}),
]


@pytest.mark.parametrize(("file", "zone", "household", "expected", "codes"), CASES, ids=[case[0] for case in CASES])
def test_read__a_file_as_it_is__ends_as_the_right_quantities(
    file: str, zone: str, household: Household, expected: dict[str, list[tuple[str, int]]], codes: dict[str, int]
) -> None:
    reading = reading_of(file, zone, household)
    assert quantities(reading) == expected
    assert dict(reading.findings["code"].value_counts().iter_rows()) == codes


@pytest.mark.parametrize(
    ("file", "household", "message"),
    [
        ("summary_only.xml", Household(), r"no IntervalReading \(it has UsageSummary\)"),
        (
            "two_points_one_meter.xml",
            Household(meter="g21"),
            "--meter names one meter, and the feed has readings of 2 UsagePoints",
        ),
    ],
)
def test_read__a_file_that_says_nothing_or_too_much__is_an_error(file: str, household: Household, message: str) -> None:
    with pytest.raises(InputError, match=message):
        reading_of(file, NEW_YORK, household)


def test_read__two_usage_points__are_two_meters() -> None:
    reading = reading_of("two_points_one_meter.xml", NEW_YORK, Household())
    assert reading.acts["CI-11"]["energy_wh"].sum() == 9_000
    assert reading.acts["CI-11"]["subject"].n_unique() == 2


def test_read__unknown_words_of_quality__are_told_with_those_that_are_known() -> None:
    told = {row: values["quality"] for row, code, values in found(reading_of("quality_words.csv", SHENZHEN, KWH))}
    assert told == {1: "A", 3: "Gevalideerd", 4: "L1", 6: "0", 7: "正常"}
    known = found(reading_of("quality_words.csv", SHENZHEN, KWH))[0][2]["known"]
    assert str(known).startswith("measured: actual, measured, 实抄")
