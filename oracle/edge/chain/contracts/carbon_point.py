"""`ICarbonPoint`: the citizens' book of points and reductions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, struct
from oracle.model.ids import Address


@dataclass(frozen=True)
class Page:
    """One account's year.

    Attributes:
        points_milli: Points left, in thousandths.
        reduction_mg: Milligrams CO2e.
        day: Latest act day credited, or the day after the last that a move closed.
        today_mg: Credited for that day.
        peak_mg: No earlier day without a figure of its own was credited more on time.
    """

    points_milli: int
    reduction_mg: int
    day: int
    today_mg: int
    peak_mg: int


@dataclass(frozen=True)
class Move:
    """A move of a book that is announced, or none.

    Attributes:
        to: Where the book goes; None if none is announced.
        ready_at: From when on it can be completed, UTC seconds; 0 if none is announced.
        nonce: Moves of the book that were announced before.
    """

    to: Address | None
    ready_at: int
    nonce: int


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
        return _somebody(self._read("movedTo", account))

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

    def move_of(self, account: str) -> Move:
        """The announced move of an account's book, and the nonce of the next one to sign."""
        to, ready_at, nonce = self._read("moveOf", account)
        return Move(_somebody(to), ready_at, nonce)

    def closed_days_of(self, account: str) -> tuple[int, int]:
        """Last act day closed to the account because it took over a book, and last act day whose credits follow its book; 0 if none."""
        taken, moved = self._read("closedDaysOf", account)
        return taken, moved

    def announce_move(self, former: str, present: str, deadline: int, signatures: tuple[bytes, bytes]) -> Call:
        """Announces the move of a whole book; both accounts signed."""
        return self._call("announceMove", former, present, deadline, *signatures)

    def cancel_move(self, former: str, by: str, signature: bytes) -> Call:
        """Cancels an announced move for one of the two, who signed."""
        return self._call("cancelMove", former, by, signature)

    def complete_move(self, former: str) -> Call:
        """Completes an announced move whose delay is over."""
        return self._call("completeMove", former)


def _somebody(account: str) -> Address | None:
    return Address(account) if int(account, 16) else None
