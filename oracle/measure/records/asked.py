"""What a methodology asks of a record: the columns of its file, from the document alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from oracle.measure.quantify.dimensions import measure
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.regions import lineage
from oracle.measure.quantify.rule import Rule
from oracle.measure.quantify.schema import Document, RecordField
from oracle.measure.quantify.typed import written_unit
from oracle.model.acts import ITEM

SCENARIO = "scenario"
DAYS = "days"  # the column that says how many civil days an act covers
_TIME = measure("s").dimensions
_WHEN = "ISO 8601, in the source's zone if without offset"


@dataclass(frozen=True)
class Column:
    """One column of a file of acts, for people.

    Attributes:
        kind: text, time, number, whole number, or the words that it takes.
        required: Whether every row needs it.
    """

    name: str
    unit: str
    kind: str
    required: bool
    en: str
    zh: str


@dataclass(frozen=True)
class Asked:
    """What a scenario asks of its records in one place.

    Attributes:
        fields: Fields of the methodology by name, without those that are computed from history.
        ends: Whether a record has to say when the act ended.
    """

    document: Document
    fields: Mapping[str, RecordField]
    ends: bool

    @property
    def names(self) -> dict[str, str]:
        """Which field every name that a column may have means."""
        named = {
            alias: name
            for name, field in self.fields.items()
            for alias in (field.column, *field.aliases, name)
            if alias == name or alias not in self.fields
        }
        return {alias.lower(): name for alias, name in named.items()}

    def columns(self) -> list[Column]:
        """The columns of a file, in the order of the template."""
        thing = self.document.thing
        common = [
            Column("scenario", "", "text", True, "methodology, such as CI-05", "方法学编号，如 CI-05"),
            Column("record_key", "", "text", True, "the source's own key of the act, unique", "来源方的唯一记录编号"),
            Column("subject", "", "text", True, "who acted, as enrolled", "行为人在来源方的编号（卡号、客户号等）"),
            Column("start", "", "time", True, f"when it began: {_WHEN}", "开始时间：ISO 8601，无时区偏移的按来源时区"),
            Column("end", "", "time", self.ends, f"when it ended: {_WHEN}", "结束时间；格式同上"),
        ]
        if thing is not None:
            common.append(Column(ITEM, "", "text", True, thing.en, thing.zh))
        return common + [_column(name, field) for name, field in self.fields.items()]


def asked(library: Library, scenario: str, region: str) -> Asked | None:
    """What `scenario` asks of its records in `region`; None if it is no scenario of a file of acts.

    Reference tables are none, and neither are households' meters: their readings go in files of their own, because a baseline needs them.
    """
    document = library.documents.get(scenario)
    rule = None if document is None else rule_near(library, document, region)
    if document is None or rule is None or rule.method.baseline is not None:
        return None
    fields = {name: field for name, field in rule.method.fields.items() if not field.computed}
    lasting = any(is_length(field) for field in fields.values())
    return Asked(document, fields, lasting or any(claim.over == "time" for claim in document.claims))


def rule_near(library: Library, document: Document, region: str) -> Rule | None:
    """The newest rule of a document for a place: active before draft, near before far; any, if none is of the place."""
    rules = [rule for rule in library.rules_of(document.id)]
    for status in (Status.ACTIVE, Status.DRAFT):
        for code in (*lineage(region), None):
            found = [rule for rule in rules if rule.status is status and code in (rule.region, None)]
            if found:
                return max(found, key=lambda rule: rule.from_day)
    return None


def is_length(field: RecordField) -> bool:
    """Whether a field says how long the act took."""
    return field.column == DAYS or measure(field.base).dimensions == _TIME


def is_whole(field: RecordField) -> bool:
    """Whether a field counts whole units: a fraction of one is no record."""
    return measure(field.unit).scale == measure(field.base).scale


def ratio(field: RecordField) -> Fraction:
    """Base units in one unit of a field."""
    return measure(field.unit).scale / measure(field.base).scale


def bounds(field: RecordField) -> str:
    """The range of a field, or its words, for people."""
    if field.choices:
        return ", ".join(field.choices)
    return f"{field.min} to {field.max}" + ("" if field.unit == "-" else f" {field.unit}")


def _column(name: str, field: RecordField) -> Column:
    kind = written_unit(field) if field.choices else "whole number" if is_whole(field) else "number"
    unit = "" if field.choices or field.unit == "-" else field.unit
    required = field.default is None and not is_length(field)
    limits = "" if field.choices else f" ({bounds(field)})"
    return Column(name, unit, kind, required, f"{field.en}{limits}", f"{field.zh}{limits.replace(' to ', ' 至 ')}")
