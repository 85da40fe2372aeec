"""The account book in plain Python: what a page is, how a day cap is kept, what a refund and a move do.

Written from contracts/README.md with dictionaries and `Fraction`, not from the Solidity: credits are remembered day by day.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

EPOCH = date(1970, 1, 1)
RATE = Fraction(3800 * 1000, 450 * 1_000_000)  # thousandths of a point for a milligram
LIVE_YEARS = 10


def year_of(day: int) -> int:
    return (EPOCH + timedelta(days=day)).year


@dataclass
class Page:
    """One account's year.

    Attributes:
        on_time: Milligrams per act day that was credited while no later day had been.
        late: Milligrams per act day credited after a later one.
        closed: Days before the latest are closed to it, because the book came from another account.
    """

    points: int = 0
    reduction: int = 0
    latest: int = 0
    on_time: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    late: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    closed: bool = False

    def room(self, day: int, cap: int) -> int:
        """What the day cap leaves: for a late day, counted from the most that any day before the latest had on time."""
        if day >= self.latest:
            return max(0, cap - self.on_time[day])
        if self.closed:
            return 0
        peak = max((mg for other, mg in self.on_time.items() if other < self.latest), default=0)
        return max(0, cap - peak - self.late[day])

    def credit(self, day: int, asked: int, cap: int, earns: bool) -> tuple[int, int]:
        """Milligrams and thousandths that were added."""
        mg = min(asked, self.room(day, cap))
        points = int(mg * RATE) if earns else 0
        if day < self.latest:
            self.late[day] += mg
        else:
            self.latest = day
            self.on_time[day] += mg
        self.reduction += mg
        self.points += points
        return mg, points


@dataclass
class Book:
    """All pages, what merchants hold, and where books went."""

    pages: dict[tuple[int, str], Page] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    successor: dict[str, str] = field(default_factory=dict)
    minted: int = 0
    burned: int = 0

    def page(self, account: str, year: int) -> Page:
        return self.pages.setdefault((year, account), Page())

    def years(self, account: str) -> list[int]:
        return sorted(year for year, owner in self.pages if owner == account)

    def balance(self, account: str, present: int) -> int:
        live = (year for year in self.years(account) if year <= present < year + LIVE_YEARS)
        return sum(self.page(account, year).points for year in live)

    def supply(self, present: int) -> int:
        accounts = {account for _, account in self.pages}
        return sum(self.balance(account, present) for account in accounts) + sum(self.held.values())

    def credit(self, account: str, day: int, asked: int, leaf_cap: int, cap: int, earns: bool) -> tuple[int, int]:
        mg, points = self.page(account, year_of(day)).credit(day, min(asked, leaf_cap), cap, earns)
        self.minted += points
        return mg, points

    def spend(self, account: str, merchant: str, amount: int, present: int) -> list[tuple[int, int]]:
        """Takes the oldest live page first; returns what each year gave."""
        parts = []
        left = amount
        for year in self.years(account):
            page = self.page(account, year)
            taken = min(left, page.points) if year <= present < year + LIVE_YEARS else 0
            if taken:
                page.points -= taken
                left -= taken
                parts.append((year, taken))
        assert left == 0
        self.held[merchant] += amount
        return parts

    def refund(self, account: str, merchant: str, parts: list[tuple[int, int]], already: int, amount: int) -> None:
        """Gives the last thousandths back first: those that were spent last."""
        units = [year for year, milli in parts for _ in range(milli)]
        units = units[: len(units) - already]
        for year in units[len(units) - amount :]:
            self.page(account, year).points += 1
        self.held[merchant] -= amount

    def can_move(self, source: str, target: str) -> bool:
        if source == target:
            return False
        if self.successor.get(source) == target:
            return True
        taken = source in self.successor or target in self.successor or target in self.successor.values()
        return not taken and all(self.page(target, year).latest == 0 for year in self.years(target))

    def move(self, source: str, target: str) -> None:
        repeated = self.successor.get(source) == target
        self.successor[source] = target
        for year in self.years(source):
            left, taken = self.page(source, year), self.page(target, year)
            if left.latest == 0:
                continue
            taken.points += left.points
            taken.reduction += left.reduction
            if not (repeated and taken.latest):
                taken.latest, taken.closed = left.latest, True
                taken.on_time = defaultdict(int, {left.latest: left.on_time[left.latest]})
            left.points = left.reduction = 0

    def lower(self, account: str, year: int, amount: int) -> None:
        """Takes reduction from the account, and what it lacks from whoever its book went to."""
        holder = account
        while amount:
            page = self.page(holder, year)
            taken = min(amount, page.reduction)
            page.reduction -= taken
            amount -= taken
            if amount:
                holder = self.successor[holder]

    def reduction(self, account: str) -> int:
        return sum(self.page(account, year).reduction for year in self.years(account))
