"""Builders for tests of the quantify step."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from oracle.measure.quantify.library import FOLDER
from oracle.model.acts import COMMON
from oracle.model.units import day_of

SPRING = day_of(date(2023, 3, 1))


def acts(rows: Sequence[Mapping[str, object]], region: str = "CN-4403", day: int = SPRING) -> pl.DataFrame:
    """Acts with common columns filled in: key and row from the position, subject `commuter`."""
    whole = []
    for position, row in enumerate(rows, 1):
        on = int(str(row.get("day", day)))
        filled = {
            "record_key": f"k{position:06}",
            "subject": "commuter",
            "region": region,
            "rows": [position],
            "day": on,
        }
        whole.append({**filled, "start": on * 86_400, "end": on * 86_400 + 600, **row})
    fields = [name for name in (rows[0] if rows else {}) if name not in COMMON]
    return pl.DataFrame(whole, schema={**COMMON, **{name: pl.Int64() for name in fields}})


def days(
    readings: Sequence[int | None], residents: int = 1, subject: str = "household", first: int = SPRING
) -> list[dict[str, object]]:
    """Daily electricity of one household; None is a day without a reading."""
    return [
        {
            "record_key": f"{subject}-{first + at}",
            "subject": subject,
            "day": first + at,
            "energy_wh": reading,
            "residents": residents,
        }
        for at, reading in enumerate(readings)
        if reading is not None
    ]


def by_key(frame: pl.DataFrame, column: str = "quantity") -> dict[str, int]:
    """One column by record key."""
    return dict(frame.select("record_key", column).iter_rows())


def edited_library(folder: Path, name: str, old: str, new: str, *documents: str) -> Path:
    """A copy of the shipped library in which one file reads differently; with `documents`, of these only."""
    copy = folder / "library"
    copy.mkdir()
    for path in FOLDER.iterdir():
        if not documents or path.name in documents or path.name in {name, "grid.csv", "sources.toml"}:
            shutil.copy(path, copy)
    text = (copy / name).read_text(encoding="utf-8")
    assert old in text, f"{name} does not hold {old!r}"
    (copy / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy
