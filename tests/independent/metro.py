"""Distances in the Shenzhen metro, a second time: the shortest way along the tracks over great circles between neighbouring stations.

The map's coordinates are GCJ-02; they are turned into WGS-84 with the published reconstruction of the shift. A station is known by its
name, with or without 站; 深圳大学 is the map's 深大; and of a character that lost the first byte of its GBK code the second is left.
"""

from __future__ import annotations

import csv
import itertools
import math
from pathlib import Path

NETWORK = Path(__file__).parents[2] / "oracle" / "measure" / "records" / "data" / "shenzhen_metro.csv"
EARTH_M = 6_371_008.8  # mean radius, IUGG
AXIS_M, ECCENTRICITY = 6_378_245.0, 0.00669342162296594323  # Krasovsky 1940

Point = tuple[float, float]


class Metro:
    """Stations and the ways between them."""

    def __init__(self) -> None:
        with NETWORK.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self._places = {
            row["station"]: _unshifted(float(row["longitude_gcj02"]), float(row["latitude_gcj02"])) for row in rows
        }
        self._edges: list[tuple[str, str, int]] = []
        for here, there in itertools.pairwise(rows):
            if here["line"] == there["line"]:
                length = _metres(self._places[here["station"]], self._places[there["station"]])
                self._edges.append((here["station"], there["station"], length))
        self._known: dict[str, dict[str, int]] = {}

    def station(self, written: str) -> str:
        """The station a tap means; KeyError if it is not clear."""
        name = {"深圳大学": "深大", "深圳大学站": "深大"}.get(written, written)
        if name in self._places:
            return name
        found = [place for place in self._places if name in (f"{place}站", *_damaged(place), *_damaged(f"{place}站"))]
        if len(found) != 1:
            raise KeyError(written)
        return found[0]

    def metres(self, start: str, end: str) -> int:
        """Length of the shortest way (Bellman and Ford)."""
        if start not in self._known:
            self._known[start] = self._from(start)
        return self._known[start][end]

    def _from(self, start: str) -> dict[str, int]:
        far = {start: 0}
        changed = True
        while changed:
            changed = False
            for a, b, length in self._edges:
                for here, there in ((a, b), (b, a)):
                    if here in far and far[here] + length < far.get(there, far[here] + length + 1):
                        far[there] = far[here] + length
                        changed = True
        return far


def _damaged(name: str) -> list[str]:
    spellings = []
    for at, character in enumerate(name):
        code = character.encode("gbk")
        if len(code) == 2 and code[1] < 0x80:
            spellings.append(f"{name[:at]}?{chr(code[1])}{name[at + 1 :]}")
    return spellings


def _metres(here: Point, there: Point) -> int:
    east1, north1, east2, north2 = map(math.radians, (*here, *there))
    half = (
        math.sin((north2 - north1) / 2) ** 2 + math.cos(north1) * math.cos(north2) * math.sin((east2 - east1) / 2) ** 2
    )
    return round(2 * EARTH_M * math.asin(math.sqrt(half)))


def _unshifted(east: float, north: float) -> Point:
    x, y = east, north
    for _ in range(3):
        shifted_x, shifted_y = _shifted(x, y)
        x, y = x + east - shifted_x, y + north - shifted_y
    return x, y


def _shifted(east: float, north: float) -> Point:
    x, y = east - 105, north - 35

    def wave(*terms: tuple[float, float]) -> float:
        return sum(size * math.sin(angle * math.pi) for size, angle in terms) * 2 / 3

    short = wave((20, 6 * x), (20, 2 * x))
    root = math.sqrt(abs(x))
    dx = 300 + x + 2 * y + x * x / 10 + x * y / 10 + root / 10 + short
    dx += wave((20, x), (40, x / 3)) + wave((150, x / 12), (300, x / 30))
    dy = -100 + 2 * x + 3 * y + y * y / 5 + x * y / 10 + root / 5 + short
    dy += wave((20, y), (40, y / 3)) + wave((160, y / 12), (320, y / 30))
    angle = math.radians(north)
    curve = 1 - ECCENTRICITY * math.sin(angle) ** 2
    return (
        east + dx / math.radians(AXIS_M / math.sqrt(curve) * math.cos(angle)),
        north + dy / math.radians(AXIS_M * (1 - ECCENTRICITY) / (curve * math.sqrt(curve))),
    )
