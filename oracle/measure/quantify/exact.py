"""Evaluate a formula for one record, in fractions, with its dimensions. The slow reference of `columns`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from oracle.measure.quantify.dimensions import Dimensions, combine
from oracle.model.errors import MethodologyError


@dataclass(frozen=True)
class Amount:
    """A value in base units and its dimensions."""

    value: Fraction
    dimensions: Dimensions = ()


_NOTHING = Amount(Fraction(0))


class Exact:
    """The algebra of amounts. Adding, comparing or choosing between different dimensions is refused."""

    def __init__(self, amounts: Mapping[str, Amount]) -> None:
        self._amounts = amounts

    def number(self, value: int) -> Amount:
        return Amount(Fraction(value))

    def name(self, name: str) -> Amount:
        if name not in self._amounts:
            raise MethodologyError(f"a formula uses '{name}', which is not a field, step or parameter of its rule")
        return self._amounts[name]

    def add(self, left: Amount, right: Amount) -> Amount:
        return Amount(left.value + right.value, self._common(left, right))

    def subtract(self, left: Amount, right: Amount) -> Amount:
        return Amount(left.value - right.value, self._common(left, right))

    def multiply(self, left: Amount, right: Amount) -> Amount:
        return Amount(left.value * right.value, combine(left.dimensions, right.dimensions, 1))

    def divide(self, left: Amount, right: Amount) -> Amount:
        if right.value == 0:
            raise MethodologyError("a formula divides by a parameter that is 0")
        return Amount(left.value / right.value, combine(left.dimensions, right.dimensions, -1))

    def larger(self, left: Amount, right: Amount) -> Amount:
        return self.if_ge(left, right, left, right)

    def smaller(self, left: Amount, right: Amount) -> Amount:
        return self.if_ge(left, right, right, left)

    def if_ge(self, left: Amount, right: Amount, then: Amount, otherwise: Amount) -> Amount:
        self._common(left, right)
        chosen = then if left.value >= right.value else otherwise
        return Amount(chosen.value, self._common(then, otherwise))

    def choose(self, index: Amount, options: Sequence[Amount]) -> Amount:
        stated = [option for option in options if option != _NOTHING] or [_NOTHING]
        for option in stated[1:]:
            self._common(stated[0], option)
        position = int(index.value)
        if position != index.value or not 0 <= position < len(options):
            raise MethodologyError(f"a formula chooses option {index.value} of {len(options)}")
        return Amount(options[position].value, stated[0].dimensions)

    @staticmethod
    def _common(left: Amount, right: Amount) -> Dimensions:
        """The dimensions of both; zero may stand for nothing of any dimension."""
        if left.dimensions == right.dimensions:
            return left.dimensions
        if left == _NOTHING:
            return right.dimensions
        if right == _NOTHING:
            return left.dimensions
        raise MethodologyError(f"a formula mixes {_written(left.dimensions)} with {_written(right.dimensions)}")


def _written(dimensions: Dimensions) -> str:
    return " ".join(f"{name}^{power}" for name, power in dimensions) or "a number without unit"
