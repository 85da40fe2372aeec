"""Electricity meters of households as CSV: one reading a day, or one an hour.

A household uses electricity by residents, season and day of the week, and differs from day to day, so that against its own last seven
days some days save and some do not. Households that really save do so from the first day of the plan.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from oracle.model.units import date_of, day_of
from oracle.sandbox.city.cheats import Codes, Kind, Quota, Temptation, choose, code
from oracle.sandbox.city.draw import Draw, Ints, Mask, Part
from oracle.sandbox.city.households import Households
from oracle.sandbox.city.names import ELECTRICITY, Names
from oracle.sandbox.city.plan import Plan
from oracle.sandbox.city.text import hours, thousandths

HOURS = 24
SATURDAY = 5

# Invented, with the shape of the subtropics: summers need cooling, winters no heating. Wh a day by residents; thousandths by month.
_DAY_WH: Ints = np.array([0, 4_000, 6_200, 8_000, 9_400, 10_600, 11_600], dtype=np.int64)
_SEASON = (800, 780, 780, 880, 1_080, 1_250, 1_350, 1_350, 1_250, 1_050, 850, 800)
_WEEKEND, _WORKING_DAY = 1_080, 970

# Thousandths of a day's energy by hour, together 1000: a small peak in the morning, a large one in the evening.
_BY_HOUR: Ints = np.array(
    [31, 27, 25, 24, 23, 25, 33, 42, 40, 36, 35, 37, 42, 40, 37, 36, 38, 44, 57, 68, 74, 76, 63, 47], dtype=np.int64
)


def quotas(plan: Plan) -> dict[Kind, Quota]:
    """The day's quotas, one for all shards."""
    cheats = plan.cheats
    return {
        Kind.MISSING_HOURS: Quota(cheats.missing_hours_bps),
        Kind.NEGATIVE: Quota(cheats.negative_bps),
        Kind.RESET: Quota(cheats.reset_bps),
    }


def day_wh(plan: Plan, draw: Draw, homes: Households, day: int) -> Ints:
    """Energy of every household on a day, in Wh: base, size, season, weekday, saving, and 85 to 115 % of that by chance."""
    when = date_of(day)
    week = _WEEKEND if when.weekday() >= SATURDAY else _WORKING_DAY
    energy = _DAY_WH[homes.residents] * homes.size * (_SEASON[when.month - 1] * week) // 10**9
    if day >= day_of(plan.first_day):
        energy = energy * homes.saving // 1_000
    wh: Ints = energy * draw.between(850, 1_150, len(energy)) // 1_000
    return wh


def hour_wh(draw: Draw, energy: Ints) -> Ints:
    """Energy of every hour (n, 24) of days with about `energy` Wh; an hour varies by 30 %."""
    noise = draw.between(700, 1_300, len(energy) * HOURS).reshape(-1, HOURS)
    wh: Ints = energy[:, None] * _BY_HOUR * noise // 10**6
    return wh


def readings(
    plan: Plan, names: Names, homes: Households, day: int, shard: int, day_quotas: dict[Kind, Quota]
) -> pl.DataFrame:
    """Readings of a shard on a day, with columns `kind` and `act`. Before the first day of the plan nobody cheats."""
    draw = Draw(plan.seed, Part.ELECTRICITY, day, shard)
    energy = day_wh(plan, draw, homes, day)
    codes: Codes = np.zeros(len(energy), dtype=np.uint8)
    if day >= day_of(plan.first_day):
        temptations = (
            Temptation(kind, quota, homes.hourly if kind == Kind.MISSING_HOURS else homes.smart)
            for kind, quota in day_quotas.items()
        )
        codes = choose(draw, tuple(temptations))
    fell = -draw.between(2_000_000, 40_000_000, len(energy))  # what the register had counted
    daily, hourly = np.flatnonzero(homes.smart & ~homes.hourly), np.flatnonzero(homes.hourly)
    by_day = _falsified(energy[daily, None], codes[daily], fell[daily], draw.below(1, len(daily)))
    by_hour = _falsified(hour_wh(draw, energy[hourly]), codes[hourly], fell[hourly], draw.below(HOURS, len(hourly)))
    meter = names.subjects(ELECTRICITY, homes.number)
    act = pl.Series(day * plan.citizens + homes.number)
    tables = [
        _table(day, 0, HOURS, by_day, daily),
        _table(day, 1, 1, by_hour, hourly).filter(pl.Series(~_gaps(draw, codes[hourly]).ravel())),
    ]
    rows = pl.concat(tables)
    return rows.select(
        meter=meter[rows["home"]],
        start="start",
        end="end",
        value=thousandths(pl.col("wh")),
        unit=pl.lit("kWh"),
        residents=pl.Series(homes.residents)[rows["home"]],
        kind="kind",
        act=act[rows["home"]],
    )


def _falsified(wh: Ints, codes: Codes, fell: Ints, at: Ints) -> tuple[Ints, Codes]:
    """Readings (meters, readings of the day) with one of them, `at`, made false for those who cheat so; and the kind of each."""
    kinds = np.repeat(codes[:, None], wh.shape[1], axis=1)
    wh = wh.copy()
    for kind, false in ((Kind.NEGATIVE, None), (Kind.RESET, fell)):
        meters = np.flatnonzero(codes == code(kind))
        kinds[meters] = code(Kind.SPOILED)
        kinds[meters, at[meters]] = code(kind)
        wh[meters, at[meters]] = -wh[meters, at[meters]] if false is None else false[meters]
    return wh, kinds


def _gaps(draw: Draw, codes: Codes) -> Mask:
    """Hours (n, 24) that are missing: one to six in a row, which may go round midnight, for those who cheat so."""
    first, length = draw.below(HOURS, len(codes)), draw.between(1, 6, len(codes))
    length = np.where(codes == code(Kind.MISSING_HOURS), length, 0)
    return (np.arange(HOURS) - first[:, None]) % HOURS < length[:, None]


def _table(day: int, step: int, length: int, false: tuple[Ints, Codes], homes: Ints) -> pl.DataFrame:
    """One row for each reading: readings begin every `step` hours and last `length`."""
    wh, kinds = false
    clock = pl.Series(hours(day))
    start = np.tile(np.arange(wh.shape[1]) * step, len(homes))
    return pl.DataFrame(
        {
            "home": np.repeat(homes, wh.shape[1]),
            "start": clock[start],
            "end": clock[start + length],
            "wh": wh.ravel(),
            "kind": kinds.ravel(),
        }
    )
