"""Every published worked example, through the command line, against numbers that were not made here."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from oracle.cli.ledger.methodology import app
from oracle.measure.quantify.check import check
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.schema import Example

LIBRARY = Library.load()
TABLE = Path(__file__).parents[2] / "data" / "methodologies" / "worked_examples.csv"

# What one unit of a step or of an expected value is; written out here so that the library's own table is not its judge.
IN_MILLIGRAMS = {
    "gCO2": Fraction(10**3),
    "gCO2e": Fraction(10**3),
    "kgCO2": Fraction(10**6),
    "kgCO2e": Fraction(10**6),
    "tCO2": Fraction(10**9),
    "tCO2e": Fraction(10**9),
}
OF_STEP = {
    "project_mg": IN_MILLIGRAMS,
    "share_mg": IN_MILLIGRAMS,
    "diesel_g": {"t": Fraction(10**6)},
    "heat_kj": {"MJ": Fraction(1000)},
    "price_fen": {"RMB": Fraction(100)},
    "ratio_permille": {"-": Fraction(1000)},
}


def cases() -> dict[str, dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["case_id"]: row for row in csv.DictReader(file)}


def example_of(case: str) -> tuple[str, Example]:
    found = [
        (name, document.examples[case]) for name, document in LIBRARY.documents.items() if case in document.examples
    ]
    assert len(found) == 1, f"{case} stands in {len(found)} documents"
    return found[0]


def unit_of(case: dict[str, str]) -> str:
    """Unit of a result: a year's or an act's total is a total, and grams of 'energy' are grams of CO2."""
    first = case["unit"].split("/")[0].split(" per ")[0]
    return {"g energy": "gCO2", "t diesel": "t"}.get(first, first)


def bounds(case: dict[str, str]) -> tuple[Fraction, Fraction]:
    """Lowest and highest result that the case allows."""
    expected, said = Fraction(case["expected"]), case["tolerance"].split(" ")[0]
    if said == "3.55-3.86":
        return Fraction("3.55"), Fraction("3.86")
    apart = expected * Fraction(said[:-1]) / 100 if said.endswith("%") else Fraction(said)
    return expected - apart, expected + apart


def computed(scenario: str, example: Example) -> dict[str, object]:
    options = [scenario, "--record", json.dumps(example.record), "--json"]
    for name, value in (("--set", example.set), ("--region", example.region), ("--date", example.date)):
        options += [name, str(value)] if value is not None else []
    result = CliRunner().invoke(app, ["compute", *options])
    assert result.exit_code == 0, (result.output, result.exception)
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("case_id", sorted(cases()))
def test_worked_example__through_the_command_line__inside_its_tolerance(case_id: str) -> None:
    case = cases()[case_id]
    scenario, example = example_of(case_id)
    output = computed(scenario, example)
    steps = output["intermediates"]
    assert isinstance(steps, dict)
    scales = IN_MILLIGRAMS if example.of == "reduction" else OF_STEP[example.of]
    actual = Fraction(output["reduction_mg"] if example.of == "reduction" else steps[example.of])  # type: ignore[arg-type]  # JSON
    lowest, highest = bounds(case)
    assert lowest <= actual * Fraction(example.times) / scales[unit_of(case)] <= highest
    assert scenario == case["methodology"]
    assert example.kind == case["kind"]


def test_worked_examples__of_every_kind__all_there() -> None:
    kinds = [case["kind"] for case in cases().values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "independent": 20,
        "flat": 11,
        "total-check": 17,
        "regression": 8,
    }


def test_worked_examples__in_the_documents__all_hold() -> None:
    outcomes = [outcome for outcome in check(LIBRARY) if " WE-" in outcome.subject]
    assert [outcome for outcome in outcomes if not outcome.passed] == []
    assert len(outcomes) == 80


@pytest.mark.parametrize(
    ("case_id", "set_name", "figure", "value"),
    [
        ("WE-01", "BJ2019", "ef_bl", "0.2718"),
        ("WE-48", "CN2022", "ef_grid", "0.5366"),
        ("WE-94", "CN2023", "ef_grid", "0.5306"),
    ],
)
def test_worked_example__names_its_figures_with_value_and_source(
    case_id: str, set_name: str, figure: str, value: str
) -> None:
    scenario, example = example_of(case_id)
    assert example.set == set_name
    parameters = computed(scenario, example)["parameters"]
    assert isinstance(parameters, dict)
    assert parameters[figure]["value"] == value
    assert parameters[figure]["source"]
