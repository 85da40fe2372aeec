"""Units as methodology documents write them: an exact scale and a dimension for each.

A formula is checked like a physics exercise: `kgCO2/pkm` times `km` is a mass, `kgCO2/pkm` times `kWh` is refused. So a kilogram that
should have been a tonne, or a factor per kilometre used per ride, does not load. Scales are exact fractions of the base units: microgram
CO2e, metre, watt-hour, millilitre, gram of matter, square centimetre, second, fen. What is counted (rides, persons, cups) has no
dimension.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from oracle.model.errors import MethodologyError
from oracle.model.units import Unit

Dimensions = tuple[tuple[str, int], ...]
"""Sorted pairs of base dimension and exponent; () for a plain number."""


@dataclass(frozen=True)
class Measure:
    """A unit: so many base units of a dimension."""

    scale: Fraction
    dimensions: Dimensions


def combine(left: Dimensions, right: Dimensions, sign: int) -> Dimensions:
    """Dimensions of a product (`sign` 1) or a quotient (`sign` -1)."""
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, 0) + sign * power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def _table(dimension: str, **scales: int | Fraction) -> dict[str, Measure]:
    return {name: Measure(Fraction(scale), ((dimension, 1),)) for name, scale in scales.items()}


_WH_PER_MJ = Fraction(2500, 9)  # 1 kWh = 3.6 MJ
_MJ_PER_MMBTU = Fraction("1055.05585262")  # international table
_CARBON = Fraction(44, 12)  # CO2 per carbon, by molar mass as the inventories round it

_ATOMS: dict[str, Measure] = {
    **_table(
        "co2", ugCO2e=1, mgCO2e=10**3, gCO2=10**6, gCO2e=10**6, kgCO2=10**9, kgCO2e=10**9, tCO2=10**12, tCO2e=10**12
    ),
    **_table("co2", kgC=10**9 * _CARBON, tC=10**12 * _CARBON, lbCO2=Fraction("453.59237") * 10**6),
    **_table("length", mm=Fraction(1, 1000), m=1, km=1000, pkm=1000, vkm=1000, mile=Fraction("1609.344")),
    **_table("energy", Wh=1, kWh=1000, MWh=10**6, GWh=10**9, kJ=_WH_PER_MJ / 1000, MJ=_WH_PER_MJ),
    **_table("energy", GJ=_WH_PER_MJ * 10**3, TJ=_WH_PER_MJ * 10**6, mmbtu=_MJ_PER_MMBTU * _WH_PER_MJ),
    **_table("energy", therm=_MJ_PER_MMBTU * _WH_PER_MJ / 10),
    **_table("volume", nL=Fraction(1, 10**6), mL=1, L=1000, m3=10**6, Nm3=10**6, gallon=Fraction("3785.411784")),
    **_table("matter", g=1, kg=1000, t=10**6, shortton=Fraction("907184.74"), lb=Fraction("453.59237")),
    **_table("area", cm2=1, m2=10**4, mu=Fraction(2 * 10**7, 3), milli_mu=Fraction(2 * 10**4, 3), ha=10**8),
    **_table("time", s=1, min=60, h=3600, day=86_400, yr=365 * 86_400),
    **_table("temperature", K=1),
    **_table("money", fen=1, RMB=100),
}

_COUNTED = (
    "person passenger ride trip step tree stop order pair kit cup meal document sheet email item box use bag certificate "
    "donation garment vehicle lamp passage point bike piece"
)
_ATOMS.update({word: Measure(Fraction(1), ()) for word in _COUNTED.split()})
_ATOMS.update({"milli_point": Measure(Fraction(1, 1000), ()), "permille": Measure(Fraction(1, 1000), ())})
_ATOMS.update({"-": Measure(Fraction(1), ()), "percent": Measure(Fraction(1, 100), ())})

CHAIN_UNITS: dict[Unit, str] = {
    Unit.METRE: "m",
    Unit.WATT_HOUR: "Wh",
    Unit.LITRE: "L",
    Unit.MILLILITRE: "mL",
    Unit.GRAM: "g",
    Unit.SECOND: "s",
    Unit.COUNT: "-",
    Unit.MILLIGRAM_CO2E: "mgCO2e",
}


@cache
def measure(text: str) -> Measure:
    """Scale and dimensions of a unit such as `kgCO2/kWh`, `L/100km` or `kWh/m2-day`.

    Raises:
        MethodologyError: a part of `text` is not a known unit.
    """
    if text == "-":
        return _ATOMS[text]
    numerator, *denominators = text.split("/")
    if len(denominators) > 1:
        raise MethodologyError(f"unit '{text}' has more than one '/'. Write for example kWh/m2-day")
    result = _product(numerator, text)
    if not denominators:
        return result
    below = _product(denominators[0], text)
    return Measure(result.scale / below.scale, combine(result.dimensions, below.dimensions, -1))


def _product(part: str, text: str) -> Measure:
    result = Measure(Fraction(1), ())
    for factor in part.split("-"):
        found = re.fullmatch(r"(\d+)?([A-Za-z_]\w*)", factor)
        if found is None or found[2] not in _ATOMS:
            raise MethodologyError(f"unit '{text}' is unknown: '{factor}' is not one of the supported units")
        atom = _ATOMS[found[2]]
        scale = Fraction(found[1] or 1) * atom.scale
        result = Measure(result.scale * scale, combine(result.dimensions, atom.dimensions, 1))
    return result
