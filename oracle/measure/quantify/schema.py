"""What a methodology document may say. One TOML file per scenario, checked field by field; unknown keys are refused."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from oracle.measure.quantify.dimensions import measure
from oracle.measure.quantify.figures import (
    FieldName,
    Formula,
    Model,
    Name,
    Number,
    Parameter,
    ScenarioId,
    Status,
    Text,
    UnitName,
)


class RecordField(Model):
    """What a record must say: typed by a person in `unit`, kept in the column in whole `base` units.

    Attributes:
        min, max: Range of one record, in `unit`; outside it a record is set aside as out of range.
        default: Value of a record that does not say; without it the field is required.
        choices: Words a person types; the column holds their position.
        computed: Filled from the household's own history in a table of acts; a person types it.
    """

    column: Name
    unit: UnitName = "-"
    base: UnitName = "-"
    min: Number = "0"
    max: Number
    default: Number | None = None
    choices: tuple[str, ...] = ()
    computed: bool = False
    aliases: tuple[str, ...] = ()
    en: str
    zh: str

    def in_base(self, value: str) -> int:
        """A typed value in whole base units, rounded down."""
        exact = Fraction(value) * measure(self.unit).scale / measure(self.base).scale
        return exact.numerator // exact.denominator


class PreviousDays(Model):
    """Baseline: the household's own mean of the previous `days` civil days, per resident; all must have a reading.

    Days with less than `vacancy` of the mean of the previous `usual_days` are vacant and left out; `least` days must remain.
    """

    kind: Literal["previous_days"]
    of: Name
    per: Name
    days: int
    least: int
    usual_days: int
    vacancy: Name

    @property
    def needed(self) -> int:
        """Earlier readings that a baseline needs."""
        return self.days


class YearBefore(Model):
    """Baseline: the household's own billing period of the previous year that began nearest to one year earlier, per resident and day."""

    kind: Literal["year_before"]
    of: Name
    per: Name
    length: Name
    tolerance_days: int

    @property
    def needed(self) -> int:
        """Earlier readings that a baseline needs."""
        return 1


class Step(Model):
    """An intermediate result, rounded down to whole `unit`."""

    name: Name
    unit: UnitName
    formula: Formula


class Method(Model):
    """One way to get from a record to a quantity.

    Attributes:
        unit: Unit of the quantity, as on chain.
        factor: Micrograms per unit, from parameters alone; "" where the quantity is milligrams already.
        bind: Parameters that every rule with this method uses, by their name in the formulas.
        typed: For people only, never for a table of acts: the saving is known, its baseline is not.
    """

    en: str
    zh: str
    unit: Literal["m", "Wh", "L", "mL", "g", "s", "-", "mgCO2e"]
    fields: dict[FieldName, RecordField]
    baseline: Annotated[PreviousDays | YearBefore, Field(discriminator="kind")] | None = None
    steps: tuple[Step, ...] = ()
    quantity: Formula
    factor: Formula | None = None
    bind: dict[Name, str] = Field(default_factory=dict)
    typed: bool = False


class RuleRow(Model):
    """A rule of one place: from which act day on which figures count.

    Attributes:
        region: Region code; or, with `grid`, absent.
        grid: "all" or "national": one rule per region and year of the grid factor table, bound as `ef_grid`.
        version: Number on chain, from 1; absent with `grid`.
        set: Name for `--set`.
        since: First act day; the window ends where the next version begins, or at `until`.
        notice: Dates of the public notice, where one is known.
    """

    region: str | None = None
    grid: Literal["all", "national"] | None = None
    version: int | None = None
    set: str | None = None
    method: Name
    since: datetime.date | None = None
    until: datetime.date | None = None
    status: Annotated[Status, Field(strict=False)]
    reason: str = ""
    bind: dict[Name, str] = Field(default_factory=dict)
    notice: tuple[datetime.date, datetime.date] | None = None


class SetRow(Model):
    """Figures of another place or period: computed on request, never proposed for a chain."""

    method: Name
    bind: dict[Name, str] = Field(default_factory=dict)
    note: str


class Exclusion(Model):
    """Nothing is claimed twice: of acts in one group by one person, the one with the lowest rank stays.

    `over` says when two acts are the same: their times overlap, or they name the same item. With `equals` "all", acts of the same rank
    do not exclude each other: two appliances of a household both stay, only its meter yields to them.
    """

    group: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    rank: int
    over: Literal["time", "item"]
    equals: Literal["one", "all"] = "one"
    reason: Text


class Thing(Model):
    """What an act is about, where one thing brings one reduction: an order, a phone, a tree, a car. It is no part of the document's hash.

    Attributes:
        group: Things of one group are of one kind, whatever the scenario: who sells a phone and who recycles it name the same number.
        once: "ever", or "time": never twice for times that overlap.
        counts: Field that is 1 in every record, because the record names one thing.
    """

    group: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    once: Literal["ever", "time"]
    counts: FieldName | None = None
    en: str
    zh: str


class Example(Model):
    """A worked example: what a record must come to.

    Attributes:
        of: "reduction", or the step that is compared.
        tolerance: Absolute in `unit`, or relative with a per cent sign.
        times: The result is multiplied by this, for totals of many records.
        kind: independent, flat, total-check or regression, as the example's source allows.
    """

    record: dict[str, str]
    set: str | None = None
    region: str | None = None
    date: datetime.date | None = None
    of: str = "reduction"
    expected: Number
    unit: UnitName
    tolerance: str
    times: Number = "1"
    kind: Literal["independent", "flat", "total-check", "regression"]
    source: str


class Document(Model):
    """A scenario: everything about it that a table can say.

    Attributes:
        scene: Group the citizen sees it under.
        speed_kmh: Plausible mean speed, for the validator of trips.
        day_limit: Most that one account can be credited a day, such as "100 km" or "3 kgCO2e".
        points: False where a record is easily forged: growth, never points.
        creditable: False where the reduction can never be certified for sale: it is easily forged, or may be claimed elsewhere.
        typical: A record for examples and comparisons.
        also: Exclusions that came after the first release and are no part of the hash: they only ever take away.
        thing: What a record has to name, so that nobody claims it twice; None where there is nothing but time and person.
    """

    format: Literal[1]
    id: ScenarioId
    name: Text
    sector: Literal[
        "travel", "home energy", "sink", "circular", "consumption", "digital", "food", "logistics", "reference"
    ]
    scene: Literal["green life", "travel", "recycling", "finance", "none"]
    basis: tuple[str, ...]
    applicability: Text
    vintage: str
    caps: str
    speed_kmh: tuple[Number, Number] | None = None
    day_limit: Annotated[str, Field(pattern=r"^[0-9.]+ \S+$")] | None = None
    points: bool = True
    points_reason: str = ""
    creditable: bool
    creditable_reason: str = ""
    warnings: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    also: tuple[Exclusion, ...] = ()
    thing: Thing | None = None
    typical: dict[str, str] = Field(default_factory=dict)
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    methods: dict[Name, Method]
    rules: tuple[RuleRow, ...] = ()
    sets: dict[str, SetRow] = Field(default_factory=dict)
    examples: dict[str, Example] = Field(default_factory=dict)

    @property
    def claims(self) -> tuple[Exclusion, ...]:
        """Every group in which acts of the scenario exclude others."""
        return self.exclusions + self.also
