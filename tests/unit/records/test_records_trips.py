"""Trips in the field names of MDS."""

from __future__ import annotations

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from oracle.measure.quantify.library import Library
from oracle.measure.records.meters import Household
from oracle.measure.records.trips import read_trips
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from tests.unit.records.record_files import assert_every_row_once, codes, found, origin, rows_of_acts

MODES = "bus, metro, tram, bicycle, e_bike, walking, nev_taxi, rail, carpool, nev"
HEADER = "provider_id,trip_id,device_id,vehicle_type,start_time,end_time,distance,duration,rider,mode"
GOOD = {
    "provider_id": "c20e08cf",
    "trip_id": "T1",
    "device_id": "D",
    "vehicle_type": "bus",
    "start_time": "1535751550999",
    "end_time": "1535753350000",
    "distance": "5230",
    "duration": "1800",
    "rider": "R7",
    "mode": "bus",
}


def line(**fields: str) -> str:
    return ",".join({**GOOD, **fields}.values())


def read(*lines: str, header: str = HEADER) -> Reading:
    reading = read_trips(["\n".join([header, *lines]).encode()], origin(), Household(), Library.load)
    assert_every_row_once(reading)
    return reading


def test_read__a_bus_trip__is_an_act_with_times_in_whole_seconds_and_metres() -> None:
    assert read(line()).acts["CI-01"].to_dicts() == [
        {
            "record_key": "T1",
            "subject": "R7",
            "region": "CN-4403",
            "start": 1535751550,
            "end": 1535753350,
            "day": 17775,  # 2018-09-01 05:39 in Shenzhen, the day before in UTC
            "rows": [1],
            "distance_m": 5230,
        }
    ]


def test_read__modes__decide_the_scenario() -> None:
    reading = read(line(), line(trip_id="T2", mode="metro"), line(trip_id="T3", mode=" Bus "), line(mode="ferry"))
    assert {name: acts["record_key"].to_list() for name, acts in reading.acts.items()} == {
        "CI-01": ["T1", "T3"],
        "CI-02": ["T2"],
    }
    assert found(reading) == [(4, "unknown_kind", {"field": "mode", "value": "ferry", "known": MODES})]


def test_read__the_field_names_of_mds_1__are_read_as_well() -> None:
    header = HEADER.replace("distance", "trip_distance").replace("duration", "trip_duration")
    assert read(line(), header=header).acts["CI-01"]["distance_m"].to_list() == [5230]


def test_read__a_file_with_both_names__takes_that_of_mds_2() -> None:
    reading = read(line() + ",99999", header=HEADER + ",trip_distance")
    assert reading.acts["CI-01"]["distance_m"].to_list() == [5230]


@pytest.mark.parametrize(
    ("mode", "scenario"),
    [
        ("tram", "CI-03"),
        ("bicycle", "CI-05"),
        ("共享单车", None),
        ("骑行", "CI-05"),
        ("E-Bike", "CI-06"),
        ("electric bike", "CI-06"),
        ("walking", "CI-07-TRACE"),
        ("NEV taxi", "CI-09-RIDE"),
    ],
)
def test_read__every_mode__is_of_the_scenario_that_its_methodology_has(mode: str, scenario: str | None) -> None:
    assert list(read(line(mode=mode)).acts) == ([scenario] if scenario else [])


def test_read__modes_that_ask_for_more__take_it_from_columns_beside() -> None:
    header = HEADER + ",energy_kwh,vehicle_id,train_type,replaced_mode,passengers,detour_km,fuel"
    reading = read(
        line(mode="nev", distance="100000") + ",15,VIN1",
        line(trip_id="T2", mode="nev", distance="100000"),
        line(trip_id="T3", mode="高铁", distance="60000.9") + ",,,HSR,car",
        line(trip_id="T4", mode="carpool", distance="20000") + ",,VIN2,,,2,2.5,petrol",
        line(trip_id="T5", mode="carpool", distance="20000") + ",,VIN2,,,1.5,2.5,petrol",
        header=header,
    )
    found_in = {
        name: acts.select(pl.exclude("day", "region", "start", "end")).rows() for name, acts in reading.acts.items()
    }
    assert found_in == {
        "CI-04": [("T3", "R7", [3], 60_000, 1, 0)],
        "CI-08": [("T4", "R7", [4], "VIN2", 20_000, 2_500, 2, 0)],
        "CI-09": [("T1", "R7", [1], "VIN1", 100_000, 15_000)],
    }
    assert codes(reading) == [(2, "missing_field"), (5, "not_whole")]


def test_read__seconds_as_mds_0_2_has_them__are_seconds() -> None:
    trip = read(line(start_time="1535751550.9", end_time="1535753350")).acts["CI-01"].row(0, named=True)
    assert (trip["start"], trip["end"]) == (1535751550, 1535753350)


def test_read__a_ride__has_the_time_from_start_to_end() -> None:
    assert read(line(mode="bike")).acts["CI-05"]["duration_s"].to_list() == [1800]


@pytest.mark.parametrize(
    ("distance", "metres"),
    [("5230.999", 5230), ("5.23e3", 5230), ("0", 0), (" 12 ", 12), ("-0.5", -1), ("-3", -3), ("+7", 7)],
)
def test_read__distances_with_decimals__are_rounded_down(distance: str, metres: int) -> None:
    assert read(line(distance=distance)).acts["CI-01"]["distance_m"].to_list() == [metres]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        *((name, "", "missing_field") for name in ("trip_id", "rider", "mode", "start_time", "end_time", "distance")),
        ("start_time", "153575155099", "bad_time"),
        ("start_time", "1535751550.", "bad_time"),
        ("start_time", "15357515509990", "bad_time"),
        ("start_time", "-535751550999", "bad_time"),
        ("start_time", "2018-09-01", "bad_time"),
        ("end_time", "153575155099x", "bad_time"),
        ("end_time", "１５３５７５１５５０９９９", "bad_time"),
        ("distance", "nan", "bad_number"),
        ("distance", "inf", "bad_number"),
        ("distance", "5 km", "bad_number"),
        ("distance", "1_000", "bad_number"),
        ("distance", "9" * 25, "bad_number"),
        ("distance", "9" * 60, "bad_number"),
    ],
)
def test_read__a_field_that_cannot_be_used__is_a_finding_that_shows_it(field: str, value: str, code: str) -> None:
    reading = read(line(), line(**{"trip_id": "T2", field: value}))
    shown = {"field": field, **({"value": value} if value else {}), **({"known": MODES} if field == "mode" else {})}
    assert found(reading) == [(2, code, shown)]
    assert rows_of_acts(reading) == [1]


def test_read__trip_ids_that_come_twice__are_left_to_the_rule_for_duplicates() -> None:
    assert read(line(), line()).acts["CI-01"].height == 2


@pytest.mark.parametrize("missing", ["trip_id", "rider", "mode", "start_time", "end_time", "distance"])
def test_read__without_a_column_it_needs__is_an_error_that_names_it(missing: str) -> None:
    header = ",".join(name for name in HEADER.split(",") if name != missing)
    with pytest.raises(InputError, match=f"file: the header lacks {missing}; it has"):
        read(header=header)


def test_read__findings__never_name_the_rider_or_the_trip() -> None:
    bad = read(line(rider="KEEP-ME-OUT", trip_id="KEEP-ME-TOO", distance="x"), line(rider="KEEP-ME-OUT", mode="x"))
    assert codes(bad) == [(1, "bad_number"), (2, "unknown_kind")]
    assert not any("KEEP" in values for values in bad.findings["values"])


fields = st.fixed_dictionaries(
    {
        "trip_id": st.sampled_from(["T1", "T2", ""]),
        "rider": st.sampled_from(["R", ""]),
        "mode": st.sampled_from(["bus", "metro", "tram", '"bus']),
        "start_time": st.sampled_from(["1535751550000", "1535751550", "x"]),
        "distance": st.sampled_from(["1", "1,2", "x", '"5"', ""]),
    }
)


@given(st.lists(fields, max_size=12))
@settings(max_examples=200, deadline=None)
def test_read__any_lines__every_row_is_in_one_act_or_one_finding(lines: list[dict[str, str]]) -> None:
    assert read(*(line(**each) for each in lines)).rows == len(lines)
