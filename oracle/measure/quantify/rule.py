"""A rule: one version of one scenario in one region, ready to compute with. Twin of `IMethodologyRegistry.Terms`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property

from oracle.measure.quantify.dimensions import CHAIN_UNITS
from oracle.measure.quantify.figures import Parameter, Source, Status
from oracle.measure.quantify.plan import Plan, plan
from oracle.measure.quantify.regions import NATION
from oracle.measure.quantify.schema import Document, Method
from oracle.model.acts import FIELDS
from oracle.model.canonical import canonical_json
from oracle.model.keccak import keccak
from oracle.model.units import Unit, date_of


@dataclass(frozen=True)
class Bound:
    """A parameter under the name that the formulas use, with the key it has in the library."""

    key: str
    parameter: Parameter
    source: Source


@dataclass(frozen=True)
class Rule:
    """One version of one scenario in one region.

    Attributes:
        factor_ug: Micrograms CO2e per unit of quantity; 0 where a draft has no figure.
        day_cap_mg: Most milligrams that one account can be credited for one act day.
        from_day, to_day: First and last act day; `to_day` is None while no successor ends the window.
        data_year: Year of the grid factor, for rules that were made from the grid table.
        set_name: Name for `--set`.
        unset: Names in the formulas that no figure is known for.
        notice: First and last day of the public notice, where they are known.
    """

    document: Document
    method_name: str
    region: str
    version: int
    factor_ug: int
    day_cap_mg: int
    from_day: int
    to_day: int | None
    status: Status
    reason: str
    bound: Mapping[str, Bound]
    data_year: int | None = None
    set_name: str | None = None
    unset: tuple[str, ...] = ()
    until: date | None = None
    notice: tuple[date, date] | None = None

    @property
    def scenario(self) -> str:
        return self.document.id

    @property
    def id(self) -> str:
        """Identity on chain, without the version: CI-01.CN-4403."""
        return f"{self.document.id}.{self.region}"

    @property
    def method(self) -> Method:
        return self.document.methods[self.method_name]

    @property
    def fields(self) -> tuple[str, ...]:
        """Columns of a record that its commitment covers, in that order."""
        asked = (field.column for field in self.method.fields.values() if not field.computed)
        return FIELDS.get(self.scenario) or tuple(asked)

    @property
    def unit(self) -> Unit:
        return next(unit for unit, name in CHAIN_UNITS.items() if name == self.method.unit)

    @property
    def earns_points(self) -> bool:
        return self.document.points

    @property
    def creditable(self) -> bool:
        return self.document.creditable

    @property
    def constants(self) -> dict[str, Fraction]:
        """Bound parameters in base units, by their names in the formulas."""
        return {name: bound.parameter.exact for name, bound in self.bound.items()}

    @property
    def borrowed(self) -> tuple[str, ...]:
        """Places outside the country whose figures the rule uses."""
        regions = {bound.parameter.region for bound in self.bound.values()}
        return tuple(sorted(region for region in regions if region.split("-")[0] != NATION))

    @cached_property
    def plan(self) -> Plan:
        """The formulas as integer columns, with the proof that they cannot overflow."""
        return plan(self.method, self.constants)

    @property
    def record_limit(self) -> int:
        """Most quantity that one record can hold: the upper end of the formula over the ranges of its fields."""
        return self.plan.limit

    def holds(self, day: int) -> bool:
        """Whether an act of `day` lies in the window."""
        return self.from_day <= day and (self.to_day is None or day <= self.to_day)

    @cached_property
    def canonical(self) -> bytes:
        """What the document hash is over: scenario text, method, rule and the parameters it uses, as canonical JSON.

        The end that a successor gives the window is not part of it, so that a successor changes no released hash.
        """
        text = self.document.model_dump(mode="json", include=_SCENARIO_TEXT)
        used = {name: _parameter(bound) for name, bound in self.bound.items()}
        rule = {
            "id": self.id,
            "version": self.version,
            "since": date_of(self.from_day).isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "notice": [day.isoformat() for day in self.notice or ()],
            "data_year": self.data_year,
        }
        method = self.method.model_dump(mode="json")
        return canonical_json(_as_text({"scenario": text, "method": method, "rule": rule, "parameters": used}))

    @cached_property
    def document_hash(self) -> bytes:
        """keccak-256 of `canonical`."""
        return keccak(self.canonical)


_SCENARIO_TEXT = {
    "format",
    "id",
    "name",
    "sector",
    "scene",
    "basis",
    "applicability",
    "vintage",
    "caps",
    "speed_kmh",
    "day_limit",
    "points",
    "points_reason",
    "creditable",
    "creditable_reason",
    "exclusions",
}


def _parameter(bound: Bound) -> dict[str, object]:
    source = bound.source.model_dump(mode="json")
    return {"key": bound.key, **bound.parameter.model_dump(mode="json", exclude={"rejected"}), "source": source}


def _as_text(value: object) -> object:
    """The same document with integers as text, which is how canonical documents write them."""
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
