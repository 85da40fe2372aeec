"""Rows that become findings."""

from __future__ import annotations

import json

import polars as pl
import pytest

from oracle.measure.validate.rejected import Check, checked, rejected, rejected_by_code, without_copies
from oracle.model.findings import CODES

LINES = pl.DataFrame({"row": [4, 2], "name": ["b", None], "size": [7, 8]})


def shown(findings: pl.DataFrame) -> list[tuple[object, ...]]:
    return [(code, file, row, json.loads(values)) for code, file, row, values in findings.iter_rows()]


def test_rejected__of_lines__is_a_finding_for_each_without_what_is_null() -> None:
    assert shown(rejected("bad_time", "f", LINES, ["size", "name"])) == [
        ("bad_time", "f", 4, {"name": "b", "size": 7}),
        ("bad_time", "f", 2, {"size": 8}),
    ]


def test_rejected__of_acts__is_a_finding_for_each_of_their_rows() -> None:
    acts = pl.DataFrame({"rows": [[1, 9], [3]], "size": [7, 8]})
    assert [row for _, _, row, _ in shown(rejected("overlap", "f", acts, ["size"]))] == [1, 9, 3]


def test_rejected__with_a_code_that_is_not_listed__is_a_key_error() -> None:
    with pytest.raises(KeyError):
        rejected("no_such_code", "f", LINES, ["size"])


def test_checked__of_lines_with_several_faults__finds_the_first_fault_of_each() -> None:
    frame = pl.DataFrame({"row": [1, 2, 3], "name": [None, "b", "c"], "size": ["x" * 99, "y", "1"]})
    checks = [
        Check("missing_field", "name", pl.col("name").is_null()),
        Check("bad_number", "size", pl.col("size") != "1"),
    ]
    good, found = checked(frame, "f", checks)
    assert good.rows() == [(3, "c", "1")]
    assert [line for findings in found for line in shown(findings)] == [
        ("missing_field", "f", 1, {"field": "name"}),
        ("bad_number", "f", 2, {"field": "size", "value": "y"}),
    ]


def test_checked__a_check_that_is_null__is_passed() -> None:
    good, _ = checked(LINES, "f", [Check("bad_number", "name", pl.col("name") == "x")])
    assert good.height == 2


def test_rejected_by_code__of_lines_with_and_without_a_code__parts_them() -> None:
    coded = LINES.with_columns(code=pl.Series(["negative", None]))
    good, found = rejected_by_code(coded, "f", ["size"])
    assert good["row"].to_list() == [2]
    assert [line for findings in found for line in shown(findings)] == [("negative", "f", 4, {"size": 7})]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0]])
def test_without_copies__in_any_order_of_lines__keeps_the_first_row(order: list[int]) -> None:
    frame = pl.DataFrame({"row": [1, 2, 3, 4], "key": ["k", "k", "m", "k"], "said": ["x", "x", "x", None]})[order]
    kept, found = without_copies(frame, "f", ["key"], ["said"])
    assert kept["row"].to_list() == [1, 3]
    assert shown(found) == [
        ("duplicate", "f", 2, {"copy": "identical", "first_row": 1}),
        ("duplicate", "f", 4, {"copy": "conflicting", "first_row": 1}),
    ]


def test_without_copies__of_keys_that_are_null__are_copies_of_each_other() -> None:
    frame = pl.DataFrame({"row": [1, 2], "key": [None, None], "said": ["x", "x"]}, schema_overrides={"key": pl.String})
    kept, found = without_copies(frame, "f", ["key"], ["said"])
    assert kept["row"].to_list() == [1]
    assert [row for _, _, row, _ in shown(found)] == [2]


def test_without_copies__that_both_say_nothing__are_identical() -> None:
    frame = pl.DataFrame({"row": [1, 2], "key": ["k", "k"], "said": [None, None]}, schema_overrides={"said": pl.String})
    assert shown(without_copies(frame, "f", ["key"], ["said"])[1]) == [
        ("duplicate", "f", 2, {"copy": "identical", "first_row": 1})
    ]


def test_codes__every_one__has_a_sentence_in_english_and_chinese() -> None:
    assert all(code.en.endswith(".") and code.zh.endswith("。") for code in CODES.values())
