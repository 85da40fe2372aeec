"""The open samples, from the file to grams."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from oracle.measure.quantify.engine import quantify
from oracle.measure.quantify.library import Library
from oracle.measure.records.meters import Household
from oracle.measure.records.reader import read
from oracle.model.acts import BUS_RIDE, ELECTRICITY
from oracle.model.units import day_of

DATA = Path(__file__).parents[2] / "data"


def test_shenzhen_taps__ten_bus_rides__one_and_a_half_kilograms(library: Library) -> None:
    reading = read(DATA / "szt_taps_100.json", source="szt", region="CN-4403")
    rides = reading.acts[BUS_RIDE]
    rule = library.rule_for(BUS_RIDE, "CN-4403", day_of(date(2018, 9, 1)))
    assert rule is not None
    result = quantify(rides, rule, file=reading.file)
    assert result.acts.height == 10
    assert int(result.acts["quantity"].sum()) * rule.factor_ug // 1000 == 1_500_000
    assert result.findings.is_empty()


def test_real_household__hourly_meter_of_1000_days__own_seven_days_worked_out_twice(library: Library) -> None:
    reading = read(
        DATA / "uk-electricity-hdd-only-hourly-sample-0.csv.gz",
        source="utility",
        region="CN-44",
        zone="Europe/London",
        household=Household(service="electricity", unit="kWh", meter="sample-0"),
    )
    readings = reading.acts[ELECTRICITY]
    rule = library.rule("CI-11.CN-44", 2)
    in_2022 = readings.filter(pl.col("day").is_between(rule.from_day, rule.to_day))
    result = quantify(in_2022, rule, readings.filter(pl.col("day") < rule.from_day))
    energy: dict[int, int] = dict(readings.select("day", "energy_wh").iter_rows())
    expected = {day: saved for day in in_2022["day"] if (saved := saving_by_hand(energy, day))}
    assert dict(result.acts.select("day", "quantity").iter_rows()) == expected
    assert (in_2022.height, len(expected)) == (339, 194)
    refused = in_2022.join(result.acts, on="record_key", how="anti")
    assert sorted(refused["rows"].explode().to_list()) == sorted(result.findings["row"].to_list())
    assert int(result.acts["quantity"].sum()) * rule.factor_ug // 1000 == sum(expected.values()) * 440_300 // 1000


def saving_by_hand(energy: dict[int, int], day: int) -> int:
    before = range(day - 7, day)
    if not all(each in energy for each in before):
        return 0
    lived = [energy[each] for each in before if energy[each] * 5 >= usual_by_hand(energy, each)]
    if len(lived) < 4 or energy[day] * 5 < usual_by_hand(energy, day):
        return 0
    baseline = sum(lived) // len(lived)
    return min(max(baseline - energy[day], 0), baseline // 2, 3_000_000_000 // 440_300)


def usual_by_hand(energy: dict[int, int], day: int) -> int:
    year = [reading for on, reading in energy.items() if day - 365 <= on < day]
    return sum(year) // len(year) if year else 0
