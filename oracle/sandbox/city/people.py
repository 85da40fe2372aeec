"""The people of a shard: where they live and work, how they travel, and whether they consented."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from oracle.sandbox.city.draw import Draw, Ints, Mask, Part
from oracle.sandbox.city.plan import ALL_BPS, Plan
from oracle.sandbox.city.stations import Stations


class Way(IntEnum):
    """How a citizen travels."""

    METRO = 0  # taps of a card at the gates
    BUS_CARD = 1  # one tap of a card in the bus: nobody measures the distance
    BUS_APP = 2  # an app that measures the distance; by metro, if at all, with the second operator's app


@dataclass(frozen=True)
class People:
    """Arrays by citizen of one shard.

    Attributes:
        number: Number of the citizen in the city, from 0.
        way: How they travel (`Way`).
        commutes: Travel to work on working days.
        consented: Consented to the sale of their reductions.
        home, work: Stations; of who rides the bus, the nearest.
        bus_m: Metres to work by bus.
    """

    number: Ints
    way: Ints
    commutes: Mask
    consented: Mask
    home: Ints
    work: Ints
    bus_m: Ints


def numbers(plan: Plan, shard: int) -> Ints:
    """Numbers of the citizens of a shard. Shards differ in size by one citizen at most."""
    return np.arange(plan.citizens * shard // plan.shards, plan.citizens * (shard + 1) // plan.shards, dtype=np.int64)


def people(plan: Plan, stations: Stations, shard: int) -> People:
    """The people of a shard, the same whenever they are asked for."""
    draw = Draw(plan.seed, Part.PEOPLE, shard=shard)
    number = numbers(plan, shard)
    count = len(number)
    taste = draw.below(ALL_BPS, count)
    home = stations.homes.pick(draw, np.zeros(count, dtype=np.int64))
    return People(
        number=number,
        way=(taste >= plan.metro_bps).astype(np.int64) + (taste >= plan.metro_bps + plan.bus_card_bps),
        commutes=draw.chance(plan.commuters_bps, count),
        consented=draw.chance(plan.consented_bps, count),
        home=home,
        work=stations.work.pick(draw, home),
        bus_m=bus_metres(draw, 130, count),
    )


def bus_metres(draw: Draw, widest: int, count: int) -> Ints:
    """Distances by bus: a kilometre and the product of two numbers below `widest`, so many are short and few are long."""
    return 1_000 + draw.below(widest, count) * draw.below(widest, count)
