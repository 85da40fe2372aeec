from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.measure.quantify.exclusions import exclusions
from oracle.measure.quantify.library import Library
from tests.unit.quantify.quantify_acts import SPRING, acts

LIBRARY = Library.load()
NOON = SPRING * 86_400


def act(key: str, start: int, end: int, subject: str = "commuter", **fields: object) -> dict[str, object]:
    return {"record_key": key, "subject": subject, "start": NOON + start, "end": NOON + end, "amount": 1, **fields}


def excluded(tables: dict[str, list[dict[str, object]]]) -> list[tuple[str, str, str]]:
    """Excluded key, what claims it, and the group."""
    found = exclusions(LIBRARY, {scenario: acts(rows) for scenario, rows in tables.items()})
    return found.select("record_key", "claimed_by_key", "group").rows()


def test_exclusions__same_trip_as_tap_and_as_app_trip__measured_one_stays() -> None:
    tables = {"CI-01-RIDE": [act("tap", 300, 300)], "CI-01": [act("app", 0, 900)]}
    assert excluded(tables) == [("tap", "app", "trip")]


def test_exclusions__same_trip_from_two_operators__earlier_one_stays() -> None:
    assert excluded({"CI-01": [act("b", 0, 900), act("a", 10, 900)]}) == [("a", "b", "trip")]
    assert excluded({"CI-01": [act("b", 0, 900), act("a", 0, 900)]}) == [("b", "a", "trip")]


def test_exclusions__one_after_the_other__both_stay() -> None:
    assert excluded({"CI-01": [act("bus", 0, 900)], "CI-02": [act("metro", 900, 1800)]}) == []


def test_exclusions__two_persons__both_stay() -> None:
    assert excluded({"CI-01": [act("a", 0, 900), act("b", 0, 900, "neighbour")]}) == []


def test_exclusions__who_is_excluded__excludes_nobody() -> None:
    tables = {"CI-01": [act("long", 0, 900)], "CI-01-RIDE": [act("inside", 800, 1000), act("after", 950, 950)]}
    assert excluded(tables) == [("inside", "long", "trip")]


def test_exclusions__day_of_steps_with_a_ride__both_stay() -> None:
    assert excluded({"CI-07": [act("steps", 0, 86_400)], "CI-02": [act("metro", 100, 900)]}) == []


def test_exclusions__household_saving_and_own_roof__the_roof_and_every_device_stay() -> None:
    tables = {
        "CI-11": [act("saving", 0, 86_400), act("day after", 86_400, 172_800)],
        "CI-11-BILL": [act("bill", -86_400, 30 * 86_400)],
        "CI-14": [act("roof", 0, 86_400)],
        "CI-28": [act("fridge", 0, 86_400), act("washing machine", 0, 86_400)],
    }
    assert excluded(tables) == [
        ("saving", "roof", "household-energy"),
        ("bill", "roof", "household-energy"),
    ]


def test_exclusions__excluded_by_an_act_that_loses_in_a_later_group__stays_excluded() -> None:
    tables = {"CI-08": [act("first", 0, 900), act("second", 800, 1700)], "CI-01": [act("bus", 0, 100)]}
    assert excluded(tables) == [("first", "bus", "trip"), ("second", "first", "car-day")]


def test_exclusions__parked_car_that_drove__the_stop_stays() -> None:
    assert excluded({"CI-10": [act("stop", 0, 86_400)], "CI-09": [act("drive", 100, 900)]}) == [
        ("drive", "stop", "car-day")
    ]


def test_exclusions__one_phone_sold_and_recycled__second_hand_stays() -> None:
    tables = {
        "CI-25": [act("sale", 0, 0, "buyer", item="imei-1"), act("other", 0, 0, "buyer", item="imei-2")],
        "CI-24": [act("scrap", 0, 0, "seller", item="imei-1")],
        "CI-20": [act("coat", 0, 0, "seller", item=None)],
    }
    frames = {scenario: with_item(rows) for scenario, rows in tables.items()}
    found = exclusions(LIBRARY, frames)
    assert found.rows() == [("CI-24", "scrap", "goods", "CI-25", "sale")]


def with_item(rows: list[dict[str, object]]) -> pl.DataFrame:
    bare = [{key: value for key, value in row.items() if key != "item"} for row in rows]
    return acts(bare).with_columns(pl.Series("item", [row["item"] for row in rows], dtype=pl.String))


def test_exclusions__different_kinds_of_act_at_one_time__all_stay() -> None:
    tables = {"CI-11": [act("saving", 0, 86_400)], "CI-02": [act("metro", 0, 900)], "CI-26": [act("lunch", 100, 100)]}
    assert excluded(tables) == []


@pytest.mark.parametrize("tables", [{}, {"CI-01": []}])
def test_exclusions__nothing_brought__nothing_excluded(tables: dict[str, list[dict[str, object]]]) -> None:
    frames = {scenario: acts([act("x", 0, 1)]).clear() for scenario in tables}
    assert exclusions(LIBRARY, frames).is_empty()


TRIPS = st.lists(
    st.tuples(st.sampled_from(["CI-01", "CI-01-RIDE", "CI-02", "CI-09-RIDE"]), st.integers(0, 50), st.integers(0, 20)),
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(trips=TRIPS, seed=st.integers(0, 99))
def test_exclusions__any_trips__kept_ones_never_overlap_and_order_does_not_matter(
    trips: list[tuple[str, int, int]], seed: int
) -> None:
    rows = {
        scenario: [
            act(f"k{at}", start, start + length) for at, (of, start, length) in enumerate(trips) if of == scenario
        ]
        for scenario in {trip[0] for trip in trips}
    }
    frames = {scenario: acts(each) for scenario, each in rows.items()}
    found = exclusions(LIBRARY, frames)
    shuffled = exclusions(
        LIBRARY, {name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in reversed(frames.items())}
    )
    assert found.equals(shuffled)
    out = set(found["record_key"])
    kept = sorted(
        (start, max(start + length, start + 1)) for at, (_, start, length) in enumerate(trips) if f"k{at}" not in out
    )
    assert all(before[1] <= after[0] for before, after in pairwise(kept))
    assert out.isdisjoint(found["claimed_by_key"])
    assert bool(trips) == (len(out) < len(trips))
