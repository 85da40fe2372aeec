"""A series of credits, its proceeds and its shares in plain Python, made from the design and not from the contracts."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

TONNE = 10**9
WHOLE = 10_000


@dataclass
class SeriesModel:
    """Milligrams of one series. Serials are the sets they stand for: 1 to retired, and the last of what was issued."""

    issued: int
    buffer: int
    shares: list[int]
    citizens_bps: int
    fee_bps: int
    sold: int = 0
    retired: int = 0
    cancelled: int = 0
    shortfall: int = 0
    gross: int = 0
    pots: list[int] = field(default_factory=lambda: [0])
    paid: dict[int, int] = field(default_factory=dict)

    @property
    def stock(self) -> int:
        """Milligrams for sale: what was neither sold, nor is in the buffer, nor was cancelled out of the two."""
        return self.issued - self.cancelled - self.buffer - self.sold

    def buy(self, mg: int, price: int) -> int:
        """Sells from the stock; gives the cost, the least whole number that is no less than the exact one (I51)."""
        assert 0 < mg <= self.stock
        exact = Fraction(mg * price, TONNE)
        cost = -(-exact.numerator // exact.denominator)
        self.sold += mg
        self.gross += cost
        return cost

    def retire(self, mg: int) -> tuple[int, int]:
        """Retires; gives the first and the last serial (I46)."""
        first = self.retired + 1
        self.retired += mg
        return first, self.retired

    def split(self) -> tuple[int, int, int]:
        """(fee, operator, citizens) of the gross proceeds (I50)."""
        fee = self.gross * self.fee_bps // WHOLE
        citizens = (self.gross - fee) * self.citizens_bps // WHOLE
        return fee, self.gross - fee - citizens, citizens

    def reverse(self, mg: int, others: int) -> tuple[int, int, int, int]:
        """Takes back; gives what came from stock, buffer, other buffers and what is short (I55)."""
        left, parts = mg, []
        for there in (self.stock, self.buffer, others):
            parts.append(min(left, there))
            left -= parts[-1]
        from_stock, from_buffer, from_others = parts
        self.buffer -= from_buffer
        self.cancelled += from_stock + from_buffer
        self.shortfall += left
        return from_stock, from_buffer, from_others, left

    def surrender(self, mg: int) -> None:
        """A holder gives up credits for a shortfall (I56)."""
        self.cancelled += mg
        self.sold -= mg
        self.shortfall -= mg

    def backed(self, mg: int) -> int:
        """What stands behind `mg` that were sold (I56)."""
        return mg * (self.sold - self.shortfall) // self.sold if self.sold else mg

    def open_round(self) -> None:
        self.pots.append(self.split()[2])

    def claim(self, leaf: int) -> int:
        """Pays a leaf up to the last round; gives the amount. In all it is what one payment would have brought (I53)."""
        total = sum(self.shares)
        entitled = self.pots[-1] * self.shares[leaf] // total
        amount = entitled - self.paid.get(leaf, 0)
        self.paid[leaf] = entitled
        return amount

    def check(self) -> None:
        """The laws, within the model."""
        supply = self.issued - self.retired - self.cancelled  # I45
        assert min(supply, self.stock, self.buffer, self.shortfall) >= 0
        assert self.retired <= self.sold
        assert sum(self.split()) == self.gross  # I50
        assert self.shortfall <= self.sold  # I56
        assert not self.shortfall or self.stock == self.buffer == 0  # I55
        assert sum(self.paid.values()) <= self.pots[-1]  # I53
