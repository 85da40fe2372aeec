"""Rules for acts, whatever file they came from. An act that breaks one becomes a finding for each of its rows; the others go on.

The rules are applied in the order of `RULES`, and an act is judged by the first it breaks. Each is pure: it takes acts by scenario, the
name of the file and the context, and gives the acts that pass and the findings of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import polars as pl

from oracle.measure.validate.overlap import with_overlap
from oracle.measure.validate.rejected import rejected, without_copies
from oracle.measure.validate.twice import any_twice
from oracle.model.acts import (
    BICYCLE,
    BUS_KM,
    BUS_RIDE,
    E_BIKE,
    ELECTRICITY,
    ELECTRICITY_BILL,
    GAS,
    METRO,
    NEV_TAXI,
    TRAM,
    WALK,
    WATER,
    Reading,
    fields_in,
)

Acts = dict[str, pl.DataFrame]
Ruling = tuple[Acts, list[pl.DataFrame]]
Range = tuple[int, int]

# A walk, which brings nothing yet, takes nobody's time: it yields to any of these when days are closed.
TRIPS = (BUS_KM, BUS_RIDE, METRO, TRAM, BICYCLE, E_BIKE, NEV_TAXI)

_DISTANCE_M = MappingProxyType(
    {
        BUS_KM: (300, 60_000),
        METRO: (500, 120_000),
        TRAM: (300, 60_000),
        BICYCLE: (200, 20_000),
        E_BIKE: (300, 30_000),
        WALK: (200, 15_000),
        NEV_TAXI: (1_000, 60_000),
    }
)
_SPEED_KMH = MappingProxyType(
    {
        BUS_KM: (5, 60),
        METRO: (10, 120),
        TRAM: (5, 70),
        BICYCLE: (4, 25),
        E_BIKE: (4, 30),
        WALK: (2, 9),
        NEV_TAXI: (5, 120),
    }
)
_PER_DAY = MappingProxyType(
    {ELECTRICITY: (0, 500_000), ELECTRICITY_BILL: (0, 500_000), WATER: (0, 20_000), GAS: (0, 100_000)}
)


@dataclass(frozen=True)
class Limits:
    """Smallest and largest plausible values by scenario, both allowed. A scenario that is not named has no limit.

    Attributes:
        distance_m: Metres of one trip; those of the methodology's document, as a test shows.
        speed_kmh: Mean speed of one trip from its start to its end, kilometres per hour; as above.
        per_day: Watt-hours or litres of one household a day; some fifty times what is usual, to find values in a wrong unit.
    """

    distance_m: Mapping[str, Range] = field(default_factory=lambda: _DISTANCE_M)
    speed_kmh: Mapping[str, Range] = field(default_factory=lambda: _SPEED_KMH)
    per_day: Mapping[str, Range] = field(default_factory=lambda: _PER_DAY)


@dataclass(frozen=True)
class Context:
    """What the rules must know besides the acts.

    Attributes:
        now: UTC seconds after which an act lies in the future.
        limits: Plausible values.
    """

    now: int
    limits: Limits = field(default_factory=Limits)


def validate(reading: Reading, context: Context) -> Reading:
    """The reading with the acts that break no rule, and findings for the rows of the others."""
    acts, found = reading.acts, [reading.findings]
    for rule in RULES:
        acts, findings = rule(acts, reading.file, context)
        found += findings
    kept = {scenario: frame for scenario, frame in acts.items() if not frame.is_empty()}
    return replace(reading, acts=kept, findings=pl.concat(found).sort("row", maintain_order=True))


def duplicates(acts: Acts, file: str, _: Context) -> Ruling:
    """One act for every record key of the file, whatever its scenario: that of the first row."""
    if not any_twice([frame["record_key"] for frame in acts.values()]):
        return acts, []
    every = pl.concat((frame.with_columns(scenario=pl.lit(name)) for name, frame in acts.items()), how="diagonal")
    content = [name for name in every.columns if name not in ("record_key", "rows")]
    every = every.with_columns(row=pl.col("rows").list.first())
    kept, found = without_copies(every, file, ["record_key"], content)
    return {name: kept.filter(pl.col("scenario") == name).select(frame.columns) for name, frame in acts.items()}, [
        found
    ]


def negative(acts: Acts, file: str, _: Context) -> Ruling:
    """No quantity is below zero."""
    return _each(acts, file, "negative", lambda name: (pl.any_horizontal(pl.col(fields_in(acts[name])) < 0), {}))


def end_before_start(acts: Acts, file: str, _: Context) -> Ruling:
    """No act ends before it begins."""
    return _each(acts, file, "end_before_start", lambda _: (pl.col("end") < pl.col("start"), {}))


def in_the_future(acts: Acts, file: str, context: Context) -> Ruling:
    """No act ends after now."""
    now = pl.lit(context.now)
    return _each(acts, file, "in_the_future", lambda _: (pl.col("end") > now, {"now": now}))


def out_of_range(acts: Acts, file: str, context: Context) -> Ruling:
    """Distances and a household's daily consumption are within the limits."""

    def check(name: str) -> Check | None:
        if name in context.limits.distance_m:
            low, high = context.limits.distance_m[name]
            quantity = pl.col("distance_m")
        elif name in context.limits.per_day:
            low, high = context.limits.per_day[name]
            quantity = pl.col(fields_in(acts[name])[0])
        else:
            return None
        days = pl.col("days") if "days" in acts[name].columns else pl.lit(1)
        smallest, largest = low * days, high * days
        return ~quantity.is_between(smallest, largest), {"smallest": smallest, "largest": largest}

    return _each(acts, file, "out_of_range", check)


def implausible_speed(acts: Acts, file: str, context: Context) -> Ruling:
    """The mean speed of a trip is within the limits."""

    def check(name: str) -> Check | None:
        if name not in context.limits.speed_kmh:
            return None
        low, high = context.limits.speed_kmh[name]
        seconds = pl.col("end") - pl.col("start")
        metre_seconds_per_hour = pl.col("distance_m") * 3600
        plausible = metre_seconds_per_hour.is_between(low * 1000 * seconds, high * 1000 * seconds)
        return ~plausible, {"seconds": seconds, "smallest_kmh": pl.lit(low), "largest_kmh": pl.lit(high)}

    return _each(acts, file, "implausible_speed", check)


def overlap(acts: Acts, file: str, _: Context) -> Ruling:
    """One person makes one trip at a time. The earlier start stays; of two trips at once the smaller record key."""
    columns = ["record_key", "subject", "start", "end", "rows"]
    trips = [acts[name].select(columns) for name in TRIPS if name in acts]
    if not trips:
        return acts, []
    every = pl.concat(trips).with_columns(row=pl.col("rows").list.first())
    losers = with_overlap(every, "subject", "record_key").filter(pl.col("other_row").is_not_null())
    if losers.is_empty():
        return acts, []
    found = rejected("overlap", file, losers, ["start", "end", "other_row"])
    kept = {
        name: frame.join(losers, on="record_key", how="anti") if name in TRIPS else frame
        for name, frame in acts.items()
    }
    return kept, [found]


RULES: tuple[Callable[[Acts, str, Context], Ruling], ...] = (
    duplicates,
    negative,
    end_before_start,
    in_the_future,
    out_of_range,
    implausible_speed,
    overlap,
)

# Whether an act breaks a rule, and what to show besides its quantities and times.
Check = tuple[pl.Expr, dict[str, pl.Expr]]


def _each(acts: Acts, file: str, code: str, check: Callable[[str], Check | None]) -> Ruling:
    """Acts of every scenario that pass its check, if it has one, and findings of the others."""
    kept, found = {}, []
    for name, frame in acts.items():
        checked = check(name)
        if checked is None:
            kept[name] = frame
            continue
        bad, shown = checked
        wrong = frame.select(bad).to_series()
        if not wrong.any():
            kept[name] = frame
            continue
        broken = frame.filter(wrong).with_columns(**shown)
        kept[name] = frame.filter(~wrong)
        found.append(rejected(code, file, broken, ["start", "end", *fields_in(frame), *shown]))
    return kept, found
