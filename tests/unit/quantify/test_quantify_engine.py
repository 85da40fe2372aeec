from __future__ import annotations

import json
import random
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.measure.quantify.compute import evaluate
from oracle.measure.quantify.engine import quantify
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.plan import QUANTITY
from oracle.measure.quantify.rule import Rule
from oracle.model.errors import InputError, MethodologyError
from oracle.model.units import day_of, reduction_mg_down
from tests.unit.quantify.quantify_acts import SPRING, acts, by_key

LIBRARY = Library.load()
BUS = LIBRARY.rule("CI-01.CN-4403", 1)


def rules_to_try() -> list[Rule]:
    """Every active rule; of those made from the grid table a few regions."""
    few = {"CN", "CN-44", "CN-53"}
    return [
        rule
        for rule in LIBRARY.rules()
        if rule.status is Status.ACTIVE and (rule.data_year is None or rule.region in few)
    ]


@pytest.mark.parametrize(
    ("scenario", "region", "fields", "quantity", "milligrams"),
    [
        ("CI-01", "CN-4403", {"distance_m": 10_000}, 10_000, 269_000),
        ("CI-01-RIDE", "CN-4403", {"rides": 1}, 1, 150_000),
        ("CI-02", "CN-4403", {"distance_m": 8_565}, 8_565, 399_985),
        ("CI-03", "CN-4403", {"distance_m": 5_000}, 5_000, 233_500),
        ("CI-04", "CN-11", {"distance_m": 1_000_000, "replaced_mode": 0}, 77_820_000, 77_820_000),
        ("CI-04", "CN-11", {"distance_m": 300_000, "replaced_mode": 1}, 38_856_000, 38_856_000),
        ("CI-05", "CN-4201", {"distance_m": 3_000}, 3_000, 120_000),
        ("CI-06", "CN", {"distance_m": 5_000}, 5_000, 297_000),
        ("CI-07", "CN", {"steps": 7_250}, 7_250, 145_000),
        ("CI-07", "CN", {"steps": 30_000}, 14_800, 296_000),  # 296 g a day
        ("CI-09", "CN-4403", {"distance_m": 100_000, "energy_wh": 15_000}, 5_356_000, 5_356_000),  # 11.9845 - 6.6285 kg
        ("CI-09-RIDE", "CN-4201", {"distance_m": 24_000}, 24_000, 168_000),
        ("CI-10", "CN-11", {"days": 1, "odometer_start_m": 52_310_000, "odometer_end_m": 52_310_400}, 1, 8_170_000),
        ("CI-14", "CN-44", {"energy_wh": 12_000}, 12_000, 5_302_800),
        ("CI-15", "CN-44", {"area_cm2": 26_000, "days": 30, "replaced": 0}, 48_479_523, 48_479_523),
        ("CI-16", "CN", {"energy_wh": 1_000_000}, 1_000_000, 530_600_000),
        ("CI-17", "CN", {"area_milli_mu": 1_000, "years_s": 365 * 86_400}, 1_000_000_000, 1_000_000_000),
        ("CI-17-TREE", "CN", {"trees": 2, "years_s": 365 * 86_400}, 12_000_000, 12_000_000),
        ("CI-18", "CN", {"area_cm2": 100_000, "years_s": 365 * 86_400}, 10_526_000, 10_526_000),
        ("CI-20", "CN", {"mass_g": 5_000}, 5_000, 18_000_000),
        ("CI-21", "CN", {"mass_g": 1_000, "resin": 1}, 1_650_000, 1_650_000),
        ("CI-22", "CN", {"mass_g": 5_000, "grade": 1}, 1_475_000, 1_475_000),
        ("CI-23", "CN", {"mass_g": 1_000, "material": 0}, 8_120_800, 8_120_800),
        ("CI-25", "CN", {"category": 0}, 25_000_000, 25_000_000),
        ("CI-25", "CN", {"category": 1, "things": 2}, 109_560_000, 109_560_000),  # 2 x 0.3 x 182.6 kg
        ("CI-26", "CN", {"orders": 1}, 1, 20_000),
        ("CI-27", "CN", {"cups": 2}, 2, 66_600),
        ("CI-28", "CN-44", {"base_wh": 300_000, "actual_wh": 200_000, "days": 30}, 8_219, 3_631_976),
        ("CI-29", "CN", {"sheets": 3}, 3, 7_800),
        (
            "CI-30",
            "CN",
            {"participants": 10, "seconds": 7_200, "avoided_m": 1_000_000, "mode": 0},
            303_658_800,
            303_658_800,
        ),
        ("CI-31", "CN", {"meals": 1, "kind": 0}, 920_000, 920_000),
        ("CI-31", "CN", {"meals": 1, "kind": 1}, 610_000, 610_000),
        ("CI-32", "CN", {"meals": 1}, 1, 87_400),
        ("CI-33", "CN", {"boxes": 1}, 1, 37_000),
        ("CI-33-MASS", "CN", {"mass_g": 100, "component": 0}, 113_700, 113_700),
        ("CI-34", "CN", {"uses": 1}, 1, 1_000),
        ("CI-34", "CN-4201", {"uses": 1}, 1, 5_000),
    ],
)
def test_quantify__one_act__published_figure_times_the_act(
    scenario: str, region: str, fields: dict[str, int], quantity: int, milligrams: int
) -> None:
    day = day_of(date(2023, 7, 1))
    rule = LIBRARY.rule_for(scenario, region, day)
    assert rule is not None
    result = quantify(acts([fields], region, day), rule)
    assert result.acts["quantity"].to_list() == [quantity]
    assert reduction_mg_down(quantity, rule.factor_ug) == milligrams
    assert result.findings.is_empty()


@pytest.mark.parametrize(
    ("scenario", "fields"),
    [
        ("CI-01", {"distance_m": 5_000, "vehicle_type": 1}),  # the factor is for electric buses
        ("CI-04", {"distance_m": 499_999, "replaced_mode": 0}),  # nobody flies that
        ("CI-04", {"distance_m": 800_000, "train_type": 1}),
        ("CI-09", {"distance_m": 100_000, "energy_wh": 7_999}),  # 8 kWh per 100 km is the least
        ("CI-09", {"distance_m": 100_000, "energy_wh": 30_001}),
        ("CI-10", {"days": 1, "odometer_start_m": 1_000, "odometer_end_m": 2_001}),  # it was driven
        ("CI-10", {"days": 1, "odometer_start_m": 2_000, "odometer_end_m": 1_000}),
        ("CI-10", {"days": 1, "engine_class": 3}),
        ("CI-28", {"base_wh": 200_000, "actual_wh": 200_000, "days": 30}),
        ("CI-30", {"participants": 1, "seconds": 86_400, "avoided_m": 20_000, "mode": 0}),  # the video costs more
    ],
)
def test_quantify__act_that_reduces_nothing__finding_with_its_values(scenario: str, fields: dict[str, int]) -> None:
    rule = LIBRARY.rule_for(scenario, "CN-4403", SPRING)
    assert rule is not None
    result = quantify(acts([fields]), rule, file="ev.csv")
    assert result.acts.is_empty()
    assert result.findings.select("code", "file", "row").rows() == [("no_reduction", "ev.csv", 1)]
    assert json.loads(result.findings["values"][0]).items() >= fields.items()


@pytest.mark.parametrize(
    ("changed", "code", "values"),
    [
        ({"distance_m": 299}, "out_of_range", {"distance_m": 299, "least": 300, "most": 60_000}),
        ({"distance_m": 60_001}, "out_of_range", {"distance_m": 60_001, "least": 300, "most": 60_000}),
        ({"distance_m": -5}, "out_of_range", {"distance_m": -5, "least": 300, "most": 60_000}),
        ({"passengers": 2}, "out_of_range", {"passengers": 2, "least": 1, "most": 1}),
        ({"distance_m": None}, "missing_field", {"distance_m": None, "passengers": 1, "vehicle_type": 0}),
        ({"region": "CN-4201"}, "no_methodology", {"rule": "CI-01.CN-4403", "version": 1}),
        ({"day": 17_531}, "no_methodology", {"rule": "CI-01.CN-4403", "version": 1}),
    ],
)
def test_quantify__act_outside_the_rule__finding_for_each_of_its_rows(
    changed: dict[str, object], code: str, values: dict[str, object]
) -> None:
    row = {"distance_m": 5_000, "rows": [4, 9], **changed}
    good = {"distance_m": 7_000, **({"passengers": 1} if "passengers" in changed else {})}
    result = quantify(acts([row, good]), BUS, file="trips.csv")
    assert by_key(result.acts) == {"k000002": 7_000}
    assert result.findings.select("code", "file", "row").rows() == [(code, "trips.csv", 4), (code, "trips.csv", 9)]
    assert [json.loads(text) for text in result.findings["values"]] == [values, values]


def test_quantify__window_with_two_ends__holds_its_first_and_its_last_day() -> None:
    rule = LIBRARY.rule("CI-01-RIDE.CN-4201", 1)
    assert rule.to_day == day_of(date(2023, 6, 4))
    rows = [{"rides": 1, "day": on} for on in (rule.from_day - 1, rule.from_day, rule.to_day, rule.to_day + 1)]
    result = quantify(acts(rows, "CN-4201"), rule)
    assert by_key(result.acts) == {"k000002": 1, "k000003": 1}
    assert result.findings["code"].to_list() == ["no_methodology", "no_methodology"]


def test_quantify__findings__never_say_who() -> None:
    result = quantify(acts([{"distance_m": 1, "subject": "card-BDACAJ"}]), BUS)
    assert "BDACAJ" not in "".join(result.findings["values"])


def test_quantify__missing_column__named() -> None:
    with pytest.raises(InputError, match="need the column distance_m"):
        quantify(acts([{"rides": 1}]), BUS)


@pytest.mark.parametrize("scenario", ["CI-08", "CI-24", "CI-35"])
def test_quantify__draft__never_credited(scenario: str) -> None:
    draft = LIBRARY.rules_of(scenario)[0]
    with pytest.raises(MethodologyError, match="draft and cannot be credited"):
        quantify(acts([{"mass_g": 100}]), draft)


def test_quantify__reference_set__never_credited() -> None:
    with pytest.raises(MethodologyError, match="reference and cannot be credited"):
        quantify(acts([{"rides": 1}]), LIBRARY.references["CI-01"]["SZ_news"])


def test_quantify__no_acts__nothing() -> None:
    result = quantify(acts([{"distance_m": 5_000}]).clear(), BUS)
    assert (result.acts.height, result.findings.height) == (0, 0)
    assert result.acts.schema["quantity"] == pl.Int64()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize("rule", rules_to_try(), ids=lambda rule: f"{rule.id}-v{rule.version}")
def test_quantify__any_record_in_range__same_integer_as_exact_fractions(rule: Rule, seed: int) -> None:
    chance = random.Random(seed)
    columns = {
        field.column: (field.in_base(field.min), field.in_base(field.max)) for field in rule.method.fields.values()
    }
    rows = [
        {name: chance.choice([low, high, chance.randint(low, high)]) for name, (low, high) in columns.items()}
        for _ in range(20)
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.Int64()))
    for name, expr in rule.plan.columns:
        frame = frame.with_columns(expr.alias(name))
    for row, found in zip(rows, frame[QUANTITY], strict=True):
        assert found == evaluate(rule, row)[QUANTITY]
        assert found <= rule.record_limit


def test_quantify__hundred_thousand_acts__milligrams_are_those_of_the_chain() -> None:
    chance = random.Random(20230501)
    lengths = [chance.randint(1, 70_000) for _ in range(100_000)]
    result = quantify(acts([{"distance_m": length} for length in lengths]), BUS)
    counted = [length for length in lengths if 300 <= length <= 60_000]
    milligrams = result.acts.select(pl.col("quantity") * BUS.factor_ug // 1000).to_series().to_list()
    assert milligrams == [length * 26_900 // 1000 for length in counted]
    assert result.findings.height == 100_000 - len(counted)


DISTANCES = st.lists(st.integers(0, 80_000), min_size=1, max_size=30)


@settings(deadline=None)
@given(lengths=DISTANCES, seed=st.integers(0, 2**16))
def test_quantify__order_and_split__do_not_matter(lengths: list[int], seed: int) -> None:
    table = acts([{"distance_m": length} for length in lengths])
    whole = quantify(table, BUS)
    shuffled = quantify(table.sample(fraction=1, shuffle=True, seed=seed), BUS)
    middle = seed % (len(lengths) + 1)
    parts = [quantify(part, BUS) for part in (table[:middle], table[middle:])]
    assert by_key(whole.acts) == by_key(shuffled.acts) == {**by_key(parts[0].acts), **by_key(parts[1].acts)}
    lines = [sorted(each.findings.rows()) for each in (whole, shuffled)]
    assert lines[0] == lines[1] == sorted(parts[0].findings.rows() + parts[1].findings.rows())


@settings(deadline=None)
@given(lengths=DISTANCES)
def test_quantify__every_row__in_one_act_or_one_finding(lengths: list[int]) -> None:
    result = quantify(acts([{"distance_m": length} for length in lengths]), BUS)
    rows = result.acts["rows"].explode().to_list() if result.acts.height else []
    assert sorted(rows + result.findings["row"].to_list()) == list(range(1, len(lengths) + 1))
    assert (result.acts["quantity"] > 0).all()


@settings(deadline=None)
@given(steps=st.lists(st.integers(0, 100_000), min_size=2, max_size=20))
def test_quantify__more_steps__never_less_and_never_above_the_published_cap(steps: list[int]) -> None:
    rule = LIBRARY.rule("CI-07.CN", 1)
    result = quantify(acts([{"steps": count} for count in sorted(steps)]), rule)
    quantities = result.acts.sort("record_key")["quantity"].to_list()
    assert quantities == sorted(quantities)
    assert all(0 < reduction_mg_down(quantity, rule.factor_ug) <= 296_000 for quantity in quantities)
