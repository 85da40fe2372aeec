"""What a city should be: its size, its days, its habits and how much it cheats. Shares are basis points: 10_000 is everyone.

Nothing here is measured. The defaults make a large Chinese city plausible, no more, and every city says in its manifest which it used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from datetime import date

from oracle.model.errors import InputError

ALL_BPS = 10_000
MAX_CITIZENS = 10_000_000
MAX_DAYS = 366
HISTORY_DAYS = 7  # days of meter readings before the first day: a week for the baseline of seven days
BILL_MONTHS = (
    24  # closed months of bills before the first day's month: each of the last twelve has its month a year before
)

# Clocks in China have had one offset all year since 1991, so a day has 24 hours; number tables of weekdays and months end nowhere near.
FIRST_YEAR, LAST_YEAR = 2000, 2099


@dataclass(frozen=True)
class Cheats:
    """Rates of cheating, in basis points of the honest acts that could be cheated with. `oracle.sandbox.city.cheats`
    says what each kind is.

    Attributes:
        teleport_bps: Of metro rides in taps and of trips in an operator's file: taken at 150 to 300 km/h.
        same_station_bps: Of metro rides in taps: out of the gate where it went in.
        exit_only_bps: Of metro rides in taps: the entry is missing.
        duplicate_bps: Of taps' rides and of trips: the record again in the same file.
        resent_bps: Of taps' rides and of trips: the record again in a second file.
        overlap_bps: Of trips: another trip of the same rider at the same time.
        two_operators_bps: Of the bus app's trips: sold again by the second operator.
        negative_bps: Of days of an electricity meter: one reading is negative.
        reset_bps: Of days of an electricity meter: one reading falls by the whole register.
        missing_hours_bps: Of days of an hourly electricity meter: one to six readings are missing.
    """

    teleport_bps: int = 50
    same_station_bps: int = 50
    exit_only_bps: int = 100
    duplicate_bps: int = 50
    resent_bps: int = 50
    overlap_bps: int = 50
    two_operators_bps: int = 100
    negative_bps: int = 20
    reset_bps: int = 10
    missing_hours_bps: int = 100

    def __post_init__(self) -> None:
        for rate in fields(self):
            _check(f"cheats.{rate.name}", getattr(self, rate.name), 0, ALL_BPS)
        # An act carries one kind of cheating at most, so half of the acts must be left to choose from.
        _check("cheats, all together", sum(getattr(self, rate.name) for rate in fields(self)), 0, ALL_BPS // 2)


@dataclass(frozen=True)
class Plan:
    """One city. Equal plans make equal bytes.

    Attributes:
        seed: Root of all chance.
        citizens: Number of people, each enrolled.
        first_day: First civil day, in Asia/Shanghai.
        days: Number of days.
        region: Where the acts are, as `CN` plus GB/T 2260 digits.
        commuters_bps: Citizens who travel to work and back on working days (Monday to Friday).
        errands_bps: Citizens who, on any day, travel somewhere else and back.
        metro_bps: Citizens who ride the metro and pay by card.
        bus_card_bps: Citizens who ride the bus and pay by card. The rest ride with the bus app, which measures distances.
        consented_bps: Citizens who consented to the sale of their reductions.
        smart_meters_bps: Citizens who bring the electricity meter of a household.
        hourly_bps: Smart meters that report hourly; the rest report daily.
        bills_bps: Citizens who bring the water and gas bills of a household.
        savers_bps: Households that really save.
        life_bps: Citizens who, on any day, do any one of the acts that are neither rides in taps and trips nor a household's meter.
        citizens_per_shard: How many citizens are made at once. It bounds memory and, as shards draw apart, it is part of the plan.
        cheats: Rates of cheating.

    Raises:
        InputError: a value is outside its range; names the field.
    """

    seed: int
    citizens: int
    first_day: date
    days: int = 1
    region: str = "CN-4403"
    commuters_bps: int = 7_500
    errands_bps: int = 4_500
    metro_bps: int = 4_500
    bus_card_bps: int = 2_500
    consented_bps: int = 8_000
    smart_meters_bps: int = 5_000
    hourly_bps: int = 500
    bills_bps: int = 1_000
    savers_bps: int = 4_000
    life_bps: int = 0
    citizens_per_shard: int = 100_000
    cheats: Cheats = field(default_factory=Cheats)

    def __post_init__(self) -> None:
        _check("seed", self.seed, 0, 2**64 - 1)
        _check("citizens", self.citizens, 1, MAX_CITIZENS)
        _check("first_day, the year", self.first_day.year, FIRST_YEAR, LAST_YEAR)
        _check("days", self.days, 1, MAX_DAYS)
        _check("citizens_per_shard", self.citizens_per_shard, 1, MAX_CITIZENS)
        for share in fields(self):
            if share.name.endswith("_bps"):
                _check(share.name, getattr(self, share.name), 0, ALL_BPS)
        _check("metro_bps + bus_card_bps", self.metro_bps + self.bus_card_bps, 0, ALL_BPS)
        if not re.fullmatch(r"CN-\d{2}(\d{2}){0,2}", self.region):
            raise InputError(f"{self.region!r} is not CN plus GB/T 2260 digits, as CN-4403", field="region")

    @property
    def shards(self) -> int:
        """Number of shards: as few as hold everyone."""
        return -(-self.citizens // self.citizens_per_shard)


def _check(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{value!r} is not a whole number from {low} to {high}", field=name)
