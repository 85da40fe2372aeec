"""All that people do besides: what every other active methodology asks of a record, filled in near its typical record.

Nothing here knows a methodology: fields, bounds and lengths are what its document says, so a new one is in the city when it is active.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from oracle.measure.quantify.library import Library
from oracle.measure.quantify.schema import RecordField
from oracle.measure.records.asked import DAYS, SCENARIO, Asked, asked, is_length, is_whole
from oracle.measure.records.template import length_of, typical_values
from oracle.model.acts import BUS_KM, BUS_RIDE, ITEM, METRO
from oracle.model.units import SECONDS_PER_DAY
from oracle.sandbox.city.draw import Draw, Ints, Part
from oracle.sandbox.city.names import LIFE, Names
from oracle.sandbox.city.people import People
from oracle.sandbox.city.plan import Plan
from oracle.sandbox.city.rides import HOUR, MINUTE
from oracle.sandbox.city.text import midnight_utc

_ELSEWHERE = (BUS_KM, BUS_RIDE, METRO)  # in taps and trips


def scenarios(plan: Plan, day: int) -> list[Asked]:
    """What the methodologies that are active in the city's place on a day ask for, but those of taps, trips and meters."""
    library = _library()
    active = [name for name in library.documents if library.rule_for(name, plan.region, day) is not None]
    found = [asked(library, name, plan.region) for name in active if name not in _ELSEWHERE]
    return [wanted for wanted in found if wanted is not None]


def acts(plan: Plan, names: Names, people: People, wanted: Asked, index: int, day: int, shard: int) -> pl.DataFrame:
    """Acts of a scenario that ended on a day, or, if they take no time, happened on it; with columns `kind` and `act`."""
    draw = Draw(plan.seed, Part.LIFE, day, index * plan.shards + shard)
    who = np.flatnonzero(draw.chance(plan.life_bps, len(people.number)))
    number, percent = people.number[who], draw.between(60, 120, len(who))
    usual = typical_values(wanted) | {name: "1" for name, field in wanted.fields.items() if field.column == DAYS}
    start, seconds = _times(draw, wanted, usual, percent, day)
    scenario = wanted.document.id
    columns = {
        SCENARIO: pl.lit(scenario),
        "record_key": pl.lit(pl.Series([f"{scenario}-{day}-{each}" for each in number], dtype=pl.String)),
        "subject": pl.lit(names.subjects(LIFE, number)),
        "start": _written(start),
        "end": pl.when(pl.lit(pl.Series(seconds > 0)) | pl.lit(wanted.ends)).then(_written(start + seconds)),
    }
    thing = wanted.document.thing
    if thing is not None:
        columns[ITEM] = pl.lit(pl.Series([f"{thing.group}-{day}-{each}" for each in number], dtype=pl.String))
    for name, field in wanted.fields.items():
        if field.choices or (thing is not None and name == thing.counts):
            columns[name] = pl.lit(usual[name])
        elif not is_length(field):
            columns[field.column] = pl.lit(pl.Series(_near(field, usual[name], percent)))
    columns |= {"kind": pl.lit(0, pl.UInt8), "act": pl.lit(pl.Series((day * 100 + index) * plan.citizens + number))}
    return pl.select(expr.alias(name) for name, expr in columns.items())


@cache
def _library() -> Library:
    return Library.load()


def _times(draw: Draw, wanted: Asked, usual: dict[str, str], percent: Ints, day: int) -> tuple[Ints, Ints]:
    """UTC seconds at which each act starts, and how many it takes."""
    length = int(length_of(wanted, usual).total_seconds())
    midnight = midnight_utc(day)
    if length >= SECONDS_PER_DAY:  # whole days, to the end of this one
        start: Ints = np.full(len(percent), midnight + SECONDS_PER_DAY - length)
        return start, np.full(len(percent), length)
    told = any(is_length(field) for field in wanted.fields.values())
    seconds: Ints = np.full(len(percent), length) if told else length * percent // 100
    return midnight + 7 * HOUR + draw.below(10 * HOUR // MINUTE, len(percent)) * MINUTE, seconds


def _near(field: RecordField, usual: str, percent: Ints) -> Ints:
    """Amounts near the usual one, in base units; counts are one at least."""
    low, high = field.in_base(field.min), field.in_base(field.max)
    near: Ints = np.clip(
        field.in_base(usual) * percent // 100, max(low, min(1, high)) if is_whole(field) else low, high
    )
    return near


def _written(seconds: Ints) -> pl.Expr:
    return pl.from_epoch(pl.lit(pl.Series(seconds))).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
