"""The citizens' pages, computed anew from the ledger: what `CarbonPoint.pageOf` must say, and what a Transfer alone does not tell.

Credits add to the page of the act's year; an order takes from the pages its event names; a refund gives back to them, the last first, of
whoever holds the book by then; a move takes all pages along; an expired year's points leave the balances, and the books when it is
released.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from oracle.edge.chain.client import Event
from oracle.model.units import PAGE_YEARS, day_of_time, year_of
from oracle.report.read.ledger import Ledger

Place = tuple[int, int]  # block and log index
Part = tuple[int, int]  # page year and milli-points


@dataclass
class Page:
    """One account's year: points left in thousandths, reduction in milligrams."""

    points_milli: int = 0
    reduction_mg: int = 0


@dataclass
class Pages:
    """All pages, and what happened to them without a Transfer of their own.

    Attributes:
        of: Pages by account, then year.
        holders: Where each book went, by the account that it left.
        over: Years of which it was told that their points expired.
        taken_out: Years whose points are out of the books.
        moved: Points in the books (thousandths) and reduction (milligrams) that each move took along, by the place of its event. Points
            of a year that expired go along too; the Transfer of a move leaves them out.
        expired: (account, points) that each expired year took, by the place of its event.
    """

    of: dict[str, dict[int, Page]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Page)))
    holders: dict[str, str] = field(default_factory=dict)
    over: set[int] = field(default_factory=set)
    taken_out: set[int] = field(default_factory=set)
    moved: dict[Place, tuple[int, int]] = field(default_factory=dict)
    expired: dict[Place, list[tuple[str, int]]] = field(default_factory=dict)

    def credit(self, account: str, year: int, reduction_mg: int, points_milli: int) -> None:
        """Adds a credit."""
        page = self.of[account][year]
        page.reduction_mg += reduction_mg
        page.points_milli += points_milli

    def spend(self, account: str, parts: Iterable[Part]) -> None:
        """Takes an order's parts."""
        for year, points_milli in parts:
            self.of[account][year].points_milli -= points_milli

    def refund(self, account: str, parts: Iterable[Part]) -> None:
        """Gives parts of an order back, to whoever has the book."""
        holder = self.holder(account)
        for year, points_milli in parts:
            self.of[holder][year].points_milli += points_milli

    def holder(self, account: str) -> str:
        """Who has the book of an account."""
        while account in self.holders:
            account = self.holders[account]
        return account

    def move(self, former: str, present: str, place: Place) -> None:
        """Takes a whole book along."""
        self.moved[place] = self.balance(former), self.reduction_mg(former)
        self.holders[former] = present
        for year, page in self.of[former].items():
            self.credit(present, year, page.reduction_mg, page.points_milli)
            self.of[former][year] = Page()

    def expire(self, year: int, place: Place) -> None:
        """Takes a year's points out of the balances; the pages go on saying what they were."""
        self.over.add(year)
        left = ((account, pages[year].points_milli) for account, pages in sorted(self.of.items()) if year in pages)
        self.expired[place] = [(account, points_milli) for account, points_milli in left if points_milli]

    def balance(self, account: str) -> int:
        """Points of an account in years that are not over, in thousandths."""
        return sum(page.points_milli for year, page in self.of[account].items() if year not in self.over)

    def reduction_mg(self, account: str) -> int:
        """Reduction of an account over all years, in milligrams."""
        return sum(page.reduction_mg for page in self.of[account].values())

    def outstanding(self) -> dict[int, int]:
        """Points with citizens by year, in thousandths; 0 for a year that was taken out."""
        sums: dict[int, int] = defaultdict(int)
        for pages in self.of.values():
            for year, page in pages.items():
                sums[year] += 0 if year in self.taken_out else page.points_milli
        return dict(sums)


def turn_pages(ledger: Ledger, credits: pd.DataFrame) -> Pages:
    """The pages after the last event.

    Args:
        credits: `oracle.report.read.credits.credits`. Where a bundle is missing, points are those of the Transfer.
    """
    pages = Pages()
    orders: dict[bytes, tuple[list[Part], int]] = {}  # parts, and how much of them went back
    for place, happened in _in_order(ledger, credits):
        if not isinstance(happened, Event):
            pages.credit(*happened)
            continue
        values = happened.values
        match happened.name:
            case "OrderRedeemed":
                parts = [(part.year, part.pointsMilli) for part in values["parts"]]
                orders[values["key"]] = parts, 0
                pages.spend(values["citizen"], parts)
            case "OrderRefunded":
                parts, before = orders[values["key"]]
                orders[values["key"]] = parts, before + values["pointsMilli"]
                back = last_parts(parts, before, values["pointsMilli"])
                pages.refund(values["citizen"], [part for part in back if is_live(part[0], ledger.times[place[0]])])
            case "RefundExpired":
                pages.over.add(values["year"])
                pages.refund(values["holder"], [(values["year"], values["pointsMilli"])])
            case "AccountMoved":
                pages.move(values["from"], values["to"], place)
            case "ReductionLowered":
                pages.of[values["account"]][values["year"]].reduction_mg -= values["reductionMg"]
            case "YearExpired":
                pages.expire(values["year"], place)
            case "YearReleased":
                pages.taken_out.add(values["year"])
    return pages


def last_parts(parts: Sequence[Part], refunded: int, points_milli: int) -> list[Part]:
    """What `points_milli` more of an order is made of when `refunded` went back before: the last part first."""
    back = []
    for year, part in reversed(parts):
        skipped = min(refunded, part)
        taken = min(points_milli, part - skipped)
        refunded -= skipped
        points_milli -= taken
        if taken:
            back.append((year, taken))
    return back


def is_live(year: int, seconds: int) -> bool:
    """Whether points of a year can be spent at a time (UTC seconds)."""
    return year_of(day_of_time(seconds, "UTC")) - year < PAGE_YEARS


def _in_order(ledger: Ledger, credits: pd.DataFrame) -> list[tuple[Place, Any]]:
    names = (
        *("OrderRedeemed", "OrderRefunded", "RefundExpired", "AccountMoved", "ReductionLowered"),
        *("YearExpired", "YearReleased"),
    )
    happened: list[tuple[Place, Any]] = [
        ((event.block, event.index), event) for name in names for event in ledger.events[name]
    ]
    table = credits.assign(
        points=credits["points_milli"].fillna(credits["paid_milli"]), mg=credits["reduction_mg"].fillna(0)
    )
    columns = [table[name].tolist() for name in ("block", "log_index", "holder", "year", "mg", "points")]
    happened += [((block, index), tuple(credit)) for block, index, *credit in zip(*columns, strict=True)]
    return sorted(happened, key=lambda pair: pair[0])
