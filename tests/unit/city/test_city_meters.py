from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from oracle.model.units import day_of
from oracle.sandbox.city import bills, electricity
from oracle.sandbox.city.cheats import Kind, code
from oracle.sandbox.city.draw import Draw, Ints, Part
from oracle.sandbox.city.households import Households, households
from oracle.sandbox.city.names import Names
from oracle.sandbox.city.plan import Cheats, Plan

PLAN = Plan(seed=8, citizens=5_000, first_day=date(2025, 7, 14), hourly_bps=2_000, bills_bps=5_000)
FIRST = day_of(PLAN.first_day)
QUARTER_OF_ELECTRICITY = Cheats(missing_hours_bps=2_500, negative_bps=1_000, reset_bps=500, teleport_bps=0)


@pytest.fixture(scope="module")
def homes() -> Households:
    return households(PLAN, 0)


def energy(homes: Households, day: int) -> Ints:
    return electricity.day_wh(PLAN, Draw(PLAN.seed, Part.ELECTRICITY, day), homes, day)


def readings(plan: Plan, homes: Households, day: int) -> pl.DataFrame:
    return electricity.readings(plan, Names(plan), homes, day, 0, electricity.quotas(plan))


def wh(table: pl.DataFrame) -> pl.Series:
    return table.select((pl.col("value").str.to_decimal(scale=3) * 1_000).cast(pl.Int64)).to_series()


def test_households__of_a_city__have_the_shares_of_the_plan(homes: Households) -> None:
    # Four standard deviations of 5,000 trials are at most 2.9 %.
    shares = [float(mask.mean()) for mask in (homes.smart, homes.bills, homes.saving < 1_000)]
    assert shares == pytest.approx([0.5, 0.5, 0.4], abs=0.029)
    assert float(homes.hourly[homes.smart].mean()) == pytest.approx(0.2, abs=0.033)
    assert not homes.hourly[~homes.smart].any()
    assert homes.residents.mean() == pytest.approx(2.6, abs=0.1)
    assert not homes.smart[0], "citizen 0 has the Green Button file"


def test_electricity__against_the_last_seven_days__is_less_for_some(homes: Households) -> None:
    before = np.mean([energy(homes, day) for day in range(FIRST - 7, FIRST)], axis=0)
    saved = energy(homes, FIRST) < before
    savers = homes.saving < 1_000
    assert saved[savers].mean() > 0.85
    assert 0.3 < saved[~savers].mean() < 0.8


def test_electricity__of_a_summer_day__is_more_than_of_a_winter_day(homes: Households) -> None:
    winter = day_of(date(2025, 1, 13))
    assert energy(homes, FIRST - 7).mean() > 1.5 * energy(homes, winter).mean()


def test_readings__of_a_day_without_cheats__are_one_or_twenty_four_a_meter(homes: Households) -> None:
    table = readings(PLAN, homes, FIRST - 1)
    a_meter = table.group_by("meter").agg(pl.len(), pl.col("start").min(), pl.col("end").max(), pl.col("kind").max())
    assert dict(a_meter["len"].value_counts().iter_rows()) == {
        1: int((homes.smart & ~homes.hourly).sum()),
        24: int(homes.hourly.sum()),
    }
    assert set(a_meter["start"]) == {"2025-07-13T00:00:00+08:00"}
    assert set(a_meter["end"]) == {"2025-07-14T00:00:00+08:00"}
    assert set(a_meter["kind"]) == {code(Kind.HONEST)}
    assert wh(table).min() > 0


def test_readings__by_the_hour__add_up_to_about_the_day(homes: Households) -> None:
    draw = Draw(1, Part.ELECTRICITY)
    hours = electricity.hour_wh(draw, np.full(1_000, 10_000))
    assert hours.shape == (1_000, 24)
    assert hours.sum(axis=1).mean() == pytest.approx(10_000, rel=0.01)
    assert hours.mean(axis=0).argmax() == 21


def test_readings__of_cheating_households__show_each_kind_as_it_is(homes: Households) -> None:
    plan = Plan(seed=8, citizens=5_000, first_day=PLAN.first_day, hourly_bps=2_000, cheats=QUARTER_OF_ELECTRICITY)
    homes = households(plan, 0)
    table = readings(plan, homes, FIRST)
    table = table.with_columns(wh=wh(table))
    days, hourly_days = int(homes.smart.sum()), int(homes.hourly.sum())
    kinds = {kind: table.filter(pl.col("kind") == code(kind)) for kind in Kind}
    assert kinds[Kind.NEGATIVE].height == days * 1_000 // 10_000
    assert kinds[Kind.RESET].height == days * 500 // 10_000
    assert kinds[Kind.MISSING_HOURS]["meter"].n_unique() == hourly_days * 2_500 // 10_000
    assert kinds[Kind.NEGATIVE]["wh"].is_between(-30_000, -1).all()
    assert kinds[Kind.RESET]["wh"].is_between(-40_000_000, -2_000_000).all()
    left = kinds[Kind.MISSING_HOURS].group_by("meter").len()["len"]
    assert set(left) == {18, 19, 20, 21, 22, 23}
    false = kinds[Kind.NEGATIVE].vstack(kinds[Kind.RESET])
    spoiled = kinds[Kind.SPOILED]
    assert spoiled.height == 23 * false.filter(pl.col("meter").is_in(spoiled["meter"].implode())).height > 0


@pytest.mark.parametrize("service", bills.SERVICES, ids=lambda service: service.source)
def test_bills__against_the_year_before__are_less_for_savers(service: bills.Service, homes: Households) -> None:
    def litres(index: int) -> pl.Series:
        return wh(bills.bills(PLAN, Names(PLAN), service, homes, index, 0))

    saved = np.mean([(litres(index) < litres(index - 12)).to_numpy() for index in range(12, 24)], axis=0)
    saving = homes.saving[homes.bills]
    assert saved[saving < 850].mean() > 0.75
    assert 0.25 < saved[saving == 1_000].mean() < 0.6
    assert all((litres(index) % service.step == 0).all() for index in range(24))
    assert min(litres(index).min() for index in range(24)) > 0


def test_bills__are_for_the_24_calendar_months_before_the_month_of_the_first_day(homes: Households) -> None:
    names = Names(PLAN)
    tables = [bills.bills(PLAN, names, bills.SERVICES[0], homes, index, 0) for index in range(24)]
    periods = [(table["start"][0], table["end"][0]) for table in tables]
    assert periods[0] == ("2023-07-01T00:00:00+08:00", "2023-08-01T00:00:00+08:00")
    assert periods[-1] == ("2025-06-01T00:00:00+08:00", "2025-07-01T00:00:00+08:00")
    assert [end for _, end in periods[:-1]] == [start for start, _ in periods[1:]]
    assert {table.height for table in tables} == {int(homes.bills.sum())}
