"""Of acts that overlap, which stays."""

from __future__ import annotations

from itertools import combinations
from random import Random

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from oracle.measure.validate.overlap import with_overlap

SCHEMA = {"who": pl.String, "start": pl.Int64, "end": pl.Int64, "row": pl.Int64, "key": pl.String}
Act = tuple[str, int, int, int, str]


def others(acts: list[Act]) -> dict[int, int | None]:
    """What each row lost its time to."""
    judged = with_overlap(pl.DataFrame(acts, schema=SCHEMA, orient="row"), "who", "key")
    return dict(judged.select("row", "other_row").sort("row").iter_rows())


def acts(*times: tuple[int, int]) -> list[Act]:
    return [("commuter", start, end, row, f"K{row}") for row, (start, end) in enumerate(times, 1)]


@pytest.mark.parametrize(
    ("times", "lost"),
    [
        pytest.param([(0, 10), (10, 20)], {}, id="one after the other"),
        pytest.param([(0, 10), (9, 20)], {2: 1}, id="a second too early"),
        pytest.param([(5, 10), (0, 6)], {1: 2}, id="the earlier start stays, whatever the order"),
        pytest.param([(0, 10), (0, 5)], {2: 1}, id="at once: the smaller key"),
        pytest.param([(0, 10), (5, 20), (15, 25)], {2: 1}, id="who lost takes nobody's time"),
        pytest.param([(0, 30), (5, 10), (12, 20), (30, 40)], {2: 1, 3: 1}, id="two within one"),
        pytest.param([(5, 5), (0, 10)], {1: 2}, id="a moment within"),
        pytest.param([(10, 10), (0, 10)], {}, id="a moment at the end"),
        pytest.param([(0, 0), (0, 10)], {2: 1}, id="a moment at the start"),
        pytest.param([(3, 3), (3, 3)], {2: 1}, id="two moments at once"),
        pytest.param([(3, 3), (4, 4)], {}, id="two moments"),
    ],
)
def test_with_overlap__of_two_or_more_acts__leaves_the_first(
    times: list[tuple[int, int]], lost: dict[int, int]
) -> None:
    assert {row: other for row, other in others(acts(*times)).items() if other is not None} == lost


def test_with_overlap__of_two_people__leaves_both() -> None:
    assert others([("commuter", 0, 10, 1, "A"), ("cyclist", 0, 10, 2, "B")]) == {1: None, 2: None}


def test_with_overlap__of_nothing__is_nothing() -> None:
    assert others([]) == {}


def overlap(one: Act, other: Act) -> bool:
    return (one[1] < other[2] and other[1] < one[2]) or one[1] == other[1]


people = st.sampled_from(["commuter", "cyclist"])
some = st.lists(st.tuples(people, st.integers(0, 20), st.integers(0, 8)), max_size=12).map(
    lambda drawn: [(who, start, start + length, row, f"K{row:02}") for row, (who, start, length) in enumerate(drawn)]
)


@given(some)
@settings(max_examples=300, deadline=None)
def test_with_overlap__of_any_acts__leaves_no_overlap_and_takes_none_without_one(drawn: list[Act]) -> None:
    lost = others(drawn)
    by_row = {act[3]: act for act in drawn}
    kept = [act for act in drawn if lost[act[3]] is None]
    assert not [pair for pair in combinations(kept, 2) if pair[0][0] == pair[1][0] and overlap(*pair)]
    for row, other in lost.items():
        if other is not None:
            assert lost[other] is None
            assert by_row[row][0] == by_row[other][0]
            assert overlap(by_row[row], by_row[other])
            assert (by_row[other][1], by_row[other][4]) < (by_row[row][1], by_row[row][4])


@given(some.filter(bool), st.randoms())
@settings(max_examples=100, deadline=None)
def test_with_overlap__of_acts_in_any_order__is_the_same(drawn: list[Act], random: Random) -> None:
    shuffled = random.sample(drawn, len(drawn))
    assert others(shuffled) == others(drawn)
