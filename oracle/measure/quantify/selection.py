"""Find the rule for a record that a person typed: by place and date, by the name of a set, or by what its fields fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from oracle.measure.quantify import build
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.regions import NATION, label, lineage, resolve
from oracle.measure.quantify.rule import Rule
from oracle.measure.quantify.schema import Document
from oracle.measure.quantify.typed import fit, misfit
from oracle.model.errors import InputError, MethodologyError
from oracle.model.units import date_of


def select(
    library: Library,
    document: Document,
    record: Mapping[str, object],
    region: str,
    day: int | None,
    set_name: str | None,
) -> Rule:
    """The first rule whose fields the record fits.

    Order: the active rule of the region or its nearest parent; the same for a variant of the scenario (CI-01-RIDE for CI-01); a draft;
    a reference set, if just one fits. A method for typing (a saving that is known already) counts where the rule's own does not fit.

    Args:
        day: Act day; None for the version in force without an end.

    Raises:
        InputError: the record fits no rule that there is.
        MethodologyError: there is no rule for the place, the date or the name.
    """
    candidates = _named(library, document, set_name, region) if set_name else _placed(library, document, region, day)
    for rule in candidates:
        for variant in _variants(rule):
            if fit(variant.method, record).complete:
                return variant
    if document.rules and not any(rule.document is document for rule in candidates):
        raise MethodologyError(_nothing_there(library, document, region, day))
    sets = {} if set_name else library.references[document.id]
    fitting = [rule for rule in sets.values() if fit(rule.method, record).complete]
    if len(fitting) == 1:
        return fitting[0]
    if fitting or not candidates:
        names = ", ".join(rule.set_name or "" for rule in fitting or sets.values())
        raise InputError(
            f"{document.id}: these fields need a reference set; choose one with --set: {names}", field="record"
        )
    method = candidates[0].method
    raise InputError(f"{candidates[0].scenario}: {misfit(method, fit(method, record))}", field="record")


def _variants(rule: Rule) -> Iterator[Rule]:
    """The rule with its own method, then with each method for typing that its parameters suffice for."""
    yield rule
    for name, method in rule.document.methods.items():
        if method.typed:
            typed = build.with_method(rule, name)
            if not typed.unset:
                yield typed


def _placed(library: Library, document: Document, region: str, day: int | None) -> list[Rule]:
    found: list[Rule] = []
    siblings = [library.documents[name] for name in sorted(library.documents) if name.startswith(f"{document.id}-")]
    for status in (Status.ACTIVE, Status.DRAFT):
        for each in (document, *siblings):
            nearest = _nearest(library.rules_of(each.id), status, region, day)
            if nearest is not None:
                found.append(nearest)
    return found


def _nearest(rules: list[Rule], status: Status, region: str, day: int | None) -> Rule | None:
    for code in lineage(region):
        for rule in rules:
            in_window = rule.to_day is None if day is None else rule.holds(day)
            if rule.region == code and rule.status is status and in_window:
                return rule
    return None


def _named(library: Library, document: Document, set_name: str, region: str) -> list[Rule]:
    wanted = set_name.casefold()
    found = [rule for rule in library.rules_of(document.id) if (rule.set_name or "").casefold() == wanted]
    found.sort(key=lambda rule: rule.region not in lineage(region))
    found += [rule for name, rule in library.references[document.id].items() if name.casefold() == wanted]
    found = found or _grid_year(library, document, set_name)
    if not found:
        names = {rule.set_name for rule in library.rules_of(document.id) if rule.set_name} | set(
            library.references[document.id]
        )
        years = "; CN2023, GD2022 and so on" if any(rule.data_year for rule in library.rules_of(document.id)) else ""
        raise MethodologyError(
            f"{document.id} has no set '{set_name}'; sets: {', '.join(sorted(names)) or 'none'}{years}"
        )
    return found


def _grid_year(library: Library, document: Document, set_name: str) -> list[Rule]:
    """Rules of a region and a data year of the grid, such as CN2023."""
    match = re.fullmatch(r"(.+?)-?(\d{4})", set_name)
    rules = [rule for rule in library.rules_of(document.id) if rule.data_year is not None]
    if match is None or not rules:
        return []
    code = resolve(match[1])
    return [rule for rule in rules if rule.region == code and rule.data_year == int(match[2])]


def _nothing_there(library: Library, document: Document, region: str, day: int | None) -> str:
    when = f" on {date_of(day)}" if day is not None else ""
    rules = library.rules_of(document.id)
    near = [rule for rule in rules if rule.region in lineage(region)]
    if near:
        windows = ", ".join(f"{rule.id} v{rule.version} {window(rule)}" for rule in near)
        return f"no rule of {document.id} applies to {label(region)}{when}; windows: {windows}"
    places = ", ".join(label(code) for code in dict.fromkeys(rule.region for rule in rules)) or "none"
    sets = ", ".join(library.references[document.id]) or "none"
    return f"{document.id} has no rule for {label(region)}; rules exist for: {places}; reference sets: {sets}"


def window(rule: Rule) -> str:
    """First and last act day of a rule, for people."""
    last = "no end" if rule.to_day is None else date_of(rule.to_day).isoformat()
    return f"from {date_of(rule.from_day)} to {last}"


def place_and_date(
    record: Mapping[str, object], region: str | None, when: date | None
) -> tuple[dict[str, object], str, date | None]:
    """Takes region, city, date and year out of a record; what is given twice must agree.

    Raises:
        InputError: a place or date cannot be read, or contradicts another.
    """
    rest = dict(record)
    places = {
        resolve(str(name)) for name in (region, rest.pop("region", None), rest.pop("city", None)) if name is not None
    }
    dates = {
        found
        for found in (when, _date(rest.pop("date", None)), _year(rest.pop("year", None), when))
        if found is not None
    }
    if len(places) > 1 or len(dates) > 1:
        both = sorted(places) if len(places) > 1 else sorted(day.isoformat() for day in dates)
        raise InputError(f"place or date is given twice with different values: {', '.join(both)}", field="record")
    return rest, next(iter(places), NATION), next(iter(dates), None)


def _date(value: object) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise InputError(f"'{value}' is not a date. Example: 2023-05-01", field="date") from error


def _year(value: object, when: date | None) -> date | None:
    """The last day of a year, or the date that lies in it."""
    if value is None:
        return None
    try:
        last = date(int(str(value)), 12, 31)
    except ValueError as error:
        raise InputError(f"'{value}' is not a year. Example: 2023", field="year") from error
    return when if when is not None and when.year == last.year else last
