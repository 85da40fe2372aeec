"""What completes no whole tonne, for registries that count whole tonnes."""

from __future__ import annotations

from oracle.report.export.package import Cell, Column, Resource
from oracle.report.export.projects import Exported


def fractions(name: str, of: Exported, series: frozenset[int] | None = None) -> Resource:
    """Runs that complete no whole tonne, of all series or of some."""
    columns = [
        Column("series", "integer", True),
        Column("serial", required=True),
        Column("status", required=True),
        Column("first_mg", required=True),
        Column("last_mg", required=True),
        Column("mg", "integer", True, "milligrams CO2e"),
    ]
    rows: list[dict[str, Cell]] = [
        {
            "series": run.series,
            "serial": of.serial_of(run),
            "status": run.status,
            "first_mg": str(run.first_mg),
            "last_mg": str(run.last_mg),
            "mg": run.mg,
        }
        for run in of.runs
        if not run.tonnes and (series is None or run.series in series)
    ]
    return Resource(name, columns, rows, ("serial",))
