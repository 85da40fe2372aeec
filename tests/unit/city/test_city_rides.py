from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from oracle.measure.records.metro import Network
from oracle.model.units import day_of
from oracle.sandbox.city.people import People, Way, people
from oracle.sandbox.city.plan import Plan
from oracle.sandbox.city.rides import Rides, rides
from oracle.sandbox.city.stations import Stations
from oracle.sandbox.city.taps import fare_fen

MONDAY, SUNDAY = day_of(date(2025, 5, 12)), day_of(date(2025, 5, 18))
PLAN = Plan(seed=3, citizens=20_000, first_day=date(2025, 5, 12))


@pytest.fixture(scope="module")
def stations() -> Stations:
    return Stations(Network.load())


@pytest.fixture(scope="module")
def citizens(stations: Stations) -> People:
    return people(PLAN, stations, 0)


@pytest.fixture(scope="module")
def monday(stations: Stations, citizens: People) -> Rides:
    return rides(PLAN, stations, citizens, MONDAY, 0)


@pytest.fixture(scope="module")
def sunday(stations: Stations, citizens: People) -> Rides:
    return rides(PLAN, stations, citizens, SUNDAY, 0)


def share(mask: np.ndarray) -> float:
    return float(mask.mean())


def commutes(made: Rides) -> np.ndarray:
    return made.act % 4 < 2


def test_people__of_a_city__have_the_shares_of_the_plan(citizens: People) -> None:
    # Four standard deviations of 20,000 trials are at most 283, or 1.4 %.
    assert share(citizens.commutes) == pytest.approx(0.75, abs=0.014)
    assert share(citizens.consented) == pytest.approx(0.80, abs=0.014)
    assert [share(citizens.way == way) for way in Way] == pytest.approx([0.45, 0.25, 0.30], abs=0.014)


def test_people__in_shards__are_everyone_once(stations: Stations) -> None:
    plan = Plan(seed=3, citizens=1_000, first_day=PLAN.first_day, citizens_per_shard=300)
    shards = [people(plan, stations, shard).number for shard in range(plan.shards)]
    assert [len(shard) for shard in shards] == [250, 250, 250, 250]
    assert np.concatenate(shards).tolist() == list(range(1_000))


def test_homes_and_work__by_metro__are_the_distance_of_a_commute_apart(stations: Stations, citizens: People) -> None:
    metres = stations.metres[citizens.home, citizens.work]
    assert metres.min() >= 2_500
    assert metres.max() <= 40_000
    assert np.median(metres) == pytest.approx(15_000, rel=0.15)


def test_stations__metres__are_those_of_the_network(stations: Stations) -> None:
    network = Network.load()
    here, there = stations.names.index("罗湖"), stations.names.index("世界之窗")
    assert stations.metres[here, there] == network.distance_m("罗湖", "世界之窗")
    assert stations.companies[here] == "地铁一号线"


@pytest.mark.parametrize("day", ["monday", "sunday"])
def test_rides__of_a_person__never_overlap_and_end_before_midnight(day: str, request: pytest.FixtureRequest) -> None:
    made: Rides = request.getfixturevalue(day)
    table = pl.DataFrame({"person": made.person, "start": made.start, "end": made.start + made.seconds})
    gaps = table.sort("person", "start").select(pl.col("start").shift(-1).over("person") - pl.col("end")).to_series()
    assert gaps.drop_nulls().min() >= 600
    assert table["end"].max() < 86_400
    assert len(set(made.act.tolist())) == len(made.act)


def test_rides__on_a_working_day__have_a_peak_in_the_morning_and_one_in_the_evening(monday: Rides) -> None:
    hour = np.bincount(monday.start // 3_600, minlength=24) / len(monday.start)
    assert hour[7] + hour[8] > 0.25
    assert hour[17] + hour[18] + hour[19] > 0.4
    assert hour[10:16].max() < 0.05
    assert share(commutes(monday)) == pytest.approx(2 * 0.75 / (2 * 0.75 + 2 * 0.45), abs=0.014)


def test_rides__on_a_sunday__are_errands_about_noon(sunday: Rides) -> None:
    assert not commutes(sunday).any()
    assert share((sunday.start >= 9 * 3_600) & (sunday.start < 20 * 3_600)) == 1.0


def test_rides__by_bus_and_metro__have_speeds_that_those_have(monday: Rides) -> None:
    kmh = monday.metres * 3.6 / monday.seconds
    metro = monday.metro
    assert (kmh[metro].min() > 10, kmh[metro].max() < 40) == (True, True)
    assert (kmh[~metro].min() > 5, kmh[~metro].max() < 26) == (True, True)
    assert (monday.metres[metro].min(), monday.metres[~metro].min()) >= (2_500, 1_000)
    assert np.median(monday.metres[~metro]) < monday.metres[~metro].mean()


def test_rides__of_another_day__are_others_by_the_same_people(
    stations: Stations, citizens: People, monday: Rides
) -> None:
    tuesday = rides(PLAN, stations, citizens, MONDAY + 1, 0)
    first = monday.where(commutes(monday) & (monday.person == monday.person[0]))
    second = tuesday.where(commutes(tuesday) & (tuesday.person == monday.person[0]))
    assert first.origin.tolist() == second.origin.tolist()
    assert first.start.tolist() != second.start.tolist()


@pytest.mark.parametrize(
    ("metres", "fen"),
    [
        (0, 200),
        (4_000, 200),
        (4_001, 300),
        (8_000, 300),
        (12_000, 400),
        (12_001, 500),
        (18_000, 500),
        (18_001, 600),
        (24_000, 600),
        (24_001, 700),
        (32_000, 700),
        (40_001, 900),
    ],
)
def test_fare__by_distance__is_the_metro_operators(metres: int, fen: int) -> None:
    assert fare_fen(np.array([metres])).tolist() == [fen]
