"""Distances between positions, in integers alone, so that every machine finds the same metres.

Positions are ten-millionths of a degree, WGS-84; 1e-7 degree is 11 mm. A step is measured on the sphere of the mean radius as in a plane
that touches it half-way: for steps of 100 km the great circle differs by a millionth. The sphere differs from the ellipsoid by 0.5 %.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import cos, radians

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

E7 = 10**7
LARGEST_MM = 2 * 10**9  # of a step north or east: longer ones are cut off, nobody travels them between two fixes

_NM_PER_E7 = 11_119_508  # 6,371,008.8 m (IUGG) x pi / 180 / 1e7, in nanometres
_NM_PER_MM = 10**6
_BITS = 30
_PER_DEGREE = 100  # the table of cosines; between its entries a line is at most 4e-9 off
# The library's cosine may differ in its last digit from machine to machine; no entry is so near a half that it would be rounded otherwise,
# which a test shows.
_COSINES: Ints = np.array([round(cos(radians(i / _PER_DEGREE)) * (1 << _BITS)) for i in range(90 * _PER_DEGREE + 2)])
_DEGREES = re.compile(r"([+-]?)([0-9]{1,3})(?:\.([0-9]{1,20}))?")


def position(text: str) -> int | None:
    """Degrees as text in ten-millionths, rounded towards zero; None for what is no plain decimal number."""
    found = _DEGREES.fullmatch(text)
    if found is None:
        return None
    sign, whole, decimals = found.groups()
    value = int(whole) * E7 + int((decimals or "")[:7].ljust(7, "0"))
    return -value if sign == "-" else value


def on_earth(latitude: int | None, longitude: int | None) -> bool:
    """Whether there is such a place. Receivers without a fix write 0, 0, which lies in the sea."""
    if latitude is None or longitude is None or latitude == longitude == 0:
        return False
    return abs(latitude) <= 90 * E7 and abs(longitude) <= 180 * E7


def millimetres(latitude: Ints, longitude: Ints, other_latitude: Ints, other_longitude: Ints) -> Ints:
    """Distances between pairs of positions, rounded down."""
    north, east = offsets(latitude, longitude, other_latitude, other_longitude)
    return roots(north * north + east * east)


def offsets(latitude: Ints, longitude: Ints, other_latitude: Ints, other_longitude: Ints) -> tuple[Ints, Ints]:
    """Millimetres north and east from one position to the other, cut off at `LARGEST_MM`."""
    turn = 360 * E7
    around = (other_longitude - longitude + turn // 2) % turn - turn // 2  # the short way across the date line
    north = _clipped((other_latitude - latitude) * _NM_PER_E7 // _NM_PER_MM, LARGEST_MM)
    on_equator = _clipped(around * _NM_PER_E7 // _NM_PER_MM, 2 * LARGEST_MM)
    east = (on_equator * _cosines((latitude + other_latitude) // 2)) >> _BITS
    return north, _clipped(east, LARGEST_MM)


def roots(squares: Ints) -> Ints:
    """Square roots, rounded down; squares up to 8e18."""
    roots: Ints = np.sqrt(squares.astype(np.float64)).astype(np.int64)
    roots -= roots * roots > squares
    roots += (roots + 1) * (roots + 1) <= squares
    return roots


def positions(texts: Iterable[str | None]) -> list[int | None]:
    """`position` for a column; None stays None."""
    return [None if text is None else position(text) for text in texts]


def _clipped(values: Ints, most: int) -> Ints:
    clipped: Ints = np.clip(values, -most, most)
    return clipped


def _cosines(latitude: Ints) -> Ints:
    """Cosines of latitudes, times 2**30."""
    step = E7 // _PER_DEGREE
    at, beyond = np.divmod(np.abs(latitude), step)
    here: Ints = _COSINES[at]
    between: Ints = here + (_COSINES[at + 1] - here) * beyond // step
    return between
