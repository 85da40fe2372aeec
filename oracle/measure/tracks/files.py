"""Files of tracks: GPX, GeoJSON, and the PLT of Geolife. A row is a track, counted from 1 through the file.

GPX (1.0, 1.1): a row is a `trk`, with all its segments. Its `type` is the mode; `rider`, `mode` and `trip_id` may stand in its
`extensions`. A fix is a `trkpt` with a `time`; `mock` in the extensions of a fix or track says that another program made it up.

GeoJSON (RFC 7946): a row is a Feature with a LineString or MultiLineString. Times, one for a position, stand in `properties` as
`coordTimes` or `times`, or in `properties.coordinateProperties.times`; so do `rider`, `mode`, `trip_id` and `mock`.

PLT (Geolife Trajectories 1.x): the file is one row. It names neither rider nor mode, so the caller does. Its times are GMT.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse

from oracle.measure.records.content import BOM, Limited, load, open_file, text_blocks
from oracle.measure.records.meters import Household
from oracle.measure.records.xml import sound_xml
from oracle.measure.tracks.track import MOCKED, Fix, Track, track
from oracle.model.errors import InputError

_START_BYTES = 1 << 12
_MOST_BYTES = 1 << 26  # some 600,000 positions, which are held at once
_PLT_HEADER_LINES = 6


def form_of(start: bytes) -> str | None:
    """gpx, geojson or plt by how a file begins; None for any other."""
    text = start.removeprefix(BOM).lstrip()
    if text.startswith(b"<") and b"<gpx" in text:
        return "gpx"
    if text.startswith(b"{") and (b'"Feature' in text and b'"type"' in text):
        return "geojson"
    return "plt" if text.startswith(b"Geolife trajectory") else None


def tracks(path: Path, zone: str, given: Household, most: int) -> Iterator[tuple[int, Track | None]]:
    """Row and track of all that the file holds; None for what is no track.

    Args:
        zone: IANA time zone of times without an offset.
        given: In `meter` the rider and in `service` the mode, where the file names none.
        most: Bytes of it, unpacked, that are read.

    Raises:
        InputError: the file cannot be read as a whole.
    """
    most = min(most, _MOST_BYTES)
    match form_of(load(path, _START_BYTES)):
        case "gpx":
            return _gpx(path, zone, given, most)
        case "geojson":
            return _geojson(path, zone, given, most)
        case "plt":
            return _plt(path, given, most)
    raise InputError("these are no tracks: neither GPX, nor GeoJSON, nor a PLT of Geolife", file=path.name)


def _gpx(path: Path, zone: str, given: Household, most: int) -> Iterator[tuple[int, Track | None]]:
    row = 0
    with open_file(path) as stream, sound_xml(path.name):
        fixes: list[Fix] = []
        mocked = False
        limited = cast(BinaryIO, Limited(stream, path.name, most))
        for _, element in iterparse(limited, ["end"]):
            match _name(element):
                case "trkpt":
                    said = {_name(child): child.text for child in element.iter()}
                    fixes.append((said.get("time"), element.get("lat"), element.get("lon")))
                    mocked = mocked or _is_mocked(said)
                    element.clear()
                case "trk":
                    row += 1
                    said = {_name(child): child.text for child in _outside_segments(element)}
                    yield row, _track(fixes, zone, said | {"mode": said.get("mode") or said.get("type")}, given, mocked)
                    fixes, mocked = [], False
                    element.clear()


def _outside_segments(track: Element) -> Iterator[Element]:
    for child in track:
        if _name(child) != "trkseg":
            yield from child.iter()


def _geojson(path: Path, zone: str, given: Household, most: int) -> Iterator[tuple[int, Track | None]]:
    text = b"".join(text_blocks(path, most=most))
    try:
        document = json.loads(text, parse_float=str, parse_int=str)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"not valid JSON, or cut off: {error.msg} ({where})", file=path.name) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"not usable JSON: {error}", file=path.name) from error
    features = document.get("features") if isinstance(document, dict) else None
    for row, feature in enumerate(features if isinstance(features, list) else [document], 1):
        yield row, _feature(feature, zone, given)


def _feature(feature: object, zone: str, given: Household) -> Track | None:
    fields = feature if isinstance(feature, dict) else {}
    shape, said = fields.get("geometry"), fields.get("properties")
    if not isinstance(shape, dict) or not isinstance(said, dict):
        return None
    inner = said.get("coordinateProperties")
    beside = inner if isinstance(inner, dict) else {}
    places, times = shape.get("coordinates"), said.get("coordTimes") or said.get("times") or beside.get("times")
    if shape.get("type") == "MultiLineString":
        places, times = _joined(places), _joined(times)
    elif shape.get("type") != "LineString":
        return None
    if not isinstance(places, list) or not isinstance(times, list) or len(places) != len(times):
        return None
    fixes = [(str(time), *_place(place)) for time, place in zip(times, places, strict=True)]
    return _track(fixes, zone, said, given, _is_mocked(beside))


def _joined(parts: object) -> object:
    """Parts of a line one after the other; a list that has none is left as it is."""
    if isinstance(parts, list) and all(isinstance(part, list) for part in parts):
        return [each for part in parts for each in part]
    return parts


def _place(place: object) -> tuple[str | None, str | None]:
    if isinstance(place, list) and len(place) >= 2 and all(isinstance(number, str) for number in place[:2]):
        return place[1], place[0]
    return None, None


def _plt(path: Path, given: Household, most: int) -> Iterator[tuple[int, Track | None]]:
    lines = b"".join(text_blocks(path, most=most)).decode().splitlines()[_PLT_HEADER_LINES:]
    rows = ([part.strip() for part in line.split(",")] for line in lines if line.strip())
    fixes = [
        (f"{fields[5]}T{fields[6]}+00:00", fields[0], fields[1]) if len(fields) >= 7 else (None, None, None)
        for fields in rows
    ]
    yield 1, _track(fixes, "UTC", {}, given, False)


def _track(fixes: Iterable[Fix], zone: str, said: dict[str, object], given: Household, mocked: bool) -> Track:
    told = {name: _text(said.get(name)) for name in ("rider", "mode", "trip_id")}
    return track(
        fixes,
        zone,
        rider=told["rider"] or given.meter,
        mode=told["mode"] or given.service,
        trip=told["trip_id"],
        mocked=mocked or _is_mocked(said),
    )


def _is_mocked(said: dict[str, object]) -> bool:
    """Whether a field says that positions are made up; a list says it of each."""
    found = [value for name, value in said.items() if str(name).lower() in MOCKED]
    each = [one for value in found for one in (value if isinstance(value, list) else [value])]
    return any(one is True or (_text(one) or "").lower() in ("true", "1", "yes") for one in each)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
