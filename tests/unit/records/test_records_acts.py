"""Acts of any methodology: its template reads without a finding, and whatever its document does not know is a finding."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from oracle.measure.quantify.library import FOLDER, library_at
from oracle.measure.records.acts import read_acts
from oracle.measure.records.meters import Household
from oracle.measure.records.reader import read
from oracle.measure.records.sheets import sheets
from oracle.measure.records.template import csv_of, template
from oracle.measure.validate.rules import Context, validate
from oracle.model.acts import Reading
from oracle.model.errors import InputError, MethodologyError
from tests.unit.records.record_files import assert_every_row_once, codes, found, origin

LIBRARY = library_at(FOLDER)
SCENARIOS = [name for name in LIBRARY.documents if LIBRARY.rules_of(name)]
NOW = 1_800_000_000
RIDE = {
    "scenario": "CI-05",
    "record_key": "a",
    "subject": "ada",
    "start": "2024-05-01 08:00:00",
    "end": "2024-05-01 08:20:00",
    "distance_km": "3.2",
}
ORDER = {
    "scenario": "CI-26",
    "record_key": "o-1",
    "subject": "bo",
    "start": "2024-05-01 12:00",
    "item": "8801",
    "orders": "1",
}


def read_rows(path: Path, *rows: dict[str, str], kind: str | None = None) -> Reading:
    text = io.StringIO()
    writer = csv.DictWriter(text, dict.fromkeys(name for row in rows for name in row))
    writer.writeheader()
    writer.writerows(rows)
    file = path / "acts.csv"
    file.write_text(text.getvalue(), encoding="utf-8")
    reading = read(file, source="operator", region="CN-4403", kind=kind)
    assert_every_row_once(reading)
    return reading


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_template__of_every_scenario__is_read_without_a_finding(scenario: str, tmp_path: Path) -> None:
    columns, rows = template(LIBRARY, scenario, "CN-4403")
    assert all(column.en and column.zh for column in columns)
    file = tmp_path / "template.csv"
    file.write_text(csv_of(columns, rows), encoding="utf-8")
    household = Household(service={"CI-12": "water", "CI-13": "gas"}.get(scenario))
    reading = read(file, source="operator", region="CN-4403", household=household)
    reading = validate(reading, Context(now=NOW))
    assert (found(reading), {name: len(acts) for name, acts in reading.acts.items()}) == ([], {scenario: 2})


def test_template__of_a_table_of_references__is_refused() -> None:
    with pytest.raises(MethodologyError, match="POINTS is a table of references: it has no records"):
        template(LIBRARY, "POINTS", "CN-4403")


def test_read__acts_in_every_way_of_writing__are_the_same(tmp_path: Path) -> None:
    rows = [RIDE, {**RIDE, "record_key": "b", "subject": "bo", "distance_km": "12"}]
    texts = {
        "a.csv": csv_of_rows(rows),
        "b.jsonl": "\n".join(json.dumps(row) for row in rows),
        "c.json": json.dumps(rows),
        "d.json": json.dumps({"data": [{**row, "distance_km": float(row["distance_km"])} for row in rows]}),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    typed = pl.DataFrame(rows).with_columns(
        pl.col("distance_km").cast(pl.Float64), pl.col("start", "end").str.to_datetime(time_zone="Asia/Shanghai")
    )
    typed.write_parquet(tmp_path / "e.parquet")
    read_by_name = {path.name: read(path, source="operator", region="CN-4403") for path in sorted(tmp_path.iterdir())}
    assert len(read_by_name) == 5
    for name, reading in read_by_name.items():
        assert found(reading) == [], name
        assert reading.acts["CI-05"].equals(read_by_name["a.csv"].acts["CI-05"]), name
    assert read_by_name["a.csv"].acts["CI-05"].row(0, named=True) == {
        "record_key": "a",
        "subject": "ada",
        "region": "CN-4403",
        "start": 1_714_521_600,
        "end": 1_714_522_800,
        "day": 19_844,
        "rows": [1],
        "distance_m": 3_200,
        "duration_s": 1_200,
    }


def csv_of_rows(rows: list[dict[str, str]]) -> str:
    return "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)])


BAD = [
    pytest.param(RIDE, {"distance_km": ""}, "missing_field", {"field": "distance_km"}, id="no distance"),
    pytest.param(RIDE, {"distance_km": "3 km"}, "bad_number", {"value": "3 km"}, id="unit in the cell"),
    pytest.param(RIDE, {"distance_km": "1e3"}, "bad_number", {"value": "1e3"}, id="exponent"),
    pytest.param(RIDE, {"distance_km": "-1"}, "out_of_range", {"known": "0.2 to 20 km"}, id="negative"),
    pytest.param(RIDE, {"distance_km": "3200"}, "out_of_range", {"value": "3200"}, id="metres for kilometres"),
    pytest.param(RIDE, {"speed": "9"}, "unknown_field", {"field": "speed"}, id="unknown column"),
    pytest.param(RIDE, {"item": "8801"}, "unknown_field", {"field": "item"}, id="an item where none is asked for"),
    pytest.param(RIDE, {"scenario": "CI-99"}, "unknown_kind", {"value": "CI-99"}, id="unknown methodology"),
    pytest.param(RIDE, {"scenario": "CI-11"}, "unknown_kind", {"value": "CI-11"}, id="a methodology of meters"),
    pytest.param(RIDE, {"start": "8 o'clock"}, "bad_time", {"field": "start"}, id="no time"),
    pytest.param(RIDE, {"end": ""}, "missing_field", {"field": "end"}, id="a trip without an end"),
    pytest.param(RIDE, {"end": "2024-05-01 07:59:59"}, "end_before_start", {"field": "end"}, id="ends first"),
    pytest.param(RIDE, {"duration_min": "60"}, "wrong_period", {"field": "duration_min"}, id="times say otherwise"),
    pytest.param(RIDE, {"subject": ""}, "missing_field", {"field": "subject"}, id="nobody"),
    pytest.param(ORDER, {"orders": "1.5"}, "not_whole", {"field": "orders", "value": "1.5"}, id="half an order"),
    pytest.param(ORDER, {"orders": "2"}, "out_of_range", {"field": "orders"}, id="two orders under one number"),
    pytest.param(ORDER, {"item": ""}, "missing_field", {"field": "item"}, id="an order without a number"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "change", "code", "shown"), BAD)
def test_read__what_the_document_does_not_know__is_a_finding_and_no_act(
    row: dict[str, str], change: dict[str, str], code: str, shown: dict[str, str], tmp_path: Path
) -> None:
    reading = read_rows(tmp_path, {**row, **change}, {**row, "record_key": "good"})
    assert codes(reading) == [(1, code)]
    assert shown.items() <= found(reading)[0][2].items()
    assert [len(acts) for acts in reading.acts.values()] == [1]


def test_read__an_unknown_column__does_not_show_what_is_in_it(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, {**RIDE, "phone": "13800138000"})
    assert "13800138000" not in reading.findings["values"][0]


def test_read__occupants_of_one_and_a_half__are_refused(tmp_path: Path) -> None:
    columns, rows = template(LIBRARY, "CI-08", "CN-4403")
    reading = read_rows(tmp_path, {**rows[0], "passengers": "1.5"}, rows[1])
    assert codes(reading) == [(1, "not_whole")]
    assert found(reading)[0][2]["known"] == "1 to 4 person"
    assert {column.name: column.kind for column in columns}["passengers"] == "whole number"


def test_read__words_in_any_case__are_their_place_and_others_are_findings(tmp_path: Path) -> None:
    _, (row, _) = template(LIBRARY, "CI-23", "CN-4403")
    rows = [{**row, "record_key": word, "item": word, "material": word} for word in ("GLASS", "steel", "wood")]
    reading = read_rows(tmp_path, *rows)
    assert reading.acts["CI-23"]["material"].to_list() == [2, 1]
    assert found(reading) == [
        (3, "unknown_choice", {"field": "material", "value": "wood", "known": "aluminium, steel, glass"})
    ]


def test_read__days_other_than_those_of_the_times__are_refused(tmp_path: Path) -> None:
    _, (row, _) = template(LIBRARY, "CI-15", "CN-4403")
    end = "2023-06-08 00:00:00"
    rows = [
        {**row, "record_key": days or "none", "item": days or "none", "end": end, "days": days}
        for days in ("31", "30", "")
    ]
    reading = read_rows(tmp_path, *rows)
    assert codes(reading) == [(2, "wrong_period")]
    assert reading.acts["CI-15"]["days"].to_list() == [31, 31]


def test_read__several_scenarios_in_one_file__each_have_their_own_columns(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, {**RIDE, "orders": ""}, {**ORDER, "end": ""}, {**ORDER, "distance_km": "3"})
    assert {name: acts["record_key"].to_list() for name, acts in reading.acts.items()} == {
        "CI-05": ["a"],
        "CI-26": ["o-1"],
    }
    assert codes(reading) == [(3, "unknown_field")]


def test_read__one_methodology_for_the_whole_file__needs_no_column(tmp_path: Path) -> None:
    row = {name: value for name, value in ORDER.items() if name != "scenario"}
    assert read_rows(tmp_path, row, kind="CI-26").acts["CI-26"].height == 1


def test_read__two_columns_for_one_field__is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"acts.csv: the columns distance_m and distance_km say the same of CI-05"):
        read_rows(tmp_path, {**RIDE, "distance_m": "3200"})


def test_read__a_file_without_what_every_act_needs__is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the header lacks record_key, start"):
        read_rows(tmp_path, {"scenario": "CI-05", "subject": "ada"}, kind="acts")


def _workbook(rows: list[list[Any]]) -> bytes:
    """A workbook with one sheet, as the format describes it: numbers as numbers, everything else as text."""
    import zipfile
    from xml.sax.saxutils import escape

    def cell(value: object) -> str:
        if isinstance(value, int | float):
            return f"<c><v>{value!r}</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'

    lines = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"

    def related(kind: str, target: str) -> str:
        link = f'<Relationship Id="r1" Type="{office}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{package}/relationships">{link}</Relationships>'

    default = '<Default Extension="xml" ContentType="application/xml"/>'
    named = f'<sheets><sheet name="acts" sheetId="1" xmlns:r="{office}" r:id="r1"/></sheets>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">{default}</Types>',
        "_rels/.rels": related("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{main}">{named}</workbook>',
        "xl/_rels/workbook.xml.rels": related("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return content.getvalue()


def test_read__an_excel_workbook__is_read_and_rounded_numbers_are_findings(tmp_path: Path) -> None:
    names = list(ORDER)
    rows = [
        [*ORDER.values()],
        ["CI-26", "o-2", "bo", "2024-05-01 13:00", 8802, 1.0],
        [*[*ORDER.values()][:4], 4.2e27, 1],
    ]
    file = tmp_path / "orders.xlsx"
    file.write_bytes(_workbook([names, *rows]))
    reading = read(file, source="operator", region="CN-4403")
    assert_every_row_once(reading)
    assert reading.acts["CI-26"].select("item", "orders").rows() == [("8801", 1), ("8802", 1)]
    assert found(reading) == [(3, "rounded_number", {"field": "item"})]


def test_read__a_workbook_that_unpacks_without_end__is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bomb.xlsx"
    file.write_bytes(_workbook([["scenario"], ["x" * 5_000_000]]))
    assert file.stat().st_size < 100_000
    with pytest.raises(InputError, match="the workbook has more than 1000000 bytes unpacked: split it"):
        list(sheets(file, 1_000_000))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.decimals(min_value="0.2", max_value="20", places=6), min_size=1, max_size=8), st.booleans())
def test_read__any_distance__is_rounded_down_to_metres(distances: list[Any], as_json: bool) -> None:
    rows = [{**RIDE, "record_key": str(at), "distance_km": f"{each:f}"} for at, each in enumerate(distances)]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "acts"
        file.write_text(json.dumps(rows) if as_json else csv_of_rows(rows), encoding="utf-8")
        reading = read_acts(sheets(file), origin(), LIBRARY)
    assert reading.acts["CI-05"]["distance_m"].to_list() == [int(each * 1000) for each in distances]
