"""The households of a shard: how many live there, which meters and bills they bring, and whether they really save."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oracle.sandbox.city.draw import Draw, Ints, Mask, Part
from oracle.sandbox.city.people import numbers
from oracle.sandbox.city.plan import Plan

# Households of one to six people, in per cent (rounded; the census of 2020 has 2.62 people in the mean, this has 2.6).
_RESIDENTS = np.repeat(np.arange(1, 7, dtype=np.int64), (25, 30, 21, 14, 6, 4))


@dataclass(frozen=True)
class Households:
    """Arrays by citizen of one shard: the household the citizen brings, if any.

    Attributes:
        number: Number of the citizen in the city, from 0.
        residents: People in the household, 1 to 6.
        smart, hourly: Brings an electricity meter; it reports hourly.
        bills: Brings water and gas bills.
        size: Size of its use against others with as many residents, in thousandths.
        saving: What it still uses when it saves, in thousandths; 1000 saves nothing.
    """

    number: Ints
    residents: Ints
    smart: Mask
    hourly: Mask
    bills: Mask
    size: Ints
    saving: Ints


def households(plan: Plan, shard: int) -> Households:
    """The households of a shard, the same whenever they are asked for.

    Citizen 0 has a Green Button file instead of a meter in the grid's file, so that nothing is claimed twice.
    """
    draw = Draw(plan.seed, Part.HOUSEHOLDS, shard=shard)
    number = numbers(plan, shard)
    count = len(number)
    smart = draw.chance(plan.smart_meters_bps, count) & (number > 0)
    return Households(
        number=number,
        residents=_RESIDENTS[draw.below(len(_RESIDENTS), count)],
        smart=smart,
        hourly=draw.chance(plan.hourly_bps, count) & smart,
        bills=draw.chance(plan.bills_bps, count),
        size=draw.between(700, 1_400, count),
        saving=np.where(draw.chance(plan.savers_bps, count), draw.between(800, 930, count), 1_000),
    )
