"""Meter readings as CSV: series of one household, tables of many."""

from __future__ import annotations

import gzip
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from oracle.measure.records.meters import Household, read_meters
from oracle.measure.records.words import NANO_PER_UNIT
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from oracle.model.units import date_of, day_of
from tests.unit.records.record_files import DATA, assert_every_row_once, codes, found, origin, rows_of_acts

HOME = Household(unit="kWh", meter="home")


def read(text: str | bytes, household: Household = HOME, zone: str = "Asia/Shanghai") -> Reading:
    reading = read_meters([text if isinstance(text, bytes) else text.encode()], origin(zone=zone), household)
    assert_every_row_once(reading)
    return reading


def sample(name: str) -> bytes:
    return gzip.decompress((DATA / f"{name}.csv.gz").read_bytes())


def sample_values(name: str) -> list[tuple[datetime, Decimal]]:
    lines = [line.split(",") for line in sample(name).decode().splitlines()[1:]]
    return [(datetime.fromisoformat(start), Decimal(value)) for start, value in lines]


def series(start: str, values: list[str], step: timedelta = timedelta(hours=1)) -> list[str]:
    first = datetime.fromisoformat(start)
    return [f"{(first + step * i).isoformat()},{value}" for i, value in enumerate(values)]


def text(lines: list[str]) -> str:
    return "\n".join(["start,value", *lines])


# real files


def test_read__hourly_electricity_of_a_british_home__is_one_act_for_every_whole_day() -> None:
    reading = read(sample("uk-electricity-hdd-only-hourly-sample-0"), zone="Europe/London")
    days = reading.acts["CI-11"]
    assert reading.rows == 23_508
    assert (days.height, set(reading.acts)) == (978, {"CI-11"})
    assert [date_of(day) for day in (days["day"].min(), days["day"].max())] == [date(2020, 4, 2), date(2022, 12, 5)]
    # 22 hours of the first day, 13 of the last
    assert dict(reading.findings["code"].value_counts().iter_rows()) == {"incomplete_day": 35}


def test_read__days_on_which_clocks_change__have_23_and_25_hours() -> None:
    days = read(sample("uk-electricity-hdd-only-hourly-sample-0"), zone="Europe/London").acts["CI-11"]
    hours = {date_of(day): len(rows) for day, rows in days.select("day", "rows").iter_rows()}
    assert {day: count for day, count in hours.items() if count != 24} == {
        date(2020, 10, 25): 25,
        date(2021, 3, 28): 23,
        date(2021, 10, 31): 25,
        date(2022, 3, 27): 23,
        date(2022, 10, 30): 25,
    }


def test_read__an_hourly_day__has_the_sum_of_its_hours() -> None:
    days = read(sample("uk-electricity-hdd-only-hourly-sample-0"), zone="Europe/London").acts["CI-11"]
    day = days.filter(pl.col("day") == day_of(date(2020, 4, 2))).row(0, named=True)
    # 2020-04-02 in British Summer Time begins at 23:00 UTC the day before, in row 23
    values = sample_values("uk-electricity-hdd-only-hourly-sample-0")[22:46]
    assert values[0][0].isoformat() == "2020-04-01T23:00:00+00:00"
    assert sum(value for _, value in values) == Decimal("6.80700000000000007")  # noise of binary numbers in the file
    assert day["energy_wh"] == 6_807
    assert day["rows"] == list(range(23, 47))


def test_read__the_whole_british_series__loses_no_watt_hour_to_noise() -> None:
    reading = read(sample("uk-electricity-hdd-only-hourly-sample-0"), zone="Europe/London")
    values = sample_values("uk-electricity-hdd-only-hourly-sample-0")
    kwh = sum(values[row - 1][1] for row in rows_of_acts(reading))
    assert kwh.quantize(Decimal("0.000001")) == Decimal("3785.664000")  # the meter counts whole watt-hours
    assert reading.acts["CI-11"]["energy_wh"].sum() == 3_785_664


def test_read__daily_electricity__is_an_act_a_day() -> None:
    household = Household(unit="kWh", meter="home", residents=3)
    reading = read(sample("il-electricity-cdd-hdd-daily"), household, "America/Chicago")
    days = reading.acts["CI-11"]
    assert (reading.rows, days.height, reading.findings.height) == (810, 809, 0)
    assert days["energy_wh"].to_list() == [
        int(value * 1000) for _, value in sample_values("il-electricity-cdd-hdd-daily")[:-1]
    ]
    assert set(days["residents"]) == {3}
    assert days["rows"].to_list()[-1] == [809, 810]


def test_read__daily_electricity_in_a_wrong_zone__is_never_a_civil_days_consumption() -> None:
    reading = read(sample("il-electricity-cdd-hdd-daily"), zone="Asia/Shanghai")
    assert set(reading.acts) == {"CI-11-BILL"}
    assert set(reading.acts["CI-11-BILL"]["days"]) == {1}


def test_read__electricity_bills__are_periods_with_their_length_in_days() -> None:
    bills = read(sample("il-electricity-cdd-hdd-billing_monthly"), zone="America/Chicago").acts["CI-11-BILL"]
    assert bills.height == 26
    assert bills.select("energy_wh", "days").row(0) == (725_100, 29)
    assert bills["days"].sum() == (date(2018, 1, 20) - date(2015, 11, 22)).days
    assert bills["energy_wh"].sum() == 21_290_170


def test_read__gas_bills_in_therms__are_litres_of_reference_gas() -> None:
    bills = read(
        sample("il-gas-hdd-only-billing_monthly"), Household(unit="therm", meter="home"), "America/Chicago"
    ).acts["CI-13"]
    assert bills.height == 26
    # 127.55 therms of 105.505585262 MJ gross, nine tenths net, at 38.931 MJ/m3
    litres = Fraction("127.55") * Fraction("105.505585262") * Fraction(9, 10) / Fraction("38.931") * 1000
    assert bills["volume_l"].to_list()[0] == round(litres) == 311_102
    # a year of the simulation has about 1000 therms, as its metadata say
    first, last = day_of(date(2015, 12, 26)), day_of(date(2016, 12, 26))
    year = bills.filter(pl.col("day").is_between(first, last, closed="left"))["volume_l"].sum()
    assert abs(year - 2_439_060) < 24_390


def test_therm__with_the_factor_of_ci_13__is_what_the_us_epa_publishes() -> None:
    kg = Fraction(NANO_PER_UNIT["gas"]["therm"], 10**12) * Fraction("2.184")
    assert abs(kg - Fraction("5.3")) < Fraction("0.05")  # EPA: 0.0053 t CO2 per therm


# gaps


def test_read__a_missing_hour__makes_its_day_incomplete_and_no_hour_longer() -> None:
    hours = series("2024-05-01T00:00:00+08:00", ["1"] * 72 + [""])
    reading = read(text(hours[:30] + hours[31:]))
    assert reading.acts["CI-11"].select("day", "energy_wh").rows() == [
        (day_of(date(2024, 5, 1)), 24_000),
        (day_of(date(2024, 5, 3)), 24_000),
    ]
    values = {"covered_s": 82_800, "date": "2024-05-02", "day_s": 86_400}
    assert len(codes(reading)) == 23
    assert found(reading)[0] == (25, "incomplete_day", {**values, "start": 1714579200, "end": 1714582800, "value": "1"})


def test_read__an_hour_without_a_value__is_missing_and_its_day_incomplete() -> None:
    hours = series("2024-05-01T00:00:00+08:00", ["1"] * 24 + [""])
    hours[5] = hours[5].replace(",1", ",nan")
    reading = read(text(hours))
    assert reading.acts == {}
    assert codes(reading) == [
        *((row, "incomplete_day") for row in range(1, 6)),
        (6, "missing_field"),
        *((row, "incomplete_day") for row in range(7, 26)),  # 25 closes the last hour
    ]


def test_read__a_missing_day_of_a_daily_series__makes_no_day_longer() -> None:
    days = series("2024-05-01T00:00:00+08:00", ["5"] * 6 + ["nan"], timedelta(days=1))
    reading = read(text(days[:2] + days[3:]))
    assert codes(reading) == [(3, "after_gap")]
    assert reading.acts["CI-11"].select("day", "energy_wh").rows() == [
        (day_of(date(2024, 5, day)), 5_000) for day in (1, 2, 5, 6)
    ]


def test_read__daily_readings_where_clocks_change__are_whole_days() -> None:
    days = ["2024-03-30,1", "2024-03-31,1", "2024-04-01,1", "2024-04-03,1", "2024-04-04,1", "2024-04-05,"]
    reading = read(text(days), zone="Europe/London")
    assert [rows for rows in reading.acts["CI-11"]["rows"].to_list()] == [[1], [2], [3], [5, 6]]


def test_read__a_last_row_with_a_value__is_as_long_as_the_others() -> None:
    reading = read(text(["2024-05-01,1", "2024-05-02,2", "2024-05-03,3"]))
    assert reading.acts["CI-11"]["energy_wh"].to_list() == [1_000, 2_000, 3_000]
    assert reading.findings.is_empty()


def test_read__a_last_bill_with_a_value__has_no_end() -> None:
    reading = read(text(["2024-03-01,100", "2024-04-01,200", "2024-05-01,300"]))
    assert [acts.height for acts in reading.acts.values()] == [2]
    assert found(reading) == [(3, "missing_field", {"field": "end"})]


def test_read__the_row_that_closes_a_useless_reading__shares_its_finding() -> None:
    reading = read(text(["2024-05-01,1", "2024-05-02,-2", "2024-05-03,"]))
    assert codes(reading) == [(2, "negative"), (3, "negative")]


def test_read__a_single_row__is_a_finding() -> None:
    assert codes(read(text(["2024-05-01,"]))) == [(1, "missing_field")]


def test_read__half_hours_across_midnight_in_another_zone__make_both_days_incomplete() -> None:
    hours = series("2024-05-01T00:00:00+00:00", ["1"] * 49)
    reading = read(text(hours), zone="Asia/Kolkata")  # UTC+5:30
    assert reading.acts == {}
    assert {code for _, code in codes(reading)} == {"incomplete_day"}


def test_read__two_meters_in_one_series_file__end_their_own_readings() -> None:
    lines = [
        "start,value,meter",
        "2024-05-01,1,a",
        "2024-05-01,10,b",
        "2024-05-02,2,a",
        "2024-05-02,,b",
        "2024-05-03,,a",
    ]
    acts = read("\n".join(lines)).acts["CI-11"].sort("record_key")
    assert acts.select("subject", "energy_wh", "rows").rows() == [
        ("a", 1_000, [1]),
        ("a", 2_000, [3, 5]),
        ("b", 10_000, [2, 4]),
    ]


# tables


TABLE = "meter,start,end,value,unit,quality,residents"


def table(*lines: str) -> str:
    return "\n".join([TABLE, *lines])


def test_read__a_table_of_households__has_an_act_for_each_with_their_persons() -> None:
    reading = read(
        table(
            "a,2024-05-01,2024-05-02,8.5,kWh,,2",
            "b,2024-05-01,2024-05-02,9500,Wh,actual,",
            "a,2024-05-02,2024-05-03,0.009,MWh,实抄,4",
        ),
        Household(residents=5),
    )
    assert reading.acts["CI-11"].select("record_key", "subject", "energy_wh", "residents").rows() == [
        ("a/1714492800", "a", 8_500, 2),
        ("a/1714579200", "a", 9_000, 4),
        ("b/1714492800", "b", 9_500, 5),
    ]


@pytest.mark.parametrize(
    ("service", "unit", "scenario", "litres"),
    [
        ("water", "m3", "CI-12", 12_500),
        ("water", "L", "CI-12", 13),
        ("water", "gal", "CI-12", 47),  # 47.3 l
        ("gas", "m3", "CI-13", 12_500),
        ("gas", "ccf", "CI-13", 35_396),  # 12.5 * 2831.6846592 l
        ("gas", "ft3", "CI-13", 354),
        ("gas", "therm", "CI-13", 30_488),
    ],
)
def test_read__water_and_gas__are_litres_of_a_billing_period(
    service: str, unit: str, scenario: str, litres: int
) -> None:
    reading = read(table(f"a,2024-05-01,2024-07-01,12.5,{unit},,3"), Household(service=service))
    (bill,) = reading.acts[scenario].to_dicts()
    assert (bill["volume_l"], bill["days"], bill["residents"]) == (litres, 61, 3)


def test_read__daily_water__is_a_period_of_one_day() -> None:
    reading = read(
        table("a,2024-05-01 08:00,2024-05-02 08:00,0.3,m3,,", "a,2024-05-03,2024-05-04,0.2,m3,,"),
        Household(service="water"),
    )
    assert reading.acts["CI-12"].select("volume_l", "days").rows() == [(300, 1), (200, 1)]


BAD = [
    (",2024-05-01,2024-05-02,1,kWh,,", "missing_field", {"field": "meter"}),
    ("a,,2024-05-02,1,kWh,,", "missing_field", {"field": "start"}),
    ("a,2024-05-01,,1,kWh,,", "missing_field", {"field": "end"}),
    ("a,2024-05-01,2024-05-02,,kWh,,", "missing_field", {"field": "value"}),
    ("a,2024-05-01,2024-05-02,NaN,kWh,,", "missing_field", {"field": "value"}),
    ("a,2024-05-01,2024-05-02,1,,,", "missing_field", {"field": "unit"}),
    ("a,2024-05-32,2024-05-02,1,kWh,,", "bad_time", {"field": "start", "value": "2024-05-32"}),
    ("a,9999-12-31,2024-05-02,1,kWh,,", "bad_time", {"field": "start", "value": "9999-12-31"}),
    ("a,2024-05-01,tomorrow,1,kWh,,", "bad_time", {"field": "end", "value": "tomorrow"}),
    ("a,2024-05-01,2024-05-02,1,kvarh,,", "unknown_kind", {"field": "unit", "value": "kvarh"}),
    ("a,2024-05-01,2024-05-02,1,m3,,", "unknown_kind", {"field": "unit", "value": "m3"}),
    ("a,2024-05-01,2024-05-02,1 000,kWh,,", "bad_number", {"field": "value", "value": "1 000"}),
    ("a,2024-05-01,2024-05-02,inf,kWh,,", "bad_number", {"field": "value", "value": "inf"}),
    ("a,2024-05-01,2024-05-02,1e9,MWh,,", "bad_number", {"field": "value", "value": "1e9"}),
    ("a,2024-05-01,2024-05-02,1e30,kWh,,", "bad_number", {"field": "value", "value": "1e30"}),
    ("a,2024-05-01,2024-05-02,1,kWh,,0", "bad_number", {"field": "residents", "value": "0"}),
    ("a,2024-05-01,2024-05-02,1,kWh,,two", "bad_number", {"field": "residents", "value": "two"}),
]


@pytest.mark.parametrize(("bad", "code", "values"), BAD)
def test_read__a_row_that_cannot_be_used__is_a_finding_and_the_next_is_read(
    bad: str, code: str, values: dict[str, object]
) -> None:
    reading = read(table(bad, "z,2024-05-01,2024-05-02,1,kWh,,"), Household(service="electricity"))
    assert found(reading) == [(1, code, values)]
    assert rows_of_acts(reading) == [2]


@pytest.mark.parametrize(
    ("start", "end", "value", "quality", "code"),
    [
        ("2024-05-01", "2024-05-02", "-1", "", "negative"),
        ("2024-05-01", "2024-05-02", "1", "estimated", "estimated_reading"),
        ("2024-05-01", "2024-05-02", "1", "估抄", "estimated_reading"),
        ("2024-05-02", "2024-05-01", "1", "", "end_before_start"),
        ("2024-05-02", "2024-05-02", "1", "", "end_before_start"),
        ("2024-05-01", "2024-05-01 13:00", "1", "", "incomplete_day"),
        ("2024-05-01 13:00", "2024-05-02 03:00", "1", "", "incomplete_day"),
    ],
)
def test_read__a_reading_that_says_nothing__is_a_finding_without_the_meter(
    start: str, end: str, value: str, quality: str, code: str
) -> None:
    reading = read(table(f"SECRET,{start},{end},{value},kWh,{quality},"))
    ((row, was, values),) = found(reading)
    assert (row, was) == (1, code)
    assert values["value"] == value
    assert values.get("quality", "") == quality
    assert not any("SECRET" in values for values in reading.findings["values"])


def test_read__half_a_day_of_each_of_two_meters__is_no_day() -> None:
    reading = read(table("a,2024-05-01,2024-05-01 12:00,1,kWh,,", "b,2024-05-01 12:00,2024-05-02,1,kWh,,"))
    assert codes(reading) == [(1, "incomplete_day"), (2, "incomplete_day")]


def test_read__readings_that_overlap__are_in_conflict_and_leave_none() -> None:
    reading = read(
        table(
            "a,2024-05-01,2024-06-01,100,kWh,,",
            "a,2024-05-31,2024-06-01,3,kWh,,",
            "a,2024-06-01,2024-06-02,4,kWh,,",
            "b,2024-05-31,2024-06-01,3,kWh,,",
        )
    )
    assert rows_of_acts(reading) == [3, 4]
    assert [(row, code, values["other_row"]) for row, code, values in found(reading)] == [
        (1, "conflict", 2),
        (2, "conflict", 1),
    ]
    assert reading.contested.select("scenario", "record_key").rows() == [
        ("CI-11-BILL", "a/1714492800"),
        ("CI-11", "a/1717084800"),
    ]


def test_read__two_values_of_one_time__leave_neither_whatever_stands_first() -> None:
    day = "a,2024-05-01,2024-05-02,1,kWh,,"
    reading = read(table(day, day, day.replace(",1,", ",2,")))
    assert reading.acts == {}
    assert [(row, code) for row, code, _ in found(reading)] == [(1, "conflict"), (2, "duplicate"), (3, "conflict")]
    assert reading.contested["record_key"].to_list() == ["a/1714492800"]


def test_read__copies_in_a_series__do_not_end_a_reading_early() -> None:
    reading = read(text(["2024-05-01,1", "2024-05-01,1", "2024-05-02,2", "2024-05-03,"]))
    assert reading.acts["CI-11"]["energy_wh"].to_list() == [1_000, 2_000]
    assert codes(reading) == [(2, "duplicate")]


@pytest.mark.parametrize(
    "start",
    [
        "2024-05-01",
        "2024-05-01 00:00",
        "2024-05-01 00:00:00",
        "2024-05-01T00:00:00",
        "2024-05-01T00:00:00.000",
        "2024-05-01T00:00:00+08:00",
        "2024-05-01 00:00:00+0800",
        "2024-04-30T16:00:00Z",
        "2024-04-30T16:00:00.000Z",
    ],
)
def test_read__times_as_people_write_them__are_the_same_instant(start: str) -> None:
    assert read(table(f"a,{start},2024-05-02,1,kWh,,")).acts["CI-11"]["start"].to_list() == [1714492800]


def test_read__a_local_time_that_clocks_showed_twice__is_a_bad_time() -> None:
    reading = read(table("a,2024-10-27 01:30,2024-10-28,1,kWh,,"), zone="Europe/London")
    assert codes(reading) == [(1, "bad_time")]


@pytest.mark.parametrize(
    ("header", "household", "message"),
    [
        ("start,value", Household(unit="kWh"), "neither a column 'meter' nor the caller says the meter"),
        ("start,value", Household(meter="a"), "neither a column 'unit' nor the caller says the unit"),
        (
            "start,value",
            Household(meter="a", unit="m3"),
            r"say which service this is .*: the units of the file do not tell",
        ),
        (
            "start,value",
            Household(meter="a", unit="kvarh"),
            r"say which service this is .*: the units of the file do not tell. Known units are electricity: Wh, kWh",
        ),
        ("start,value", Household(meter="a", unit="m3", service="electricity"), "'m3' is no unit of electricity"),
        ("start,value", Household(meter="a", unit="m3", service="heat"), "say which service"),
        ("start,amount", HOME, "the header lacks value; it has 2 columns, known of which start"),
    ],
)
def test_read__what_neither_file_nor_caller_says__is_an_error(header: str, household: Household, message: str) -> None:
    with pytest.raises(InputError, match=f"file: {message}"):
        read(f"{header}\n2024-05-01,1\n", household)


def test_read__a_file_without_rows__has_none() -> None:
    assert read("start,value\n").rows == 0
    assert read("meter,start,value,unit\n", Household()).rows == 0


# laws


readings = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", ""]),
        st.integers(0, 60),  # start, in hours
        st.integers(-1, 50),  # length, in hours
        st.sampled_from(["1", "0.5", "-1", "", "x", "nan"]),
        st.sampled_from(["", "actual", "estimated"]),
    ),
    max_size=16,
)


@given(readings)
@settings(max_examples=150, deadline=None)
def test_read__any_table__every_row_is_in_one_act_or_one_finding(
    rows: list[tuple[str, int, int, str, str]],
) -> None:
    lines = [
        f"{meter},{clock(start)},{clock(start + hours)},{value},kWh,{how}," for meter, start, hours, value, how in rows
    ]
    reading = read(table(*lines), Household(service="electricity"))
    acts = [act for frame in reading.acts.values() for act in frame.iter_rows(named=True)]
    for act in acts:
        others = [other for other in acts if other is not act and other["subject"] == act["subject"]]
        assert all(act["end"] <= other["start"] or other["end"] <= act["start"] for other in others)


@given(readings)
@settings(max_examples=150, deadline=None)
def test_read__any_series__every_row_is_in_one_act_or_one_finding(
    rows: list[tuple[str, int, int, str, str]],
) -> None:
    lines = [f"{clock(start)},{value},{meter}" for meter, start, _, value, _ in rows]
    read("\n".join(["start,value,meter", *lines]))


def clock(hours: int) -> str:
    return (datetime(2024, 5, 1) + timedelta(hours=hours)).isoformat()  # noqa: DTZ001


@given(st.lists(st.decimals(0, 20, places=9), min_size=24, max_size=24))
@settings(max_examples=50, deadline=None)
def test_read__any_day_of_hours__is_their_exact_sum_to_the_nearest_watt_hour(hours: list[Decimal]) -> None:
    lines = series("2024-05-01T00:00:00+08:00", [f"{hour:f}" for hour in hours] + [""])
    (energy,) = read(text(lines)).acts["CI-11"]["energy_wh"]
    exact = sum(map(Fraction, hours), Fraction(0)) * 1000
    assert energy == (exact + Fraction(1, 2)).__floor__()
