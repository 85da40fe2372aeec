"""What the rules for tracks make of any positions at all."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from benchmarks.trackmaker import Made, honest
from oracle.measure.tracks.judge import Refused, Trip, judge
from oracle.measure.tracks.limits import MANNERS
from oracle.measure.tracks.line import Jump, length_m, steps_mm, without_outliers
from oracle.measure.tracks.track import Track, track
from oracle.model.acts import BICYCLE, BUS_KM
from oracle.model.findings import CODES

degrees = st.one_of(st.integers(-900_000_000, 900_000_000), st.integers(225_000_000, 225_000_900))
fixes = st.lists(st.tuples(st.integers(1, 10**6), degrees, degrees), max_size=40)


def of(made: Made) -> Track:
    written = zip(map(str, made.seconds.tolist()), made.latitude, made.longitude, strict=True)
    return track(written, "Asia/Shanghai", rider="r", mode="bicycle", trip=None, mocked=False)


@given(fixes, st.sampled_from(sorted(MANNERS)))
@settings(max_examples=300, deadline=None)
def test_judge__any_positions__end_in_a_trip_or_a_known_finding(rows: list[tuple[int, int, int]], mode: str) -> None:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    made = Track("r", mode, None, False, 0, np.cumsum(columns[0]) if len(rows) else columns[0], columns[1], columns[2])
    done = judge(made, mode)
    if isinstance(done, Refused):
        assert done.code in CODES
    else:
        assert done.distance_m >= 0
        assert done.start <= done.end


@given(st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_length__of_a_line__is_never_more_than_its_steps(seed: int) -> None:
    made = of(honest(np.random.default_rng(seed), "bicycle"))
    assert length_m(made) <= int(steps_mm(made).sum()) // 1000


@given(st.integers(0, 50), st.integers(-(10**7), 10**7))
@settings(max_examples=10, deadline=None)
def test_judge__a_trip_elsewhere_on_its_latitude__has_the_same_metres(seed: int, east: int) -> None:
    made = of(honest(np.random.default_rng(seed), "bus"))
    moved = Track("r", "bus", None, False, 0, made.time_ms + 86_400_000, made.latitude, made.longitude + east)
    here, there = judge(made, BUS_KM), judge(moved, BUS_KM)
    assert type(here) is type(there)
    if isinstance(here, Trip) and isinstance(there, Trip):
        assert here.distance_m == there.distance_m


def test_judge__a_track_of_whole_numbers__has_these_metres_on_every_machine() -> None:
    second = np.arange(1_200)
    step = np.where(second % 120 < 30, 0, 250 + second % 400 + second * 37 % 60)  # waits, and rides at 3 to 8 m/s
    latitude, longitude = 225_431_000 + np.cumsum(step), 1_140_579_000 + np.cumsum(step // 3) + second * second * 7 % 90
    made = Track("r", "bike", None, False, 0, (second + 1_700_000_000) * 1000, latitude, longitude)
    assert judge(made, BICYCLE) == Trip(1_700_000_039, 1_700_001_194, 4_959)


@pytest.mark.parametrize("wrong", [1, 3])
def test_outliers__at_either_end__are_dropped(wrong: int) -> None:
    made = of(honest(np.random.default_rng(4), "bicycle"))
    latitude = made.latitude.copy()
    latitude[:wrong] += 5_000_000
    latitude[-wrong:] -= 5_000_000
    cleaned = without_outliers(Track("r", "b", None, False, 0, made.time_ms, latitude, made.longitude), 60)
    assert int(np.abs(np.diff(cleaned.latitude)).max()) < 100_000


def test_outliers__a_jump_that_stays__is_raised_with_its_size() -> None:
    made = of(honest(np.random.default_rng(4), "bicycle"))
    latitude = made.latitude + np.where(np.arange(len(made)) > len(made) // 2, 500_000, 0)
    with pytest.raises(Jump) as raised:
        without_outliers(Track("r", "b", None, False, 0, made.time_ms, latitude, made.longitude), 60)
    assert 5_400 < raised.value.metres < 5_700
