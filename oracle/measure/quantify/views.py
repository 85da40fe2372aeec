"""What people and programs are shown of the library: plain data, ready for a table or for JSON."""

from __future__ import annotations

from decimal import Decimal

from oracle.measure.quantify.compute import Computed
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.regions import label
from oracle.measure.quantify.rule import Bound, Rule
from oracle.measure.quantify.schema import Document, Method
from oracle.measure.quantify.selection import window
from oracle.measure.quantify.typed import written_unit
from oracle.model.canonical import hexed
from oracle.model.units import kg, points

_SHOWN_PER = {"m": ("km", 1000), "Wh": ("kWh", 1000), "L": ("m3", 1000), "g": ("kg", 1000)}
LIST_COLUMNS = ("id", "name_en", "name_zh", "status", "factor", "points")


def status_of(library: Library, document: Document) -> Status:
    """The best status among a scenario's rules; a reference without any."""
    statuses = {rule.status for rule in library.rules_of(document.id)}
    return next((status for status in (Status.ACTIVE, Status.DRAFT) if status in statuses), Status.REFERENCE)


def scenarios(library: Library) -> list[dict[str, object]]:
    """One row for each scenario."""
    return [_scenario_row(library, document) for document in library.documents.values()]


def _scenario_row(library: Library, document: Document) -> dict[str, object]:
    rules = library.rules_of(document.id)
    places = list(dict.fromkeys(rule.region for rule in rules))
    return {
        "id": document.id,
        "name_en": document.name.en,
        "name_zh": document.name.zh,
        "sector": document.sector,
        "scene": document.scene,
        "status": status_of(library, document).value,
        "reason": next((rule.reason for rule in rules if rule.status is Status.DRAFT), ""),
        "factor": factor(current(rules)) if rules else "-",
        "places": places,
        "points": "yes" if document.points else "growth only",
        "creditable": document.creditable,
        "rules": [f"{rule.id} v{rule.version} {rule.status}" for rule in rules],
        "sets": list(library.references[document.id]),
    }


def current(rules: list[Rule]) -> Rule:
    """Of a scenario's rules, the first place's newest version."""
    return next(rule for rule in reversed(rules) if rule.region == rules[0].region)


def factor(rule: Rule) -> str:
    """Factor of a rule for people: grams per unit, or where its formula ends."""
    if rule.unset:
        return "not set"
    if rule.method.unit == "mgCO2e":
        return "by formula"
    name, many = _SHOWN_PER.get(rule.method.unit, (_counted(rule), 1))
    return f"{Decimal(rule.factor_ug * many).scaleb(-6).normalize():f} g/{name}"


def _counted(rule: Rule) -> str:
    """What a rule counts, as its factor's unit says: a ride, an order."""
    bound = rule.bound.get(rule.method.factor or "")
    return bound.parameter.unit.split("/")[1] if bound else "one"


def scenario(library: Library, document: Document) -> dict[str, object]:
    """Everything about one scenario."""
    rules = library.rules_of(document.id)
    return {
        "id": document.id,
        "name_en": document.name.en,
        "name_zh": document.name.zh,
        "sector": document.sector,
        "scene": document.scene,
        "status": status_of(library, document).value,
        "basis": list(document.basis),
        "applicability_en": document.applicability.en,
        "applicability_zh": document.applicability.zh,
        "vintage": document.vintage,
        "caps": document.caps,
        "points": "yes" if document.points else f"growth only: {document.points_reason}",
        "creditable": "yes" if document.creditable else f"no: {document.creditable_reason}",
        "warnings": list(document.warnings),
        "methods": [_method(name, method) for name, method in document.methods.items()],
        "figures": _figures(document),
        "rules": [_rule_row(rule) for rule in rules],
        "sets": [
            {"set": name, "method": rule.method_name, "note": rule.reason}
            for name, rule in library.references[document.id].items()
        ],
        "exclusions": [
            {"group": e.group, "rank": e.rank, "over": e.over, "reason": e.reason.en} for e in document.claims
        ],
    }


def _method(name: str, method: Method) -> dict[str, object]:
    fields = [
        f"{key} ({written_unit(field)}{', default ' + field.default if field.default else ''})"
        for key, field in method.fields.items()
    ]
    steps = [f"{step.name} = {step.formula}" for step in method.steps]
    return {
        "method": name,
        "formula": method.en,
        "fields": ", ".join(fields),
        "computed as": "; ".join([*steps, f"quantity ({method.unit}) = {method.quantity}"]),
        "factor": method.factor or "1000 (milligrams)",
    }


def _figures(document: Document) -> list[dict[str, object]]:
    return [
        {
            "figure": key,
            "value": f"{parameter.value} {parameter.unit}",
            "place, year": f"{parameter.region} {parameter.year}",
            "source": parameter.source,
            "confidence": "REFUSED" if parameter.rejected else parameter.confidence.value,
            "note": parameter.note,
        }
        for key, parameter in document.parameters.items()
    ]


def _rule_row(rule: Rule) -> dict[str, object]:
    return {
        "rule": f"{rule.id} v{rule.version}",
        "status": rule.status.value,
        "window": window(rule),
        "factor": factor(rule),
        "reason": rule.reason,
    }


def rule(one: Rule) -> dict[str, object]:
    """One rule with the terms that a chain holds, its hash and the text under the hash."""
    return {
        "id": one.id,
        "version": one.version,
        "status": one.status.value,
        "reason": one.reason,
        "place": label(one.region),
        "terms": {
            "unit": one.unit.name.lower(),
            "earns_points": one.earns_points,
            "creditable": one.creditable,
            "factor_ug": one.factor_ug,
            "day_cap_mg": one.day_cap_mg,
            "record_limit": 0 if one.unset else one.record_limit,
            "from_day": one.from_day,
            "to_day": one.to_day,
        },
        "window": window(one),
        "public_notice": " to ".join(day.isoformat() for day in one.notice or ()),
        "parameters": {name: parameter(bound) for name, bound in one.bound.items()},
        "document_hash": hexed(one.document_hash),
        "document": one.canonical.decode(),
    }


def parameter(bound: Bound) -> dict[str, object]:
    """One figure with its source."""
    figure = bound.parameter
    return {
        "key": bound.key,
        "value": figure.value,
        "unit": figure.unit,
        "region": figure.region,
        "year": figure.year,
        "confidence": figure.confidence.value,
        "source": bound.source.title,
        "where": bound.source.where,
        "note": figure.note,
    }


def computed(result: Computed) -> dict[str, object]:
    """What one record came to, with every figure that led to it."""
    one = result.rule
    placed = one.status is not Status.REFERENCE
    return {
        "scenario": one.scenario,
        "id": one.id if placed else None,
        "version": one.version if placed else None,
        "status": one.status.value,
        "reason": one.reason,
        "set": one.set_name,
        "region": result.region,
        "date": result.when.isoformat() if result.when else None,
        "window": window(one) if placed else None,
        "formula": one.method.en,
        "formula_zh": one.method.zh,
        "record": dict(result.columns),
        "intermediates": dict(result.intermediates),
        "quantity": result.quantity,
        "unit": one.unit.name.lower(),
        "factor_ug": one.factor_ug,
        "reduction_mg": result.reduction_mg,
        "reduction_kg": kg(result.reduction_mg),
        "credited_mg": result.credited_mg,
        "points_milli": result.points_milli,
        "points": points(result.points_milli),
        "earns_points": one.earns_points,
        "parameters": {name: parameter(bound) for name, bound in one.bound.items()},
        "warnings": list(result.warnings),
        "document_hash": hexed(one.document_hash) if placed else None,
    }
