from __future__ import annotations

from fractions import Fraction

import pytest

from oracle.measure.quantify.dimensions import combine, measure
from oracle.model.errors import MethodologyError


@pytest.mark.parametrize(
    ("unit", "scale", "dimensions"),
    [
        ("kgCO2/pkm", Fraction(10**6), (("co2", 1), ("length", -1))),
        ("kgCO2e/kWh", Fraction(10**6), (("co2", 1), ("energy", -1))),
        ("tCO2e/MWh", Fraction(10**6), (("co2", 1), ("energy", -1))),
        ("kgCO2/m3", Fraction(1000), (("co2", 1), ("volume", -1))),
        ("L/100km", Fraction(1, 100), (("length", -1), ("volume", 1))),
        ("kgCO2/ride", Fraction(10**9), (("co2", 1),)),
        (
            "kgC/mmbtu",
            Fraction(10**9 * 44, 12) / (Fraction("1055.05585262") * Fraction(2500, 9)),
            (("co2", 1), ("energy", -1)),
        ),
        ("percent", Fraction(1, 100), ()),
        ("-", Fraction(1), ()),
    ],
)
def test_measure__unit_of_a_document__scale_and_dimensions(
    unit: str, scale: Fraction, dimensions: tuple[object, ...]
) -> None:
    assert measure(unit).scale == scale
    assert measure(unit).dimensions == dimensions


@pytest.mark.parametrize(
    ("small", "large", "times"),
    [
        ("kWh", "MJ", Fraction(18, 5)),  # 1 kWh = 3.6 MJ
        ("mu", "ha", Fraction(1, 15)),
        ("mile", "km", Fraction("1.609344")),
        ("gallon", "L", Fraction("3.785411784")),
        ("therm", "mmbtu", Fraction(1, 10)),
        ("lb", "kg", Fraction("0.45359237")),
        ("yr", "day", Fraction(365)),
        ("tC", "tCO2", Fraction(44, 12)),
    ],
)
def test_measure__two_units_of_one_dimension__known_ratio(small: str, large: str, times: Fraction) -> None:
    assert measure(small).dimensions == measure(large).dimensions
    assert measure(small).scale / measure(large).scale == times


@pytest.mark.parametrize("unit", ["kgCO3/km", "kWh/m2/day", "", "km ", "100", "short ton"])
def test_measure__unknown_unit__refused_by_name(unit: str) -> None:
    with pytest.raises(MethodologyError, match="unit '"):
        measure(unit)


def test_combine__product_and_quotient__powers_add_and_vanish() -> None:
    assert combine((("co2", 1), ("length", -1)), (("length", 1),), 1) == (("co2", 1),)
    assert combine((("co2", 1),), (("co2", 1),), -1) == ()
