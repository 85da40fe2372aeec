"""The shape of OffsetsDB: `projects.csv` and `credits.csv`, whole tonnes; what completes none is in `fractions.csv`.

Beneficiary and note are columns of their own, and a methodology is its id: nobody has to guess either from free text.
"""

from __future__ import annotations

from oracle.report.export.fractions import fractions
from oracle.report.export.package import Cell, Column, Resource
from oracle.report.export.projects import Exported, Project
from oracle.report.export.runs import CANCELLED, RETIRED, Run
from oracle.report.tables.claims import days_of

_PROJECTS = (
    Column("project_id", required=True),
    Column("name", required=True),
    Column("registry", required=True),
    Column("proponent", required=True),
    Column("protocol", required=True, description="methodology id"),
    Column("category", required=True),
    Column("project_type", required=True),
    Column("status", required=True),
    Column("country", required=True),
    Column("listed_at", "date", True),
    Column("first_issuance_at", "date", True),
    Column("first_retirement_at", "date"),
    Column("issued", "integer", True, "whole t CO2e"),
    Column("retired", "integer", True, "whole t CO2e"),
    Column("is_compliance", "boolean", True),
    Column("project_url"),
)
_CREDITS = (
    Column("id", required=True, description="serial"),
    Column("project_id", required=True),
    Column("quantity", "integer", True, "whole t CO2e"),
    Column("vintage", "year", True),
    Column("vintage_start_date", "date", True, "first day of the acts"),
    Column("vintage_end_date", "date", True, "their last day"),
    Column("transaction_date", "date", True),
    Column("transaction_type", required=True),
    Column("retirement_account"),
    Column("retirement_beneficiary"),
    Column("retirement_reason"),
    Column("retirement_note"),
    Column("acts", "integer", True, "acts of consenting citizens behind the series"),
    Column("transaction_url"),
)
_PURPOSES = ("", "voluntary", "event", "product", "compliance", "public good")

Row = dict[str, Cell]


def resources(of: Exported, link: str) -> list[Resource]:
    """The three files.

    Args:
        link: Where the registry's projects can be read; empty for nowhere.
    """
    issues = [_issue(of, number) for number in of.flow.series]
    ends = [_end(of, run) for run in of.runs if run.status in (RETIRED, CANCELLED)]
    credits = [row for row in [*issues, *ends] if row["quantity"]]
    return [
        Resource("projects", _PROJECTS, [_project(of, project, link) for project in of.projects], ("project_id",)),
        Resource("credits", _CREDITS, credits, ("id",), {"project_id": ("projects", "project_id")}),
        fractions("fractions", of),
    ]


def _project(of: Exported, project: Project, link: str) -> Row:
    runs = [run for run in of.runs if run.series in project.series]
    retired = [run for run in runs if run.status == RETIRED]
    first = of.date_of(of.issue_of(project.series[0]))
    return {
        "project_id": project.id,
        "name": project.name,
        "registry": f"carbonbook-{of.registry.lower()}",
        "proponent": project.operator_name,
        "protocol": project.methodology,
        "category": project.category,
        "project_type": project.type,
        "status": "registered",
        "country": "China",
        "listed_at": first,
        "first_issuance_at": first,
        "first_retirement_at": of.date_of(retired[0].event) if retired else None,
        "issued": sum(run.tonnes for run in runs),
        "retired": sum(run.tonnes for run in retired),
        "is_compliance": "false",
        "project_url": f"{link.rstrip('/')}/{project.id}" if link else None,
    }


def _issue(of: Exported, number: int) -> Row:
    runs = [run for run in of.runs if run.series == number]
    event = of.issue_of(number)
    serial = f"{of.flow.series[number].serial_prefix}-1-{runs[-1].last_mg}"
    return {
        **_common(of, number),
        "id": serial,
        "quantity": sum(run.tonnes for run in runs),
        "transaction_date": of.date_of(event),
        "transaction_type": "issuance",
    }


def _end(of: Exported, run: Run) -> Row:
    row: Row = {
        **_common(of, run.series),
        "id": of.serial_of(run),
        "quantity": run.tonnes,
        "transaction_date": of.date_of(run.event),
        "transaction_type": "retirement" if run.status == RETIRED else "cancellation",
    }
    if run.status == RETIRED:
        certificate = of.flow.certificates[run.certificate]
        row |= {
            "retirement_account": certificate.stored.holder,
            "retirement_beneficiary": certificate.beneficiary,
            "retirement_reason": _PURPOSES[certificate.stored.purpose],
            "retirement_note": run.event.values["terms"].note,
        }
    return row


def _common(of: Exported, number: int) -> Row:
    days, claim = days_of(of.ledger, number), of.flow.claims[number]
    return {
        "project_id": of.project_of(number).id,
        "vintage": claim.vintage,
        "vintage_start_date": str(days["acts_from"]),
        "vintage_end_date": str(days["acts_through"]),
        "acts": of.acts_of(number),
    }
