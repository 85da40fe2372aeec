"""Card taps in the JSON of the open platform: in and out at the metro's gates, once in the bus."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from oracle.model.units import date_of
from oracle.sandbox.city.cheats import Codes, Kind, Quota, Temptation, choose, code, teleported
from oracle.sandbox.city.draw import Draw, Ints, Part
from oracle.sandbox.city.names import TAPS, Names
from oracle.sandbox.city.people import People, Way
from oracle.sandbox.city.plan import Plan
from oracle.sandbox.city.rides import Rides
from oracle.sandbox.city.stations import Stations

COLUMNS = (
    "deal_date",
    "close_date",
    "card_no",
    "deal_value",
    "deal_type",
    "company_name",
    "car_no",
    "station",
    "conn_mark",
    "deal_money",
    "equ_no",
)
_KEPT = (Kind.TELEPORT, Kind.SAME_STATION, Kind.EXIT_ONLY)  # kinds that change a record instead of adding one
_BUS_FARE, _BUS_PAID = 200, 160  # fen, before and after the card's discount of 20 %
_BUS_COMPANIES = tuple(f"巴士{number}公司" for number in "一二三四五")
_CLOCK = "%Y-%m-%d %H:%M:%S"
_WRITES_FULL_NAME = (1, 11)  # lines whose gates write 站 after the station's name


def quotas(plan: Plan) -> dict[Kind, Quota]:
    """The day's quotas, one for all shards."""
    cheats = plan.cheats
    return {
        Kind.TELEPORT: Quota(cheats.teleport_bps),
        Kind.SAME_STATION: Quota(cheats.same_station_bps),
        Kind.EXIT_ONLY: Quota(cheats.exit_only_bps),
        Kind.DUPLICATE: Quota(cheats.duplicate_bps),
        Kind.RESENT: Quota(cheats.resent_bps),
    }


def taps(
    plan: Plan,
    stations: Stations,
    names: Names,
    people: People,
    rides: Rides,
    day: int,
    shard: int,
    day_quotas: dict[Kind, Quota],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Taps of a shard on a day, and those that are sent again in a second file; by time. With columns `kind` and `act`."""
    draw = Draw(plan.seed, Part.TAPS, day, shard)
    rides = rides.where(people.way[rides.person] != Way.BUS_APP)
    everything = np.full(len(rides.act), True)
    codes = choose(
        draw,
        tuple(
            Temptation(kind, quota, rides.metro if kind in _KEPT else everything) for kind, quota in day_quotas.items()
        ),
    )
    metro = rides.metro
    by_metro = _metro(draw, stations, rides.where(metro), codes[metro])
    rows = pl.concat([by_metro, _bus(draw, rides.where(~metro), codes[~metro])], how="diagonal")
    rows = rows.with_columns(
        *_times(day), card_no=names.subjects(TAPS, people.number)[rows["person"]], conn_mark=pl.lit("0")
    )
    again = pl.col("code") == code(Kind.DUPLICATE)
    kept = pl.when(pl.col("code").is_in([code(kind) for kind in _KEPT])).then("code").otherwise(0)
    sent = pl.concat([rows.with_columns(kind=kept), rows.filter(again).with_columns(kind="code")])
    resent = rows.filter(pl.col("code") == code(Kind.RESENT)).with_columns(kind="code")
    return _by_time(sent), _by_time(resent)


def _by_time(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("second", maintain_order=True).select(*COLUMNS, "kind", "act")


def _metro(draw: Draw, stations: Stations, rides: Rides, codes: Codes) -> pl.DataFrame:
    """Two taps of each ride, but one of an exit without entry."""
    count = len(rides.act)
    seconds = np.where(codes == code(Kind.TELEPORT), teleported(draw, rides.metres), rides.seconds)
    destination = np.where(codes == code(Kind.SAME_STATION), rides.origin, rides.destination)
    entered = codes != code(Kind.EXIT_ONLY)
    fare = fare_fen(stations.metres[rides.origin, destination])
    into = _gates(stations, "地铁入站", "IGT", rides.origin, draw.between(101, 119, count), np.zeros_like(fare))
    out_of = _gates(stations, "地铁出站", "OGT", destination, draw.between(101, 119, count), fare)
    who = pl.DataFrame({"person": rides.person, "act": rides.act, "code": codes})
    into = into.hstack(who).with_columns(second=pl.Series(rides.start)).filter(pl.Series(entered))
    return pl.concat([into, out_of.hstack(who).with_columns(second=pl.Series(rides.start + seconds))], how="diagonal")


def _gates(stations: Stations, deal: str, letters: str, station: Ints, gate: Ints, fare: Ints) -> pl.DataFrame:
    """What the gates of stations write about themselves and the fare in fen, of which the card pays 95 %."""
    written = [
        name + "站" * (line in _WRITES_FULL_NAME) for name, line in zip(stations.names, stations.line, strict=True)
    ]
    frame = pl.DataFrame(
        {
            "deal_value": fare,
            "deal_money": fare * 95 // 100,
            "equ_no": (260 + stations.line[station]) * 1_000_000 + station * 1_000 + gate,
            "gate": gate,
            "company_name": pl.Series(stations.companies)[station],
            "station": pl.Series(written)[station],
        }
    )
    return frame.select(
        pl.col("deal_value", "deal_money", "equ_no").cast(pl.String),
        "company_name",
        "station",
        car_no=pl.concat_str(pl.lit(f"{letters}-"), "gate"),
        deal_type=pl.lit(deal),
    )


def _bus(draw: Draw, rides: Rides, codes: Codes) -> pl.DataFrame:
    """One tap of each ride, at the door where everybody gets in."""
    count = len(rides.act)
    vehicle = draw.below(9_000, count)
    frame = pl.DataFrame(
        {
            "line": draw.between(101, 400, count),
            "vehicle": vehicle,
            "company_name": pl.Series(_BUS_COMPANIES)[vehicle % 5],
        }
    )
    return frame.select(
        deal_value=pl.lit(str(_BUS_FARE)),
        deal_money=pl.lit(str(_BUS_PAID)),
        equ_no=(227_000_000 + pl.col("vehicle")).cast(pl.String),
        company_name="company_name",
        station=pl.concat_str(pl.lit("M"), "line"),
        car_no=pl.concat_str(pl.lit("粤B*"), 1_000 + pl.col("vehicle")),
        deal_type=pl.lit("巴士"),
        second=pl.Series(rides.start),
        person=pl.Series(rides.person),
        act=pl.Series(rides.act),
        code=pl.Series(codes),
    )


def _times(day: int) -> tuple[pl.Expr, pl.Expr]:
    """Local time of the tap, and midnight after the day on which the ride began, when the day is closed."""
    midnight = datetime.combine(date_of(day), datetime.min.time())
    tap = pl.lit(midnight) + pl.duration(seconds=pl.col("second"))
    closed = (midnight + timedelta(days=1)).strftime(_CLOCK)
    return tap.dt.strftime(_CLOCK).alias("deal_date"), pl.lit(closed).alias("close_date")


def fare_fen(metres: Ints) -> Ints:
    """Metro fare in fen: 2 yuan for four kilometres, then one yuan for each begun 4 km to 12 km, 6 km to 24 km, and 8 km after that.

    Source: the fare by distance (里程分段计价) that Shenzhen Metro publishes for ordinary carriages.
    """
    begun = sum(
        -(-np.clip(metres - low, 0, high - low) // step)
        for low, high, step in ((4_000, 12_000, 4_000), (12_000, 24_000, 6_000), (24_000, 10**6, 8_000))
    )
    return np.asarray(200 + 100 * begun, dtype=np.int64)
