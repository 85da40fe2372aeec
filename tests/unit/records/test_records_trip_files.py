"""Trips as bike-share systems and the API of MDS write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracle.measure.masked import masked_rows
from oracle.measure.records.meters import Household
from oracle.measure.records.reader import read, sniff
from oracle.measure.records.subjects import subjects
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from tests.unit.records.record_files import DATA, assert_every_row_once, found

CASES = DATA / "cases"
MOBIKE = (
    "orderid,bikeid,userid,start_time,start_location_x,start_location_y,end_time,end_location_x,end_location_y,track"
)
OLD_CITI_BIKE = (
    "tripduration,starttime,stoptime,start station id,start station name,start station latitude,start station longitude,"
    "end station id,end station name,end station latitude,end station longitude,bikeid,usertype,birth year,gender"
)


def reading(path: Path, zone: str = "Asia/Shanghai", **given: str) -> Reading:
    made = read(path, source="app", region="CN", zone=zone, household=Household(**given))  # type: ignore[arg-type]
    assert_every_row_once(made)
    return made


def written(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_citi_bike__an_e_bike_ride__has_the_straight_line() -> None:
    ride = reading(CASES / "citibike.csv", "America/New_York").acts["CI-06"].row(0, named=True)
    assert (ride["end"] - ride["start"], ride["distance_m"]) == (900, 2378)  # 15 min 0.333 s, 2.378 km
    assert ride["start"] == 1682942400  # 08:00 in New York
    assert ride["record_key"] == ride["subject"] == "AAAA000000000001"


def test_citi_bike__with_a_rider_column_or_a_named_rider__is_the_riders(tmp_path: Path) -> None:
    header, row = (CASES / "citibike.csv").read_text().splitlines()
    path = written(tmp_path, "rides.csv", f"{header},rider", f"{row},U7")
    assert reading(path).acts["CI-06"]["subject"].to_list() == ["U7"]
    assert reading(CASES / "citibike.csv", meter="U8").acts["CI-06"]["subject"].to_list() == ["U8"]


def test_citi_bike__before_2021__is_a_bicycle_ride_named_by_bike_and_start(tmp_path: Path) -> None:
    line = (
        "600,2018-09-01 08:00:00.1230,2018-09-01 08:10:00.1230,1,A,40.70,-74.00,2,B,40.72,-73.99,777,Subscriber,1990,1"
    )
    ride = reading(written(tmp_path, "old.csv", OLD_CITI_BIKE, line)).acts["CI-05"].row(0, named=True)
    assert (ride["record_key"], ride["distance_m"]) == ("777/2018-09-01 08:00:00.1230", 2378)
    assert ride["duration_s"] == 600


def test_mobike__a_ride__is_the_users_by_bicycle(tmp_path: Path) -> None:
    line = "78387,158357,10080,2016-08-20 06:57,121.348,31.389,2016-08-20 07:04,121.357,31.388,121.348 31.389"
    ride = reading(written(tmp_path, "mobike.csv", MOBIKE, line))
    row = ride.acts["CI-05"].row(0, named=True)
    assert (row["subject"], row["record_key"], row["duration_s"], row["distance_m"]) == ("10080", "78387", 420, 861)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (("electric_bike", "electric_scooter"), "unknown_kind", "rideable_type"),
        (("40.72", ""), "missing_field", "end_lat"),
        (("40.70", "0"), None, None),
        (("40.70,-74.00", "0,0"), "bad_number", "start_lat"),
        (("40.70", "140.70"), "bad_number", "start_lat"),
        (("2023-05-01 08:00:00.123", "yesterday"), "bad_time", "started_at"),
    ],
)
def test_citi_bike__what_cannot_be_used__is_a_finding(
    tmp_path: Path, change: tuple[str, str], code: str | None, field: str | None
) -> None:
    text = (CASES / "citibike.csv").read_text().replace(*change)
    seen = found(reading(written(tmp_path, "rides.csv", text)))
    assert [(row, why, values["field"]) for row, why, values in seen] == ([(1, code, field)] if code else [])


def test_mds_seconds__both_forms__are_times_and_metres() -> None:
    acts = reading(CASES / "mds_seconds.csv").acts["CI-01"]
    assert acts["start"].to_list() == [1682904600, 1682912600]  # 01:30:00Z, 03:43:20.5Z
    assert acts["distance_m"].to_list() == [6200, 6200]


def test_mds_answer__without_modes__says_what_it_is_and_what_to_add() -> None:
    assert sniff(CASES / "mds_trips.json") == "trips"
    with pytest.raises(
        InputError, match=r"this is an MDS answer of 1 trips of vehicles \(the first goes 6200 m .*--mode"
    ):
        reading(CASES / "mds_trips.json")


def test_mds_answer__with_a_mode_and_a_rider_named__is_read() -> None:
    trip = reading(CASES / "mds_trips.json", service="bicycle", meter="U7").acts["CI-05"].row(0, named=True)
    assert (trip["subject"], trip["distance_m"], trip["duration_s"]) == ("U7", 6200, 1200)


def test_mds_answer__of_1_x_with_broken_trips__reads_the_others(tmp_path: Path) -> None:
    good = '{"trip_id":"a","rider":"R","mode":"tram","start_time":1682904600,"end_time":1682905800.5,"trip_distance":6200.9}'
    twice = '{"trip_id":"b","trip_id":"c"}'
    path = written(tmp_path, "page.json", '{"version":"1.2.0","data":{"trips":[7,', good, ",", twice, "]}}")
    made = reading(path)
    assert made.acts["CI-03"]["distance_m"].to_list() == [6200]
    assert [(row, code) for row, code, _ in found(made)] == [(1, "malformed_row"), (3, "malformed_row")]
    assert subjects(path, None, Household()).rows() == [(2, "R")]
    assert masked_rows(path, [2], None)[2].count("…") == 2  # trip and rider


def test_subjects__rides_without_a_rider__are_their_own() -> None:
    assert subjects(CASES / "citibike.csv", None, Household()).rows() == [(1, "AAAA000000000001")]
