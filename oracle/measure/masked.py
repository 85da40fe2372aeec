"""Rows of a file as they stand in it, without who they belong to: for the person who decides about a row in quarantine."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from oracle.measure.quantify.library import FOLDER, library_at
from oracle.measure.records.asked import SCENARIO
from oracle.measure.records.content import MAX_BYTES, is_json, open_file, text_blocks, utf8
from oracle.measure.records.json_rows import json_rows
from oracle.measure.records.mds import is_mds, mds_rows
from oracle.measure.records.reader import kind_of
from oracle.measure.records.sheets import sheets
from oracle.measure.records.shipped import mapping_for, meter_tables
from oracle.measure.records.szt import FIELDS
from oracle.model.errors import InputError
from oracle.model.mapping import Mapping

MOST_ROWS = 1_000
MOST_CHARACTERS = 2_000

# Fields that say nothing about who it was. Everything else is masked, whatever it is called.
_OPEN = frozenset(
    (
        *("deal_date", "deal_type", "station", "mode", "start_time", "end_time", "distance", "trip_distance"),
        *("rideable_type", "started_at", "ended_at", "starttime", "stoptime"),
        *("start", "end", "value", "unit", "quality", "residents", "register"),
    )
)


def masked_rows(
    path: Path, rows: list[int], kind: str | None, mapping: Mapping | None = None, documents: Path = FOLDER
) -> dict[int, str]:
    """Some data rows of a file as JSON, masked; rows of an XML feed and tracks, whose findings show all there is, are left out.

    Args:
        rows: Their numbers, counted as findings count them; the first `MOST_ROWS` of them are given.
        kind: One of `reader.KINDS` or a methodology; None to tell by the content.
        mapping: What a source of meter readings says about its files.
        documents: Folder of the methodologies' documents.
    """
    wanted = set(sorted(rows)[:MOST_ROWS])
    if not wanted:
        return {}
    kind = kind_of(path, kind)
    if kind in ("greenbutton", "tracks"):
        return {}
    texts: dict[int, str] = {}
    shown = _acts(path, wanted, documents) if kind == "acts" else _rows(path, kind, wanted, mapping)
    for number, row in shown:
        texts[number] = json.dumps(row, ensure_ascii=False)[:MOST_CHARACTERS]
        if len(texts) == len(wanted):
            break
    return texts


def masked(value: object) -> str:
    """Whether there is a value, and nothing of it: whoever has the file finds it by the number of its row."""
    return "…" if str(value) else ""


def _rows(path: Path, kind: str, wanted: set[int], mapping: Mapping | None) -> Iterator[tuple[int, object]]:
    if kind == "szt" and is_json(path):
        return _json(path, wanted)
    if kind == "meters" and mapping_for(path, mapping) is not None:
        return _readings(path, wanted, mapping)
    return _mds(path, wanted) if kind == "trips" and is_mds(path) else _csv(path, wanted)


def _mds(path: Path, wanted: set[int]) -> Iterator[tuple[int, object]]:
    for number, row in mds_rows(text_blocks(path), path.name):
        if number in wanted:
            yield number, _object(row)


def _csv(path: Path, wanted: set[int]) -> Iterator[tuple[int, object]]:
    with open_file(path) as stream:
        names = [name.strip().lower() for name in _fields(_text(stream.readline(), path))]
        for number, line in enumerate(stream, 1):
            if number not in wanted:
                continue
            fields = _fields(_text(line, path))
            known = {name: _shown(name, value) for name, value in zip(names, fields, strict=False)}
            # More fields than names: nobody knows what they are.
            yield number, known if len(fields) <= len(names) else known | {"more": f"{len(fields) - len(names)} fields"}


def _json(path: Path, wanted: set[int]) -> Iterator[tuple[int, object]]:
    for part in json_rows(text_blocks(path), FIELDS, path.name):
        plain = part.plain.filter(pl.col("row").is_in(wanted)).to_dicts()
        objects = [(number, row) for number, row in part.objects if number in wanted]
        for number, row in sorted([*((row.pop("row"), row) for row in plain), *objects], key=lambda item: item[0]):
            yield number, _object(row)


def _object(row: object) -> object:
    return {name: _shown(name, value) for name, value in row.items()} if isinstance(row, dict) else "no object"


def _acts(path: Path, wanted: set[int], documents: Path) -> Iterator[tuple[int, object]]:
    """Rows of acts: what the methodologies ask for is shown, and who and what thing it was is not."""
    fields = [
        (name, field.column, *field.aliases)
        for document in library_at(documents).documents.values()
        for method in document.methods.values()
        for name, field in method.fields.items()
    ]
    open_ = {SCENARIO, "start", "end", *(name.lower() for names in fields for name in names)}
    for table in sheets(path):
        for row in table.frame.filter(pl.col("row").is_in(wanted)).to_dicts():
            number = row.pop("row")
            yield number, {name: value if name in open_ else masked(value or "") for name, value in row.items()}


def _readings(path: Path, wanted: set[int], mapping: Mapping | None) -> Iterator[tuple[int, object]]:
    """Rows of a file that a mapping explains, under the names of a plain one."""
    for table in meter_tables(path, mapping, MAX_BYTES):
        rows = table.frame.filter(pl.col("row").is_in(wanted)).unique("row", keep="first", maintain_order=True)
        for row in rows.to_dicts():
            number = row.pop("row")
            yield number, {name: _shown(name, value or "") for name, value in row.items()}


def _text(line: bytes, path: Path) -> str:
    try:
        return utf8(line, path.name).decode().rstrip("\r\n")
    except InputError:  # a row of no encoding is a finding of its own; here it is shown as far as it goes
        return line.decode("utf-8", "replace").rstrip("\r\n")


def _fields(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return [masked(line)]


def _shown(name: str, value: object) -> str:
    return str(value) if name in _OPEN else masked(value)
