"""Water and gas bills of households as CSV: one period a calendar month, for two years up to the first day's month.

Bills come in whole cubic metres of water and tenths of gas. Households that really save do so in the second year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from oracle.model.units import day_of
from oracle.sandbox.city.draw import Draw, Ints, Part
from oracle.sandbox.city.households import Households
from oracle.sandbox.city.names import GAS, WATER, Names
from oracle.sandbox.city.plan import BILL_MONTHS, Plan
from oracle.sandbox.city.text import midnight, thousandths


@dataclass(frozen=True)
class Service:
    """What is billed. Invented, as the electricity is.

    Attributes:
        source: Name of the source.
        part: Stream of chance.
        litres: Litres a month of a household, and for each resident.
        season: Thousandths of that by month.
        step: Litres that a bill counts in.
    """

    source: str
    part: Part
    litres: tuple[int, int]
    season: tuple[int, ...]
    step: int


SERVICES = (
    Service(
        WATER,
        Part.WATER,
        (2_000, 4_500),
        (930, 920, 960, 990, 1_030, 1_060, 1_080, 1_080, 1_050, 1_010, 970, 940),
        1_000,
    ),
    Service(
        GAS, Part.GAS, (6_000, 3_000), (1_180, 1_160, 1_100, 1_020, 940, 880, 840, 840, 880, 960, 1_050, 1_140), 100
    ),
)


def months(plan: Plan) -> list[tuple[int, int]]:
    """Year and month of every billing period, and of the first day, which ends the last one."""
    last = plan.first_day.year * 12 + plan.first_day.month - 1
    return [(index // 12, index % 12 + 1) for index in range(last - BILL_MONTHS, last + 1)]


def bills(plan: Plan, names: Names, service: Service, homes: Households, index: int, shard: int) -> pl.DataFrame:
    """Bills of a shard for the period number `index`, from 0, with columns `kind` and `act`."""
    begin, end = (_first(*month) for month in months(plan)[index : index + 2])
    draw = Draw(plan.seed, service.part, begin, shard)
    home = np.flatnonzero(homes.bills)
    litres = _litres(draw, service, homes, months(plan)[index][1])
    if index >= BILL_MONTHS - 12:
        litres = litres * homes.saving // 1_000
    amount = pl.DataFrame({"litres": litres[home] // service.step * service.step})
    return amount.select(
        meter=names.subjects(service.source, homes.number[home]),
        start=pl.lit(midnight(begin).isoformat()),
        end=pl.lit(midnight(end).isoformat()),
        value=thousandths(pl.col("litres")),
        unit=pl.lit("m3"),
        residents=pl.Series(homes.residents[home]),
        kind=pl.lit(0, dtype=pl.UInt8),
        act=pl.Series(index * plan.citizens + homes.number[home]),
    )


def _litres(draw: Draw, service: Service, homes: Households, month: int) -> Ints:
    """Litres of a month: base, size, season, and 92 to 108 % of that by chance."""
    base, each = service.litres
    usual = (base + each * homes.residents) * homes.size * service.season[month - 1] // 10**6
    litres: Ints = usual * draw.between(920, 1_080, len(usual)) // 1_000
    return litres


def _first(year: int, month: int) -> int:
    """Day number of the first day of a month."""
    return day_of(date(year, month, 1))
