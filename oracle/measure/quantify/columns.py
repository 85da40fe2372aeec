"""Evaluate a formula for a table, in integers, with a proof that nothing overflows.

Every value is an integer expression times an exact scale known beforehand. Adding brings both sides to their common measure, multiplying
by a parameter only changes the scale, and rounding happens once, at the end of a step, by integer floor division. The smallest and the
largest value that each expression can take follow from the ranges of the fields: where all stay inside 64 bits the table is computed in
64 bits, else in 128, else the document is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

import polars as pl

from oracle.model.errors import MethodologyError

LIMITS = ((2**63 - 1, pl.Int64(), 64), (2**127 - 1, pl.Int128(), 128))


@dataclass(frozen=True)
class Column:
    """Integers in [low, high] times `scale` (positive), in base units."""

    expr: pl.Expr
    scale: Fraction
    low: int
    high: int


class Columns:
    """The algebra of columns, in integers of `dtype`. `peak` is the largest magnitude that any expression can reach."""

    def __init__(
        self, columns: Mapping[str, tuple[Fraction, int, int]], constants: Mapping[str, Fraction], dtype: pl.DataType
    ) -> None:
        self._columns = columns
        self._constants = constants
        self._dtype = dtype
        self.peak = 0

    def number(self, value: int) -> Column:
        return self._constant(Fraction(value))

    def name(self, name: str) -> Column:
        if name in self._constants:
            return self._constant(self._constants[name])
        scale, low, high = self._columns[name]
        return self._seen(pl.col(name).cast(self._dtype), scale, low, high)

    def add(self, left: Column, right: Column) -> Column:
        a, b = self._aligned(left, right)
        return self._seen(a.expr + b.expr, a.scale, a.low + b.low, a.high + b.high)

    def subtract(self, left: Column, right: Column) -> Column:
        a, b = self._aligned(left, right)
        return self._seen(a.expr - b.expr, a.scale, a.low - b.high, a.high - b.low)

    def multiply(self, left: Column, right: Column) -> Column:
        corners = [x * y for x in (left.low, left.high) for y in (right.low, right.high)]
        return self._seen(left.expr * right.expr, left.scale * right.scale, min(corners), max(corners))

    def divide(self, left: Column, right: Column) -> Column:
        if not right.low == right.high != 0:
            raise MethodologyError("a formula divides by a column, or by a parameter that is 0")
        inverse = self._constant(1 / (right.scale * right.low))
        return self.multiply(left, inverse)

    def larger(self, left: Column, right: Column) -> Column:
        a, b = self._aligned(left, right)
        return self._seen(pl.max_horizontal(a.expr, b.expr), a.scale, max(a.low, b.low), max(a.high, b.high))

    def smaller(self, left: Column, right: Column) -> Column:
        a, b = self._aligned(left, right)
        return self._seen(pl.min_horizontal(a.expr, b.expr), a.scale, min(a.low, b.low), min(a.high, b.high))

    def if_ge(self, left: Column, right: Column, then: Column, otherwise: Column) -> Column:
        a, b = self._aligned(left, right)
        yes, no = self._aligned(then, otherwise)
        expr = pl.when(a.expr >= b.expr).then(yes.expr).otherwise(no.expr)
        return self._seen(expr, yes.scale, min(yes.low, no.low), max(yes.high, no.high))

    def choose(self, index: Column, options: Sequence[Column]) -> Column:
        zero = self._constant(Fraction(0))
        chosen = options[-1]
        for position, option in reversed(list(enumerate(options[:-1]))):
            below = self.subtract(self._constant(Fraction(position)), index)
            chosen = self.if_ge(below, zero, option, chosen)
        return chosen

    def floor(self, column: Column, unit: Fraction) -> Column:
        """Whole units of `unit` base units, rounded down."""
        ratio = column.scale / unit
        scaled = self._times(column, ratio.numerator)
        expr = scaled.expr if ratio.denominator == 1 else scaled.expr // self._literal(ratio.denominator)
        return self._seen(expr, unit, scaled.low // ratio.denominator, scaled.high // ratio.denominator)

    def _aligned(self, left: Column, right: Column) -> tuple[Column, Column]:
        a, b = left.scale, right.scale
        common = Fraction(gcd(a.numerator * b.denominator, b.numerator * a.denominator), a.denominator * b.denominator)
        return self._times(left, int(a / common), common), self._times(right, int(b / common), common)

    def _times(self, column: Column, factor: int, scale: Fraction = Fraction(1)) -> Column:
        if factor == 1:
            return Column(column.expr, scale, column.low, column.high)
        return self._seen(column.expr * self._literal(factor), scale, column.low * factor, column.high * factor)

    def _constant(self, value: Fraction) -> Column:
        sign = (value > 0) - (value < 0)
        return Column(self._literal(sign), abs(value) or Fraction(1), sign, sign)

    def _literal(self, value: int) -> pl.Expr:
        """A literal; one that no column of `dtype` can hold is cut to 0, and `peak` tells that this plan must not be used."""
        self.peak = max(self.peak, abs(value))
        largest = LIMITS[-1][0] if self._dtype == pl.Int128 else LIMITS[0][0]
        return pl.lit(value if abs(value) <= largest else 0, dtype=self._dtype)

    def _seen(self, expr: pl.Expr, scale: Fraction, low: int, high: int) -> Column:
        self.peak = max(self.peak, abs(low), abs(high))
        return Column(expr, scale, low, high)
