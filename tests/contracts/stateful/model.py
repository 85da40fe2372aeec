"""The account book in plain Python: what a page is, how a day cap is kept, where refunds and moves lead.

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
        beside: Milligrams per act day credited after a later one, or for a book that had moved on.
        noted: Days of which the book knows exactly what came on time.
    """

    points: int = 0
    reduction: int = 0
    latest: int = 0
    on_time: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    beside: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    noted: set[int] = field(default_factory=set)

    def room(self, day: int, cap: int) -> int:
        """What the day cap leaves: of a late day that is not noted, counted from the most that such a day had on time."""
        quiet = (mg for other, mg in self.on_time.items() if other < self.latest and other not in self.noted)
        late = day < self.latest and day not in self.noted
        used = max(quiet, default=0) if late else self.on_time[day]
        return max(0, cap - used - self.beside[day])

    def turn_to(self, day: int, quiet: int) -> None:
        """A later day becomes the latest; of the one left behind everything is noted if it was more than `quiet`."""
        if self.latest != day and self.on_time[self.latest] > quiet:
            self.noted.add(self.latest)
        self.latest = day


@dataclass
class Move:
    """Where a book went, and the last act day that goes there."""

    to: str
    through: int


@dataclass
class Book:
    """All pages, what merchants hold, and where books went.

    Attributes:
        first: First year with a page.
        closed: Per account that took a book over the last act day closed to it.
    """

    first: int
    pages: dict[tuple[int, str], Page] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    moves: dict[str, Move] = field(default_factory=dict)
    closed: dict[str, int] = field(default_factory=dict)
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

    def holder(self, account: str) -> str:
        """Who has the account's book now."""
        while account in self.moves:
            account = self.moves[account].to
        return account

    def holder_of_day(self, account: str, day: int) -> str:
        """Who has what the account was credited for `day`."""
        follows = account in self.moves and day <= self.moves[account].through
        return self.holder(account) if follows else account

    def credit(self, account: str, day: int, asked: int, cap: int, earns: bool) -> tuple[int, int]:
        """Milligrams and thousandths that were added; what brings nothing leaves no page."""
        year = year_of(day)
        self.first = min(self.first, year)
        mg = min(asked, self.page(account, year).room(day, cap))
        if mg == 0 or day <= self.closed.get(account, 0):
            return 0, 0
        points = int(mg * RATE) if earns else 0
        holder, page = self.holder_of_day(account, day), self.page(account, year)
        if holder != account or day < page.latest:
            page.beside[day] += mg
        else:
            page.turn_to(day, quiet=cap // 8)
            page.on_time[day] += mg
        self.page(holder, year).points += points
        self.page(holder, year).reduction += mg
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
        """Gives the last thousandths back first, those that were spent last, to whoever has the book."""
        units = [year for year, milli in parts for _ in range(milli)]
        units = units[: len(units) - already]
        for year in units[len(units) - amount :]:
            self.page(self.holder(account), year).points += 1
        self.held[merchant] -= amount

    def can_move(self, source: str, target: str) -> bool:
        if source == target or source in self.moves or target in self.moves or target in self.closed:
            return False
        return all(self.page(target, year).latest == 0 for year in self.years(target))

    def move(self, source: str, target: str, through: int, present: int) -> None:
        """All pages go along; in every live year days through `through` are behind both."""
        self.moves[source] = Move(target, through)
        self.closed[target] = through
        for year in range(self.first, present + 1):
            left, taken = self.page(source, year), self.page(target, year)
            if year + LIVE_YEARS <= present and left == Page():
                continue
            taken.points, taken.reduction = left.points, left.reduction
            left.points = left.reduction = 0
            left.turn_to(through + 1, quiet=0)
            taken.latest = through + 1

    def lower(self, account: str, day: int, amount: int) -> None:
        """Takes reduction from whoever has what the account was credited for the day."""
        page = self.page(self.holder_of_day(account, day), year_of(day))
        assert page.reduction >= amount
        page.reduction -= amount

    def reduction(self, account: str) -> int:
        return sum(self.page(account, year).reduction for year in self.years(account))
