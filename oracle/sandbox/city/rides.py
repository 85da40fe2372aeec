"""The rides of a day: honest, one after another for everybody, before anyone writes them into a file or cheats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oracle.model.units import date_of
from oracle.sandbox.city.draw import Draw, Ints, Mask, Part
from oracle.sandbox.city.people import People, Way, bus_metres
from oracle.sandbox.city.plan import Plan
from oracle.sandbox.city.stations import Stations

MINUTE, HOUR = 60, 3_600
SLOTS = 4  # rides of a person in a day at most: to work, home, to an errand, home
METRO_ERRANDS_BPS = 4_000  # errands of bus app riders that lead by metro
SATURDAY = 5


@dataclass(frozen=True)
class Rides:
    """Arrays by ride.

    Attributes:
        person: Position of the rider in the shard.
        act: Number of the act, unique in the city; modulo `SLOTS` it is the slot.
        metro: By metro, else by bus.
        origin, destination: Stations; of a bus ride, the nearest.
        metres: Length of the ride.
        start: Seconds from midnight of the day.
        seconds: Duration.
    """

    person: Ints
    act: Ints
    metro: Mask
    origin: Ints
    destination: Ints
    metres: Ints
    start: Ints
    seconds: Ints

    def where(self, chosen: Mask) -> Rides:
        """The chosen rides."""
        return Rides(**{name: column[chosen] for name, column in vars(self).items()})


@dataclass(frozen=True)
class _Leg:
    """A way from home and back, by citizen."""

    metro: Mask
    home: Ints
    there: Ints
    metres: Ints
    seconds_out: Ints
    seconds_back: Ints


def rides(plan: Plan, stations: Stations, people: People, day: int, shard: int) -> Rides:
    """All rides of a shard on a day. No two rides of a person overlap; between two lie ten minutes at least."""
    draw = Draw(plan.seed, Part.RIDES, day, shard)
    count = len(people.number)
    works = people.commutes & (date_of(day).weekday() < SATURDAY)
    goes = draw.chance(plan.errands_bps, count)
    by_metro = people.way == Way.METRO
    to_work = _leg(draw, stations, by_metro, people.home, people.work, people.bus_m)
    by_metro = by_metro | (people.way == Way.BUS_APP) & draw.chance(METRO_ERRANDS_BPS, count)
    shop = stations.errands.pick(draw, people.home)
    errand = _leg(draw, stations, by_metro, people.home, shop, bus_metres(draw, 90, count))
    first_act = (day * plan.citizens + people.number) * SLOTS
    slots = [
        _slot(to_work if slot < 2 else errand, works if slot < 2 else goes, start, slot, first_act + slot)
        for slot, start in enumerate(_starts(draw, works, to_work, errand))
    ]
    return Rides(**{name: np.concatenate([vars(slot)[name] for slot in slots]) for name in vars(slots[0])})


def _leg(draw: Draw, stations: Stations, metro: Mask, home: Ints, there: Ints, bus_m: Ints) -> _Leg:
    """A way there, with the walk to the platform or the wait at the stop.

    The metro runs at 32 to 40 km/h, the bus at 14 to 26 km/h.
    """
    count = len(home)
    metres = np.where(metro, stations.metres[home, there], bus_m)

    def seconds() -> Ints:
        m_per_h = np.where(metro, draw.between(32_000, 40_000, count), draw.between(14_000, 26_000, count))
        waiting = np.where(metro, draw.between(120, 360, count), draw.between(60, 240, count))
        taken: Ints = metres * HOUR // m_per_h + waiting
        return taken

    return _Leg(metro, home, there, metres, seconds_out=seconds(), seconds_back=seconds())


def _slot(leg: _Leg, going: Mask, start: Ints, slot: int, act: Ints) -> Rides:
    """One ride of everybody who is going: out in even slots, back in odd ones."""
    person = np.flatnonzero(going)
    back = slot % 2 == 1
    return Rides(
        person=person,
        act=act[person],
        metro=leg.metro[person],
        origin=(leg.there if back else leg.home)[person],
        destination=(leg.home if back else leg.there)[person],
        metres=leg.metres[person],
        start=start[person],
        seconds=(leg.seconds_back if back else leg.seconds_out)[person],
    )


def _starts(draw: Draw, works: Mask, to_work: _Leg, errand: _Leg) -> tuple[Ints, ...]:
    """Starts of the four slots' rides, in seconds from midnight.

    To work from 6:30 to 9:30, most about 8:00; home from 16:45 to 20:15, most about 18:30; an errand after that, or about noon if there
    is no work.
    """
    count = len(works)
    morning = 6 * HOUR + 30 * MINUTE + _bell(draw, HOUR, count)
    homeward = 16 * HOUR + 45 * MINUTE + _bell(draw, 70 * MINUTE, count)
    evening = homeward + to_work.seconds_back + 15 * MINUTE + draw.below(25 * MINUTE, count)
    noon = 9 * HOUR + _bell(draw, 2 * HOUR, count)
    to_errand = np.where(works, evening, noon)
    stay = np.where(works, 10 * MINUTE + draw.below(40 * MINUTE, count), 20 * MINUTE + draw.below(3 * HOUR, count))
    return morning, homeward, to_errand, to_errand + errand.seconds_out + stay


def _bell(draw: Draw, width: int, count: int) -> Ints:
    """Sums of three numbers below `width`: a bell over three widths, without a logarithm."""
    return draw.below(width, count) + draw.below(width, count) + draw.below(width, count)
