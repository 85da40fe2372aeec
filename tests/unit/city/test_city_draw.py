from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.sandbox.city.draw import Draw, Part, Weighted


def test_words__of_a_known_stream__are_those_of_pcg64_on_every_machine() -> None:
    assert Draw(1, Part.PEOPLE, 20_000, 3).words(3).tolist() == [
        17035983613687003092,
        18032521508073267305,
        5922067910306110292,
    ]


def test_streams__of_another_part_day_shard_or_seed__are_others() -> None:
    streams = [
        Draw(seed, part, day, shard).words(1).item()
        for seed in (1, 2)
        for part in Part
        for day in (0, 20_000, 20_001)
        for shard in (0, 1)
    ]
    assert len(set(streams)) == len(streams)


@given(bound=st.integers(1, 2**32 - 1), seed=st.integers(0, 2**64 - 1))
def test_below__any_bound__stays_below_it(bound: int, seed: int) -> None:
    drawn = Draw(seed, Part.RIDES).below(bound, 50)
    assert drawn.min() >= 0
    assert drawn.max() < bound


@given(low=st.integers(-1000, 1000), width=st.integers(0, 3), seed=st.integers(0, 1000))
def test_between__includes_both_ends(low: int, width: int, seed: int) -> None:
    assert set(Draw(seed, Part.RIDES).between(low, low + width, 200).tolist()) == set(range(low, low + width + 1))


def test_below__each_with_its_own_bound__is_the_same_as_one_bound_for_all() -> None:
    one = Draw(5, Part.RIDES).below(7, 100)
    each = Draw(5, Part.RIDES).below(np.full(100, 7), 100)
    assert one.tolist() == each.tolist()


def test_chance__of_a_quarter__comes_true_a_quarter_of_the_time() -> None:
    # Four standard deviations of 100,000 trials are 548.
    assert abs(int(Draw(1, Part.RIDES).chance(2_500, 100_000).sum()) - 25_000) < 548


@pytest.mark.parametrize(("bps", "always"), [(0, False), (10_000, True)])
def test_chance__of_nobody_and_everybody__has_no_exception(bps: int, always: bool) -> None:
    assert set(Draw(1, Part.RIDES).chance(bps, 10_000).tolist()) == {always}


@given(count=st.integers(0, 200), seed=st.integers(0, 1000))
def test_order__is_a_permutation(count: int, seed: int) -> None:
    assert sorted(Draw(seed, Part.TAPS).order(count).tolist()) == list(range(count))


def test_weighted__picks_columns_as_often_as_they_weigh__never_one_without_weight() -> None:
    weights = Weighted(np.array([[0, 1, 3, 0], [5, 0, 0, 5]]))
    rows = np.repeat([0, 1], 40_000)
    picked = weights.pick(Draw(9, Part.PEOPLE), rows)
    first, second = np.bincount(picked[:40_000], minlength=4), np.bincount(picked[40_000:], minlength=4)
    assert (first[0], first[3], second[1], second[2]) == (0, 0, 0, 0)
    # Four standard deviations of 40,000 trials are at most 400.
    assert abs(int(first[1]) - 10_000) < 400
    assert abs(int(second[0]) - 20_000) < 400


@pytest.mark.parametrize("weights", [[[1, 2], [0, 0]], [[-1, 2]], [[2**31, 2**31]]])
def test_weighted__a_row_without_weight_or_a_negative_one_or_too_much__is_a_mistake(
    weights: list[list[int]],
) -> None:
    with pytest.raises(ValueError, match="a row has a negative weight, none, or too much"):
        Weighted(np.array(weights, dtype=np.int64))
