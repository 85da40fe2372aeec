"""One tree, two evaluations: fractions with dimensions, and integer columns. They must never disagree."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.measure.quantify import formula
from oracle.measure.quantify.columns import LIMITS, Columns
from oracle.measure.quantify.exact import Amount, Exact
from oracle.model.errors import MethodologyError

METRES = (("length", 1),)
GRAMS = (("matter", 1),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a +", "cannot be read"),
        ("a * 0.5", "Make it a parameter with a source"),
        ("a ** 2", "only"),
        ("a // 2", "only"),
        ("sum(a, b)", "no function 'sum' with 2 arguments"),
        ("min(a)", "no function 'min' with 1 arguments"),
        ("max(a, b, c)", "no function 'max' with 3 arguments"),
        ("choose(a)", "no function 'choose' with 1 arguments"),
        ("-a", "UnaryOp"),
        ("a if b else c", "IfExp"),
        ("a.b", "Attribute"),
        ("__import__('os')", "no function '__import__'"),
        ("[a]", "List"),
        ("True", "not a whole number"),
        ("a < b", "Compare"),
    ],
)
def test_parse__outside_the_language__refused(text: str, says: str) -> None:
    with pytest.raises(MethodologyError, match=says):
        formula.parse(text)


def test_names__functions_are_no_names() -> None:
    assert formula.names("max(a, min(b, 2)) * max_b") == {"a", "b", "max_b"}


@pytest.mark.parametrize(
    "text", ["m + g", "m - g", "max(m, g)", "if_ge(m, g, m, m)", "if_ge(m, m, m, g)", "choose(n, m, g)", "m + 1"]
)
def test_exact__metres_with_grams__refused(text: str) -> None:
    known = {"m": Amount(Fraction(5), METRES), "g": Amount(Fraction(5), GRAMS), "n": Amount(Fraction(0))}
    with pytest.raises(MethodologyError, match="mixes"):
        formula.evaluate(formula.parse(text), Exact(known))


@pytest.mark.parametrize(
    ("text", "value", "dimensions"),
    [
        ("max(m, 0)", 5, METRES),
        ("choose(n, 0, m)", 5, METRES),
        ("choose(0, 0, m)", 0, METRES),
        ("m * g / m", 7, GRAMS),
        ("if_ge(m, 0, m, 0)", 5, METRES),
    ],
)
def test_exact__zero_stands_for_nothing_of_any_dimension(text: str, value: int, dimensions: tuple[object, ...]) -> None:
    known = {"m": Amount(Fraction(5), METRES), "g": Amount(Fraction(7), GRAMS), "n": Amount(Fraction(1))}
    assert formula.evaluate(formula.parse(text), Exact(known)) == Amount(Fraction(value), dimensions)  # type: ignore[arg-type]  # table


def test_exact__choice_outside_the_options__refused() -> None:
    with pytest.raises(MethodologyError, match="option 2 of 2"):
        formula.evaluate(formula.parse("choose(n, 1, 2)"), Exact({"n": Amount(Fraction(2))}))


@pytest.mark.parametrize("text", ["p / zero", "p / a"])
def test_columns__division_by_zero_or_by_a_column__refused(text: str) -> None:
    algebra = Columns({"a": (Fraction(1), 1, 9)}, {"p": Fraction(1), "zero": Fraction(0)}, pl.Int64())
    with pytest.raises(MethodologyError, match="divides by"):
        formula.evaluate(formula.parse(text), algebra)


NAMES = ("a", "b", "p", "q")
LEAVES = st.sampled_from(NAMES) | st.integers(0, 50).map(str)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return (
        two.map(lambda x: f"({x[0]} + {x[1]})")
        | two.map(lambda x: f"({x[0]} - {x[1]})")
        | two.map(lambda x: f"({x[0]} * {x[1]})")
        | inner.map(lambda x: f"({x} / q)")
        | two.map(lambda x: f"max({x[0]}, {x[1]})")
        | two.map(lambda x: f"min({x[0]}, {x[1]})")
        | st.tuples(inner, inner, inner, inner).map(lambda x: f"if_ge({', '.join(x)})")
        | two.map(lambda x: f"choose(c, {x[0]}, {x[1]}, 7)")
    )


FORMULAS = st.recursive(LEAVES, _grown, max_leaves=8)
DECIMALS = st.tuples(st.integers(-999, 999), st.integers(1, 1000)).map(lambda x: Fraction(*x))


@settings(max_examples=300, deadline=None)
@given(
    text=FORMULAS,
    rows=st.lists(st.tuples(st.integers(-50, 1000), st.integers(0, 10**6), st.integers(0, 2)), min_size=1, max_size=5),
    p=DECIMALS,
    q=DECIMALS.filter(bool),
    unit=st.integers(1, 1000).map(lambda x: Fraction(x, 7)),
)
def test_columns__any_formula__same_integer_as_fractions_and_inside_the_proof(
    text: str, rows: list[tuple[int, int, int]], p: Fraction, q: Fraction, unit: Fraction
) -> None:
    scale = Fraction(1, 1000)
    tree = formula.parse(text)
    known = {"a": (Fraction(3), -50, 1000), "b": (scale, 0, 10**6), "c": (Fraction(1), 0, 2)}
    limit, dtype, _ = LIMITS[-1]
    algebra = Columns(known, {"p": p, "q": q}, dtype)
    column = algebra.floor(formula.evaluate(tree, algebra), unit)
    if algebra.peak > limit:
        return
    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.Int64, "c": pl.Int64}, orient="row")
    found = frame.select(column.expr.alias("x") + pl.lit(0, dtype) * pl.col("a").cast(dtype))["x"].to_list()
    for (a, b, c), got in zip(rows, found, strict=True):
        amounts = {"a": a * Fraction(3), "b": b * scale, "c": Fraction(c), "p": p, "q": q}
        exact = formula.evaluate(tree, Exact({name: Amount(value) for name, value in amounts.items()})).value / unit
        assert got == exact.numerator // exact.denominator
        assert column.low <= got <= column.high
