"""Compute one record that a person typed: how much it reduces, under which rule, by which figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from oracle.measure.quantify import formula
from oracle.measure.quantify.dimensions import measure
from oracle.measure.quantify.exact import Amount, Exact
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.plan import QUANTITY
from oracle.measure.quantify.rule import Rule
from oracle.measure.quantify.selection import place_and_date, select
from oracle.measure.quantify.typed import fit, out_of_range, values
from oracle.model.errors import MethodologyError
from oracle.model.units import day_of, points_milli_down, reduction_mg_down


@dataclass(frozen=True)
class Computed:
    """What one record comes to.

    Attributes:
        columns: The record in whole base units.
        intermediates: The method's steps, in their units, and nothing else.
        quantity: Creditable quantity in the rule's unit.
        reduction_mg: quantity * factor // 1000, before the day cap.
        credited_mg: What a day with this act alone would credit: capped; 0 under a draft or a reference set or out of range.
        points_milli: Points for `credited_mg`; 0 where the scenario earns growth only.
        warnings: What the person should know.
    """

    rule: Rule
    region: str
    when: date | None
    columns: Mapping[str, int]
    intermediates: Mapping[str, int]
    quantity: int
    reduction_mg: int
    credited_mg: int
    points_milli: int
    warnings: tuple[str, ...]


def compute(
    library: Library,
    scenario: str,
    record: Mapping[str, object],
    region: str | None = None,
    when: date | None = None,
    set_name: str | None = None,
) -> Computed:
    """The reduction of one record.

    Args:
        scenario: CI-01 and so on.
        record: Field names and values in the units of the document; region, city, date and year may stand in it too.
        region: Code or name; the nation by default.
        when: Act date; by default the version in force without an end.
        set_name: Figures of a set, instead of those of place and date.

    Raises:
        MethodologyError: no rule applies, or a draft has no figure to compute with.
        InputError: the record does not fit.
    """
    document = library.document(scenario)
    rest, code, act_date = place_and_date(record, region, when)
    rule = select(library, document, rest, code, None if act_date is None else day_of(act_date), set_name)
    if rule.unset:
        raise MethodologyError(f"{rule.id} cannot be computed: {rule.reason}")
    columns = values(rule.method, rest, fit(rule.method, rest))
    results = evaluate(rule, columns)
    quantity = max(0, results.pop(QUANTITY))
    reduction_mg = max(0, reduction_mg_down(quantity, rule.factor_ug))
    beyond = out_of_range(rule.method, columns)
    credited_mg = min(reduction_mg, rule.day_cap_mg) if rule.status is Status.ACTIVE and not beyond else 0
    return Computed(
        rule=rule,
        region=code,
        when=act_date,
        columns=columns,
        intermediates=results,
        quantity=quantity,
        reduction_mg=reduction_mg,
        credited_mg=credited_mg,
        points_milli=points_milli_down(credited_mg) if rule.earns_points else 0,
        warnings=tuple(beyond + _warnings(rule, reduction_mg)),
    )


def evaluate(rule: Rule, columns: Mapping[str, int]) -> dict[str, int]:
    """Steps and quantity of one record in whole units, by exact arithmetic."""
    amounts = {name: Amount(b.parameter.exact, measure(b.parameter.unit).dimensions) for name, b in rule.bound.items()}
    for field in rule.method.fields.values():
        base = measure(field.base)
        amounts[field.column] = Amount(columns[field.column] * base.scale, base.dimensions)
    results: dict[str, int] = {}
    steps = [(step.name, step.unit, step.formula) for step in rule.method.steps]
    for name, unit, text in [*steps, (QUANTITY, rule.method.unit, rule.method.quantity)]:
        scale = measure(unit).scale
        whole = formula.evaluate(formula.parse(text), Exact(amounts)).value / scale
        results[name] = whole.numerator // whole.denominator
        amounts[name] = Amount(results[name] * scale, measure(unit).dimensions)
    return results


def _warnings(rule: Rule, reduction_mg: int) -> list[str]:
    said: list[str] = []
    if rule.status is Status.DRAFT:
        said.append(f"draft, never credited: {rule.reason}")
    if rule.status is Status.REFERENCE:
        said.append(f"reference set, never credited: {rule.reason}")
    said += [
        f"{b.key} is a wrong value in circulation: {b.parameter.note}"
        for b in rule.bound.values()
        if b.parameter.rejected
    ]
    if rule.borrowed and rule.status is Status.ACTIVE:
        said.append(f"figures from {', '.join(rule.borrowed)} are used for want of national ones")
    if rule.status is Status.ACTIVE and reduction_mg > rule.day_cap_mg:
        said.append(f"the day cap of {rule.day_cap_mg} mg limits what is credited")
    if not rule.earns_points:
        said.append(f"growth, not points: {rule.document.points_reason}")
    return said
