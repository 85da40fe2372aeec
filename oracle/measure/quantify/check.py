"""Check a library: every worked example, every overflow proof, every limit that the chain sets, every released hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from oracle.measure.quantify.compute import Computed, compute
from oracle.measure.quantify.dimensions import measure
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import FOLDER, Library
from oracle.measure.quantify.lock import differences
from oracle.measure.quantify.rule import Rule
from oracle.measure.quantify.schema import Document, Example
from oracle.model.errors import CarbonbookError, MethodologyError
from oracle.model.units import UG_PER_MG, Unit

# The most that `MethodologyRegistry.propose` takes for a first version, in micrograms per unit.
HIGHEST_FACTOR_UG: dict[Unit, int] = {
    Unit.METRE: 2_000_000,
    Unit.WATT_HOUR: 2_000_000,
    Unit.LITRE: 10_000_000,
    Unit.MILLILITRE: 10_000,
    Unit.GRAM: 50_000_000,
    Unit.SECOND: 2_777_777,
    Unit.COUNT: 100_000_000_000,
    Unit.MILLIGRAM_CO2E: 1000,
}
HIGHEST_STEP = 10  # times the factor of the version before


@dataclass(frozen=True)
class Outcome:
    """One check: what was looked at, whether it holds, and what was found."""

    subject: str
    passed: bool
    found: str


def check(library: Library, folder: Path = FOLDER) -> Iterator[Outcome]:
    """All checks of a library, one by one."""
    for document in library.documents.values():
        for name, example in document.examples.items():
            yield check_example(library, document, name, example)
        if document.typical:
            yield _check_typical(library, document)
    for rule in library.rules():
        if not rule.unset:
            yield _check_rule(library, rule)
    changed, new = differences(library, folder)
    yield Outcome("released versions", not changed, ", ".join(changed) or "unchanged")
    yield Outcome("new versions", not new, ", ".join(new[:5]) or "all are in released.json")


def check_example(library: Library, document: Document, name: str, example: Example) -> Outcome:
    """A worked example of a document against what is computed."""
    subject = f"{document.id} {name} ({example.kind})"
    try:
        result = compute(library, document.id, example.record, example.region, example.date, example.set)
        actual = result_in(result, example.of, example.unit) * Fraction(example.times)
    except CarbonbookError as error:
        return Outcome(subject, False, str(error))
    apart = abs(actual - Fraction(example.expected))
    shown = f"{float(actual):.10g} {example.unit}, expected {example.expected} within {example.tolerance}"
    return Outcome(subject, apart <= tolerance(example), shown)


def tolerance(example: Example) -> Fraction:
    """How far from the expected value an example may be, in its unit."""
    if example.tolerance.endswith("%"):
        return Fraction(example.expected) * Fraction(example.tolerance[:-1]) / 100
    return Fraction(example.tolerance)


def result_in(result: Computed, of: str, unit: str) -> Fraction:
    """The reduction or a step of a result, in `unit`.

    Raises:
        MethodologyError: there is no such step, or it is not measured in `unit`.
    """
    wanted = measure(unit)
    if of == "reduction":
        found, base = Fraction(result.reduction_mg * UG_PER_MG), measure("ugCO2e")
    elif of in result.intermediates:
        base = measure(next(step.unit for step in result.rule.method.steps if step.name == of))
        found = result.intermediates[of] * base.scale
    else:
        raise MethodologyError(f"'{of}' is not a step of {result.rule.id}")
    if base.dimensions != wanted.dimensions:
        raise MethodologyError(f"'{of}' is not measured in {unit}")
    return found / wanted.scale


def _check_typical(library: Library, document: Document) -> Outcome:
    subject = f"{document.id} typical record"
    rule = next(iter(library.rules_of(document.id)))
    if rule.unset:
        return Outcome(subject, rule.status is Status.DRAFT, rule.reason)
    result = compute(library, document.id, document.typical, rule.region)
    return Outcome(subject, result.reduction_mg > 0, f"{result.reduction_mg} mg under {result.rule.id}")


def _check_rule(library: Library, rule: Rule) -> Outcome:
    subject = f"{rule.id} version {rule.version}"
    try:
        limit = rule.record_limit
    except MethodologyError as error:
        return Outcome(subject, False, str(error))
    highest = HIGHEST_FACTOR_UG[rule.unit]
    if rule.version > 1:
        before = library.rule(rule.id, rule.version - 1)
        highest = min(highest, before.factor_ug * HIGHEST_STEP) if before.unit is rule.unit else highest
    sound = limit > 0 and rule.day_cap_mg > 0 and 0 < rule.factor_ug <= highest
    return Outcome(
        subject,
        sound,
        f"factor {rule.factor_ug} of at most {highest}, record limit {limit}, day cap {rule.day_cap_mg} mg",
    )
