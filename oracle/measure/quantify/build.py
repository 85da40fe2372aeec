"""From a document to its rules: bind parameters, check dimensions, work out factor, cap and window, and refuse what must not pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from oracle.measure.quantify import formula
from oracle.measure.quantify.baseline import require_room
from oracle.measure.quantify.dimensions import CHAIN_UNITS, combine, measure
from oracle.measure.quantify.exact import Amount, Exact
from oracle.measure.quantify.figures import Confidence, Parameter, Source, Status
from oracle.measure.quantify.plan import QUANTITY
from oracle.measure.quantify.rule import Bound, Rule
from oracle.measure.quantify.schema import Document, Method, RuleRow
from oracle.model.errors import MethodologyError
from oracle.model.units import UG_PER_MG, day_of, reduction_mg_down

GRID_NAME = "ef_grid"
NO_REGION = "REF"

_ID = re.compile(r"[\x21-\x7e]{1,31}")
_MASS = measure("ugCO2e").dimensions


@dataclass(frozen=True)
class GridFactor:
    """Average grid factor of a region in a data year."""

    region: str
    year: int
    parameter: Parameter


def rules(document: Document, grid: Iterable[GridFactor], sources: Mapping[str, Source]) -> list[Rule]:
    """All rules of a document, versions in order, windows ended where the next version begins.

    Raises:
        MethodologyError: the document says something that must not reach a chain.
    """
    factors = list(grid)
    built: list[Rule] = []
    for row in document.rules:
        if row.grid is None:
            built.append(_placed(document, row, sources))
        else:
            built.extend(_from_grid(document, row, factors, sources))
    return _windowed(built)


def references(document: Document, sources: Mapping[str, Source]) -> dict[str, Rule]:
    """Reference sets of a document as rules that no chain may hold."""
    return {
        name: _rule(
            document,
            RuleRow(method=row.method, status=Status.REFERENCE, reason=row.note, bind=row.bind, set=name),
            sources,
        )
        for name, row in document.sets.items()
    }


def with_method(rule: Rule, method_name: str) -> Rule:
    """The same rule computed by another method of its document; `unset` tells what its parameters do not suffice for."""
    other = replace(rule, method_name=method_name, unset=_unset(rule.document.methods[method_name], rule.bound))
    return other if other.unset else _with_factor(other, rule.id)


def _placed(document: Document, row: RuleRow, sources: Mapping[str, Source]) -> Rule:
    if row.region is None or row.version is None or row.since is None:
        raise MethodologyError(f"{document.id}: a rule needs region, version and since")
    return _rule(document, row, sources)


def _from_grid(
    document: Document, row: RuleRow, grid: list[GridFactor], sources: Mapping[str, Source]
) -> Iterable[Rule]:
    versions: dict[str, int] = {}
    for factor in sorted(grid, key=lambda factor: (factor.region, factor.year)):
        if row.grid == "national" and factor.region != "CN":
            continue
        versions[factor.region] = versions.get(factor.region, 0) + 1
        placed = row.model_copy(
            update={"region": factor.region, "version": versions[factor.region], "since": date(factor.year, 1, 1)}
        )
        yield _rule(document, placed, sources, factor)


def _rule(document: Document, row: RuleRow, sources: Mapping[str, Source], grid: GridFactor | None = None) -> Rule:
    where = f"{document.id}.{row.region}" if row.region else f"{document.id} set {row.set}"
    method = document.methods.get(row.method)
    if method is None:
        raise MethodologyError(f"{where}: no method '{row.method}'")
    bound = {name: _bound(document, key, sources, where) for name, key in {**method.bind, **row.bind}.items()}
    if grid is not None:
        key = f"EF_grid.{grid.region}.{grid.year}"
        bound[GRID_NAME] = Bound(key, grid.parameter, _source(sources, grid.parameter.source, where))
    rule = Rule(
        document=document,
        method_name=row.method,
        region=row.region or NO_REGION,
        version=row.version or 0,
        factor_ug=0,
        day_cap_mg=0,
        from_day=day_of(row.since) if row.since else 0,
        to_day=day_of(row.until) if row.until else None,
        status=row.status,
        reason=row.reason,
        bound=bound,
        data_year=grid.year if grid else None,
        set_name=row.set,
        unset=_unset(method, bound),
        until=row.until,
        notice=row.notice,
    )
    _refuse_what_must_not_pass(rule, where)
    return rule if rule.unset else _with_factor(rule, where)


def _bound(document: Document, key: str, sources: Mapping[str, Source], where: str) -> Bound:
    parameter = document.parameters.get(key)
    if parameter is None:
        raise MethodologyError(f"{where}: no parameter '{key}'")
    return Bound(key, parameter, _source(sources, parameter.source, where))


def _source(sources: Mapping[str, Source], key: str, where: str) -> Source:
    if key not in sources:
        raise MethodologyError(f"{where}: no source '{key}'")
    return sources[key]


def _formulas(method: Method) -> list[str]:
    return [step.formula for step in method.steps] + [method.quantity] + ([method.factor] if method.factor else [])


def _unset(method: Method, bound: Mapping[str, Bound]) -> tuple[str, ...]:
    known = {field.column for field in method.fields.values()} | {step.name for step in method.steps} | set(bound)
    read = set().union(*(formula.names(text) for text in _formulas(method)))
    return tuple(sorted(read - known))


def _refuse_what_must_not_pass(rule: Rule, where: str) -> None:
    if rule.status is Status.REFERENCE:
        return
    if rule.method.typed:
        raise MethodologyError(f"{where}: method '{rule.method_name}' is for manual input, not for a rule")
    if _ID.fullmatch(rule.id) is None:
        raise MethodologyError(f"{where}: '{rule.id}' must have at most 31 ASCII characters")
    _refuse_wrong_values(rule, where)
    if rule.status is Status.DRAFT:
        if not rule.reason:
            raise MethodologyError(f"{where}: a draft needs a reason")
        return
    if rule.unset:
        raise MethodologyError(f"{where}: {', '.join(rule.unset)} has no value; the rule can only be a draft")
    for name, bound in rule.bound.items():
        if bound.parameter.unverified:
            kind = "recalled" if bound.parameter.confidence is Confidence.RECALLED else "not verified"
            raise MethodologyError(f"{where}: {name} = {bound.parameter.value} is {kind}; the rule can only be a draft")


def _refuse_wrong_values(rule: Rule, where: str) -> None:
    """Refuses figures that are known to be wrong, under whatever key they come."""
    wrong = {(p.exact, measure(p.unit).dimensions): p.note for p in rule.document.parameters.values() if p.rejected}
    for name, bound in rule.bound.items():
        value = (bound.parameter.exact, measure(bound.parameter.unit).dimensions)
        if value in wrong:
            raise MethodologyError(
                f"{where}: {name} = {bound.parameter.value} is a wrong value in circulation: {wrong[value]}"
            )


def _with_factor(rule: Rule, where: str) -> Rule:
    """The rule with factor and day cap, its dimensions checked on a sample record."""
    amounts = {name: Amount(p.parameter.exact, measure(p.parameter.unit).dimensions) for name, p in rule.bound.items()}
    try:
        factor = _factor(rule, amounts)
        _check_dimensions(rule, amounts)
        require_room(rule.method)
    except MethodologyError as error:
        raise MethodologyError(f"{where}: {error}") from error
    if rule.status is not Status.REFERENCE and (factor.denominator != 1 or factor <= 0):
        raise MethodologyError(
            f"{where}: the factor is {float(factor)} micrograms per unit; it must be a positive whole number"
        )
    whole = factor.numerator // factor.denominator
    return replace(rule, factor_ug=whole, day_cap_mg=_day_cap_mg(rule, whole, where))


def _factor(rule: Rule, amounts: Mapping[str, Amount]) -> Fraction:
    unit = measure(rule.method.unit)
    if rule.method.factor is None:
        if rule.method.unit != "mgCO2e":
            raise MethodologyError(f"method '{rule.method_name}' needs a factor, because its quantity is not a mass")
        return Fraction(UG_PER_MG)
    factor = formula.evaluate(formula.parse(rule.method.factor), Exact(amounts))
    if combine(factor.dimensions, unit.dimensions, 1) != _MASS:
        raise MethodologyError(f"the factor '{rule.method.factor}' is not a mass of CO2 per {rule.method.unit}")
    return factor.value * unit.scale


def _check_dimensions(rule: Rule, amounts: Mapping[str, Amount]) -> None:
    sample = dict(amounts)
    for field in rule.method.fields.values():
        base = measure(field.base)
        sample[field.column] = Amount(field.in_base(field.max) * base.scale, base.dimensions)
    steps = [(step.name, step.unit, step.formula) for step in rule.method.steps]
    for name, unit, text in [*steps, (QUANTITY, rule.method.unit, rule.method.quantity)]:
        amount = formula.evaluate(formula.parse(text), Exact(sample))
        if amount.dimensions != measure(unit).dimensions:
            raise MethodologyError(f"'{name}' is not in {unit}: '{text}'")
        sample[name] = amount


def _day_cap_mg(rule: Rule, factor_ug: int, where: str) -> int:
    if rule.document.day_limit is None:
        return 0
    number, unit = rule.document.day_limit.split()
    limit = measure(unit)
    base = Fraction(number) * limit.scale
    if limit.dimensions == _MASS:
        return int(base / UG_PER_MG)
    of_quantity = measure(CHAIN_UNITS[rule.unit])
    if limit.dimensions != of_quantity.dimensions:
        if rule.status is Status.REFERENCE:
            return 0
        raise MethodologyError(f"{where}: a day limit in {unit} does not limit a quantity in {rule.method.unit}")
    return reduction_mg_down(int(base / of_quantity.scale), factor_ug)


def _windowed(built: list[Rule]) -> list[Rule]:
    """Ends each open window on the day before the next version begins, and refuses overlaps and gaps in the numbering."""
    result: list[Rule] = []
    for identity in dict.fromkeys(rule.id for rule in built):
        versions = sorted((rule for rule in built if rule.id == identity), key=lambda rule: rule.version)
        if [rule.version for rule in versions] != list(range(1, len(versions) + 1)):
            raise MethodologyError(f"{identity}: versions must be 1, 2, 3 and so on")
        for rule, successor in zip(versions, [*versions[1:], None], strict=True):
            to_day = rule.to_day
            if successor is not None and to_day is None:
                to_day = successor.from_day - 1
            last = to_day if to_day is not None else rule.from_day
            if last < rule.from_day or (successor is not None and successor.from_day <= last):
                raise MethodologyError(
                    f"{identity}: the window of version {rule.version} is empty or overlaps the next one one"
                )
            result.append(replace(rule, to_day=to_day))
    return result
