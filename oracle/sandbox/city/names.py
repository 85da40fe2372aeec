"""Who everybody is in each source: the same citizen has other names elsewhere, and no name says who it is."""

from __future__ import annotations

import polars as pl

from oracle.sandbox.city.draw import Draw, Ints, Part
from oracle.sandbox.city.plan import Plan
from oracle.sandbox.city.text import scattered

TAPS = "szt"
BUS_APP = "bus-app"
RIDE_APP = "ride-app"
ELECTRICITY = "grid"
WATER = "water"
GAS = "gas"
GREEN_BUTTON = "green-button"
LIFE = "green-life"

# What a source's names begin with; a card number is nine letters A to J and nothing else, a Green Button household an address.
_PREFIXES = {
    BUS_APP: "B",
    RIDE_APP: "R",
    ELECTRICITY: "E",
    WATER: "W",
    GAS: "G",
    GREEN_BUTTON: "RetailCustomer/1/UsagePoint/",
    LIFE: "L",
}


class Names:
    """Names of the citizens of one plan."""

    def __init__(self, plan: Plan):
        draw = Draw(plan.seed, Part.NAMES)
        sources = ("citizen", TAPS, *_PREFIXES)
        self._starts = dict(zip(sources, draw.below(10**9, len(sources)).tolist(), strict=True))

    def citizens(self, number: Ints) -> pl.Series:
        """Pseudonyms of citizens, by number."""
        return "C" + scattered(number, self._starts["citizen"], 9)

    def subjects(self, source: str, number: Ints) -> pl.Series:
        """Names of citizens, or of their meters, in a source."""
        if source == TAPS:
            return scattered(number, self._starts[TAPS], 9, zero="A")
        return _PREFIXES[source] + scattered(number, self._starts[source], 9)
