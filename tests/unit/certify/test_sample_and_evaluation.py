"""Vectors of the sample, and cases 9 to 15 of its evaluation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.ledger.certify.evaluation import Mass, evaluate, evaluate_all, taint_ppm, upper_limit_ppm
from oracle.ledger.certify.sample import UPPER_90_NONE, UPPER_95, draw, seed_of, size_for
from oracle.model.errors import InputError

CLAIMED = 450_000_000_000
EXACT = Mass(CLAIMED, 1000, CLAIMED)
VECTOR = "d41ee9ffc8303d15ddbc7f243f1b302cd4d0a0a5996d1cd7bf7303a397b2272c"
WHOLE, HALF, FIFTH = 1_000_000, 500_000, 200_000


def test_case_09__vector_of_the_seed__gives_the_ten_numbers() -> None:
    seed = seed_of(b"\x11" * 32, 7, 1)
    assert seed.hex() == VECTOR
    hits = draw(seed, [100, 250, 50, 600], 10)
    assert [hit.place for hit in hits] == [123, 946, 609, 209, 302, 720, 513, 365, 497, 657]
    assert "".join("ABCD"[hit.part] for hit in hits) == "BDDBBDDCDD"


@pytest.mark.parametrize(
    ("upper", "tolerable", "size"),
    [(UPPER_95[0], 50_000, 60), (UPPER_95[0], 20_000, 150), (UPPER_95[0], 10_000, 300), (UPPER_90_NONE, 50_000, 47)],
)
def test_case_10__no_error_expected__needs_so_many_hits(upper: int, tolerable: int, size: int) -> None:
    assert size_for(upper, tolerable) == size


@pytest.mark.parametrize(
    ("case", "hits", "taints", "limit", "certifiable", "extend_to"),
    [
        ("11", 60, [], 49_930, CLAIMED, None),
        ("12 a fifth", 60, [FIFTH], 55_757, 424_909_350_000, 120),
        ("12 and 15 one wholly", 60, [WHOLE], 79_065, 414_420_750_000, 120),
        ("13", 120, [WHOLE], 39_533, 446_250_000_000, None),
        ("14", 120, [HALF, WHOLE], 45_999, 444_375_000_000, None),
        ("last extension", 240, [WHOLE] * 9, 65_439, 420_552_450_000, None),
    ],
)
def test_cases_11_to_15__sample__is_evaluated(
    case: str, hits: int, taints: list[int], limit: int, certifiable: int, extend_to: int | None
) -> None:
    found = evaluate([*taints, *[0] * (hits - len(taints))], EXACT)
    assert (found.limit_ppm, found.certifiable_mg, found.extend_to) == (limit, certifiable, extend_to), case


def test_records_above_what_was_credited__when_evaluated__stretch_the_error() -> None:
    found = evaluate([WHOLE, *[0] * 119], Mass(2 * CLAIMED, 1000, CLAIMED))
    assert (found.limit_ppm, found.is_tolerable) == (79_066, False)
    assert found.certifiable_mg == CLAIMED - CLAIMED * 79_066 // 1_000_000


def test_every_record_looked_at__when_evaluated__leaves_no_chance() -> None:
    found = evaluate_all([(600, 600), (400, 300)], Mass(1000, 2000, 2000))
    assert (found.errors, found.limit_ppm, found.certifiable_mg) == (1, 100_000, 1800)


@given(st.lists(st.integers(0, WHOLE), min_size=1, max_size=240), st.integers(1, 10**15), st.integers(1, 3 * 10**15))
def test_any_sample__when_evaluated__never_errs_for_the_claim(taints: list[int], claimed: int, by_records: int) -> None:
    found = evaluate(taints, Mass(by_records, 1000, claimed))
    assert 0 <= found.certifiable_mg <= claimed
    assert (claimed - found.certifiable_mg) * len(taints) * WHOLE >= claimed * min(sum(taints), len(taints) * WHOLE)
    assert found.limit_ppm >= -(-sum(taints) // len(taints))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.binary(min_size=32, max_size=32), st.integers(1, 60))
def test_any_line__when_extended__keeps_its_first_hits(lengths: list[int], seed: bytes, hits: int) -> None:
    longer = draw(seed, lengths, hits + 20)
    assert longer[:hits] == draw(seed, lengths, hits)
    assert all(
        0 <= hit.inside < lengths[hit.part] and sum(lengths[: hit.part]) + hit.inside == hit.place for hit in longer
    )


@given(st.integers(1, 10**18), st.integers(0, 10**18))
def test_any_record__when_less_is_supported__is_tainted_by_no_less(recorded: int, supported: int) -> None:
    taint = taint_ppm(recorded, supported)
    assert taint * recorded >= max(0, recorded - supported) * WHOLE > (taint - 1) * recorded - (taint == 0)


def test_more_errors_than_the_table__when_evaluated__still_count() -> None:
    assert upper_limit_ppm([WHOLE] * 20, 240) > upper_limit_ppm([WHOLE] * 13, 240) > upper_limit_ppm([WHOLE] * 12, 240)


def test_no_sample_or_no_quantity__when_evaluated__is_refused() -> None:
    with pytest.raises(InputError, match="nothing was looked at"):
        evaluate([], EXACT)
    with pytest.raises(InputError, match="-1 supported of 5 recorded is no finding"):
        taint_ppm(5, -1)
