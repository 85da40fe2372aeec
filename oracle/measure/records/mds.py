"""The JSON that the provider API of MDS answers with at /trips: `{"version": ..., "trips": [...]}`, before 2.0 in an object `data`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from oracle.measure.records.content import BOM, load
from oracle.measure.records.json_rows import Doubtful
from oracle.measure.records.table import Table
from oracle.model.errors import InputError
from oracle.model.findings import findings

MDS_FIELDS = ("trip_id", "rider", "mode", "start_time", "end_time", "distance")

_TRIPS = re.compile(rb'"trips"\s*:\s*\[')
_START_BYTES = 1 << 16
_NAMES = {"distance": ("distance", "trip_distance")}


def is_mds(path: Path) -> bool:
    """Whether a file begins as an answer of MDS does."""
    return begins_as_mds(load(path, _START_BYTES))


def begins_as_mds(start: bytes) -> bool:
    """Whether this is the beginning of an answer of MDS."""
    return start.removeprefix(BOM).lstrip()[:1] == b"{" and _TRIPS.search(start) is not None


def mds_trips(blocks: Iterable[bytes], file: str) -> Table:
    """The trips with `MDS_FIELDS` as text, null where a trip has none.

    Raises:
        InputError: it is no JSON, or JSON without a list of trips.
    """
    rows = list(mds_rows(blocks, file))
    good = [(row, *_fields(trip)) for row, trip in rows if isinstance(trip, dict)]
    bad: list[tuple[int, dict[str, object]]] = [(row, {}) for row, trip in rows if not isinstance(trip, dict)]
    schema = {"row": pl.Int64(), **dict.fromkeys(MDS_FIELDS, pl.String())}
    frame = pl.DataFrame(good, schema=schema, orient="row")
    return Table(len(rows), frame, findings("malformed_row", file, bad))


def mds_rows(blocks: Iterable[bytes], file: str) -> Iterator[tuple[int, object]]:
    """Number and content of every trip, whatever it is. Numbers in it are text, as they were written.

    Raises:
        InputError: as `mds_trips`.
    """
    try:
        document = json.loads(b"".join(blocks), object_pairs_hook=_once, parse_float=str, parse_int=str)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"not valid JSON, or cut off: {error.msg} ({where})", file=file) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"not usable JSON: {error}", file=file) from error
    page = document.get("data", document) if isinstance(document, dict) else document
    trips = page.get("trips") if isinstance(page, dict) else None
    if not isinstance(trips, list):
        raise InputError("the JSON has no list `trips`, as an answer of MDS has", file=file)
    return enumerate(trips, 1)


def _once(pairs: list[tuple[str, object]]) -> object:
    """An object; one that names a field twice is no row: parsers differ in which of the two counts."""
    return dict(pairs) if len({name for name, _ in pairs}) == len(pairs) else Doubtful(tuple(pairs))


def _fields(trip: dict[str, object]) -> Iterator[str | None]:
    for field in MDS_FIELDS:
        value = next((trip[name] for name in _NAMES.get(field, (field,)) if trip.get(name) is not None), None)
        yield (value.strip() or None) if isinstance(value, str) else None if value is None else "\0"
