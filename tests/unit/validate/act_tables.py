"""Readings made by hand, for the tests of the rules."""

from __future__ import annotations

import json

import polars as pl

from oracle.model.acts import Reading, schema
from oracle.model.findings import empty_findings

BASE = {
    "record_key": "T1",
    "subject": "commuter",
    "region": "CN-4403",
    "start": 1_000_000,
    "end": 1_001_800,
    "day": 11,
    "rows": [1],
    "distance_m": 10_000,
    "duration_s": 1_800,
    "rides": 1,
    "energy_wh": 8_000,
    "volume_l": 9_000,
    "residents": 3,
    "days": 30,
}


def reading(**scenarios: list[dict[str, object]]) -> Reading:
    """Acts by scenario (CI_01_RIDE for CI-01-RIDE) from what differs from BASE; each is of the next row and has its own key."""
    acts, row = {}, 0
    for name, lines in scenarios.items():
        scenario = name.replace("_", "-")
        filled = []
        for line in lines:
            row += 1
            filled.append({**BASE, "record_key": f"T{row}", "rows": [row], **line})
        columns = schema(scenario)
        acts[scenario] = pl.DataFrame([{name: line[name] for name in columns} for line in filled], schema=columns)
    return Reading("operator", "file", row, acts, empty_findings())


def found(made: Reading) -> list[tuple[int, str, dict[str, object]]]:
    """Findings as row, code and values."""
    columns = made.findings.select("row", "code", "values").iter_rows()
    return [(row, code, json.loads(values)) for row, code, values in columns]


def rows_left(made: Reading) -> list[int]:
    return sorted(row for acts in made.acts.values() for rows in acts["rows"] for row in rows)
