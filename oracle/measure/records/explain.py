"""How a file would be read: its first readings, what each day adds up to, and what is wrong with it. Nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from oracle.measure.records.content import MAX_BYTES, is_feed, text_blocks
from oracle.measure.records.mapped import table_for
from oracle.measure.records.meters import Household, readings_of
from oracle.measure.records.origin import Origin
from oracle.measure.records.reader import kind_of, read
from oracle.measure.records.shipped import mapping_for
from oracle.measure.records.table import parse
from oracle.measure.records.words import NANO
from oracle.model.acts import FIELDS, Reading
from oracle.model.findings import CODES, Kind, counts
from oracle.model.mapping import PLAIN
from oracle.model.units import date_of

SHOWN_ROWS = 10
SHOWN_DAYS = 40


@dataclass(frozen=True)
class Explained:
    """A file as it would be read.

    Attributes:
        kind: What kind of file it is.
        readings: The first readings: row, meter, register, start, end (local), and Wh or litres; of other kinds, the first acts.
        days: Date, scenario and sum of the acts of each day.
        findings: Findings by code.
        sound: Whether there are acts, and no row waits for a person.
    """

    kind: str
    readings: list[dict[str, object]]
    days: list[dict[str, object]]
    findings: dict[str, int]
    sound: bool


def explain(path: Path, origin: Origin, household: Household, kind: str | None) -> Explained:
    """How a file would be read by a source.

    Raises:
        InputError: as `reader.read`.
    """
    mapped = kind is None and household.mapping is not None and not is_feed(path)
    kind = "meters" if mapped else kind_of(path, kind)
    reading = read(path, source=origin.source, region=origin.region, kind=kind, zone=origin.zone, household=household)
    found = counts(reading.findings)
    waits = any(CODES[code].kind is Kind.QUARANTINED for code in found)
    shown = _readings(path, origin, household) if kind == "meters" else _acts(reading, origin.zone)
    return Explained(kind, shown, _days(reading), found, bool(reading.acts) and not waits)


def _readings(path: Path, origin: Origin, household: Household) -> list[dict[str, object]]:
    mapping = mapping_for(path, household.mapping)
    blocks = text_blocks(path, most=MAX_BYTES)
    if mapping is None:
        frame = pl.concat(table.frame for table in parse(blocks, path.name))
    else:
        table, household = table_for(blocks, path.name, household, mapping)
        frame = table.frame
    readings, _ = readings_of(frame, origin, household, mapping or PLAIN)
    return [
        {
            "row": line["row"],
            "meter": line["meter"],
            "register": line["register"] or "",
            "start": _local(line["start"], origin.zone),
            "end": _local(line["end"], origin.zone),
            "Wh" if line["service"] == "electricity" else "litres": _whole(line["nano"]),
            "quality": line["quality"] or "",
        }
        for line in readings.sort("row", "start").head(SHOWN_ROWS).to_dicts()
    ]


def _acts(reading: Reading, zone: str) -> list[dict[str, object]]:
    lines = [
        {"scenario": name, "start": _local(act["start"], zone), "end": _local(act["end"], zone)}
        | {field: act[field] for field in acts.columns if field in FIELDS.get(name, ())}
        for name, acts in reading.acts.items()
        for act in acts.head(SHOWN_ROWS).to_dicts()
    ]
    return lines[:SHOWN_ROWS]


def _days(reading: Reading) -> list[dict[str, object]]:
    sums = []
    for name, acts in reading.acts.items():
        field = next((field for field in FIELDS.get(name, ()) if field in acts.columns), None)
        total = pl.col(field).sum() if field else pl.len()
        for day, value, many in (
            acts.group_by("day").agg(total.alias("value"), pl.len().alias("many")).sort("day").iter_rows()
        ):
            sums.append({"date": date_of(day).isoformat(), "scenario": name, field or "acts": value, "acts": many})
    return sums[:SHOWN_DAYS]


def _local(seconds: int, zone: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(zone)).isoformat(" ", "minutes")


def _whole(nano: int) -> int:
    return (nano + NANO // 2) // NANO
