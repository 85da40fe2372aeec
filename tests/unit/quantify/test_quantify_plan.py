from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest

from oracle.measure.quantify.plan import plan
from oracle.measure.quantify.schema import Method, RecordField
from oracle.model.errors import MethodologyError


def method(quantity: str, most: str) -> Method:
    field = RecordField(column="pieces", max=most, en="pieces", zh="件数")
    return Method(en="", zh="", unit="-", fields={"pieces": field}, quantity=quantity)


@pytest.mark.parametrize(
    ("quantity", "most", "bits", "limit"),
    [
        ("pieces * 4", "100", 64, 400),
        ("pieces * 3", str(3 * 10**18), 64, 9 * 10**18),
        ("pieces * third", str(3 * 10**18), 64, 10**18),
        ("pieces * 10 / 20", str(9 * 10**18), 64, 45 * 10**17),
        ("pieces * pieces / ten", str(6 * 10**9), 128, 36 * 10**17),
    ],
)
def test_plan__range_of_the_fields__decides_the_width(quantity: str, most: str, bits: int, limit: int) -> None:
    made = plan(method(quantity, most), {"third": Fraction(1, 3), "ten": Fraction(10)})
    assert (made.bits, made.limit) == (bits, limit)
    frame = pl.DataFrame({"pieces": [int(most)]}, schema={"pieces": pl.Int64})
    assert frame.select(made.columns[-1][1].alias("quantity")).item() == limit


@pytest.mark.parametrize("quantity", ["pieces * pieces", "pieces * pieces * pieces * pieces"])
def test_plan__results_that_fit_no_column__refused(quantity: str) -> None:
    with pytest.raises(MethodologyError, match="narrow the ranges"):
        plan(method(quantity, str(10**10)), {})
