"""Canonical bytes: literal forms, and every difference shows."""

from __future__ import annotations

import json
import struct
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.model.canonical import canonical_json, column_digest, finding_lines, lines_digest
from oracle.model.errors import InputError
from oracle.model.findings import FINDING_SCHEMA, empty_findings
from oracle.model.keccak import keccak
from tests.unit.evidence.evidence_batches import FINDINGS, LAW

COLUMNS = [
    (pl.Series([1, None, -2], dtype=pl.Int64), b"int64", b"\1\0\1" + struct.pack(">3q", 1, 0, -2)),
    (pl.Series([1, -2], dtype=pl.Int32), b"int32", b"\1\1" + struct.pack(">2q", 1, -2)),
    (pl.Series([True, None, False]), b"boolean", b"\1\0\1" + struct.pack(">3q", 1, 0, 0)),
    (pl.Series(["碳", None, "ab"]), b"string", b"\1\0\1" + struct.pack(">3q", 3, 0, 2) + "碳ab".encode()),
    (pl.Series([b"\0\1", b""], dtype=pl.Binary), b"binary", b"\1\1" + struct.pack(">2q", 2, 0) + b"\0\1"),
    (
        pl.Series([[7, 8], None, [], [9]], dtype=pl.List(pl.Int64)),
        b"int64[]",
        b"\1\0\1\1" + struct.pack(">7q", 2, 0, 0, 1, 7, 8, 9),
    ),
    (pl.Series([], dtype=pl.String), b"string", b""),
]


@pytest.mark.parametrize(("values", "kind", "rest"), COLUMNS, ids=lambda c: str(c) if isinstance(c, bytes) else None)
def test_column_digest__each_type__hash_of_its_written_form(values: pl.Series, kind: bytes, rest: bytes) -> None:
    assert column_digest(values) == keccak(kind + b"\0" + len(values).to_bytes(8) + rest)


def test_column_digest__look_alikes__all_different() -> None:
    alike = [
        pl.Series([0, 1]),
        pl.Series([None, 1], dtype=pl.Int64),
        pl.Series([0, 1], dtype=pl.Int32),
        pl.Series([False, True]),
        pl.Series([1, 0]),
        pl.Series([0, 1, 0]),
        pl.Series(["0", "1"]),
        pl.Series([b"0", b"1"]),
        pl.Series(["01", ""]),
        pl.Series(["", "01"]),
        pl.Series([None, "01"]),
        pl.Series([[0], [1]]),
        pl.Series([[0, 1], []], dtype=pl.List(pl.Int64)),
        pl.Series([[0, 1], None], dtype=pl.List(pl.Int64)),
    ]
    assert len({column_digest(values) for values in alike}) == len(alike)


@LAW
@given(st.lists(st.one_of(st.none(), st.text()), max_size=20), st.integers(0, 20))
def test_column_digest__chunks_and_name__do_not_matter(texts: list[str | None], cut: int) -> None:
    whole = pl.Series("a", texts, dtype=pl.String)
    parts = pl.Series("b", texts[:cut], dtype=pl.String).append(pl.Series("b", texts[cut:], dtype=pl.String))
    assert column_digest(whole) == column_digest(parts)


def test_column_digest__float__refused() -> None:
    with pytest.raises(InputError, match="share: columns of type Float64 are not supported"):
        column_digest(pl.Series("share", [0.5]))


def test_column_digest__gap_in_a_list__refused() -> None:
    with pytest.raises(InputError, match="rows: a list has a missing value"):
        column_digest(pl.Series("rows", [[1, None]]))


def test_canonical_json__document__sorted_keys_no_spaces_utf8_newline() -> None:
    assert canonical_json({"b": ["1", None], "a": {"碳": "2"}}) == '{"a":{"碳":"2"},"b":["1",null]}\n'.encode()


def test_finding_lines__findings__one_json_array_each_sorted() -> None:
    assert finding_lines(FINDINGS)["line"].to_list() == [
        r'["bad_time","a \"quoted\"\nname.csv",null,{}]',
        '["duplicate","taps.json",3,{"first":1}]',
        '["duplicate","taps.json",9,{"first":2}]',
        '["same_station","taps.json",7,{"station":"深圳北"}]',
    ]


def test_finding_lines__every_line__json_of_the_finding() -> None:
    lined = finding_lines(FINDINGS)
    parsed = [json.loads(line) for line in lined["line"]]
    assert [(c, f, r, json.dumps(v, ensure_ascii=False, separators=(",", ":"))) for c, f, r, v in parsed] == lined.drop(
        "line"
    ).rows()


def test_lines_digest__lines__hash_of_the_text_file() -> None:
    assert lines_digest(pl.Series(["a", "碳"])) == keccak("a\n碳\n".encode())
    assert lines_digest(finding_lines(empty_findings())["line"]) == keccak(b"")


@pytest.mark.parametrize(
    ("finding", "field"),
    [
        ((None, "f", 1, "{}"), "code"),
        (("duplicate", None, 1, "{}"), "file"),
        (("duplicate", "f", 1, None), "values"),
        (("duplicate", "f", 1, '{}]\n["duplicate","f",2,{}'), "values"),
    ],
)
def test_finding_lines__text_missing_or_two_lines_in_one__refused(finding: tuple[Any, ...], field: str) -> None:
    table = pl.DataFrame([("duplicate", "f", 0, "{}"), finding], schema=FINDING_SCHEMA, orient="row")
    with pytest.raises(InputError, match=f"row 2, {field}: the text is missing or invalid"):
        finding_lines(table)
