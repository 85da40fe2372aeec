from __future__ import annotations

import re
from dataclasses import replace

import pytest

from oracle.measure.quantify.library import Library
from oracle.measure.quantify.rehearsal import rehearse
from oracle.model.errors import MethodologyError
from tests.unit.quantify.quantify_acts import SPRING, acts, days

LIBRARY = Library.load()
METRO = LIBRARY.rule("CI-02.CN-4403", 1)
HALF = replace(METRO, version=2, factor_ug=METRO.factor_ug // 2, from_day=SPRING + 1000)


def test_rehearse__lower_factor__both_results_by_day_and_account() -> None:
    table = acts(
        [
            {"distance_m": 10_001, "subject": "a"},
            {"distance_m": 2_000, "subject": "a"},
            {"distance_m": 700, "subject": "b", "day": SPRING + 1},
        ]
    )
    found = rehearse(LIBRARY, HALF, table, table)
    assert found.against == ("CI-02.CN-4403 v1",)
    assert found.days.rows() == [
        (SPRING, 2, 12_001 * 46_700 // 1000, 560_446 * 76 // 9000, 2, 12_001 * 23_350 // 1000, 280_223 * 76 // 9000),
        (SPRING + 1, 1, 32_690, 276, 1, 16_345, 138),
    ]
    assert found.accounts.select("subject", "reduction_mg_before").rows() == [("a", 560_446), ("b", 32_690)]
    assert found.refused == {}


def test_rehearse__rule_of_the_nation__leaves_places_with_a_nearer_rule_alone() -> None:
    nation = replace(METRO, region="CN")
    mixed = acts([{"distance_m": 1_000, "region": "CN-4403"}, {"distance_m": 1_000, "region": "CN-51"}])
    found = rehearse(LIBRARY, nation, mixed, mixed)
    assert found.against == ()
    assert found.days.select("acts_before", "acts_after").rows() == [(0, 1)]


def test_rehearse__rule_of_another_place__nothing_changes() -> None:
    table = acts([{"distance_m": 1_000, "region": "CN-51"}])
    assert rehearse(LIBRARY, METRO, table, table).days.is_empty()


def test_rehearse__over_the_day_cap__both_sides_are_cut_to_it() -> None:
    capped = replace(HALF, day_cap_mg=1_000_000)
    table = acts([{"distance_m": 100_000}, {"distance_m": 100_001}])
    found = rehearse(LIBRARY, capped, table, table)
    before, after = found.days.select("reduction_mg_before", "reduction_mg_after").row(0)
    assert before == METRO.day_cap_mg == 200_000 * 46_700 // 1000
    assert after == 1_000_000 * 1000 // 23_350 * 23_350 // 1000


def test_rehearse__growth_only__no_points() -> None:
    growing = replace(METRO, document=METRO.document.model_copy(update={"points": False}))
    table = acts([{"distance_m": 1_000}])
    found = rehearse(LIBRARY, growing, table, table)
    assert found.days.select("points_milli_before", "points_milli_after").rows() == [(394, 0)]


def test_rehearse__narrower_range__what_brings_nothing_is_counted_by_its_finding() -> None:
    method = METRO.method
    narrow = {**method.fields, "distance_km": method.fields["distance_km"].model_copy(update={"min": "5"})}
    document = METRO.document.model_copy(
        update={"methods": {**METRO.document.methods, "distance": method.model_copy(update={"fields": narrow})}}
    )
    table = acts([{"distance_m": 4_999}, {"distance_m": 5_000}])
    found = rehearse(LIBRARY, replace(METRO, document=document), table, table)
    assert found.days.select("acts_before", "acts_after").rows() == [(2, 1)]
    assert found.refused == {"out_of_range": 1}


def test_rehearse__baseline__looks_back_at_acts_before_the_days_that_are_compared() -> None:
    table = acts(days([9_000] * 7 + [6_000]))
    last = table.filter(table["day"] == SPRING + 7)
    rule = LIBRARY.rule("CI-11.CN-44", 3)
    found = rehearse(LIBRARY, rule, last, table)
    assert found.days["reduction_mg_after"].to_list() == [3_000 * rule.factor_ug // 1000]
    assert rehearse(LIBRARY, rule, last, last).refused == {"no_baseline": 1}


def test_rehearse__draft_without_figures__refused_with_its_reason() -> None:
    rule = LIBRARY.rules_of("CI-35")[0]
    table = acts([{"passages": 1}])
    with pytest.raises(MethodologyError, match=re.escape(f"{rule.id} cannot be computed: {rule.reason}")):
        rehearse(LIBRARY, rule, table, table)
