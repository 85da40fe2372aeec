"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from oracle.measure.records.times import utc_seconds

NOON = 1_714_539_600  # 2024-05-01 13:00 in Shanghai

ONE_TIME = [
    *("2024-05-01T13:00:00+08:00", "2024-05-01 13:00:00", "2024-05-01 13:00", "2024/05/01 13:00:00"),
    *("2024-05-01T05:00:00Z", "2024-05-01T05:00:00.5Z", "2024-05-01T00:00:00-05:00", "1714539600", "1714539600123"),
]
NO_TIME = ["2024-02-30 00:00:00", "2024-05-01 24:00:00", "2024-05-01T05:00:00+25:00", "171453960", "noon", "1969-01-01"]


@pytest.mark.parametrize("first", [*ONE_TIME, "noon"])
def test_utc_seconds__of_one_time_in_many_ways__is_the_same_whatever_comes_first(first: str) -> None:
    text = [first, *ONE_TIME, None, *NO_TIME]
    read = utc_seconds(pl.Series("t", text), "Asia/Shanghai").to_list()
    assert read == [NOON if first != "noon" else None] + [NOON] * len(ONE_TIME) + [None] * (1 + len(NO_TIME))


def test_utc_seconds__of_a_clock_that_was_skipped_or_shown_twice__is_none() -> None:
    text = ["2024-03-10 02:30:00", "2024-11-03 01:30:00", "2024-11-03 03:30:00", "2024-03-10 12:00:00"]
    read = utc_seconds(pl.Series("t", text), "America/Los_Angeles").to_list()
    assert read == [None, None, 1_730_633_400, 1_710_097_200]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 4_000_000_000), min_size=1, max_size=20),
    st.sampled_from(["Asia/Shanghai", "America/St_Johns", "Europe/London", "Australia/Lord_Howe"]),
    st.sampled_from([" ", "T"]),
)
def test_utc_seconds__of_any_local_time__is_what_the_zone_says(times: list[int], zone: str, between: str) -> None:
    here = ZoneInfo(zone)
    shown = [datetime.fromtimestamp(time, here).replace(tzinfo=None) for time in times]
    expected = [_utc(local, here) for local in shown]
    read = utc_seconds(pl.Series("t", [local.isoformat(between) for local in shown]), zone).to_list()
    assert read == expected


def _utc(local: datetime, zone: ZoneInfo) -> int | None:
    """UTC seconds of a local time that clocks showed once; None if they showed it twice."""
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return int(first.timestamp()) if first == second else None
