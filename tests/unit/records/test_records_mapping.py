"""Mappings: those that come along, those that are proposed, and what each field of one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracle.measure.records.mapped import read_mapped
from oracle.measure.records.meters import Household
from oracle.measure.records.propose import as_toml, propose
from oracle.measure.records.reader import read
from oracle.measure.records.shipped import mapping_of, shipped
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from oracle.model.mapping import Columns, Mapping, Wide
from tests.unit.records.record_files import codes, origin

HOME = Household(meter="m", unit="kWh")
TWO = Columns(start=("at",), value="v")


def mapped(text: str, mapping: Mapping, zone: str = "Asia/Shanghai") -> Reading:
    return read_mapped([text.encode()], origin(zone=zone), HOME, mapping)


def energy(reading: Reading) -> list[int]:
    return reading.acts["CI-11"].sort("start")["energy_wh"].to_list() if "CI-11" in reading.acts else []


SHIPPED: list[tuple[str, str, str, Household, list[int]]] = [
    (
        "sdge",
        "America/Los_Angeles",
        "Name,A. Customer\nAddress,1 Street\n\nMeter Number,Date,Start Time,Duration,Consumption,Generation,Net\n"
        + "".join(
            f"0123,3/1/2023,{hour % 12 or 12}:00 {'AM' if hour < 12 else 'PM'},60,0.5000,0.1000,0.4000\n"
            for hour in range(24)
        ),
        Household(),
        [12_000],
    ),
    (
        "datadis",
        "Europe/Madrid",
        "CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion;Energia_vertida_kWh\n"
        + "".join(f"ES001;2023/03/01;{hour:02}:00;0,25;Real;0\n" for hour in range(1, 25)),
        Household(),
        [6_000],
    ),
    (
        "nem12",
        "Australia/Brisbane",
        "100,NEM12,202303020000,MDA,RETAIL\n200,NMI0000001,E1E2B1,E1,E1,N1,METER1,KWH,30,20230401\n"
        f"300,20230301,{','.join(['0.2'] * 48)},A,,,20230302000000,\n"
        "200,NMI0000001,E1E2B1,E2,E2,N2,METER1,KWH,30,20230401\n"
        f"300,20230301,{','.join(['0.1'] * 48)},A,,,20230302000000,\n"
        "200,NMI0000001,E1E2B1,B1,B1,N3,METER1,KWH,30,20230401\n"
        f"300,20230301,{','.join(['0.9'] * 48)},A,,,20230302000000,\n900\n",
        Household(),
        [14_400],
    ),
    (
        "n3rgy",
        "Europe/London",
        '{"resource":"/electricity/consumption/1","granularity":"halfhour","values":['
        + ",".join(
            f'{{"timestamp":"2023-03-{1 + (half + 1) // 48:02} {(half + 1) % 48 // 2:02}:{(half + 1) % 2 * 30:02}","value":0.1}}'
            for half in range(48)
        )
        + "]}",
        HOME,
        [4_800],
    ),
    (
        "day-per-line",
        "Asia/Shanghai",
        f"date,{','.join(f'{hour:02}:00' for hour in range(24))}\n2023-03-01,{','.join(['0.5'] * 24)}\n",
        HOME,
        [12_000],
    ),
    ("sgcc", "Asia/Shanghai", "日期,日用电量(度)\n2023-03-01,10.3\n2023-03-02,9.8\n", HOME, [10_300, 9_800]),
]


@pytest.mark.parametrize(("name", "zone", "text", "household", "expected"), SHIPPED, ids=[case[0] for case in SHIPPED])
def test_read__a_common_format__is_recognised_by_its_header(
    name: str, zone: str, text: str, household: Household, expected: list[int], tmp_path: Path
) -> None:
    file = tmp_path / "brought"
    file.write_text(text, "utf-8")
    assert propose(file) == shipped()[name]
    reading = read(file, source="grid", region="CN-4403", zone=zone, household=household)
    assert energy(reading) == expected


@pytest.mark.parametrize("name", sorted(shipped()))
def test_as_toml__of_any_mapping__is_read_as_the_same(name: str) -> None:
    assert mapping_of(as_toml(shipped()[name]), name) == shipped()[name]


def test_read__a_register__is_what_it_counted_between_stamps() -> None:
    rows = "".join(f"2023-03-{day:02},{200 + 6.1 * day:.1f}\n" for day in range(1, 8))
    reading = mapped("at,v\n" + rows, Mapping(columns=TWO, measure="register"))
    assert energy(reading) == [6_100] * 6
    assert codes(reading) == []


def test_read__a_register_that_fell_or_has_a_gap__is_no_reading_there() -> None:
    lines = ["2023-03-01,90", "2023-03-02,95", "2023-03-03,2", "2023-03-04,8", "2023-03-06,20", "2023-03-07,26"]
    reading = mapped("at,v\n" + "\n".join(lines), Mapping(columns=TWO, measure="register"))
    assert energy(reading) == [5_000, 6_000, 6_000]
    assert codes(reading) == [(2, "meter_reset"), (4, "after_gap")]


def test_read__a_sign_for_export__delivers_nothing_meanwhile() -> None:
    lines = "2023-03-01 00:00,2\n2023-03-01 12:00,-5\n2023-03-02 00:00,\n"
    assert energy(mapped("at,v\n" + lines, Mapping(columns=TWO, export="negative"))) == [2_000]
    assert energy(mapped("at,v\n" + lines, Mapping(columns=TWO))) == []


def test_read__thousands_and_a_decimal_comma__are_exact_and_a_point_is_no_number() -> None:
    mapping = Mapping(delimiter=";", decimal=",", thousands=".", unit="Wh", columns=TWO)
    lines = "2023-03-01;1.234,5\n2023-03-02;9.8\n2023-03-03;12.345\n"
    reading = read_mapped([f"at;v\n{lines}".encode()], origin(), Household(meter="m"), mapping)
    assert energy(reading) == [1_235, 12_345]
    assert codes(reading) == [(2, "bad_number")]


def test_read__columns_without_a_header__are_numbered() -> None:
    mapping = Mapping(header=False, columns=Columns(start=("1", "2"), value="4", meter="3"))
    reading = read_mapped([b"2023-03-01,00:00,a,5\n2023-03-02,00:00,a,6\n"], origin(), Household(unit="kWh"), mapping)
    assert energy(reading) == [5_000, 6_000]


def test_read__a_day_per_line_with_an_hour_missing__is_one_finding() -> None:
    names = ",".join(f"h{hour}" for hour in range(24))
    mapping = Mapping(columns=Columns(start=("at",)), wide=Wide(first="h0", count=24))
    whole, lacking = ",".join(["1"] * 24), ",".join(["1"] * 23 + [""])
    reading = mapped(f"at,{names}\n2023-03-01,{whole}\n2023-03-02,{lacking}\n", mapping)
    assert energy(reading) == [24_000]
    assert [row for row, _ in codes(reading)] == [2]
    assert reading.acts["CI-11"]["rows"].to_list() == [[1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[mapping]\nzone = 'Mars'", "zone: Value error, 'Mars' is no IANA time zone"),
        ("[mapping]\ncolumn = 1", "column: Extra inputs are not permitted"),
        ("[mapping]\ndecimal = ','\nthousands = ','", "decimal and thousands are the same sign"),
        ("[map]", r"there is no table \[mapping\]"),
        ("[mapping", "not valid TOML"),
    ],
)
def test_mapping_of__what_is_no_mapping__is_told_by_field(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        mapping_of(text, "grid.toml")


def test_read__a_file_without_the_mappings_columns__says_which_are_missing() -> None:
    with pytest.raises(InputError, match="missing are v; the first line has 2 columns, known of which at between ','"):
        mapped("at,w\n2023-03-01,1\n", Mapping(columns=TWO))


def test_read__a_comma_that_may_part_thousands__is_asked_about(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text("start;end;value\n2023-03-01;2023-03-02;1,234\n")
    with pytest.raises(InputError, match="'1,234' may have a decimal comma or a comma between thousands"):
        read(file, source="grid", region="CN-4403", household=HOME)
