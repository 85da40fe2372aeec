from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from uuid import UUID

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.model.units import day_of
from oracle.sandbox.city.draw import Draw, Part
from oracle.sandbox.city.names import BUS_APP, ELECTRICITY, TAPS, Names
from oracle.sandbox.city.plan import Plan
from oracle.sandbox.city.text import hours, midnight_utc, scattered, thousandths, uuids


def written(amounts: list[int]) -> list[str]:
    return pl.DataFrame({"amount": amounts}).select(thousandths(pl.col("amount"))).to_series().to_list()


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0.000"),
        (1, "0.001"),
        (-1, "-0.001"),
        (999, "0.999"),
        (1_000, "1.000"),
        (-1_234, "-1.234"),
        (12_050, "12.050"),
    ],
)
def test_thousandths__known_amounts(amount: int, text: str) -> None:
    assert written([amount]) == [text]


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=50))
def test_thousandths__any_amount__is_exact_with_three_decimals(amounts: list[int]) -> None:
    texts = written(amounts)
    assert [Decimal(text) * 1_000 for text in texts] == amounts
    assert all(re.fullmatch(r"-?\d+\.\d{3}", text) for text in texts)


def test_uuids__from_any_words__are_random_ones_of_rfc_9562() -> None:
    draw = Draw(1, Part.TRIPS)
    texts = uuids(draw.words(1_000), draw.words(1_000)).to_list()
    assert {(UUID(text).version, UUID(text).variant) for text in texts} == {(4, "specified in RFC 4122")}
    assert [str(UUID(text)) for text in texts] == texts
    assert len(set(texts)) == 1_000


def test_uuids__of_known_words__are_their_digits_with_version_and_variant() -> None:
    words = np.array([0x0123456789ABCDEF], dtype=np.uint64), np.array([0xFEDCBA9876543210], dtype=np.uint64)
    assert uuids(*words).to_list() == ["01234567-89ab-4def-bedc-ba9876543210"]


@given(start=st.integers(0, 10**9 - 1), first=st.integers(0, 10_000_000))
def test_scattered__neighbours__have_names_that_are_not_alike(start: int, first: int) -> None:
    names = scattered(np.arange(first, first + 100), start, 9).to_list()
    assert len(set(names)) == 100
    assert all(re.fullmatch(r"\d{9}", name) for name in names)


def test_scattered__all_numbers_of_three_digits__come_up_once() -> None:
    assert sorted(scattered(np.arange(1_000), 123, 3).to_list()) == [f"{n:03d}" for n in range(1_000)]


def test_names__of_one_citizen__are_another_in_every_source_and_city() -> None:
    def names(seed: int) -> Names:
        return Names(Plan(seed=seed, citizens=10, first_day=date(2025, 5, 12)))

    number = np.array([3])
    shown = [names(1).subjects(source, number)[0] for source in (TAPS, BUS_APP, ELECTRICITY)]
    shown += [names(1).citizens(number)[0], names(2).citizens(number)[0]]
    assert [re.sub(r"\d", "9", name) for name in shown[1:]] == ["B999999999", "E999999999", "C999999999", "C999999999"]
    assert re.fullmatch(r"[A-J]{9}", shown[0])
    assert len({name[1:] for name in shown}) == 5


def test_midnight__in_shenzhen__is_sixteen_hours_utc_the_day_before() -> None:
    assert midnight_utc(day_of(date(2025, 5, 12))) == 1_746_979_200  # 2025-05-11T16:00:00Z


def test_hours__of_a_day__end_at_the_next_midnight() -> None:
    clock = hours(day_of(date(2024, 12, 31)))
    assert (len(clock), clock[0], clock[-1]) == (25, "2024-12-31T00:00:00+08:00", "2025-01-01T00:00:00+08:00")
