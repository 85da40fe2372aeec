"""Segments of the event index: one of many says what the many said, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from oracle.model.keccak import keccak
from oracle.report.index import segments as kept
from oracle.report.index.segments import MERGED_AT, ORDER, SCHEMA, Segment, Segments

ROWS = 300  # of each segment


def segment(number: int) -> Segment:
    return Segment(10 * number, 10 * number + 9, "0x" + keccak(str(number).encode()).hex())


def rows(number: int) -> pl.DataFrame:
    """Events of 40 accounts, two of them at the ends of all, and some of nobody."""
    ends = {0: None, 1: bytes(20), 2: b"\xff" * 20}
    accounts = [ends.get(at % 43, keccak(str(at % 43).encode())[:20]) for at in range(ROWS)]
    return pl.DataFrame(
        {
            "account": accounts,
            "block": [10 * number + at % 10 for at in range(ROWS)],
            "log_index": range(ROWS),
            "transaction": [keccak(bytes([at % 7])) for at in range(ROWS)],
            "contract": ["CarbonPoint"] * ROWS,
            "event": ["Transfer"] * ROWS,
            "topics": [b""] * ROWS,
            "data": [bytes([number])] * ROWS,
        },
        schema=SCHEMA,
    )


@pytest.fixture
def segments(tmp_path: Path) -> Segments:
    made = Segments(tmp_path)
    for number in range(MERGED_AT):
        made.add(segment(number), rows(number))
    return made


@pytest.mark.parametrize("at_once", [100, 1_000, 1_000_000])
def test_merge__in_parts_of_any_size__makes_one_segment_with_the_rows_in_order(
    segments: Segments, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(kept, "ROWS_AT_ONCE", at_once)
    before = segments.rows().collect().sort(ORDER)
    segments.merge(10 * MERGED_AT)
    last = segment(MERGED_AT - 1)
    assert segments.listed() == [Segment(0, last.last, last.hash)]
    assert segments.rows().collect().equals(before)


def test_merge__of_blocks_that_are_not_settled__leaves_them(segments: Segments) -> None:
    segments.merge(10 * MERGED_AT - 2)
    assert len(segments.listed()) == MERGED_AT


def test_merge__of_more_rows_than_a_segment_may_have__leaves_them(
    segments: Segments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MERGED_ROWS", ROWS * MERGED_AT - 1)
    segments.merge(10 * MERGED_AT)
    assert len(segments.listed()) == MERGED_AT
    monkeypatch.setattr(kept, "MERGED_ROWS", ROWS * MERGED_AT)
    segments.merge(10 * MERGED_AT)
    assert len(segments.listed()) == 1
