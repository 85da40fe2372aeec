"""CAD Trust Data Model 2.0.2: twelve tables in the order in which a node takes them, checked against the part of its schema kept here.

A node gives rows ids of its own; here they are UUIDs made of what a row is about, so that references hold and the same block gives the
same bytes. What completes no whole tonne is in `cadtrust_fractions.csv`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from oracle.report.export.cadtrust_schema import Row, require_body, require_link, schema, validate
from oracle.report.export.fractions import fractions
from oracle.report.export.package import Column, Resource
from oracle.report.export.projects import Exported, Project
from oracle.report.export.runs import RETIRED, Run
from oracle.report.tables.claims import days_of

_UNIT_TYPE, _METRIC, _COUNTRY = "Reduction - technical", "tCO2e", "China"
_DESIGN = "Validation of Project Design Document"
_LABEL = "Carbonbook inclusive reduction (碳普惠)"
_LABEL_TYPE, _STATUS, _DEVELOPER = "Certification", "Registered", "Developer"
_FRICTIONLESS = {"Year": "year", "Date (ISO 8601)": "date", "Date (Composite PK)": "date", "Array[String]": "array"}


def resources(of: Exported, body: str, link: str) -> list[Resource]:
    """The tables.

    Args:
        body: Validation and verification body, one of the schema's list.
        link: Where the registry's projects can be read, http(s).

    Raises:
        InputError: `body` or `link` is not what the schema takes.
        VerificationFailed: A row is not as the schema says.
    """
    require_body(body)
    require_link(link)
    rows = _rows(of, body, link)
    validate(rows)
    return [_resource(name, rows[name]) for name in schema()["insert_order"]] + [fractions("cadtrust_fractions", of)]


def _resource(name: str, rows: list[Row]) -> Resource:
    columns = schema()["tables"][name]
    listed = [
        Column(key, _FRICTIONLESS.get(value["type"], "string"), value["required"]) for key, value in columns.items()
    ]
    refers = {
        key: (value["references"], f"cad_trust_{value['references']}_id")
        for key, value in columns.items()
        if "references" in value
    }
    return Resource(name, listed, rows, (f"cad_trust_{name}_id",), refers)


def _id(of: Exported, *words: object) -> str:
    """A row's id: the same for the same thing of the same registry."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(map(str, (of.flow.market, of.registry, *words)))))


def _rows(of: Exported, body: str, link: str) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {name: [] for name in schema()["insert_order"]}
    if not of.projects:
        return rows
    rows["program"].append(
        {
            "cad_trust_program_id": _id(of, "program"),
            "program_name": "Carbonbook",
            "program_registry": f"Carbonbook {of.registry}",
            "program_registry_id": of.registry,
        }
    )
    rows["label"].append(
        {"cad_trust_label_id": _id(of, "label"), "label_name": _LABEL, "label_type": _LABEL_TYPE, "label_link": link}
    )
    for project in of.projects:
        for table, row in _project(of, project, body, link):
            rows[table].append(row)
    for run in of.runs:
        if run.tonnes:
            unit = _unit(of, run, link)
            rows["unit"].append(unit)
            rows["unit_label"].append(
                {
                    "cad_trust_unit_label_id": _id(of, "unit_label", run.series, run.first_mg),
                    "cad_trust_label_id": _id(of, "label"),
                    "cad_trust_unit_id": unit["cad_trust_unit_id"],
                    "label_unit_date": of.date_of(of.issue_of(run.series)),
                }
            )
    return rows


def _project(of: Exported, project: Project, body: str, link: str) -> Iterator[tuple[str, Row]]:
    """A project and all that hangs on it but units."""
    first = of.date_of(of.issue_of(project.series[0]))
    here: Row = {"cad_trust_project_id": _id(of, "project", project.id)}
    yield (
        "project",
        {
            **here,
            "project_registry_name": f"Carbonbook {of.registry}",
            "project_id": project.id,
            "project_crediting_program": "Carbonbook",
            "project_name": project.name,
            "project_link": f"{link.rstrip('/')}/{project.id}",
            "project_sector": [project.sector],
            "project_type": [project.type],
            "project_status": _STATUS,
            "project_status_date": first,
            "project_unit_metric": _METRIC,
            "cad_trust_program_id": _id(of, "program"),
        },
    )
    yield (
        "stakeholder",
        {
            "cad_trust_stakeholder_id": _id(of, "stakeholder", project.id),
            "stakeholder_name": project.operator_name,
            "stakeholder_type": _DEVELOPER,
            **here,
        },
    )
    yield (
        "validation",
        {
            "cad_trust_validation_id": _id(of, "validation", project.id),
            "validation_id": f"{project.id}-V",
            "validation_type": _DESIGN,
            "validation_body": body,
            **here,
        },
    )
    yield (
        "location",
        {
            "cad_trust_location_id": _id(of, "location", project.id),
            "location_country": _COUNTRY,
            "location_region": project.region,
            **here,
        },
    )
    for version in sorted({of.flow.claims[number].version for number in project.series}):
        methodology = _id(of, "methodology", project.methodology, version)
        yield (
            "project_methodology",
            {
                "cad_trust_project_methodology_id": _id(of, "project_methodology", project.id, version),
                **here,
                "cad_trust_methodology_id": methodology,
            },
        )
    for number in project.series:
        yield from _issued(of, project, number, body)


def _issued(of: Exported, project: Project, number: int, body: str) -> Iterator[tuple[str, Row]]:
    """A series' methodology, where no series before had it, its verification and its issuance."""
    claim, days, version = of.flow.claims[number], days_of(of.ledger, number), of.flow.claims[number].version
    earlier = [other for other in of.flow.series if other < number]
    if not any(
        (of.flow.claims[other].methodology, of.flow.claims[other].version) == (claim.methodology, version)
        for other in earlier
    ):
        yield (
            "methodology",
            {
                "cad_trust_methodology_id": _id(of, "methodology", project.methodology, version),
                "methodology_code": project.methodology,
                "methodology_name": project.name,
                "methodology_type": _UNIT_TYPE,
                "methodology_version": str(version),
            },
        )
    verification = _id(of, "verification", number)
    yield (
        "verification",
        {
            "cad_trust_verification_id": verification,
            "verification_id": f"{of.registry}-{number}",
            "verification_start_date": str(days["acts_from"]),
            "verification_end_date": str(days["acts_through"]),
            "verification_body": body,
            "cad_trust_project_id": _id(of, "project", project.id),
            "cad_trust_validation_id": _id(of, "validation", project.id),
        },
    )
    yield (
        "issuance",
        {
            "cad_trust_issuance_id": _id(of, "issuance", number),
            "issuance_id": of.flow.series[number].serial_prefix,
            "issuance_date": of.date_of(of.issue_of(number)),
            "cad_trust_verification_id": verification,
            "cad_trust_project_methodology_id": _id(of, "project_methodology", project.id, version),
            "cad_trust_location_id": _id(of, "location", project.id),
        },
    )


def _unit(of: Exported, run: Run, link: str) -> Row:
    retired = of.flow.certificates[run.certificate] if run.status == RETIRED else None
    return {
        "cad_trust_unit_id": _id(of, "unit", run.series, run.first_mg),
        "unit_serial_id": of.serial_of(run),
        "unit_start_block": str(run.first_tonne),
        "unit_end_block": str(run.last_tonne),
        "unit_type": _UNIT_TYPE,
        "unit_vintage_year": of.flow.claims[run.series].vintage,
        "unit_status": run.status,
        "unit_status_reason": (retired and run.event.values["terms"].note) or of.detail_of(run.series),
        "unit_status_date": of.date_of(run.event),
        "unit_retirement_detail": of.detail_of(run.series) if retired else None,
        "unit_retirement_beneficiary": retired.beneficiary if retired else None,
        "unit_link": f"{link.rstrip('/')}/{of.project_of(run.series).id}",
        "unit_metric": _METRIC,
        "unit_current_owner": retired.stored.holder if retired else None,
        "cad_trust_issuance_id": _id(of, "issuance", run.series),
    }
