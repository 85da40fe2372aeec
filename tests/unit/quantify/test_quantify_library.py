from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from oracle.measure.quantify.figures import Confidence, Status
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.rule import Rule
from oracle.model.errors import MethodologyError
from oracle.model.units import Unit, day_of
from tests.unit.quantify.quantify_acts import edited_library

SCENARIOS = {f"CI-{number:02}" for number in range(1, 36)}
DISABLED = {"CI-08", "CI-19", "CI-24", "CI-35"}


def day(text: str) -> int:
    return day_of(date.fromisoformat(text))


def test_library__every_scenario_of_the_catalogue_is_there__thirty_one_are_active(library: Library) -> None:
    active = {rule.scenario for rule in library.rules() if rule.status is Status.ACTIVE}
    assert set(library.documents) >= SCENARIOS
    assert SCENARIOS - active == DISABLED
    assert active - SCENARIOS == {"CI-01-RIDE", "CI-02-RIDE", "CI-09-RIDE", "CI-11-BILL", "CI-17-TREE", "CI-33-MASS"}


@pytest.mark.parametrize(
    ("scenario", "region", "on", "identity", "version", "factor_ug", "unit"),
    [
        ("CI-01", "CN-4403", "2018-09-01", "CI-01.CN-4403", 1, 26_900, Unit.METRE),
        ("CI-01", "CN-440305", "2023-05-01", "CI-01.CN-4403", 1, 26_900, Unit.METRE),
        ("CI-02", "CN-4403", "2018-09-01", "CI-02.CN-4403", 1, 46_700, Unit.METRE),
        ("CI-01-RIDE", "CN-4403", "2018-09-01", "CI-01-RIDE.CN", 1, 150_000_000, Unit.COUNT),
        ("CI-01-RIDE", "CN-4201", "2023-06-04", "CI-01-RIDE.CN-4201", 1, 105_000_000, Unit.COUNT),
        ("CI-01-RIDE", "CN-4201", "2023-06-05", "CI-01-RIDE.CN-4201", 2, 150_000_000, Unit.COUNT),
        ("CI-01-RIDE", "CN-4201", "2020-12-31", "CI-01-RIDE.CN", 1, 150_000_000, Unit.COUNT),
        ("CI-02-RIDE", "CN-4201", "2022-01-01", "CI-02-RIDE.CN-4201", 1, 274_000_000, Unit.COUNT),
        ("CI-05", "CN-11", "2024-11-01", "CI-05.CN", 1, 40_000, Unit.METRE),  # Beijing's own is a draft
        ("CI-11", "CN-4403", "2021-12-31", "CI-11.CN-44", 1, 471_500, Unit.WATT_HOUR),
        ("CI-11", "CN-4403", "2022-01-01", "CI-11.CN-44", 2, 440_300, Unit.WATT_HOUR),
        ("CI-11", "CN-4403", "2023-01-01", "CI-11.CN-44", 3, 441_900, Unit.WATT_HOUR),
        ("CI-11", "CN-4403", "2031-07-01", "CI-11.CN-44", 3, 441_900, Unit.WATT_HOUR),  # the newest published one
        ("CI-11", "CN-54", "2022-07-01", "CI-11.CN", 2, 536_600, Unit.WATT_HOUR),  # Tibet has no factor before 2023
        ("CI-11", "CN-54", "2023-07-01", "CI-11.CN-54", 1, 247_200, Unit.WATT_HOUR),
        ("CI-11-BILL", "CN-SG", "2022-07-01", "CI-11-BILL.CN-SG", 2, 386_900, Unit.WATT_HOUR),
        ("CI-12", "CN-4403", "2023-05-01", "CI-12.CN", 1, 194_000, Unit.LITRE),
        ("CI-13", "CN-4403", "2023-05-01", "CI-13.CN", 1, 2_184_000, Unit.LITRE),
        ("CI-34", "CN-4201", "2023-06-05", "CI-34.CN-4201", 1, 5_000_000, Unit.COUNT),
        ("CI-04", "CN-31", "2023-05-01", "CI-04.CN", 1, 1000, Unit.MILLIGRAM_CO2E),
    ],
)
def test_rule_for__place_and_day__most_specific_active_version(
    library: Library, scenario: str, region: str, on: str, identity: str, version: int, factor_ug: int, unit: Unit
) -> None:
    rule = library.rule_for(scenario, region, day(on))
    assert rule is not None
    assert (rule.id, rule.version, rule.factor_ug, rule.unit) == (identity, version, factor_ug, unit)


@pytest.mark.parametrize(
    ("scenario", "region", "on"),
    [
        ("CI-01", "CN-4201", "2023-05-01"),  # only Shenzhen has a factor by distance
        ("CI-01", "CN-4403", "2017-12-31"),
        ("CI-01", "CN-11", "2024-11-01"),  # a draft is no rule
        ("CI-08", "CN-4403", "2023-05-01"),
        ("CI-24", "CN", "2024-05-01"),
        ("CI-11", "CN-4403", "2020-12-31"),
        ("CI-99", "CN", "2023-05-01"),
    ],
)
def test_rule_for__nothing_active__none(library: Library, scenario: str, region: str, on: str) -> None:
    assert library.rule_for(scenario, region, day(on)) is None


def test_rules__windows_of_one_id__never_overlap_and_versions_count_from_one(library: Library) -> None:
    versions: dict[str, list[Rule]] = defaultdict(list)
    for rule in library.rules():
        versions[rule.id].append(rule)
    for rules in versions.values():
        assert [rule.version for rule in rules] == list(range(1, len(rules) + 1))
        for earlier, later in pairwise(rules):
            assert earlier.to_day is not None
            assert earlier.to_day < later.from_day


def test_rules__active__sourced_verified_and_within_thirty_one_characters(library: Library) -> None:
    for rule in library.rules():
        assert re.fullmatch(r"CI-\d\d(-[A-Z]+)?\.CN(-[0-9A-Z]+)?", rule.id)
        assert len(rule.id) <= 31
        for bound in rule.bound.values():
            assert bound.source.title
            if rule.status is Status.ACTIVE:
                assert bound.parameter.confidence is not Confidence.RECALLED
                assert not bound.parameter.note.startswith("SECONDARY-UNVERIFIED")
                assert not bound.parameter.rejected


def test_rules__easily_forged__earn_no_points(library: Library) -> None:
    assert {name for name, document in library.documents.items() if not document.points} == {
        "CI-07",
        "CI-07-TRACE",
        "CI-30",
        "CI-32",
        "EQUIV",
        "POINTS",
    }


def test_references__no_set_is_a_rule(library: Library) -> None:
    for sets in library.references.values():
        for rule in sets.values():
            assert rule.status is Status.REFERENCE
            assert rule not in library.rules()


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        # wrong values in circulation
        ("ci-13.toml", 'value = "2.184"', 'value = "0.19"', "known wrong value"),
        ("ci-22.toml", 'value = "0.295"', 'value = "1.500"', "known wrong value"),
        (
            "ci-02.toml",
            '"ERF_metro.SZ" = { value = "0.0467"',
            '"ERF_metro.SZ" = { value = "0.169"',
            "known wrong value",
        ),
        ("ci-21.toml", 'f_pet = "f_PET.UK2025"', 'f_pet = "f_plastic.SH_claim"', "known wrong value"),
        ("grid.csv", "CN-44,2023,0.4419", "CN-44,2023,0.997", "known wrong value"),
        ("grid.csv", "CN-44,2023,0.4419", "CN-44,2023,0.785", "known wrong value"),
        ("grid.csv", "CN-44,2023,0.4419", "CN-44,2023,0.956", "known wrong value"),
        # not verified, recalled or missing
        (
            "ci-01.toml",
            'bind = { erf = "ERF_bus.SZ" }',
            'bind = { erf = "EF_bus.JJJ" }',
            "not verified; the rule can only be a draft",
        ),
        ("ci-24.toml", 'status = "draft"', 'status = "active"', "recalled; the rule can only be a draft"),
        ("ci-35.toml", 'status = "draft"', 'status = "active"', "ef_idle, t_avoided has no value"),
        ("ci-08.toml", 'reason = "The factor', 'reason = ""\n#', "a draft needs a reason"),
        # units: kg or t, per km or per ride, litre or cubic metre
        (
            "ci-01.toml",
            '"ERF_bus.SZ" = { value = "0.0269", unit = "kgCO2/pkm"',
            '"ERF_bus.SZ" = { value = "0.0269", unit = "kgCO2/ride"',
            "is not a mass of CO2 per m",
        ),
        ("ci-04.toml", 'value = "0.03048", unit = "kgCO2/pkm"', 'value = "0.03048", unit = "kgCO2/kWh"', "mixes"),
        ("ci-12.toml", 'formula = "max(baseline_l - volume_l, 0)"', 'formula = "max(baseline_l - days, 0)"', "mixes"),
        ("ci-15.toml", "q_day * days *", "q_day *", "'quantity' is not in mgCO2e"),
        ("ci-13.toml", 'day_limit = "1000 m3"', 'day_limit = "1000 km"', "does not limit a quantity in L"),
        ("ci-01.toml", 'unit = "kgCO2/pkm"', 'unit = "kgCO2/furlong"', "'furlong' is not one of the supported units"),
        ("ci-20.toml", 'value = "3.6"', 'value = "3.6000001"', "must be a positive whole number"),
        # baselines that could overflow, or a number of residents that the mean is not exact for
        ("ci-11.toml", 'min = "1"\nmax = "20"', 'min = "1"\nmax = "21"', "at most 20 for 'residents'"),
        ("ci-11.toml", 'max = "200"', 'max = "300000"', "sums of 64 bits"),
        ("ci-12.toml", 'max = "1000"', 'max = "9000000000000000"', "sums of 64 bits"),
        # names that lead nowhere
        ("ci-01.toml", 'erf = "ERF_bus.SZ"', 'erf = "ERF_tram"', "no parameter 'ERF_tram'"),
        ("ci-01.toml", 'source = "SZ22"', 'source = "SZ99"', "no source 'SZ99'"),
        ("ci-01.toml", 'method = "distance"', 'method = "distances"', "no method 'distances'"),
        ("ci-01.toml", 'factor = "erf"', 'factor = "erg"', "has no value"),
        ("ci-12.toml", 'method = "bill"', 'method = "saved"', "for manual input"),
        # versions and windows
        ("ci-01-ride.toml", "version = 2", "version = 3", "versions must be 1, 2, 3"),
        ("ci-01-ride.toml", "since = 2023-06-05", "since = 2020-06-05", "is empty or overlaps"),
        ("ci-01-ride.toml", "since = 2021-01-01", "since = 2021-01-01\nuntil = 2024-01-01", "is empty or overlaps"),
        ("ci-34.toml", 'region = "CN-4201"', 'region = "CN-4201-AND-ALL-OF-ITS-DISTRICTS"', "31 ASCII characters"),
        ("ci-34.toml", "version = 1", "", "needs region, version and since"),
        ("ci-28.toml", 'equals = "all"', 'equals = "one"', "group 'household-energy' must have the same"),
        # the form
        ("ci-07.toml", 'sector = "travel"', 'sector = "sport"', "sector"),
        ("ci-07.toml", "points = false", 'points = "no"', "points"),
        ("ci-07.toml", 'scene = "green life"', 'scene = "green life"\ncolour = "green"', "colour"),
        ("ci-07.toml", 'value = "0.00002"', "value = 0.00002", "value"),
        ("ci-07.toml", 'value = "0.00002"', 'value = "tiny"', "not a decimal number"),
        ("ci-07.toml", 'value = "0.00002"', 'value = "NaN"', "not a finite number"),
        (
            "ci-07.toml",
            'quantity = "min(steps, cap / f_step)"',
            'quantity = "min(steps, 0.296)"',
            "Make it a parameter with a source",
        ),
        ("ci-07.toml", 'id = "CI-07"', 'id = "CI-70"', "rename it to ci-70.toml"),
        ("ci-07.toml", "format = 1", "format = ", "is not valid TOML"),
    ],
)
def test_load__document_that_must_not_pass__refused_with_its_reason(
    tmp_path: Path, name: str, old: str, new: str, says: str
) -> None:
    folder = edited_library(tmp_path, name, old, new, "ci-11.toml" if name in {"grid.csv", "ci-28.toml"} else name)
    with pytest.raises(MethodologyError, match=re.escape(says)):
        Library.load(folder)


def test_load__folder_that_is_none__says_what_a_library_has(tmp_path: Path) -> None:
    with pytest.raises(MethodologyError, match=r"grid\.csv, sources\.toml"):
        Library.load(tmp_path)


def test_load__next_grid_year_published__new_version_ends_the_open_window(tmp_path: Path, library: Library) -> None:
    folder = edited_library(
        tmp_path, "grid.csv", "CN-44,2023,0.4419", "CN-44,2024,0.4300,2026-12,GRID23\nCN-44,2023,0.4419"
    )
    later = Library.load(folder)
    third, fourth = later.rule("CI-11.CN-44", 3), later.rule("CI-11.CN-44", 4)
    assert (third.to_day, fourth.from_day, fourth.to_day) == (day("2023-12-31"), day("2024-01-01"), None)
    assert fourth.factor_ug == 430_000
    assert third.document_hash == library.rule("CI-11.CN-44", 3).document_hash


@pytest.mark.parametrize(
    ("identity", "version", "says"),
    [
        ("CI-01.CN-4403", 2, "has versions 1 to 1, not 2"),
        ("CI-01.CN-440", 1, "did you mean CI-01.CN-4403"),
        ("CI-77.CN", 1, "no scenario 'CI-77'"),
    ],
)
def test_rule__unknown__nearest_named(library: Library, identity: str, version: int, says: str) -> None:
    with pytest.raises(MethodologyError, match=re.escape(says)):
        library.rule(identity, version)
