"""Trips of two operators as CSV with the field names of MDS: a bus app, and a second app that also sells trips of the first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import polars as pl

from oracle.model.units import MILLI
from oracle.sandbox.city.cheats import Kind, Quota, Temptation, choose, code, teleported
from oracle.sandbox.city.draw import Draw, Ints, Mask, Part
from oracle.sandbox.city.names import BUS_APP, RIDE_APP, Names
from oracle.sandbox.city.people import People, Way
from oracle.sandbox.city.plan import Plan
from oracle.sandbox.city.rides import Rides
from oracle.sandbox.city.text import midnight_utc, uuids

OPERATORS = (BUS_APP, RIDE_APP)


@dataclass(frozen=True)
class Sold:
    """What one operator brings: trips, and those it sends again in a second file."""

    sent: pl.DataFrame
    resent: pl.DataFrame


def quotas(plan: Plan, operator: str) -> dict[Kind, Quota]:
    """The day's quotas of an operator, one for all shards."""
    cheats = plan.cheats
    return {
        Kind.TWO_OPERATORS: Quota(cheats.two_operators_bps if operator == BUS_APP else 0),
        Kind.TELEPORT: Quota(cheats.teleport_bps),
        Kind.OVERLAP: Quota(cheats.overlap_bps),
        Kind.DUPLICATE: Quota(cheats.duplicate_bps),
        Kind.RESENT: Quota(cheats.resent_bps),
    }


def trips(
    plan: Plan,
    names: Names,
    people: People,
    rides: Rides,
    day: int,
    shard: int,
    day_quotas: dict[str, dict[Kind, Quota]],
) -> dict[str, Sold]:
    """Trips of a shard on a day by operator, by start, with columns `kind` and `act`.

    The bus app has the rides by bus, the second operator those by metro, and the trips it sells again.
    """
    draw = Draw(plan.seed, Part.TRIPS, day, shard)
    by_app = people.way[rides.person] == Way.BUS_APP
    own = {
        BUS_APP: _trips(draw, rides.where(by_app & ~rides.metro), day, day_quotas[BUS_APP]),
        RIDE_APP: _trips(draw, rides.where(by_app & rides.metro), day, day_quotas[RIDE_APP]),
    }
    sold = own[BUS_APP].filter(pl.col("code") == code(Kind.TWO_OPERATORS))
    second = pl.concat([_cheated(draw, own[RIDE_APP]), _sold_again(draw, sold)])
    every = {BUS_APP: _cheated(draw, own[BUS_APP]), RIDE_APP: second}
    return {
        operator: Sold(
            _written(names, operator, people, every[operator]),
            _written(names, operator, people, _only(own[operator], Kind.RESENT)),
        )
        for operator in OPERATORS
    }


def _trips(draw: Draw, rides: Rides, day: int, day_quotas: dict[Kind, Quota]) -> pl.DataFrame:
    """Trips as they were, but for the speed of those who teleport, and the kind of cheating each is chosen for in `code`."""
    count = len(rides.act)
    everything: Mask = np.full(count, True)
    codes = choose(draw, tuple(Temptation(kind, quota, everything) for kind, quota in day_quotas.items()))
    fast = codes == code(Kind.TELEPORT)
    return pl.DataFrame(
        {
            "person": rides.person,
            "act": rides.act,
            "code": codes,
            "kind": np.where(fast, codes, 0).astype(np.uint8),
            "metro": rides.metro,
            "start_time": (midnight_utc(day) + rides.start) * MILLI + draw.below(MILLI, count),
            "trip_duration": np.where(fast, teleported(draw, rides.metres), rides.seconds),
            "trip_distance": rides.metres,
            "high": draw.words(count),
            "low": draw.words(count),
        }
    )


def _only(own: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """Copies of the trips that were chosen for a kind of cheating."""
    return own.filter(pl.col("code") == code(kind)).with_columns(kind="code")


def _cheated(draw: Draw, own: pl.DataFrame) -> pl.DataFrame:
    """An operator's trips, and the rows that cheating adds after them: copies, and trips within trips."""
    copies = _only(own, Kind.DUPLICATE).with_row_index()
    more = pl.when(pl.col("index") % 2 == 1).then(pl.col("trip_distance") * 11 // 10).otherwise("trip_distance")
    copies = copies.with_columns(trip_distance=more).drop("index")
    within = _only(own, Kind.OVERLAP).with_columns(
        start_time=pl.col("start_time") + pl.col("trip_duration") // 4 * MILLI,
        trip_duration=pl.col("trip_duration") // 2,
        trip_distance=pl.col("trip_distance") // 2,
    )
    return pl.concat([own, copies, _renamed(draw, within)])


def _sold_again(draw: Draw, sold: pl.DataFrame) -> pl.DataFrame:
    """Trips of the first operator as the second brings them: another key, and a slightly different measurement."""
    count = sold.height
    begun = draw.below(40, count)
    metres: Ints = sold["trip_distance"].to_numpy() * draw.between(970, 1_030, count) // 1_000
    again = sold.with_columns(
        kind="code",
        start_time=pl.col("start_time") + pl.Series(begun) * MILLI,
        trip_duration=pl.col("trip_duration") - pl.Series(begun) + pl.Series(draw.below(40, count)),
        trip_distance=pl.Series(metres),
    )
    return _renamed(draw, again)


def _renamed(draw: Draw, rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with new keys."""
    return rows.with_columns(high=pl.Series(draw.words(rows.height)), low=pl.Series(draw.words(rows.height)))


def _written(names: Names, operator: str, people: People, rows: pl.DataFrame) -> pl.DataFrame:
    """Columns of the file, and `kind` and `act`."""
    rows = rows.sort("start_time", maintain_order=True)
    return rows.select(
        provider_id=pl.lit(str(uuid5(NAMESPACE_URL, f"carbonbook:{operator}"))),
        trip_id=uuids(rows["high"].to_numpy(), rows["low"].to_numpy()),
        vehicle_type=pl.when("metro").then(pl.lit("other")).otherwise(pl.lit("bus")),
        rider=names.subjects(operator, people.number)[rows["person"]],
        mode=pl.when("metro").then(pl.lit("metro")).otherwise(pl.lit("bus")),
        start_time="start_time",
        end_time=pl.col("start_time") + pl.col("trip_duration") * MILLI,
        trip_distance="trip_distance",
        trip_duration="trip_duration",
        kind="kind",
        act="act",
    )
