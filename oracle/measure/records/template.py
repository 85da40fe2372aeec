"""A file to begin with: the header of a methodology's records, and two rows that read without a finding."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil

from oracle.measure.quantify.dimensions import measure
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.rule import Rule
from oracle.measure.quantify.schema import RecordField
from oracle.measure.records.asked import DAYS, SCENARIO, Asked, Column, asked, is_length, rule_near
from oracle.model.acts import ITEM
from oracle.model.errors import MethodologyError
from oracle.model.units import date_of, day_of

# A Monday in summer, in every window that began before.
_FIRST_DAY = day_of(datetime(2023, 5, 8, tzinfo=UTC).date())
_USUAL_KMH = 30  # of a trip whose methodology names no speed
_SHORT_TRIP_KM = 60

_METERS = (
    Column("meter", "", "text", True, "number of the meter, as enrolled", "表号"),
    Column("start", "", "time", True, "when the reading begins; without an offset, in the source's time zone", "读数开始时间"),
    Column("end", "", "time", True, "when the reading ends", "读数结束时间"),
    Column("value", "", "number", True, "what the meter counted from start to end", "该时段用量"),
    Column("unit", "", "text", True, "unit of the value, such as kWh or m3", "单位，如 kWh、m3"),
    Column("residents", "person", "whole number", False, "persons of the household", "户内人数"),
)  # fmt: skip


def template(library: Library, scenario: str, region: str) -> tuple[list[Column], list[dict[str, str]]]:
    """Columns of a methodology's records in a place, and two rows of them.

    Raises:
        MethodologyError: There is no such methodology, or no record of it brings anything.
    """
    document = library.document(scenario)
    rule = rule_near(library, document, region)
    if rule is None:
        raise MethodologyError(f"{document.id} is a table of references: it has no records")
    wanted = asked(library, document.id, region)
    if wanted is None:
        return list(_METERS), list(_readings(rule))
    return wanted.columns(), list(_acts(wanted, rule))


def csv_of(columns: list[Column], rows: list[dict[str, str]]) -> str:
    """The same as the text of a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [column.name for column in columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _acts(wanted: Asked, rule: Rule) -> Iterator[dict[str, str]]:
    values = typical_values(wanted)
    start, length = _start(rule), length_of(wanted, values)
    for number in (1, 2):
        row = {
            SCENARIO: rule.scenario,
            "record_key": f"R-{number:04}",
            "subject": f"customer-{number}",
            "start": start.isoformat(" "),
            "end": (start + length).isoformat(" ") if wanted.ends else "",
            **values,
        }
        yield row | ({ITEM: f"{rule.scenario}-{number:04}"} if wanted.document.thing is not None else {})
        start += max(length, timedelta(days=1))


def typical_values(wanted: Asked) -> dict[str, str]:
    """Fields of a typical record, as people write them."""
    values = {name: _value(name, field, wanted.document.typical) for name, field in wanted.fields.items()}
    if wanted.document.thing is not None and (counts := wanted.document.thing.counts):
        values[counts] = "1"
    return values


def _value(name: str, field: RecordField, typical: dict[str, str]) -> str:
    """What a typical record says, or the default."""
    given = next((typical[key] for key in (name, *field.aliases) if key in typical), field.default)
    value = field.min if given is None else given
    return field.choices[int(value)] if field.choices and value.isdigit() else value


def _start(rule: Rule) -> datetime:
    """Midnight of a day in the rule's window: acts of days begin there, and others no worse."""
    day = max(_FIRST_DAY, rule.from_day) if rule.to_day is None else max(rule.from_day, min(_FIRST_DAY, rule.to_day))
    return datetime.combine(date_of(day), datetime.min.time())


def length_of(wanted: Asked, values: dict[str, str]) -> timedelta:
    """How long the act takes: what the record says, what a plausible speed makes of its distance, or a day."""
    for name, field in wanted.fields.items():
        if is_length(field):
            if field.column == DAYS:
                return timedelta(days=int(values[name]))
            return timedelta(seconds=ceil(Fraction(values[name]) * measure(field.unit).scale))
    metres = next(
        (Fraction(values[name]) for name, field in wanted.fields.items() if field.column == "distance_m"), None
    )
    if metres is None or not any(claim.group == "trip" for claim in wanted.document.claims):
        return timedelta(days=1) if wanted.ends else timedelta()
    low, high = (Fraction(speed) for speed in wanted.document.speed_kmh or (_USUAL_KMH, _USUAL_KMH))
    return timedelta(seconds=ceil(metres * 2 * 3600 / (low + high)))


def _readings(rule: Rule) -> Iterator[dict[str, str]]:
    typical, fields = rule.document.typical, rule.method.fields
    used = next(name for name, field in fields.items() if not field.computed)
    start, days = _start(rule), int(typical.get(DAYS, "1"))
    unit = fields[used].unit
    for _ in range(2):
        end = start + timedelta(days=days)
        times = {"start": start.isoformat(" "), "end": end.isoformat(" ")}
        residents = typical.get("residents", "1")
        yield {"meter": "meter-1", **times, "value": typical[used], "unit": unit, "residents": residents}
        start = end
