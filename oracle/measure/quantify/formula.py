"""Formulas of methodology documents: a small arithmetic that is read once and evaluated in two ways.

`exact` evaluates one record in fractions and checks dimensions; `columns` evaluates a table in integers. Both walk the same tree, so
they cannot mean different things. The language: whole numbers, names, `+ - * /`, `max(a, b)`, `min(a, b)`,
`if_ge(a, b, then, otherwise)` and `choose(index, option 0, option 1, ...)`. Decimal figures are parameters, with a source, never numbers
in a formula. A divisor is a parameter or a number, never a column.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cache
from typing import Protocol, TypeVar

from oracle.model.errors import MethodologyError

T = TypeVar("T")


class Algebra(Protocol[T]):
    """What an evaluation must know."""

    def number(self, value: int) -> T: ...
    def name(self, name: str) -> T: ...
    def add(self, left: T, right: T) -> T: ...
    def subtract(self, left: T, right: T) -> T: ...
    def multiply(self, left: T, right: T) -> T: ...
    def divide(self, left: T, right: T) -> T: ...
    def larger(self, left: T, right: T) -> T: ...
    def smaller(self, left: T, right: T) -> T: ...
    def if_ge(self, left: T, right: T, then: T, otherwise: T) -> T: ...
    def choose(self, index: T, options: Sequence[T]) -> T: ...


_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
}
_FUNCTIONS: dict[str, int] = {"max": 2, "min": 2, "if_ge": 4, "choose": 2}
_AT_LEAST = {"choose"}


@cache
def parse(text: str) -> ast.expr:
    """The tree of a formula.

    Raises:
        MethodologyError: `text` is not a formula of this language.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise MethodologyError(f"formula '{text}' cannot be read: {error.msg}") from error
    for node in ast.walk(tree):
        _require_known(node, text)
    return tree


def _require_known(node: ast.AST, text: str) -> None:
    if isinstance(node, ast.Constant) and type(node.value) is not int:
        raise MethodologyError(
            f"formula '{text}': {node.value!r} is not a whole number. Make it a parameter with a source"
        )
    if isinstance(node, ast.BinOp) and type(node.op) not in _OPERATORS:
        raise MethodologyError(f"formula '{text}': only + - * / are supported")
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else "?"
        wanted, given = _FUNCTIONS.get(name), len(node.args)
        fits = wanted is not None and (given == wanted or (name in _AT_LEAST and given > wanted))
        if not fits or node.keywords:
            raise MethodologyError(f"formula '{text}': there is no function '{name}' with {given} arguments")
    if not isinstance(node, ast.BinOp | ast.Constant | ast.Name | ast.Call | ast.operator | ast.expr_context):
        raise MethodologyError(f"formula '{text}': {type(node).__name__} is not part of the language")


@cache
def names(text: str) -> frozenset[str]:
    """Names that a formula reads."""
    tree = parse(text)
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in functions)


def evaluate(tree: ast.expr, algebra: Algebra[T]) -> T:
    """Value of a parsed formula in `algebra`."""
    if isinstance(tree, ast.Constant):
        return algebra.number(int(str(tree.value)))
    if isinstance(tree, ast.Name):
        return algebra.name(tree.id)
    if isinstance(tree, ast.BinOp):
        operation = getattr(algebra, _OPERATORS[type(tree.op)])
        result: T = operation(evaluate(tree.left, algebra), evaluate(tree.right, algebra))
        return result
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        return _call(tree.func.id, [evaluate(argument, algebra) for argument in tree.args], algebra)
    raise MethodologyError(f"{ast.unparse(tree)} is not part of the language")


def _call(function: str, values: list[T], algebra: Algebra[T]) -> T:
    if function == "max":
        return algebra.larger(values[0], values[1])
    if function == "min":
        return algebra.smaller(values[0], values[1])
    if function == "if_ge":
        return algebra.if_ge(values[0], values[1], values[2], values[3])
    return algebra.choose(values[0], values[1:])
