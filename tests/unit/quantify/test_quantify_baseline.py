from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.measure.quantify.engine import quantify
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.rule import Rule
from oracle.model.units import day_of
from tests.unit.quantify.quantify_acts import SPRING, acts, by_key, days, edited_library

LIBRARY = Library.load()
RULE = LIBRARY.rule("CI-11.CN-44", 3)
BILL = LIBRARY.rule("CI-11-BILL.CN-44", 3)
WATER = LIBRARY.rule("CI-12.CN", 1)
GAS = LIBRARY.rule("CI-13.CN", 1)


def last(readings: list[int | None], residents: int = 1, rule: Rule = RULE) -> tuple[int | None, str | None]:
    """Quantity of the last day, or the code of its finding."""
    table = acts(days(readings, residents))
    key = f"household-{SPRING + len(readings) - 1}"
    result = quantify(table, rule)
    row = table.filter(pl.col("record_key") == key)["rows"][0][0]
    codes = result.findings.filter(pl.col("row") == row)["code"].to_list()
    return by_key(result.acts).get(key), codes[0] if codes else None


@pytest.mark.parametrize(
    ("readings", "quantity", "code"),
    [
        ([7_000] * 7 + [6_000], 1_000, None),
        ([7_000] * 7 + [7_000], None, "no_reduction"),
        ([7_000] * 7 + [9_000], None, "no_reduction"),
        ([7_001] + [7_000] * 6 + [6_000], 1_000, None),  # mean 7000.14 Wh, rounded down
        ([7_006] + [7_000] * 6 + [6_000], 1_000, None),
        ([7_007] + [7_000] * 6 + [6_000], 1_001, None),
        ([9_000] + [7_000] * 7 + [6_000], 1_000, None),  # the eighth day before does not count
        ([7_000] * 6 + [6_000], None, "no_baseline"),
        ([7_000] * 3 + [None] + [7_000] * 3 + [6_000], None, "no_baseline"),  # a day is missing
        ([7_000] * 7 + [3_500], 3_500, None),
        ([7_000] * 7 + [3_400], 3_500, None),  # at most half of the baseline
        ([7_000] * 7 + [1_400], 3_500, None),
        ([7_000] * 7 + [1_399], None, "no_reduction"),  # vacant: under a fifth of the usual
        ([7_000] * 7 + [0], None, "no_reduction"),
        ([7_000] * 7 + [500] + [6_000], 1_000, None),  # a vacant day does not enter the baseline
        ([7_000] * 7 + [500] * 3 + [6_000], 1_000, None),
        ([7_000] * 7 + [500] * 4 + [6_000], None, "no_baseline"),  # fewer than four days remain
        ([40_000] * 7 + [20_000], 6_788, None),  # 3 kg a person: 6788 Wh at 0.4419
    ],
)
def test_daily_electricity__own_seven_days(readings: list[int | None], quantity: int | None, code: str | None) -> None:
    assert last(readings) == (quantity, code)


def test_daily_electricity__more_residents__baseline_is_per_person() -> None:
    rows = days([6_000] * 7, residents=2) + days([8_000], residents=3, first=SPRING + 7)
    result = quantify(acts(rows), RULE)
    assert result.acts.select("quantity", "baseline_wh").rows() == [(1_000, 9_000)]  # 3000 Wh a person, three persons


def test_daily_electricity__explanation__says_what_was_compared() -> None:
    result = quantify(acts(days([7_000] * 7 + [6_000, 8_000])), RULE)
    assert result.acts.select("baseline_wh", "usual_wh", "city_wh", "basis_wh", "saved_wh").rows() == [
        (7_000, 7_000, 0, 7_000, 1_000)
    ]
    nothing = result.findings.filter(pl.col("code") == "no_reduction")["values"][0]
    assert json.loads(nothing)["baseline_wh"] == 6_857
    without = result.findings.filter(pl.col("code") == "no_baseline")["values"].to_list()
    assert json.loads(without[3]) == {"energy_wh": 7_000, "needed": 7, "present": 3}


@pytest.mark.parametrize(
    ("energy", "quantity"),
    [
        (5_000, 3_000),  # below 8 kWh for two: against the city
        (7_999, 1),
        (8_000, 1_000),  # at the city's baseline: against the own 9 kWh
        (8_500, 500),
        (9_000, None),
    ],
)
def test_daily_electricity__city_baseline_set__two_branches(tmp_path: Path, energy: int, quantity: int | None) -> None:
    old = '"b_city" = { value = "0"'
    folder = edited_library(
        tmp_path, "ci-11.toml", old, '"b_city" = { value = "1.7676"', "ci-11.toml"
    )  # 4 kWh a person at 0.4419
    rule = Library.load(folder).rule("CI-11.CN-44", 3)
    rows = days([9_000] * 7 + [energy], residents=2)
    assert by_key(quantify(acts(rows), rule).acts).get(f"household-{SPRING + 7}") == quantity


def test_daily_electricity__below_the_city_without_history__needs_no_own_baseline(tmp_path: Path) -> None:
    folder = edited_library(
        tmp_path, "ci-11.toml", '"b_city" = { value = "0"', '"b_city" = { value = "1.7676"', "ci-11.toml"
    )
    rule = Library.load(folder).rule("CI-11.CN-44", 3)
    result = quantify(acts(days([3_000, 5_000])), rule)
    assert result.acts["quantity"].to_list() == [1_000]
    assert result.findings["code"].to_list() == ["no_baseline"]


def test_daily_electricity__history_of_the_year_before__crosses_the_factor_year() -> None:
    new_year = day_of(date(2023, 1, 1))
    history = acts(days([7_000] * 7, first=new_year - 7))
    result = quantify(acts(days([6_000], first=new_year)), RULE, history)
    assert result.acts["quantity"].to_list() == [1_000]


def test_daily_electricity__other_households__do_not_count() -> None:
    rows = days([7_000] * 7, subject="household a") + days([6_000], subject="household b", first=SPRING + 7)
    assert quantify(acts(rows), RULE).findings["code"].to_list() == ["no_baseline"] * 8


def test_daily_electricity__later_days__do_not_count() -> None:
    rows = days([6_000]) + days([7_000] * 7, first=SPRING + 1)
    codes = quantify(acts(rows), RULE).findings.filter(pl.col("row") == 1)["code"].to_list()
    assert codes == ["no_baseline"]


def test_daily_electricity__broken_reading__is_no_part_of_a_baseline() -> None:
    rows = days([7_000] * 3 + [999_999_999] + [7_000] * 3 + [6_000])
    findings = quantify(acts(rows), RULE).findings
    assert sorted(findings["code"].to_list()) == ["no_baseline"] * 7 + ["out_of_range"]


@pytest.mark.parametrize("broken", [-1, 200_001, 999_999_999, None])
def test_daily_electricity__broken_reading_in_history__is_no_part_of_a_baseline(broken: int | None) -> None:
    history = acts(days([7_000] * 3 + [1] + [7_000] * 3)).with_columns(
        energy_wh=pl.when(pl.col("energy_wh") == 1).then(pl.lit(broken, pl.Int64)).otherwise("energy_wh")
    )
    result = quantify(acts(days([6_000], first=SPRING + 7)), RULE, history)
    assert result.findings["code"].to_list() == ["no_baseline"]


def test_daily_electricity__two_readings_of_one_day__neither_is_used() -> None:
    rows = [*days([7_000] * 7 + [6_000]), {**days([5_000], first=SPRING + 7)[0], "record_key": "again"}]
    result = quantify(acts(rows), RULE)
    assert result.acts.is_empty()
    assert result.findings.filter(pl.col("code") == "overlap")["row"].to_list() == [8, 9]


def test_daily_electricity__act_that_stands_in_history_too__counts_once() -> None:
    table = acts(days([7_000] * 7 + [6_000]))
    assert (
        by_key(quantify(table, RULE, table).acts)
        == by_key(quantify(table, RULE).acts)
        == {f"household-{SPRING + 7}": 1_000}
    )


def test_daily_electricity__same_record_twice_in_one_table__credited_not_even_once() -> None:
    rows = days([7_000] * 7 + [6_000])
    result = quantify(acts([*rows, rows[-1]]), RULE)
    assert result.acts.is_empty()
    assert result.findings.filter(pl.col("code") == "overlap")["row"].to_list() == [8, 9]


READINGS = st.lists(st.one_of(st.none(), st.integers(0, 30_000)), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(
    homes=st.lists(st.tuples(READINGS, st.integers(1, 20)), min_size=1, max_size=3),
    cut=st.integers(0, 40),
    seed=st.integers(0, 99),
)
def test_daily_electricity__order_and_split_by_day__do_not_matter(
    homes: list[tuple[list[int | None], int]], cut: int, seed: int
) -> None:
    rows = [
        row for at, (readings, residents) in enumerate(homes) for row in days(readings, residents, f"household {at}")
    ]
    if not rows:
        return
    table = acts(rows)
    whole = quantify(table, RULE)
    early = table.filter(pl.col("day") < SPRING + cut)
    late = table.filter(pl.col("day") >= SPRING + cut)
    parts = [quantify(early, RULE), quantify(late, RULE, early)]
    shuffled = quantify(table.sample(fraction=1, shuffle=True, seed=seed), RULE)
    assert by_key(whole.acts) == by_key(shuffled.acts) == {**by_key(parts[0].acts), **by_key(parts[1].acts)}
    assert sorted(whole.findings.rows()) == sorted(parts[0].findings.rows() + parts[1].findings.rows())
    assert by_key(whole.acts) == _by_hand(homes)


def _by_hand(homes: list[tuple[list[int | None], int]]) -> dict[str, int]:
    """The rule in plain fractions, one day after the other."""
    found: dict[str, int] = {}
    for at, (readings, residents) in enumerate(homes):
        for position, energy in enumerate(readings):
            before = readings[max(0, position - 7) : position]
            if energy is None or len(before) < 7 or any(each is None for each in before):
                continue
            lived = [
                each
                for offset, each in enumerate(before)
                if each is not None and each * 5 >= _usual(readings, position - 7 + offset)
            ]
            if len(lived) < 4 or energy * 5 < _usual(readings, position):
                continue
            baseline = int(Fraction(sum(lived), len(lived)))
            most = int(min(Fraction(baseline, 2), residents * Fraction(3_000_000_000, 441_900)))
            saved = min(max(baseline - energy, 0), most)
            if saved > 0:
                found[f"household {at}-{SPRING + position}"] = saved
    return found


def _usual(readings: list[int | None], position: int) -> int:
    before = [each for each in readings[max(0, position - 365) : position] if each is not None]
    return sum(before) // len(before) if before else 0


def bills(*periods: tuple[str, int, int, int]) -> pl.DataFrame:
    """Bills of one household: first day, energy, residents, length."""
    rows = [
        {
            "record_key": start,
            "subject": "household",
            "day": day_of(date.fromisoformat(start)),
            "energy_wh": energy,
            "residents": residents,
            "days": days_,
        }
        for start, energy, residents, days_ in periods
    ]
    return acts(rows, "CN-4403")


@pytest.mark.parametrize(
    ("before", "now", "quantity"),
    [
        (("2022-03-01", 300_000, 3, 31), ("2023-03-01", 250_000, 3, 31), 50_000),
        (("2022-03-01", 300_000, 3, 31), ("2023-03-01", 300_000, 3, 31), None),
        (("2022-03-01", 300_000, 3, 30), ("2023-03-01", 250_000, 3, 31), 60_000),  # 10 kWh a day
        (("2022-03-01", 300_000, 3, 31), ("2023-03-01", 250_000, 2, 31), None),  # one has moved out: 200 kWh
        (("2022-03-01", 300_000, 2, 31), ("2023-03-01", 250_000, 3, 31), 200_000),  # one has moved in: 450 kWh
        (("2022-03-01", 300_000, 3, 31), ("2023-03-01", 100_000, 3, 31), 150_000),  # at most half
        (("2022-03-01", 300_000, 3, 31), ("2023-03-01", 59_999, 3, 31), None),  # vacant
        (("2022-02-09", 300_000, 3, 31), ("2023-03-01", 250_000, 3, 31), 50_000),  # 20 days apart
        (("2022-02-08", 300_000, 3, 31), ("2023-03-01", 250_000, 3, 31), None),
        (("2022-03-21", 300_000, 3, 31), ("2023-03-01", 250_000, 3, 31), 50_000),
        (("2022-03-22", 300_000, 3, 31), ("2023-03-01", 250_000, 3, 31), None),
    ],
)
def test_electricity_bill__same_season_of_the_previous_year(
    before: tuple[str, int, int, int], now: tuple[str, int, int, int], quantity: int | None
) -> None:
    result = quantify(bills(now), BILL, bills(before))
    assert by_key(result.acts).get(now[0]) == quantity


def test_electricity_bill__several_periods__nearest_counts() -> None:
    history = bills(("2022-02-20", 500_000, 1, 31), ("2022-03-03", 400_000, 1, 31), ("2022-02-27", 300_000, 1, 31))
    result = quantify(bills(("2023-03-01", 290_000, 1, 31)), BILL, history)
    assert result.acts["baseline_wh"].to_list() == [300_000]


def test_electricity_bill__no_bill_a_year_ago__no_baseline() -> None:
    result = quantify(bills(("2023-03-01", 250_000, 3, 31)), BILL)
    assert result.findings["code"].to_list() == ["no_baseline"]
    assert json.loads(result.findings["values"][0]) == {"energy_wh": 250_000, "needed": 1, "present": 0}


@pytest.mark.parametrize(
    ("rule", "before", "now", "quantity"),
    [
        (WATER, 10_000, 9_000, 1_000),
        (WATER, 10_000, 5_000, 3_000),  # at most 30 %
        (WATER, 100_000, 90_000, 9_000),  # at most 0.15 m3 a person-day: 2 x 30 x 150 L
        (WATER, 10_000, 1_999, None),
        (GAS, 20_000, 15_000, 5_000),
        (GAS, 20_000, 10_000, 8_000),  # at most 40 %
        (GAS, 20_000, 20_000, None),
    ],
)
def test_water_and_gas__previous_year_same_season(rule: Rule, before: int, now: int, quantity: int | None) -> None:
    rows = [
        {"record_key": key, "subject": "household", "day": day, "volume_l": volume, "residents": 2, "days": 30}
        for key, day, volume in (("then", SPRING - 365, before), ("now", SPRING, now))
    ]
    table = acts(rows)
    result = quantify(table.filter(pl.col("record_key") == "now"), rule, table.filter(pl.col("record_key") == "then"))
    assert by_key(result.acts).get("now") == quantity


@settings(max_examples=60, deadline=None)
@given(
    before=st.integers(0, 1_000_000),
    now=st.integers(0, 1_000_000),
    more=st.integers(0, 1_000_000),
    residents=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    length=st.tuples(st.integers(1, 100), st.integers(1, 100)),
)
def test_water__more_used__never_more_credited_and_never_above_the_caps(
    before: int, now: int, more: int, residents: tuple[int, int], length: tuple[int, int]
) -> None:
    def row(key: str, day: int, volume: int, at: int) -> dict[str, object]:
        return {
            "record_key": key,
            "subject": "household",
            "day": day,
            "volume_l": volume,
            "residents": residents[at],
            "days": length[at],
        }

    found = []
    for used in (now, min(now + more, 1_000_000)):
        result = quantify(acts([row("now", SPRING, used, 1)]), WATER, acts([row("then", SPRING - 365, before, 0)]))
        found.append(by_key(result.acts).get("now", 0))
        baseline = before * residents[1] * length[1] // (residents[0] * length[0])
        assert found[-1] <= baseline * 3 // 10
        assert found[-1] <= 150 * residents[1] * length[1]
    lived = now * 5 >= before * residents[1] * length[1] // (residents[0] * length[0])
    assert found[0] >= found[1] or not lived


def test_electricity_bill__two_periods_that_share_days__neither_is_credited() -> None:
    history = bills(("2022-01-01", 400_000, 1, 31), ("2022-02-01", 400_000, 1, 28))
    both = bills(("2023-01-01", 300_000, 1, 31), ("2023-01-31", 300_000, 1, 28))
    result = quantify(both, BILL, history)
    assert result.acts.is_empty()
    assert result.findings["code"].to_list() == ["overlap", "overlap"]
    later = bills(("2024-01-01", 200_000, 1, 31))
    assert quantify(later, BILL, both).acts["baseline_wh"].to_list() == [300_000]


def test_electricity_bill__one_period_after_the_other__both_are_credited() -> None:
    history = bills(("2022-01-01", 400_000, 1, 31), ("2022-02-01", 400_000, 1, 28))
    result = quantify(bills(("2023-01-01", 300_000, 1, 31), ("2023-02-01", 300_000, 1, 28)), BILL, history)
    assert result.acts["quantity"].to_list() == [100_000, 100_000]
