"""Article 6.2, agreed electronic format: actions and holdings, for series that a Party authorised and for no other. Whole tonnes.

Credits here are domestic unless somebody says otherwise: the authorisations are a CSV of who granted what for which series.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oracle.report.export.fractions import fractions
from oracle.report.export.package import Cell, Column, Resource
from oracle.report.export.projects import Exported
from oracle.report.export.runs import HELD, RETIRED, Run

AUTHORIZATION = (
    "series",
    "party",
    "cooperative_approach",
    "authorization_id",
    "authorization_date",
    "purposes",
    "oimp",
    "first_transfer_definition",
)
_UNITS = (
    Column("Article 6 database record ID"),
    Column("Cooperative approach", required=True),
    Column("First unique identifier", required=True),
    Column("Last unique identifier", required=True),
    Column("Underlying unit block start ID", required=True),
    Column("Underlying unit block last ID", required=True),
    Column("Metric", required=True),
    Column("Quantity (expressed in metric)", "integer", True),
    Column("Quantity (t CO2 eq)", "integer", True),
    Column("Conversion factor (reporting Party)"),
    Column("First transferring participating Party", required=True),
    Column("Vintage", "year", True),
    Column("Sector(s)", required=True),
    Column("Activity type(s)", required=True),
    Column("Date of authorization", "date", True),
    Column("Authorization ID", required=True),
    Column("Purposes for authorization", required=True),
    Column("OIMP authorized by the Party"),
    Column("First transfer definition", required=True),
)
_ACTIONS = (
    Column("Party", required=True),
    Column("Reported year", "year", True),
    *_UNITS,
    Column("Action date", "date", True),
    Column("Action type", required=True),
    Column("Transferring participating Party"),
    Column("Acquiring participating Party"),
    Column("Purposes for cancellation"),
    Column("Using participating Party or authorized entity or entities"),
    Column("First transfer"),
)
_COMPLIANCE = 4

Row = dict[str, Cell]


@dataclass(frozen=True)
class Authorization:
    """What a Party granted for a series; words as the Party uses them."""

    party: str
    cooperative_approach: str
    authorization_id: str
    authorization_date: str
    purposes: str
    oimp: str
    first_transfer_definition: str


def resources(of: Exported, granted: Mapping[int, Authorization]) -> list[Resource]:
    """Actions, holdings, and what completes no whole tonne; of authorised series alone."""
    runs = [run for run in of.runs if run.series in granted and run.tonnes]
    actions = [_action(of, run, granted[run.series]) for run in runs if run.status == RETIRED]
    holdings = [_units(of, run, granted[run.series]) for run in runs if run.status == HELD]
    key = ("First unique identifier",)
    return [
        Resource("actions", _ACTIONS, actions, key),
        Resource("holdings", _UNITS, holdings, key),
        fractions("fractions", of, frozenset(granted)),
    ]


def _action(of: Exported, run: Run, granted: Authorization) -> Row:
    certificate = of.flow.certificates[run.certificate]
    used = certificate.stored.purpose == _COMPLIANCE
    return {
        "Party": granted.party,
        "Reported year": int(of.date_of(run.event)[:4]),
        **_units(of, run, granted),
        "Action date": of.date_of(run.event),
        "Action type": "Use" if used else "Cancellation",
        "Purposes for cancellation": None if used else "voluntary cancellation",
        "Using participating Party or authorized entity or entities": certificate.beneficiary if used else None,
    }


def _units(of: Exported, run: Run, granted: Authorization) -> Row:
    project = of.project_of(run.series)
    prefix = of.flow.series[run.series].serial_prefix
    return {
        "Cooperative approach": granted.cooperative_approach,
        "First unique identifier": f"{prefix}-{run.first_tonne}",
        "Last unique identifier": f"{prefix}-{run.last_tonne}",
        "Underlying unit block start ID": str(run.first_mg),
        "Underlying unit block last ID": str(run.last_mg),
        "Metric": "GHG",
        "Quantity (expressed in metric)": run.tonnes,
        "Quantity (t CO2 eq)": run.tonnes,
        "First transferring participating Party": granted.party,
        "Vintage": of.flow.claims[run.series].vintage,
        "Sector(s)": project.sector,
        "Activity type(s)": project.type,
        "Date of authorization": granted.authorization_date,
        "Authorization ID": granted.authorization_id,
        "Purposes for authorization": granted.purposes,
        "OIMP authorized by the Party": granted.oimp,
        "First transfer definition": granted.first_transfer_definition,
    }
