"""The days a settlement run pays for: a day, a week, a month, or any run of days."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from oracle.model.errors import InputError
from oracle.model.units import date_of, day_of

_MONTH = re.compile(r"(\d{4})-(\d\d)")
_WEEK = re.compile(r"(\d{4})-W(\d\d)")
_WEEK_DAYS = 7


@dataclass(frozen=True)
class Days:
    """A run of days, both ends included.

    Attributes:
        label: As people write it: 2023-01-10, 2023-W02, 2023-01, or 2023-01-03_2023-01-09.
        first: Day number of the first.
        last: Day number of the last.
    """

    label: str
    first: int
    last: int

    @property
    def first_date(self) -> date:
        """Civil date of the first day."""
        return date_of(self.first)

    @property
    def last_date(self) -> date:
        """Civil date of the last day."""
        return date_of(self.last)


def period(text: str) -> Days:
    """The days of a period as people write it: a day (2023-01-10), an ISO week (2023-W02) or a month (2023-01).

    Raises:
        InputError: It is none of these.
    """
    try:
        if found := _WEEK.fullmatch(text):
            monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
            return _days(text, monday, monday + timedelta(days=_WEEK_DAYS - 1))
        if found := _MONTH.fullmatch(text):
            first = date(int(found[1]), int(found[2]), 1)
            return _days(text, first, first.replace(day=monthrange(first.year, first.month)[1]))
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"'{text}' is not a day (2023-01-10), week (2023-W02) or month (2023-01)") from error
    return _days(text, day, day)


def between(first: int, last: int) -> Days:
    """Any run of days, on demand.

    Raises:
        InputError: It ends before it begins.
    """
    if last < first:
        raise InputError(f"the period ends on {date_of(last)}, before it begins on {date_of(first)}")
    return Days(f"{date_of(first)}_{date_of(last)}", first, last)


def named(first: int, last: int) -> Days:
    """A run of days under the shortest name it has: a day, a week or a month if it is one."""
    start = date_of(first)
    week = "{}-W{:02}".format(*start.isocalendar()[:2])
    names = (start.isoformat(), week, f"{start:%Y-%m}")
    return next((days for days in map(period, names) if (days.first, days.last) == (first, last)), between(first, last))


def _days(label: str, first: date, last: date) -> Days:
    return Days(label, day_of(first), day_of(last))
