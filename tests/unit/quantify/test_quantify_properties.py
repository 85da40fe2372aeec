"""What must hold for every active rule, whatever the records: more of an act is never worth less, nothing is negative, caps hold, and
neither order nor split changes anything."""

from __future__ import annotations

import random
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.measure.evidence.batch import quantity_limit, within_day_cap
from oracle.measure.quantify.engine import quantify
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.plan import QUANTITY
from oracle.measure.quantify.rule import Rule
from oracle.model.units import reduction_mg_down
from tests.unit.quantify.quantify_acts import acts, by_key

# Columns of which more brings never less (+) or never more (-); the others are words, or proofs that an act is what it says.
DIRECTIONS: dict[str, str] = {
    "CI-01": "+distance_m +passengers",
    "CI-01-RIDE": "+rides",
    "CI-02": "+distance_m +passengers",
    "CI-02-RIDE": "+rides",
    "CI-03": "+distance_m +passengers",
    "CI-04": "+distance_m",
    "CI-05": "+distance_m",
    "CI-06": "+distance_m",
    "CI-07": "+steps",
    "CI-09": "",  # more energy on a distance is less reduction, until it is so little that nobody believes it
    "CI-09-RIDE": "+distance_m",
    "CI-10": "+days",
    "CI-11": "+baseline_wh",
    "CI-11-BILL": "+days +residents",  # a larger baseline brings more until it says that nobody was at home
    "CI-12": "+days +residents",
    "CI-13": "",
    "CI-14": "+energy_wh +days",
    "CI-15": "+area_cm2 +days",
    "CI-16": "+energy_wh",
    "CI-17": "+area_milli_mu +years_s +survival",
    "CI-17-TREE": "+trees +years_s +survival",
    "CI-18": "+area_cm2 +years_s",
    "CI-20": "+mass_g",
    "CI-21": "+mass_g",
    "CI-22": "+mass_g",
    "CI-23": "+mass_g",
    "CI-25": "+things",
    "CI-26": "+orders",
    "CI-27": "+cups",
    "CI-28": "+base_wh -actual_wh +days",
    "CI-29": "+sheets",
    "CI-30": "+participants +avoided_m -seconds",
    "CI-31": "+meals",
    "CI-32": "+meals",
    "CI-33": "+boxes",
    "CI-33-MASS": "+mass_g",
    "CI-34": "+uses",
}
# Quantity that is one column, or a product with a column that holds 1: two halves of an act are worth the whole.
SUMS = {
    **dict.fromkeys(("CI-01", "CI-02", "CI-03", "CI-05", "CI-06", "CI-09-RIDE"), "distance_m"),
    "CI-01-RIDE": "rides",
    "CI-02-RIDE": "rides",
    "CI-10": "days",
    "CI-16": "energy_wh",
    "CI-20": "mass_g",
    "CI-26": "orders",
    "CI-27": "cups",
    "CI-29": "sheets",
    "CI-32": "meals",
    "CI-33": "boxes",
    "CI-34": "uses",
}
SEEDS = st.integers(0, 2**32)


def active() -> dict[str, Rule]:
    """The newest active rule of each scenario."""
    return {rule.scenario: rule for rule in Library.load().rules() if rule.status is Status.ACTIVE}


RULES = active()
NO_HISTORY = [scenario for scenario, rule in RULES.items() if rule.method.baseline is None]
every_rule = pytest.mark.parametrize("scenario", RULES)


def ranges(rule: Rule) -> dict[str, tuple[int, int]]:
    """Smallest and largest value of each column, computed ones too."""
    return {field.column: (field.in_base(field.min), field.in_base(field.max)) for field in rule.method.fields.values()}


def drawn(rule: Rule, chance: random.Random, count: int = 1) -> list[dict[str, int]]:
    """Random records in range, with the ends of the ranges well represented."""
    return [
        {name: chance.choice([low, high, chance.randint(low, high)]) for name, (low, high) in ranges(rule).items()}
        for _ in range(count)
    ]


def quantities(rule: Rule, rows: list[dict[str, int]]) -> list[int]:
    """Quantity of each record by the plan that tables are computed with."""
    frame = pl.DataFrame(rows, schema=dict.fromkeys(ranges(rule), pl.Int64()))
    for name, expr in rule.plan.columns:
        frame = frame.with_columns(expr.alias(name))
    return frame[QUANTITY].to_list()


def test_directions__name_every_active_scenario_and_only_its_columns() -> None:
    assert DIRECTIONS.keys() == RULES.keys()
    for scenario, listed in DIRECTIONS.items():
        assert {column[1:] for column in listed.split()} <= ranges(RULES[scenario]).keys()


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
@every_rule
def test_every_rule__more_of_an_act__never_brings_less(scenario: str, seed: int) -> None:
    rule, chance = RULES[scenario], random.Random(seed)
    for column in DIRECTIONS[scenario].split():
        low, high = ranges(rule)[column[1:]]
        record = drawn(rule, chance)[0]
        rising = sorted({low, high, *(chance.randint(low, high) for _ in range(12))}, reverse=column[0] == "-")
        found = quantities(rule, [{**record, column[1:]: value} for value in rising])
        assert all(before <= after for before, after in pairwise(found)), (column, record)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
@pytest.mark.parametrize(
    ("scenario", "used"),
    [("CI-11", "energy_wh"), ("CI-11-BILL", "energy_wh"), ("CI-12", "volume_l"), ("CI-13", "volume_l")],
)
def test_every_baseline__using_less__never_brings_less_unless_nobody_was_at_home(
    scenario: str, used: str, seed: int
) -> None:
    rule, chance = RULES[scenario], random.Random(seed)
    record = drawn(rule, chance)[0]
    usual = record["usual_wh" if scenario == "CI-11" else next(name for name in record if name.startswith("baseline"))]
    high = ranges(rule)[used][1]
    least = min(-(-usual // 5), high)  # below a fifth of what is usual the home is vacant
    falling = sorted({least, high, *(chance.randint(least, high) for _ in range(12))}, reverse=True)
    found = quantities(rule, [{**record, used: value} for value in falling])
    assert all(before <= after for before, after in pairwise(found)), record
    if usual > 5 * high:
        return
    vacant = quantities(rule, [{**record, used: value} for value in range(max(0, least - 3), least)])
    assert vacant == [0] * len(vacant)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
@every_rule
def test_every_rule__any_records__nothing_negative_and_the_day_cap_holds(scenario: str, seed: int) -> None:
    rule = RULES[scenario]
    found = quantities(rule, drawn(rule, random.Random(seed), 40))
    limit = quantity_limit(rule)
    assert min(found) >= 0
    assert max(found) <= rule.record_limit
    assert 0 <= reduction_mg_down(min(sum(found), limit), rule.factor_ug) <= rule.day_cap_mg
    assert reduction_mg_down(limit + 1, rule.factor_ug) >= rule.day_cap_mg


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
@pytest.mark.parametrize("scenario", NO_HISTORY)
def test_every_rule__order_and_split_of_the_table__do_not_matter(scenario: str, seed: int) -> None:
    rule, chance = RULES[scenario], random.Random(seed)
    table = acts([{**record, "day": rule.from_day} for record in drawn(rule, chance, 20)], rule.region)
    whole = quantify(table, rule)
    shuffled = quantify(table.sample(fraction=1, shuffle=True, seed=seed), rule)
    at = chance.randint(0, 20)
    first, second = quantify(table[:at], rule), quantify(table[at:], rule)
    assert by_key(whole.acts) == by_key(shuffled.acts) == {**by_key(first.acts), **by_key(second.acts)}
    assert whole.acts.height + whole.findings.height == 20


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
@pytest.mark.parametrize("scenario", SUMS)
def test_linear_rules__an_act_in_two_parts__is_worth_the_whole(scenario: str, seed: int) -> None:
    rule, chance = RULES[scenario], random.Random(seed)
    column = SUMS[scenario]
    low, high = ranges(rule)[column]
    record = drawn(rule, chance)[0]
    whole = chance.randint(2 * low, high)
    part = chance.randint(low, whole - low)
    found = quantities(rule, [{**record, column: value} for value in (whole, part, whole - part)])
    assert found[0] == found[1] + found[2]


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 60_000), min_size=1, max_size=12), seed=SEEDS)
def test_day_cap__however_a_day_is_split_into_batches__never_exceeded(sizes: list[int], seed: int) -> None:
    rule, chance = RULES["CI-01"], random.Random(seed)
    limit = quantity_limit(rule)
    table = pl.DataFrame(
        {"account": ["a"] * len(sizes), "record_id": range(len(sizes)), "start": range(len(sizes)), "quantity": sizes}
    )
    later = [chance.random() < 0.5 for _ in sizes]
    first = table.filter(~pl.Series(later))
    before = first.group_by("account").agg(pl.col("quantity").sum().clip(upper_bound=limit))
    fits, beyond = within_day_cap(table.filter(pl.Series(later)), before, limit)
    again = within_day_cap(table.filter(pl.Series(later)).sample(fraction=1, shuffle=True, seed=seed), before, limit)[0]
    second = (
        fits["quantity"].sum() if len(first) else min(fits["quantity"].sum(), limit)
    )  # a first batch is cut by its tree
    credited = before["quantity"].sum() + second
    assert credited <= limit
    assert reduction_mg_down(credited, rule.factor_ug) <= rule.day_cap_mg
    assert len(fits) + len(beyond) == sum(later)
    assert sorted(again["record_id"]) == sorted(fits["record_id"])
