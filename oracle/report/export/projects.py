"""What other registries call a project: the acts of one operator under one methodology."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oracle.edge.chain.client import Event
from oracle.model.ids import methodology_text
from oracle.report.export.runs import Run
from oracle.report.read.claims import SecondFlow
from oracle.report.read.ledger import Ledger, utc
from oracle.report.tables.claims import by, days_of

# Of the methodology documents' own sectors: CAD Trust's sector and type, and OffsetsDB's category.
_SECTORS = {
    "travel": ("Transport", "Transport", "Transport"),
    "logistics": ("Transport", "Transport", "Transport"),
    "home energy": ("Energy demand", "Energy Efficiency households", "Energy Efficiency"),
    "circular": ("Waste handling and disposal", "Waste", "Waste Management"),
    "sink": ("Afforestation and reforestation", "Afforestation", "Forest"),
}
_OTHER = ("Others", "Any combination of the above", "Miscellaneous")


@dataclass(frozen=True)
class Named:
    """What a methodology document calls itself: its name and sector."""

    name: str
    sector: str


@dataclass(frozen=True)
class Project:
    """A project.

    Attributes:
        id: Registry code, region, scheme and operator's number: the serials' own words.
        sector, type, category: In the words of CAD Trust and OffsetsDB.
        series: Numbers of its series, in the order of their issue.
    """

    id: str
    name: str
    operator: str
    operator_name: str
    methodology: str
    region: str
    sector: str
    type: str
    category: str
    series: tuple[int, ...]


@dataclass(frozen=True)
class Exported:
    """What every format is made of.

    Attributes:
        registry: Code that begins every serial.
        runs: What became of every milligram.
    """

    ledger: Ledger
    flow: SecondFlow
    registry: str
    projects: tuple[Project, ...]
    runs: tuple[Run, ...]

    def issue_of(self, series: int) -> Event:
        """The event that issued a series."""
        return by(self.ledger, "SeriesIssued", "series")[series]

    def date_of(self, event: Event) -> str:
        """Civil date of an event, UTC."""
        return utc(self.ledger.times[event.block])[:10]

    def serial_of(self, run: Run) -> str:
        """Serial of a run: the series' prefix, first and last milligram."""
        return f"{self.flow.series[run.series].serial_prefix}-{run.first_mg}-{run.last_mg}"

    def project_of(self, series: int) -> Project:
        """The project of a series."""
        return next(project for project in self.projects if series in project.series)

    def acts_of(self, series: int) -> int:
        """Acts of consenting citizens that a series rests on."""
        return int(by(self.ledger, "ClaimSubmitted", "claim")[series].values["frame"].recordCount)

    def detail_of(self, series: int) -> str:
        """Methodology and version, period, operator and number of acts behind a series, as one sentence."""
        claim, days = self.flow.claims[series], days_of(self.ledger, series)
        project = self.project_of(series)
        return (
            f"{self.acts_of(series)} acts of {days['acts_from']} to {days['acts_through']}, {project.methodology} "
            f"version {claim.version}, operator {project.operator_name} ({project.operator})"
        )

    def sums(self) -> dict[str, object]:
        """By status, milligrams and whole tonnes, as text."""
        found: dict[str, list[int]] = {}
        for run in self.runs:
            sums = found.setdefault(run.status, [0, 0])
            sums[0] += run.mg
            sums[1] += run.tonnes
        return {status: {"mg": str(mg), "tonnes": str(tonnes)} for status, (mg, tonnes) in sorted(found.items())}


def projects_of(flow: SecondFlow, known: Mapping[tuple[str, int], Named]) -> tuple[Project, ...]:
    """The projects with a series, in the order of their first issue.

    Args:
        known: Names and sectors of methodology versions that documents are here of.
    """
    series: dict[tuple[str, str], list[int]] = {}
    for number in flow.series:
        claim = flow.claims[number]
        series.setdefault((claim.operator, methodology_text(claim.methodology)), []).append(number)
    return tuple(_project(flow, *key, numbers, known) for key, numbers in series.items())


def _project(
    flow: SecondFlow, operator: str, methodology: str, numbers: list[int], known: Mapping[tuple[str, int], Named]
) -> Project:
    registry, region, scheme, _, operator_number, *_ = flow.series[numbers[0]].serial_prefix.split("-")
    named = known.get((methodology, flow.claims[numbers[-1]].version), Named(methodology, ""))
    sector, type_, category = _SECTORS.get(named.sector, _OTHER)
    return Project(
        id="-".join((registry, region, scheme, operator_number)),
        name=named.name,
        operator=operator,
        operator_name=flow.names.get(operator, f"operator {operator_number}"),
        methodology=methodology,
        region=region,
        sector=sector,
        type=type_,
        category=category,
        series=tuple(numbers),
    )
