"""What changes from one version of a rule to another: figures, factor, caps, window, and what a typical act brings."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.measure.quantify.compute import evaluate
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.plan import QUANTITY
from oracle.measure.quantify.rule import Rule
from oracle.measure.quantify.selection import window
from oracle.measure.quantify.typed import fit, values
from oracle.model.units import reduction_mg_down


@dataclass(frozen=True)
class Change:
    """One thing that differs, as text."""

    what: str
    before: str
    after: str


def diff(library: Library, identity: str, before: int, after: int) -> list[Change]:
    """Differences between two versions of a rule, the typical act last.

    Raises:
        MethodologyError: there is no such rule or version.
    """
    pair = library.rule(identity, before), library.rule(identity, after)
    old, new = (_facts(rule) for rule in pair)
    changed = [
        Change(what, old.get(what, "-"), new.get(what, "-"))
        for what in {**old, **new}
        if old.get(what) != new.get(what)
    ]
    return [*changed, _typical(*pair)]


def _facts(rule: Rule) -> dict[str, str]:
    facts = {
        "method": rule.method_name,
        "unit": rule.unit.name.lower(),
        "factor (ug per unit)": str(rule.factor_ug),
        "day cap (mg)": str(rule.day_cap_mg),
        "record limit": "-" if rule.unset else str(rule.record_limit),
        "window": window(rule),
        "status": rule.status.value,
    }
    for name, bound in rule.bound.items():
        p = bound.parameter
        facts[f"figure {name}"] = f"{p.value} {p.unit} ({bound.key}, {p.year}, {bound.source.title})"
    return facts


def _typical(before: Rule, after: Rule) -> Change:
    record = ", ".join(f"{key}={value}" for key, value in before.document.typical.items())
    return Change(f"typical act ({record}), mg", _typical_mg(before), _typical_mg(after))


def _typical_mg(rule: Rule) -> str:
    record = rule.document.typical
    fitted = fit(rule.method, record)
    if rule.unset or not fitted.complete:
        return "-"
    return str(reduction_mg_down(evaluate(rule, values(rule.method, record, fitted))[QUANTITY], rule.factor_ug))
