"""What the tests of the readers share."""

from __future__ import annotations

import json
from pathlib import Path

from oracle.measure.records.origin import Origin
from oracle.model.acts import Reading

DATA = Path(__file__).parents[2] / "data"


def origin(file: str = "file", zone: str = "Asia/Shanghai") -> Origin:
    return Origin("operator", file, "CN-4403", zone)


def rows_of_acts(reading: Reading) -> list[int]:
    return sorted(row for acts in reading.acts.values() for rows in acts["rows"] for row in rows)


def found(reading: Reading) -> list[tuple[int, str, dict[str, object]]]:
    """Findings as row, code and values."""
    columns = reading.findings.select("row", "code", "values").iter_rows()
    return [(row, code, json.loads(values)) for row, code, values in columns]


def codes(reading: Reading) -> list[tuple[int, str]]:
    return [(row, code) for row, code, _ in found(reading)]


def assert_every_row_once(reading: Reading) -> None:
    """Every data row is in one act or in one finding, and nothing else is."""
    rows = rows_of_acts(reading) + reading.findings["row"].to_list()
    assert len(rows) == len(set(rows)) == reading.rows
