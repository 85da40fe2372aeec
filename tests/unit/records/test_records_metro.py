"""The metro network: names, distances, and how far they are from published ones."""

from __future__ import annotations

from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from oracle.measure.records.metro import EARTH_RADIUS_M, Line, Network, gcj02_of_wgs84, metres, wgs84_of_gcj02

NETWORK = Network.load()
LINES = {line.name: line.stations for line in NETWORK.lines}

stations = st.sampled_from(NETWORK.stations)


def line_length(name: str) -> int:
    return sum(NETWORK.distance_m(here, there) for here, there in pairwise(LINES[name]))


def test_network__of_2020__has_eight_lines_and_215_stops() -> None:
    stops = {"1号线": 30, "2号线": 29, "3号线": 30, "4号线": 15, "5号线": 34, "7号线": 27, "9号线": 32, "11号线": 18}
    assert {name: len(stations) for name, stations in LINES.items()} == stops
    assert len(NETWORK.stations) == 181


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("1号线", ("罗湖", "机场东")),
        ("5号线", ("赤湾", "黄贝岭")),
        ("9号线", ("前湾", "文锦")),
        ("11号线", ("碧头", "福田")),
    ],
)
def test_line__in_track_order__has_its_termini_at_its_ends(line: str, ends: tuple[str, str]) -> None:
    assert (LINES[line][0], LINES[line][-1]) == ends


def test_lines__whatever_the_map_said__call_at_no_station_twice() -> None:
    assert all(len(set(stations)) == len(stations) for stations in LINES.values())


# Published lengths: Guangzhou Daily 2015 (line 7), China News 2016 (line 11), metromaps.ru (lines 1, 5, 9).
@pytest.mark.parametrize(
    ("line", "published_m"),
    [("1号线", 41_000), ("5号线", 47_400), ("7号线", 30_173), ("9号线", 36_100), ("11号线", 51_900)],
)
def test_line__end_to_end__is_at_most_its_published_length(line: str, published_m: int) -> None:
    assert 0.88 * published_m < line_length(line) < published_m


def test_network__all_lines__is_6_to_7_percent_shorter_than_published() -> None:
    assert sum(line_length(name) for name in LINES) == 283_581  # published: 303.4 km in December 2019
    assert 0.93 < 283_581 / 303_400 < 0.94


def test_neighbours__on_every_line__are_400_m_to_7_km_apart() -> None:
    steps = [NETWORK.distance_m(*pair) for stations in LINES.values() for pair in pairwise(stations)]
    assert (min(steps), max(steps)) == (467, 6_971)  # 粤海门 to 高新南, and 机场 to 碧海湾


@pytest.mark.parametrize(
    ("start", "end", "metres"),
    [
        ("布吉", "长龙", 1_059),  # neighbours on line 5
        ("罗湖", "机场东", 39_297),  # line 1 end to end, less 84 m where other lines cut a bend
        ("岗厦北", "会展中心", 1_607),  # line 2 one stop, then line 4 one stop
        ("深大", "南山", 8_130),  # line 1 to 前海湾, then line 11 back
        ("碧头", "双龙", 84_532),  # the two stations that are farthest apart
        ("福田", "福田", 0),
    ],
)
def test_distance__of_known_pairs__is_the_shortest_way(start: str, end: str, metres: int) -> None:
    assert NETWORK.distance_m(start, end) == metres


@given(stations, stations, stations)
@settings(max_examples=300, deadline=None)
def test_distance__between_any_stations__is_a_metric(a: str, b: str, c: str) -> None:
    assert NETWORK.distance_m(a, b) == NETWORK.distance_m(b, a)
    assert (NETWORK.distance_m(a, b) == 0) == (a == b)
    assert NETWORK.distance_m(a, c) <= NETWORK.distance_m(a, b) + NETWORK.distance_m(b, c)


@given(stations, stations)
@settings(max_examples=100, deadline=None)
def test_distance__along_the_tracks__is_no_shorter_than_the_crow_flies(a: str, b: str) -> None:
    ends = [position(a), position(b)]
    assert NETWORK.distance_m(a, b) >= metres(*ends) - len(NETWORK.stations) // 2  # whole metres at every step


def position(station: str) -> tuple[float, float]:
    return NETWORK.positions[station]


def test_distance__of_an_unknown_station__is_a_key_error() -> None:
    with pytest.raises(KeyError):
        NETWORK.distance_m("福田", "伦敦桥")


@pytest.mark.parametrize(
    ("written", "station"),
    [
        ("布吉", "布吉"),
        (" 布吉 ", "布吉"),
        ("世界之窗站", "世界之窗"),
        ("深圳大学", "深大"),
        ("深圳大学站", "深大"),
        ("?I岭", "孖岭"),  # 孖 is 8C 49 in GBK, and 49 is I
        ("?I岭站", "孖岭"),
        ("?ì岭", None),  # 红 is BA EC: no letter is left of it
        ("?岭", None),
        ("?", None),
        ("红?", None),
        ("岭", None),
        ("站", None),
        ("", None),
        ("332(观澜)", None),
        ("马鞍山", None),
    ],
)
def test_station__as_taps_write_it__is_found_or_not_guessed(written: str, station: str | None) -> None:
    assert NETWORK.station(written) == station


def test_station__half_a_name_that_two_stations_share__is_not_guessed() -> None:
    places = {"孖岭": (114.0, 22.5), "両岭": (114.1, 22.5), "布吉": (114.2, 22.5)}
    assert {name[0].encode("gbk")[1:] for name in ("孖岭", "両岭")} == {b"I"}
    network = Network((Line("1号线", tuple(places)),), places)
    assert network.station("?I岭") is None
    assert network.station("両岭站") == "両岭"


def test_station__its_own_name__is_found_on_its_lines() -> None:
    assert all(NETWORK.station(name) == name for name in NETWORK.stations)
    assert NETWORK.line_of("车公庙") == ("1号线", "7号线", "9号线", "11号线")
    assert NETWORK.line_of("长龙") == ("5号线",)


# The test vectors of eviltransform: longitude and latitude in WGS-84, then in GCJ-02.
VECTORS = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
]


@pytest.mark.parametrize(("wgs84", "gcj02"), VECTORS)
def test_gcj02__of_published_points__is_as_published_and_turns_back(
    wgs84: tuple[float, float], gcj02: tuple[float, float]
) -> None:
    assert gcj02_of_wgs84(*wgs84) == pytest.approx(gcj02, abs=1e-9)
    assert wgs84_of_gcj02(*gcj02) == pytest.approx(wgs84, abs=1e-9)


def test_metres__of_a_degree__is_that_of_the_mean_sphere() -> None:
    assert metres((114.0, 22.0), (114.0, 23.0)) == 111_195
    assert metres((114.0, 22.5), (115.0, 22.5)) == 102_731


def test_edges__before_they_are_rounded__are_never_so_near_a_half_as_to_differ() -> None:
    nearest_to_half = min(
        abs(unrounded(position(here), position(there)) % 1 - 0.5)
        for stations in LINES.values()
        for here, there in pairwise(stations)
    )
    assert nearest_to_half > 1e-6


def unrounded(here: tuple[float, float], there: tuple[float, float]) -> float:
    longitude_1, latitude_1, longitude_2, latitude_2 = (radians(degrees) for degrees in (*here, *there))
    half = sin((latitude_2 - latitude_1) / 2) ** 2
    half += cos(latitude_1) * cos(latitude_2) * sin((longitude_2 - longitude_1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(half))
