"""The Shenzhen metro network: names of stations, and how far it is between two of them along the tracks.

Eight lines with 215 stops at 181 stations, the network of December 2019 to August 2020; `data/README.md` says where it comes from. Taps
name a station and no distance, so the distance of a ride is the shortest way through this network.

The distance is a lower bound of the track a passenger rides. Between neighbours the great circle is measured, and tracks bend: line 1 has
39.4 km here and 41.0 km as published, line 11 48.8 of 51.9 km, line 7, the most winding, 26.9 of 30.2 km; all eight together 283.6 of
303.4 km, 6.5 % less. A transfer between lines at stations of one name costs nothing, and of all ways the shortest counts. So no ride is
paid for more kilometres than it had, unless a station's coordinates are wrong.

Coordinates are GCJ-02, the shifted system that maps in China must use, and are turned into WGS-84 before anything is measured.
"""

from __future__ import annotations

import csv
import heapq
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from math import asin, cos, pi, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8  # mean radius of the GRS 80 ellipsoid (IUGG)

# The shift of GCJ-02 is computed on the ellipsoid of Krasovsky 1940.
_KRASOVSKY_A = 6_378_245.0
_KRASOVSKY_E2 = 0.00669342162296594323

# The tap machines write one station by its full name; the map calls it 深大, "Shenzhen University" in English.
_OTHER_NAMES = {"深圳大学": "深大"}


@dataclass(frozen=True)
class Line:
    """A line and its stations in the order of the track."""

    name: str
    stations: tuple[str, ...]


class Network:
    """Stations, lines and distances. Names are those of the map; `station` finds the one a tap means.

    `positions` are longitude and latitude of the stations in degrees, WGS-84.
    """

    def __init__(self, lines: tuple[Line, ...], positions: dict[str, tuple[float, float]]):
        """Lines over stations at `positions` (longitude and latitude in degrees, GCJ-02)."""
        self.lines = lines
        self.stations: tuple[str, ...] = tuple(positions)
        self._names = _spellings(self.stations)
        self._neighbours: dict[str, dict[str, int]] = {name: {} for name in self.stations}
        self._from: dict[str, dict[str, int]] = {}
        self.positions = {name: wgs84_of_gcj02(*position) for name, position in positions.items()}
        for line in lines:
            for here, there in pairwise(line.stations):
                step = metres(self.positions[here], self.positions[there])
                self._neighbours[here][there] = self._neighbours[there][here] = step

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Network:
        """The network that is shipped, read once."""
        text = resources.files("oracle.measure.records").joinpath("data/shenzhen_metro.csv").read_text(encoding="utf-8")
        on_line: dict[str, list[str]] = {}
        positions: dict[str, tuple[float, float]] = {}
        for row in csv.DictReader(text.splitlines()):
            on_line.setdefault(row["line"], []).append(row["station"])
            positions[row["station"]] = float(row["longitude_gcj02"]), float(row["latitude_gcj02"])
        return cls(tuple(Line(name, tuple(stations)) for name, stations in on_line.items()), positions)

    def station(self, name: str) -> str | None:
        """The network's name of the station that `name` means, or None.

        Besides the name itself: with 站 at its end, a full name the map shortens, and a name whose one rare character lost half of its
        two GBK bytes ("?I岭" is 孖岭: 孖 is 8C 49 in GBK, 8C became "?" and 49 is "I") where only one station can be meant. Nothing else
        is guessed.
        """
        return self._names.get(name.strip())

    def line_of(self, station: str) -> tuple[str, ...]:
        """Names of the lines that call at a station."""
        return tuple(line.name for line in self.lines if station in line.stations)

    def distance_m(self, start: str, end: str) -> int:
        """Metres from one station to another by the shortest way along the tracks.

        Raises:
            KeyError: a name is not one of `stations`.
        """
        if start not in self._from:
            self._from[start] = self._shortest(start)
        return self._from[start][end]

    def _shortest(self, start: str) -> dict[str, int]:
        """Dijkstra over whole metres."""
        done: dict[str, int] = {}
        queue = [(0, start)]
        while queue:
            so_far, here = heapq.heappop(queue)
            if here in done:
                continue
            done[here] = so_far
            for there, step in self._neighbours[here].items():
                heapq.heappush(queue, (so_far + step, there))
        return done


def metres(here: tuple[float, float], there: tuple[float, float]) -> int:
    """Great-circle distance (haversine) of two points in degrees, rounded once to whole metres.

    The sphere differs from the ellipsoid by at most 0.5 %.
    """
    longitude_1, latitude_1, longitude_2, latitude_2 = (radians(degrees) for degrees in (*here, *there))
    half_chord_squared = (
        sin((latitude_2 - latitude_1) / 2) ** 2
        + cos(latitude_1) * cos(latitude_2) * sin((longitude_2 - longitude_1) / 2) ** 2
    )
    return round(2 * EARTH_RADIUS_M * asin(sqrt(half_chord_squared)))


def wgs84_of_gcj02(longitude: float, latitude: float) -> tuple[float, float]:
    """Inverse of `gcj02_of_wgs84`, in degrees.

    The shift changes slowly with place, so the fixed point of "shifted position minus shift" is found by repetition: one round leaves
    two metres, three leave less than a tenth of a millimetre anywhere in the network.
    """
    guess = longitude, latitude
    for _ in range(3):
        shifted = gcj02_of_wgs84(*guess)
        guess = guess[0] - (shifted[0] - longitude), guess[1] - (shifted[1] - latitude)
    return guess


def gcj02_of_wgs84(longitude: float, latitude: float) -> tuple[float, float]:
    """Longitude and latitude in GCJ-02 of a WGS-84 point inside China, in degrees.

    The formula is the published reconstruction (eviltransform, coordtransform and every map library since 2013 agree on it); the
    regulation itself is not public.
    """
    x, y = longitude - 105.0, latitude - 35.0
    waves = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    flattening = 1.0 - _KRASOVSKY_E2 * sin(radians(latitude)) ** 2
    per_degree_north = radians(_KRASOVSKY_A * (1.0 - _KRASOVSKY_E2) / (flattening * sqrt(flattening)))
    per_degree_east = radians(_KRASOVSKY_A / sqrt(flattening) * cos(radians(latitude)))
    return longitude + east / per_degree_east, latitude + north / per_degree_north


def _spellings(stations: tuple[str, ...]) -> dict[str, str]:
    """Every spelling that means exactly one station, and that station."""
    meant: dict[str, set[str]] = {}
    full = {**dict(zip(stations, stations, strict=True)), **_OTHER_NAMES}
    for written, station in full.items():
        for whole in (written, f"{written}站"):
            for spelling in (whole, *_half_lost(whole)):
                meant.setdefault(spelling, set()).add(station)
    return {spelling: found.pop() for spelling, found in meant.items() if len(found) == 1}


def _half_lost(name: str) -> list[str]:
    """`name` as it reads when a character's first GBK byte was lost and its second is an ASCII character."""
    broken = []
    for index, character in enumerate(name):
        _, *trail = character.encode("gbk")
        if trail and trail[0] < 0x80:
            broken.append(f"{name[:index]}?{chr(trail[0])}{name[index + 1 :]}")
    return broken
