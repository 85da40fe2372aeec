"""Drafting the next version of a methodology."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from oracle.model.ids import methodology_word

from ..support.city import BUS, COUNT, GRAM, METRE, MILLIGRAM_CO2E, OPEN_END, TODAY, City, Terms
from ..support.clock import day
from ..support.reverts import reverts_with
from ..support.values import bare, events

TREES = "CI-42.CN-4403"
WATT_HOUR, LITRE, MILLILITRE, SECOND = 1, 2, 3, 5
DRAFT, SUSPENDED = 1, 5


def test_given_complete_terms__it_drafts_the_next_version(city: City) -> None:
    word, terms = methodology_word(BUS), Terms(factor_ug=30_000, from_day=day(2036, 1, 1))
    done = city.methodologies.propose(word, terms, {"from": city.roles.authority})
    assert done.return_value == 2
    assert city.methodologies.versionCount(word) == 2
    stored, status, notice_ends, proposer = city.methodologies.methodologyOf(word, 2)
    assert bare(stored)[:8] == (METRE, True, True, 30_000, 50_000_000, 120_000, 24_106, OPEN_END)
    assert (status, notice_ends, proposer) == (DRAFT, 0, city.roles.authority)
    [event] = events(done, "MethodologyProposed")
    assert (event["version"], event["proposer"]) == (2, city.roles.authority)
    assert event["terms"] == bare(stored)


@pytest.mark.parametrize("missing", [{"day_cap_mg": 0}, {"record_limit": 0}, {"document_hash": b"\0" * 32}], ids=str)
def test_given_terms_that_lack_something__it_reverts(city: City, missing: dict[str, Any]) -> None:
    with reverts_with(city.methodologies, "MethodologyRegistry_IncompleteTerms"):
        city.draft(TREES, Terms(**missing))


def test_given_a_window_that_ends_before_it_begins__it_reverts(city: City) -> None:
    with reverts_with(city.methodologies, "MethodologyRegistry_EmptyWindow", 24_106, 24_105):
        city.draft(TREES, Terms(from_day=24_106, to_day=24_105))


def test_given_a_window_of_one_day__it_drafts(city: City) -> None:
    assert city.draft(TREES, Terms(from_day=24_106, to_day=24_106)) == 1


@pytest.mark.parametrize(
    ("unit", "lowest", "highest"),
    [
        (METRE, 1, 2_000_000),
        (WATT_HOUR, 1, 2_000_000),
        (LITRE, 1, 10_000_000),
        (MILLILITRE, 1, 10_000),
        (GRAM, 1, 50_000_000),
        (SECOND, 1, 2_777_777),
        (COUNT, 1, 100_000_000_000),
        (MILLIGRAM_CO2E, 1000, 1000),
    ],
)
def test_given_the_first_version__it_takes_factors_of_its_units_range_only(
    city: City, unit: int, lowest: int, highest: int
) -> None:
    for wrong in (lowest - 1, highest + 1):
        with reverts_with(city.methodologies, "MethodologyRegistry_FactorOutOfRange", wrong, lowest, highest):
            city.draft(TREES, Terms(unit=unit, factor_ug=wrong))
    assert city.draft(TREES, Terms(unit=unit, factor_ug=lowest)) == 1
    assert city.draft(TREES + "-2", Terms(unit=unit, factor_ug=highest)) == 1


def test_given_a_version_in_force__when_the_next_is_ten_times_larger__it_reverts(city: City) -> None:
    with reverts_with(city.methodologies, "MethodologyRegistry_FactorOutOfRange", 269_001, 1, 269_000):
        city.draft(BUS, Terms(factor_ug=269_001))
    assert city.draft(BUS, Terms(factor_ug=269_000)) == 2


def test_given_a_version_in_force__when_drafts_climb__it_compares_with_that_one(
    city: City,
) -> None:
    city.draft(BUS, Terms(factor_ug=269_000))
    with reverts_with(city.methodologies, "MethodologyRegistry_FactorOutOfRange", 269_001, 1, 269_000):
        city.draft(BUS, Terms(factor_ug=269_001))


def test_given_three_versions_in_force__it_compares_with_the_last_and_not_the_first(city: City) -> None:
    """269,000 is ten times the first; the third is to be at most ten times the second."""
    city.activate(BUS, city.draft(BUS, Terms(factor_ug=30_000, from_day=TODAY + 30)))
    assert city.draft(BUS, Terms(factor_ug=300_000)) == 3
    with reverts_with(city.methodologies, "MethodologyRegistry_FactorOutOfRange", 300_001, 1, 300_000):
        city.draft(BUS, Terms(factor_ug=300_001))
    city.activate(BUS, city.draft(BUS, Terms(factor_ug=10_000, from_day=TODAY + 60)))
    with reverts_with(city.methodologies, "MethodologyRegistry_FactorOutOfRange", 100_001, 1, 100_000):
        city.draft(BUS, Terms(factor_ug=100_001))


def test_given_a_draft_far_too_small__when_the_right_one_follows__it_is_no_obstacle(
    city: City,
) -> None:
    city.draft(TREES, Terms(factor_ug=3))
    assert city.draft(TREES, Terms(factor_ug=26_900)) == 2


def test_given_a_version_in_force__when_the_unit_changes__it_uses_that_units_range(
    city: City,
) -> None:
    assert city.draft(BUS, Terms(unit=GRAM, factor_ug=50_000_000)) == 2


def test_given_a_suspended_version__it_still_compares_with_it(city: City) -> None:
    city.methodologies.suspend(methodology_word(BUS), 1, "under review", {"from": city.roles.authority})
    assert city.methodologies.methodologyOf(methodology_word(BUS), 1)[1] == SUSPENDED
    with reverts_with(city.methodologies, "MethodologyRegistry_FactorOutOfRange", 269_001, 1, 269_000):
        city.draft(BUS, Terms(factor_ug=269_001))


def test_given_a_proposer_behind_the_access_manager__it_reverts(city: City) -> None:
    data = city.methodologies.propose.encode_input(methodology_word(TREES), Terms(document_hash=keccak(b"trees")))
    with reverts_with(city.methodologies, "MethodologyRegistry_SamePerson", city.access):
        city.access.execute(city.methodologies, data, {"from": city.roles.authority})
