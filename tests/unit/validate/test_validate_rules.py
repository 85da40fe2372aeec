"""The rules for acts: each at its edge, their order, and that no row is lost."""

from __future__ import annotations

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from oracle.measure.quantify.library import Library
from oracle.measure.validate.rules import RULES, Context, Limits, validate
from oracle.model.acts import FIELDS, Reading, schema
from oracle.model.findings import CODES
from tests.unit.validate.act_tables import BASE, found, reading, rows_left

NOW = Context(now=2_000_000)
START = 1_000_000


def ruled(made: Reading, context: Context = NOW) -> Reading:
    after = validate(made, context)
    rows = rows_left(after) + after.findings["row"].to_list()
    assert sorted(rows) == rows_left(made)
    return after


def trip(seconds: int, metres: int) -> dict[str, object]:
    return {"end": START + seconds, "distance_m": metres}


EDGES = [
    # distance, at 30 km/h
    ("CI_01", trip(36, 300), None),
    ("CI_01", trip(36, 299), "out_of_range"),
    ("CI_01", trip(7200, 60_000), None),
    ("CI_01", trip(7200, 60_001), "out_of_range"),
    ("CI_02", trip(60, 500), None),
    ("CI_02", trip(60, 499), "out_of_range"),
    ("CI_02", trip(14_400, 120_000), None),
    ("CI_02", trip(14_400, 120_001), "out_of_range"),
    # mean speed
    ("CI_01", trip(3600, 5_000), None),
    ("CI_01", trip(3601, 5_000), "implausible_speed"),
    ("CI_01", trip(600, 10_000), None),
    ("CI_01", trip(599, 10_000), "implausible_speed"),
    ("CI_02", trip(3600, 10_000), None),
    ("CI_02", trip(3601, 10_000), "implausible_speed"),
    ("CI_02", trip(300, 10_000), None),
    ("CI_02", trip(299, 10_000), "implausible_speed"),
    ("CI_01", trip(0, 10_000), "implausible_speed"),
    ("CI_01_RIDE", {"end": START}, None),  # nobody measured its distance or its end
    # consumption a day
    ("CI_11", {"energy_wh": 500_000}, None),
    ("CI_11", {"energy_wh": 500_001}, "out_of_range"),
    ("CI_11", {"energy_wh": 0}, None),
    ("CI_11_BILL", {"energy_wh": 15_000_000, "days": 30}, None),
    ("CI_11_BILL", {"energy_wh": 15_000_001, "days": 30}, "out_of_range"),
    ("CI_12", {"volume_l": 20_000, "days": 1}, None),
    ("CI_12", {"volume_l": 20_001, "days": 1}, "out_of_range"),
    ("CI_13", {"volume_l": 100_000, "days": 1}, None),
    ("CI_13", {"volume_l": 100_001, "days": 1}, "out_of_range"),
    # times
    ("CI_01", {"end": START - 1}, "end_before_start"),
    ("CI_01", {"start": 1_999_000, "end": 2_000_000}, None),
    ("CI_01", {"start": 1_999_001, "end": 2_000_001}, "in_the_future"),
    # signs
    ("CI_01", {"distance_m": -1}, "negative"),
    ("CI_11", {"energy_wh": -1}, "negative"),
    ("CI_11", {"residents": -1}, "negative"),
    ("CI_13", {"days": -1}, "negative"),
]


@pytest.mark.parametrize(("scenario", "act", "code"), EDGES)
def test_validate__an_act_at_the_edge__passes_or_is_found(
    scenario: str, act: dict[str, object], code: str | None
) -> None:
    after = ruled(reading(**{scenario: [act]}))
    assert [was for _, was, _ in found(after)] == ([code] if code else [])
    assert rows_left(after) == ([] if code else [1])


def test_validate__a_finding__shows_the_numbers_that_decided() -> None:
    after = ruled(reading(CI_01=[trip(100, 10_000), trip(36, 299), {"start": 1_999_001, "end": 2_000_001}]))
    assert [values for _, _, values in found(after)] == [
        {"distance_m": 10_000, "end": 1_000_100, "largest_kmh": 60, "seconds": 100, "smallest_kmh": 5, "start": START},
        {"distance_m": 299, "end": 1_000_036, "largest": 60_000, "smallest": 300, "start": START},
        {"distance_m": 10_000, "end": 2_000_001, "now": 2_000_000, "start": 1_999_001},
    ]


def test_validate__limits_of_the_caller__decide() -> None:
    limits = Limits(distance_m={"CI-01": (1, 2)}, speed_kmh={}, per_day={})
    after = ruled(
        reading(CI_01=[trip(1, 2), trip(1, 3)], CI_02=[{**trip(1, 10**9), "subject": "cyclist"}]),
        Context(2_000_000, limits),
    )
    assert [(row, code) for row, code, _ in found(after)] == [(2, "out_of_range")]


def test_validate__an_act_that_breaks_several_rules__is_judged_by_the_first() -> None:
    everything = {"start": 3_000_000, "end": 2_900_000, "distance_m": -1}
    assert [code for _, code, _ in found(ruled(reading(CI_01=[everything])))] == ["negative"]
    assert [rule.__name__ for rule in RULES] == [
        "duplicates",
        "negative",
        "end_before_start",
        "in_the_future",
        "out_of_range",
        "implausible_speed",
        "overlap",
    ]


def test_validate__copies_of_a_record__leave_the_first_row() -> None:
    same = {"record_key": "T", "subject": "someone"}
    made = reading(CI_01=[same, same, {**same, "distance_m": 9_999}, {"subject": "another"}], CI_02=[same])
    assert found(ruled(made)) == [
        (2, "duplicate", {"copy": "identical", "first_row": 1}),
        (3, "duplicate", {"copy": "conflicting", "first_row": 1}),
        (5, "duplicate", {"copy": "conflicting", "first_row": 1}),
    ]


def test_validate__a_first_copy_that_is_rejected__does_not_let_the_second_in() -> None:
    after = ruled(reading(CI_01=[{"record_key": "T", "distance_m": 1}, {"record_key": "T"}]))
    assert [(row, code) for row, code, _ in found(after)] == [(1, "out_of_range"), (2, "duplicate")]


def test_validate__trips_of_one_person_at_one_time__leave_the_one_that_began_first() -> None:
    after = ruled(
        reading(
            CI_01=[{"start": START + 900, "end": START + 2_700}, {"start": START + 1_800, "end": START + 3_600}],
            CI_02=[{}],
            CI_01_RIDE=[{"start": START + 60, "end": START + 60}],
            CI_11=[{"start": START, "end": START + 86_400}],
        )
    )
    assert found(after) == [
        (1, "overlap", {"end": START + 2_700, "other_row": 3, "start": START + 900}),
        (4, "overlap", {"end": START + 60, "other_row": 3, "start": START + 60}),
    ]


def test_validate__trips_of_two_people_at_one_time__both_stay() -> None:
    assert found(ruled(reading(CI_01=[{"subject": "commuter"}, {"subject": "cyclist"}]))) == []


def test_validate__an_act_of_several_rows__has_a_finding_for_each() -> None:
    after = validate(reading(CI_02=[{"rows": [7, 3], "distance_m": 1}]), NOW)
    assert [(row, code) for row, code, _ in found(after)] == [(3, "out_of_range"), (7, "out_of_range")]


def test_validate__of_nothing__is_nothing() -> None:
    assert validate(reading(), NOW).acts == {}


def test_validate__findings_of_the_reader__are_kept() -> None:
    bad = pl.DataFrame([("bad_time", "file", 9, "{}")], schema=reading().findings.schema, orient="row")
    made = reading(CI_01=[{"distance_m": 1}])
    after = validate(Reading(made.source, made.file, 2, made.acts, bad), NOW)
    assert [(row, code) for row, code, _ in found(after)] == [(1, "out_of_range"), (9, "bad_time")]


def test_rules__codes__are_those_of_the_list_of_findings() -> None:
    codes = {rule.__name__ for rule in RULES} - {"duplicates"} | {"duplicate"}
    assert codes <= set(CODES)


acts = st.fixed_dictionaries(
    {
        "record_key": st.sampled_from(["A", "B", "C", "D", "E", "F"]),
        "subject": st.sampled_from(["commuter", "cyclist"]),
        "start": st.integers(999_000, 1_004_000),
        "end": st.integers(999_000, 2_000_100),
        "distance_m": st.integers(-5, 150_000),
        "energy_wh": st.integers(-5, 600_000),
        "residents": st.integers(-1, 3),
    }
)


@given(st.fixed_dictionaries({name: st.lists(acts, max_size=5) for name in ("CI_01", "CI_02", "CI_01_RIDE", "CI_11")}))
@settings(max_examples=200, deadline=None)
def test_validate__any_acts__every_row_passes_or_is_found_once(
    scenarios: dict[str, list[dict[str, object]]],
) -> None:
    made = reading(**scenarios)
    after = ruled(made)
    left = [act for frame in after.acts.values() for act in frame.iter_rows(named=True)]
    assert len({act["record_key"] for act in left}) == len(left)
    assert all(act["start"] <= act["end"] <= NOW.now for act in left)
    for name, frame in after.acts.items():
        assert frame.schema == made.acts[name].schema
        assert not frame.is_empty()
        assert all((frame[field] >= 0).all() for field in FIELDS[name])
    again = validate(after, NOW)
    assert again.findings.height == after.findings.height  # what passed once passes again


def test_tables__of_the_tests__have_every_field_of_every_scenario() -> None:
    assert all(set(schema(name)) <= set(BASE) for name in FIELDS)


def test_limits__of_every_trip__are_those_of_its_methodology() -> None:
    documents, limits = Library.load().documents, Limits()
    for scenario, (low, high) in limits.distance_m.items():
        (field,) = {
            method.fields["distance_km"].in_base(method.fields["distance_km"].min): method.fields["distance_km"]
            for name, method in documents[scenario].methods.items()
            if name in {row.method for row in documents[scenario].rules}
        }.values()
        assert (field.in_base(field.min), field.in_base(field.max)) == (low, high), scenario
        assert tuple(map(int, documents[scenario].speed_kmh or ())) == limits.speed_kmh[scenario], scenario
