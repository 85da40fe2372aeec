"""The plan of a method: its steps and its quantity as integer columns, each with the range it can reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from oracle.measure.quantify import formula
from oracle.measure.quantify.columns import LIMITS, Columns
from oracle.measure.quantify.dimensions import measure
from oracle.measure.quantify.schema import Method
from oracle.model.errors import MethodologyError

QUANTITY = "quantity"


@dataclass(frozen=True)
class Plan:
    """Columns to add, one after the other; the last is the quantity.

    Attributes:
        columns: Name and expression of each; values fit Int64.
        limit: The largest quantity.
        bits: Width of the arithmetic, 64 or 128.
    """

    columns: tuple[tuple[str, pl.Expr], ...]
    limit: int
    bits: int


def plan(method: Method, constants: Mapping[str, Fraction]) -> Plan:
    """Plan of `method` with its parameters, in the narrowest arithmetic that cannot overflow.

    Raises:
        MethodologyError: no arithmetic here is wide enough, or a result does not fit a column.
    """
    for limit, dtype, bits in LIMITS:
        columns, peak, highest = _steps(method, constants, dtype)
        if peak <= limit:
            return Plan(columns, highest, bits)
    raise MethodologyError("a formula can exceed 128 bits over the ranges of its fields; narrow the ranges")


def _steps(
    method: Method, constants: Mapping[str, Fraction], dtype: pl.DataType
) -> tuple[tuple[tuple[str, pl.Expr], ...], int, int]:
    known = {
        field.column: (measure(field.base).scale, field.in_base(field.min), field.in_base(field.max))
        for field in method.fields.values()
    }
    algebra = Columns(known, constants, dtype)
    steps = [(step.name, step.unit, step.formula) for step in method.steps] + [(QUANTITY, method.unit, method.quantity)]
    columns: list[tuple[str, pl.Expr]] = []
    highest = 0
    for name, unit, text in steps:
        scale = measure(unit).scale
        column = algebra.floor(formula.evaluate(formula.parse(text), algebra), scale)
        known[name] = (scale, column.low, column.high)
        columns.append((name, column.expr.cast(pl.Int64)))
        highest = column.high
        if max(abs(column.low), abs(column.high)) > LIMITS[0][0]:
            raise MethodologyError(f"{name} can exceed 64 bits over the ranges of its fields; narrow the ranges")
    return tuple(columns), algebra.peak, highest
