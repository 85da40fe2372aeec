"""Every warning of the catalogue holds in what is computed: wrong values are refused, doubtful ones credit nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from oracle.measure.quantify.check import check
from oracle.measure.quantify.compute import Computed, compute
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import Library
from oracle.model.errors import InputError, MethodologyError
from tests.unit.quantify.quantify_acts import edited_library

LIBRARY = Library.load()
MAY = date(2023, 5, 1)


def active_figures(*scenarios: str) -> dict[str, str]:
    """Source of every figure that an active rule uses, by key; of some scenarios or of all."""
    return {
        bound.key: bound.parameter.source
        for rule in LIBRARY.rules()
        if rule.status is Status.ACTIVE and (not scenarios or rule.scenario in scenarios)
        for bound in rule.bound.values()
    }


def of_set(scenario: str, set_name: str, **record: object) -> Computed:
    """A record under a named set, which must credit nothing."""
    result = compute(LIBRARY, scenario, record, None, None, set_name)
    assert (result.rule.status, result.credited_mg) == (Status.REFERENCE, 0)
    return result


def milligrams(scenario: str, **record: object) -> int:
    """What a record brings under the rule in force in Shenzhen."""
    result = compute(LIBRARY, scenario, record, "CN-4403", MAY)
    assert result.rule.status is Status.ACTIVE
    return result.reduction_mg


def refused(folder: Path, document: str, old: str, new: str, says: str) -> None:
    """A library with this edit does not load."""
    beside = ("ci-11.toml",) if document == "grid.csv" else (document,)
    with pytest.raises(MethodologyError, match=says):
        Library.load(edited_library(folder, document, old, new, *beside))


def fails(folder: Path, document: str, old: str, new: str, says: str) -> None:
    """A library with this edit loads, and its check says what is the matter."""
    edited = edited_library(folder, document, old, new, document)
    found = [outcome.found for outcome in check(Library.load(edited), edited) if not outcome.passed]
    assert any(says in each for each in found), found


def other_cities(folder: Path) -> None:
    for key, value in (("low", "0.196"), ("high", "0.232")):
        assert LIBRARY.document("CI-01").parameters[f"EF_BL.REPO_A_{key}"].rejected
        (folder / key).mkdir()
        old = '"ERF_bus.SZ" = { value = "0.0269"'
        refused(folder / key, "ci-01.toml", old, old.replace("0.0269", value), "known wrong value")
    assert not {"REPO_A", "REPO_SH"} & set(active_figures().values())


def kilograms_by_a_thousand(folder: Path) -> None:
    (folder / "formula").mkdir()
    refused(
        folder / "formula", "ci-01.toml", 'factor = "erf"', 'factor = "erf / 1000"', "must be a positive whole number"
    )
    old = '"ERF_bus.SZ" = { value = "0.0269", unit = "kgCO2/pkm"'
    fails(folder, "ci-01.toml", old, old.replace("kgCO2", "tCO2"), "factor 26900000 of at most 2000000")


def shanghai(folder: Path) -> None:
    for scenario in ("CI-01", "CI-02"):
        document = LIBRARY.document(scenario)
        keys = [key for key in document.parameters if ".SH_" in key]
        assert all(document.parameters[key].unverified for key in keys)
        assert len(keys) >= 2
        named = [*LIBRARY.rules_of(scenario), *LIBRARY.references[scenario].values()]
        assert not set(keys) & {bound.key for rule in named for bound in rule.bound.values()}
    with pytest.raises(MethodologyError, match="no rule for CN-31 上海 Shanghai"):
        compute(LIBRARY, "CI-02", {"distance_km": 10}, "上海", MAY)
    old = 'bind = { erf = "ERF_metro.SZ" }'
    refused(folder, "ci-02.toml", old, old.replace("ERF_metro.SZ", "EF_metro.SH_a"), "not verified")


def press_ride(_: Path) -> None:
    assert of_set("CI-01", "SZ_news", rides=1).reduction_mg == 700_000
    assert milligrams("CI-01-RIDE", rides=1) == 150_000
    assert not {key for key in active_figures("CI-01", "CI-01-RIDE") if "news" in key}


def shenzhen_metro(folder: Path) -> None:
    assert milligrams("CI-02", distance_km=1) == 46_700
    old = '"ERF_metro.SZ" = { value = "0.0467"'
    refused(folder, "ci-02.toml", old, old.replace("0.0467", "0.169"), "known wrong value")


def grams_not_kilograms(_: Path) -> None:
    assert of_set("CI-02", "BJ2022", distance_km=1).reduction_mg == 273_000 - 28_600


def per_station(_: Path) -> None:
    assert not [key for key, figure in LIBRARY.document("CI-02").parameters.items() if figure.unit.endswith("/stop")]


def plane_by_default(_: Path) -> None:
    said = {mode: milligrams("CI-04", distance_km=800, replaced_mode=mode) for mode in ("plane", "car")}
    assert milligrams("CI-04", distance_km=800) == said["plane"] < said["car"]
    assert milligrams("CI-04", distance_km=499.999) == 0 < milligrams("CI-04", distance_km=500)


def beijing_oil_to_electric(_: Path) -> None:
    assert of_set("CI-09", "BJ_oil2ev", distance_km=100).reduction_mg == 15_300_000
    assert not {key for key in active_figures("CI-09") if "BJ_oil2ev" in key}


def historic_electricity(folder: Path) -> None:
    for value in ("0.997", "0.785", "0.956"):
        (folder / value).mkdir()
        refused(folder / value, "grid.csv", "CN-44,2023,0.4419", f"CN-44,2023,{value}", "known wrong value")
    shares = [
        compute(LIBRARY, "CI-11", {"kwh_saved": 1, "year": year}, "GD").reduction_mg for year in (2021, 2022, 2023)
    ]
    assert shares == [471_500, 440_300, 441_900]


def weather(_: Path) -> None:
    spec = LIBRARY.document("CI-11").methods["day"].baseline
    assert spec is not None
    assert spec.kind == "previous_days"
    record = {"kwh_day": 6, "expected_kwh_day": "7.5", "residents": 3}
    result = compute(LIBRARY, "CI-11-WEATHER", record, None, MAY)
    assert (result.reduction_mg, result.credited_mg, result.rule.status) == (795_900, 0, Status.DRAFT)


def water_of_the_calculator(_: Path) -> None:
    reference, ours = of_set("CI-12", "CN_0.91", m3_saved=1).reduction_mg, milligrams("CI-12", m3_saved=1)
    assert Fraction(46, 10) < Fraction(reference, ours) < 5


def gas(folder: Path) -> None:
    assert milligrams("CI-13", m3_saved=1) == 2_184_000
    refused(folder, "ci-13.toml", 'value = "2.184"', 'value = "0.19"', "known wrong value")


def trees(_: Path) -> None:
    equal = [
        of_set("CI-17-TREE", "GCash2019", trees=1, years=1).reduction_mg,
        milligrams("CI-17-TREE", trees=1, years=1),
    ]
    assert equal == [20_560_000, 6_000_000]
    assert "tree" not in " ".join(LIBRARY.document("EQUIV").parameters)


def survival(_: Path) -> None:
    whole = milligrams("CI-17", area_mu=10, years=1)
    assert whole == milligrams("CI-17", area_mu=10, years=1, survival=100) == 10_000_000_000
    assert milligrams("CI-17", area_mu=10, years=1, survival=85) == whole * 85 // 100


def american_tree(_: Path) -> None:
    result = compute(LIBRARY, "CI-17-TREE", {"trees": 1, "years": 1}, None, MAY)
    assert result.warnings == ("figures from US are used for want of national ones",)
    assert "tree_energy.AntForest_saxaul" not in active_figures()


def plastic_claim(folder: Path) -> None:
    refused(folder, "ci-21.toml", 'f_pet = "f_PET.UK2025"', 'f_pet = "f_plastic.SH_claim"', "known wrong value")
    assert milligrams("CI-21", kg=1, resin="PET") * Fraction(22, 10) > 3_600_000


def hub_factors(_: Path) -> None:
    assert set(active_figures("CI-21", "CI-22", "CI-23").values()) == {"DESNZ", "MT_24"}  # not the hub


def paper_claim(folder: Path) -> None:
    refused(folder, "ci-22.toml", 'value = "0.295"', 'value = "1.500"', "known wrong value")
    assert milligrams("CI-22", kg=1, grade="paper") * 6 > 1_500_000 > milligrams("CI-22", kg=1, grade="paper") * 5


def phone(_: Path) -> None:
    assert milligrams("CI-25", category="phone", quantity=1) == 25_000_000


def chopsticks(_: Path) -> None:
    assert milligrams("CI-26", orders=1) == 20_000
    assert of_set("CI-26", "Meituan2024", orders=1).reduction_mg == 40_300


def paper_sheet(_: Path) -> None:
    assert milligrams("CI-29", sheets_avoided=1, documents=1) == milligrams("CI-29", sheets_avoided=1) == 2_600
    assert of_set("CI-29", "UK2025", sheets_avoided=1, documents=1).reduction_mg == 5_870 > 2 * 2_600
    assert "f_email" not in active_figures()


def bill_with_a_trip(_: Path) -> None:
    assert not [key for key, figure in LIBRARY.document("CI-29").parameters.items() if figure.value in ("0.262", "262")]


def meetings(_: Path) -> None:
    assert not LIBRARY.document("CI-30").points


def french_meals(_: Path) -> None:
    [rule] = LIBRARY.rules_of("CI-31")
    assert {bound.parameter.year for bound in rule.bound.values()} == {2026}
    assert {key for key in active_figures("CI-31") if "pork" in key} == set()


def pork(_: Path) -> None:
    assert "EF_pork_kg.CN" in LIBRARY.document("CI-31").parameters
    assert "EF_pork_kg.CN" not in active_figures()


def bags(_: Path) -> None:
    popular = Fraction(LIBRARY.document("CI-34").parameters["f_bag.popular"].value) * 1_000_000
    wuhan = compute(LIBRARY, "CI-34", {"uses": 1}, "武汉", date(2023, 7, 1)).reduction_mg
    assert wuhan == 50 * popular == 5_000
    assert popular < milligrams("CI-34", uses=1) == 1_000 < wuhan


def equivalences(_: Path) -> None:
    assert LIBRARY.rules_of("EQUIV") == []
    with pytest.raises(InputError, match="choose one with --set"):
        compute(LIBRARY, "EQUIV", {"litres": 1})
    assert all(rule.reason for rule in LIBRARY.references["EQUIV"].values())


CHECKS: dict[tuple[str, str], Callable[[Path], None]] = {
    ("CI-01", "Figures for other cities"): other_cities,
    ("CI-01", "Some third-party formulas divide"): kilograms_by_a_thousand,
    ("CI-01", "Two transcriptions of Shanghai's"): shanghai,
    ("CI-01", "0.7 kg a ride"): press_ride,
    ("CI-01-RIDE", "0.7 kg a ride"): press_ride,
    ("CI-02", "A net value of 0.169 kg/pkm"): shenzhen_metro,
    ("CI-02", "One Beijing report prints"): grams_not_kilograms,
    ("CI-02", "0.1 kg per station"): per_station,
    ("CI-04", "Not stating what was replaced"): plane_by_default,
    ("CI-09", "Beijing's 0.250 and 0.097 kg/km"): beijing_oil_to_electric,
    ("CI-11", "0.997, 0.785 and 0.956 kg/kWh"): historic_electricity,
    ("CI-11", "Weather"): weather,
    ("CI-12", "0.91 kg/m3"): water_of_the_calculator,
    ("CI-13", "0.19 kg/m3"): gas,
    ("CI-17", "Equivalences in trees"): trees,
    ("CI-17", "Survival is what verification"): survival,
    ("CI-17-TREE", "The rate is a US figure"): american_tree,
    ("CI-21", "3.6 kg/kg"): plastic_claim,
    ("CI-21", "Hub factors"): hub_factors,
    ("CI-22", "1.5 kg/kg"): paper_claim,
    ("CI-23", "Hub factors"): hub_factors,
    ("CI-25", "85 kg is a phone's production"): phone,
    ("CI-26", "A pair of chopsticks"): chopsticks,
    ("CI-29", "The digital side"): paper_sheet,
    ("CI-29", "262 g a bill"): bill_with_a_trip,
    ("CI-30", "15 Mt"): meetings,
    ("CI-31", "Two vintages of the French"): french_meals,
    ("CI-31", "21.2 kg per kg of pork"): pork,
    ("CI-34", "Published values of a bag"): bags,
    ("EQUIV", "Equivalences in cars"): equivalences,
}


def test_warnings__each_of_the_catalogue__has_its_check() -> None:
    said = [(name, warning) for name, document in LIBRARY.documents.items() for warning in document.warnings]
    for name, warning in said:
        assert sum(key[0] == name and warning.startswith(key[1]) for key in CHECKS) == 1, (name, warning)
    assert len(said) == len(CHECKS)


@pytest.mark.parametrize(("scenario", "begins"), CHECKS)
def test_warning__of_the_catalogue__holds(scenario: str, begins: str, tmp_path: Path) -> None:
    CHECKS[scenario, begins](tmp_path)
