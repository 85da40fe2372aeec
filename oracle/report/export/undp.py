"""Transfers in the columns of UNDP's carbon registry: every purchase and every retirement, to the milligram.

A purchase has no serial: numbers are given when credits are retired.
"""

from __future__ import annotations

from oracle.edge.chain.client import Event
from oracle.model.units import MG_PER_TONNE
from oracle.report.export.package import Cell, Column, Resource
from oracle.report.export.projects import Exported
from oracle.report.export.runs import RETIRED, Run
from oracle.report.read.ledger import utc

_COLUMNS = (
    Column("Request Id", required=True),
    Column("Project Id", required=True),
    Column("Initiator", required=True),
    Column("To Company Id"),
    Column("From Company Id", required=True),
    Column("Credit Requested (ITMO)", "number", True, "t CO2e, exact"),
    Column("Comment"),
    Column("Tx Ref", required=True),
    Column("Tx Time", "datetime", True),
    Column("Created Time", "datetime", True),
    Column("Auth Time", "datetime", True),
    Column("Status", required=True),
    Column("Is Retirement", "boolean", True),
    Column("Retirement Type"),
    Column("Serial No"),
    Column("Project Name", required=True),
    Column("Project Sector", required=True),
    Column("Credit Sender", required=True),
    Column("Credit Receiver"),
)

Row = dict[str, Cell]


def resources(of: Exported) -> list[Resource]:
    """The file."""
    moved = [_purchase(of, event) for event in of.ledger.events["Filled"]]
    moved += [_retirement(of, run) for run in of.runs if run.status == RETIRED]
    return [Resource("transfers", _COLUMNS, moved, ("Request Id",))]


def _purchase(of: Exported, event: Event) -> Row:
    ask, buyer = of.flow.asks[event.values["ask"]], event.values["buyer"]
    return {
        **_common(of, event, event.values["series"], event.values["mg"]),
        "Initiator": buyer,
        "To Company Id": buyer,
        "From Company Id": ask.seller,
        "Comment": f"ask {event.values['ask']}, {'resale' if ask.resale else 'primary'}",
        "Is Retirement": "false",
        "Credit Sender": _named(of, ask.seller),
        "Credit Receiver": _named(of, buyer),
    }


def _retirement(of: Exported, run: Run) -> Row:
    certificate = of.flow.certificates[run.certificate]
    holder = certificate.stored.holder
    return {
        **_common(of, run.event, run.series, run.mg),
        "Initiator": holder,
        "From Company Id": holder,
        "Comment": f"{certificate.beneficiary}: {of.detail_of(run.series)}",
        "Is Retirement": "true",
        "Retirement Type": "Other",
        "Serial No": certificate.serial,
        "Credit Sender": _named(of, holder),
        "Credit Receiver": certificate.beneficiary,
    }


def _common(of: Exported, event: Event, series: int, mg: int) -> Row:
    project, time = of.project_of(series), utc(of.ledger.times[event.block])
    return {
        "Request Id": f"{event.block}-{event.index}",
        "Project Id": project.id,
        "Credit Requested (ITMO)": exact(mg),
        "Tx Ref": event.transaction,
        "Tx Time": time,
        "Created Time": time,
        "Auth Time": time,
        "Status": "Approved",
        "Project Name": project.name,
        "Project Sector": project.sector,
    }


def exact(mg: int) -> str:
    """Tonnes with nine decimals."""
    return f"{mg // MG_PER_TONNE}.{mg % MG_PER_TONNE:09}"


def _named(of: Exported, account: str) -> str:
    return of.flow.names.get(account, account)
