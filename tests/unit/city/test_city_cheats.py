from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oracle.sandbox.city.cheats import KINDS, Kind, Quota, Temptation, choose, code, teleported
from oracle.sandbox.city.draw import Draw, Part


@given(bps=st.integers(0, 5_000), batches=st.lists(st.integers(0, 500), max_size=20))
def test_quota__however_the_acts_are_split__takes_exactly_its_share_rounded_down(bps: int, batches: list[int]) -> None:
    quota = Quota(bps)
    total = 0
    for candidates in batches:
        wanted = quota.take(candidates)
        quota.taken(wanted)
        total += wanted
    assert total == sum(batches) * bps // 10_000


def test_quota__what_a_shard_could_not_give__is_asked_of_the_next() -> None:
    quota = Quota(1_000)
    assert quota.take(100) == 10
    quota.taken(7)
    assert quota.take(100) == 13


@given(
    seed=st.integers(0, 2**32),
    metro=st.lists(st.booleans(), min_size=1, max_size=300),
    bps=st.tuples(st.integers(0, 2_500), st.integers(0, 2_500)),
)
def test_choose__any_acts__gives_each_kind_its_exact_count_among_its_candidates(
    seed: int, metro: list[bool], bps: tuple[int, int]
) -> None:
    by_metro, everything = np.array(metro), np.full(len(metro), True)
    temptations = (
        Temptation(Kind.TELEPORT, Quota(bps[0]), by_metro),
        Temptation(Kind.DUPLICATE, Quota(bps[1]), everything),
    )
    codes = choose(Draw(seed, Part.TAPS), temptations)
    assert (codes == code(Kind.TELEPORT)).sum() == by_metro.sum() * bps[0] // 10_000
    assert (codes == code(Kind.DUPLICATE)).sum() == len(metro) * bps[1] // 10_000
    assert by_metro[codes == code(Kind.TELEPORT)].all()
    assert set(codes.tolist()) <= {0, code(Kind.TELEPORT), code(Kind.DUPLICATE)}


def test_choose__a_kind_after_one_with_few_candidates__still_falls_on_those() -> None:
    # One order of lots for both kinds left the first hourly meters of the order to the first kind and none of them to the second.
    hourly = np.arange(100_000) < 5_000
    temptations = (
        Temptation(Kind.MISSING_HOURS, Quota(100), hourly),
        Temptation(Kind.NEGATIVE, Quota(1_000), np.full(100_000, True)),
    )
    negative = choose(Draw(1, Part.ELECTRICITY), temptations) == code(Kind.NEGATIVE)
    # 10,000 negative days, of which 4,950 in 99,950 or 495 should be hourly; four standard deviations are 82.
    assert negative.sum() == 10_000
    assert abs(int((negative & hourly).sum()) - 495) < 82


@given(metres=st.lists(st.integers(980, 40_000), min_size=1, max_size=50), seed=st.integers(0, 1_000))
def test_teleported__any_distance__is_faster_than_any_metro(metres: list[int], seed: int) -> None:
    seconds = teleported(Draw(seed, Part.TAPS), np.array(metres))
    assert seconds.min() > 0
    assert all(m * 3_600 >= 150_000 * s for m, s in zip(metres, seconds.tolist(), strict=True))


def test_kinds__honest_is_zero__so_that_nothing_need_be_said_of_most_rows() -> None:
    assert code(Kind.HONEST) == 0
    assert [code(kind) for kind in KINDS] == list(range(12))
