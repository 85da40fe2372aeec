"""`ICarbonPoint`: the citizens' book of points and reductions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, struct
from oracle.model.ids import Address

_NOBODY = 0


@dataclass(frozen=True)
class Page:
    """One account's year.

    Attributes:
        points_milli: Points left, in thousandths.
        reduction_mg: Milligrams CO2e.
        day: Act day of the last credit in order.
        today_mg: Credited for that day.
        peak_mg: Most that was credited for an earlier day.
    """

    points_milli: int
    reduction_mg: int
    day: int
    today_mg: int
    peak_mg: int


class CarbonPoint(Contract):
    """The book."""

    role = "CarbonPoint"

    def page_of(self, account: str, year: int) -> Page:
        """An account's page of a year."""
        return struct(Page, self._read("pageOf", account, year))

    def pages_of(self, keys: Sequence[tuple[str, int]]) -> list[Page]:
        """Pages of many accounts and years."""
        return [Page(*page) for (page,) in self._read_many("pageOf", keys)]

    def balance_of(self, account: str) -> int:
        """Live points of an account, in thousandths."""
        return int(self._read("balanceOf", account))

    def reduction_of(self, account: str) -> int:
        """Milligrams CO2e of an account over all years."""
        return int(self._read("reductionOf", account))

    def moved_to(self, account: str) -> Address | None:
        """Where an account's book went; None if it went nowhere."""
        to = self._read("movedTo", account)
        return None if int(to, 16) == _NOBODY else Address(to)

    def held_of(self, merchant: str) -> int:
        """Points with a merchant, in thousandths."""
        return int(self._read("heldOf", merchant))

    def outstanding_of(self, year: int) -> int:
        """Points of a year with citizens, in thousandths."""
        return int(self._read("outstandingOf", year))

    def total_supply(self) -> int:
        """Live points with citizens and all points with merchants, in thousandths."""
        return int(self._read("totalSupply"))

    def current_year(self) -> int:
        """Year of the chain's clock."""
        return int(self._read("currentYear"))

    def move(self, former: str, present: str, deadline: int, signatures: tuple[bytes, bytes]) -> Call:
        """Moves a whole book; both accounts sign."""
        return self._call("move", former, present, deadline, *signatures)
