"""Periods as people write them."""

from __future__ import annotations

from datetime import date

import pytest

from oracle.model.days import between, period
from oracle.model.errors import InputError
from oracle.model.units import day_of


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023-01-10", date(2023, 1, 10), date(2023, 1, 10)),
        ("2023-01", date(2023, 1, 1), date(2023, 1, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-W01", date(2023, 1, 2), date(2023, 1, 8)),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 3)),
    ],
)
def test_period__a_day_week_or_month__has_its_first_and_last_day(text: str, first: date, last: date) -> None:
    days = period(text)
    assert (days.label, days.first_date, days.last_date) == (text, first, last)


@pytest.mark.parametrize("text", ["2023-W54", "2023-13", "2023-02-30", "January", "", "2023", "2023-W00"])
def test_period__anything_else__is_refused_with_examples(text: str) -> None:
    with pytest.raises(InputError, match=r"is not a day \(2023-01-10\), week \(2023-W02\) or month \(2023-01\)"):
        period(text)


def test_between__backwards__is_refused_and_forwards_is_labelled() -> None:
    first = day_of(date(2023, 1, 3))
    assert between(first, first + 6).label == "2023-01-03_2023-01-09"
    with pytest.raises(InputError, match="ends on 2023-01-02, before it begins on 2023-01-03"):
        between(first, first - 1)
