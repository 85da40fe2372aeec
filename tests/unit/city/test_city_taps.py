"""Taps have the shape of the hundred real ones that the city's open data platform shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.city.small_city import City

REAL = Path(__file__).parents[2] / "data" / "szt_taps_100.json"

# The fields of a tap in their order, and what they look like.
SHAPE = {
    "deal_date": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "close_date": r"\d{4}-\d\d-\d\d 00:00:00",
    "card_no": r"[A-J]{8,9}",
    "deal_value": r"0|\d+00",
    "deal_type": "地铁入站|地铁出站|巴士",
    "company_name": r"地铁[一二三四五七九十]+号线|巴士.公司",
    "car_no": r"(IGT|OGT)-\d{3}|粤B.*",
    "station": r".+",
    "conn_mark": "0",
    "deal_money": r"\d+",
    "equ_no": r"2\d{8}",
}


@pytest.fixture(scope="module")
def taps(city: City) -> list[dict[str, str]]:
    page = json.loads((city.folder / "taps-2025-05-09.json").read_text(encoding="utf-8"))
    return list(page["data"])


def of(taps: list[dict[str, str]], deal_type: str) -> Iterator[dict[str, str]]:
    found = [tap for tap in taps if tap["deal_type"] == deal_type]
    assert found
    return iter(found)


def test_taps__have_the_fields_of_real_taps_in_their_order_and_form(taps: list[dict[str, str]]) -> None:
    real = json.loads(REAL.read_text(encoding="utf-8"))["data"]
    assert {tuple(tap) for tap in real if "station" in tap} == {tuple(tap) for tap in taps} == {tuple(SHAPE)}
    for name, pattern in SHAPE.items():
        assert {tap[name] for tap in taps if not re.fullmatch(pattern, tap[name])} == set()


def test_taps__by_time_of_day__are_closed_at_midnight(taps: list[dict[str, str]]) -> None:
    times = [tap["deal_date"] for tap in taps]
    assert times == sorted(times)
    assert {time[:10] for time in times} == {"2025-05-09"}
    assert {tap["close_date"] for tap in taps} == {"2025-05-10 00:00:00"}


def test_taps__at_a_metro_entry__cost_nothing(taps: list[dict[str, str]]) -> None:
    assert {(tap["deal_value"], tap["deal_money"], tap["car_no"][:3]) for tap in of(taps, "地铁入站")} == {
        ("0", "0", "IGT")
    }


def test_taps__at_a_metro_exit__cost_95_per_cent_of_the_fare_as_700(
    taps: list[dict[str, str]],
) -> None:
    paid = {(int(tap["deal_value"]), int(tap["deal_money"])) for tap in of(taps, "地铁出站")}
    assert {(200, 190), (400, 380), (500, 475), (700, 665)} <= paid
    assert all(money * 100 == value * 95 for value, money in paid)


def test_taps__in_the_bus__cost_160_of_200_fen_as_real_ones_do(taps: list[dict[str, str]]) -> None:
    assert {(tap["deal_value"], tap["deal_money"]) for tap in of(taps, "巴士")} == {("200", "160")}


def test_taps__of_one_gate__are_of_one_station_and_line(taps: list[dict[str, str]]) -> None:
    gates = {(tap["equ_no"][:6], tap["station"], tap["company_name"]) for tap in taps if tap["deal_type"] != "巴士"}
    assert len({gate for gate, *_ in gates}) == len(gates) > 20
    assert {station[-1] == "站" for _, station, line in gates if line in ("地铁一号线", "地铁十一号线")} == {True}
    assert {station[-1] == "站" for _, station, line in gates if line == "地铁五号线"} == {False}
