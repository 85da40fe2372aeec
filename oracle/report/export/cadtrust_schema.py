"""The part of CAD Trust's schema that is kept here (`cadtrust-2.0.2.json` names its source), and what does not conform to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from oracle.model.errors import InputError, VerificationFailed
from oracle.report.export.package import Cell

_SCHEMA = Path(__file__).parent / "cadtrust-2.0.2.json"

Row = dict[str, Cell]


@cache
def schema() -> dict[str, Any]:
    """The part of CAD Trust's schema that is kept here."""
    found: dict[str, Any] = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    return found


def require_body(body: str) -> None:
    """Refuses a body that is not on the list.

    Raises:
        InputError: With how many there are.
    """
    bodies = schema()["picklists"]["verification_body"]
    if body not in bodies:
        raise InputError(
            f"'{body}' is not one of the {len(bodies)} bodies that CAD Trust takes, such as '{bodies[0]}'; name one with --body or as "
            "verification_body under [cadtrust] in config.toml"
        )


def require_link(link: str) -> None:
    """Refuses an address that nobody can open.

    Raises:
        InputError: It is no http(s) address.
    """
    parts = urlsplit(link)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(
            f"'{link}' is no address like https://registry.example; name one with --link or under [cadtrust]"
        )


def validate(rows: Mapping[str, list[Row]]) -> None:
    """Checks rows against the schema: columns, what is required, types, picklists, references.

    Raises:
        VerificationFailed: With table, row and column.
    """
    ids = {table: {row.get(f"cad_trust_{table}_id") for row in listed} for table, listed in rows.items()}
    for table, listed in rows.items():
        columns = schema()["tables"][table]
        for number, row in enumerate(listed, 1):
            if unknown := set(row) - set(columns):
                raise VerificationFailed(f"{table}: row {number} has {', '.join(sorted(unknown))}, which it has not")
            for name, column in columns.items():
                problem = _problem(column, row.get(name), ids)
                if problem:
                    raise VerificationFailed(f"{table}: row {number}, {name}: {problem}")


def _problem(column: Mapping[str, Any], cell: Cell, ids: Mapping[str, set[Cell]]) -> str:
    if cell is None or cell in ("", []):
        return "is missing" if column["required"] else ""
    kind, picks = column["type"], schema()["picklists"].get(column.get("picklist"))
    values = cell if isinstance(cell, list) else [cell]
    if (kind == "Array[String]") != isinstance(cell, list):
        return "is a list" if isinstance(cell, list) else "is no list"
    if picks is not None and any(value not in picks for value in values):
        return f"{values} is not on the list of {column['picklist']}"
    if "references" in column and cell not in ids[column["references"]]:
        return f"names no row of {column['references']}"
    if kind == "Year":
        return "" if isinstance(cell, int) and 1900 < cell < 2200 else "is no year"
    if kind.startswith("Date"):
        return "" if _is_date(str(cell)) else "is no date"
    if kind.startswith("GUID"):
        return "" if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(cell)) else "is no GUID"
    return ""


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
