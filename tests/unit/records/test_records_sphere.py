"""Distances in integers."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from oracle.measure.tracks import sphere
from oracle.measure.tracks.sphere import E7, millimetres, position, roots

RADIUS_MM = 6_371_008_800
latitudes = st.integers(-89 * E7, 89 * E7)
longitudes = st.integers(-180 * E7, 180 * E7)


def haversine(north: int, east: int, other_north: int, other_east: int) -> float:
    a, b, c, d = (radians(value / E7) for value in (north, east, other_north, other_east))
    half = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return 2 * RADIUS_MM * asin(sqrt(half))


def between(*places: int) -> int:
    return int(millimetres(*(np.array([place]) for place in places))[0])


@given(latitudes, longitudes, st.integers(-E7 // 2, E7 // 2), st.integers(-E7 // 2, E7 // 2))
def test_millimetres__of_a_step__are_the_great_circle(north: int, east: int, up: int, across: int) -> None:
    assume(abs(north) < 80 * E7)
    expected = haversine(north, east, north + up, east + across)
    assert between(north, east, north + up, east + across) == pytest.approx(expected, rel=1e-4, abs=3)


def test_millimetres__over_the_date_line__take_the_short_way() -> None:
    assert between(0, 180 * E7 - 5, 0, -180 * E7 + 5) == 111


@given(st.integers(0, 8 * 10**18))
def test_roots__of_any_square__are_rounded_down(square: int) -> None:
    root = int(roots(np.array([square]))[0])
    assert root**2 <= square < (root + 1) ** 2


def test_cosines__on_any_machine__are_the_same() -> None:
    """No entry is so near a half that an error in the last digit of the library's cosine could round it otherwise."""
    exact = [cos(radians(i / 100)) * 2**30 for i in range(len(sphere._COSINES))]
    assert min(abs(value % 1 - 0.5) for value in exact) > 1e-6


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22.5", 225_000_000),
        ("-0.00000019", -1),
        ("+1.23456789", 12_345_678),
        ("7", 70_000_000),
        ("1e3", None),
        ("", None),
    ],
)
def test_position__decimal_degrees__are_cut_to_ten_millionths(text: str, value: int | None) -> None:
    assert position(text) == value
