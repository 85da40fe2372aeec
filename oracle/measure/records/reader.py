"""Read a file of records, whatever kind it is: `KINDS` has them all.

Files may be gzip, and text may be UTF-8 or GB18030.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, cast
from zoneinfo import available_timezones

from oracle.measure.quantify.library import FOLDER, Library, library_at
from oracle.measure.records import acts, meters
from oracle.measure.records.acts import read_acts
from oracle.measure.records.asked import SCENARIO
from oracle.measure.records.content import BOM, MAX_BYTES, Limited, load, open_file, text_blocks, utf8
from oracle.measure.records.greenbutton import read_greenbutton
from oracle.measure.records.layouts import MDS, layout_of
from oracle.measure.records.mapped import read_mapped
from oracle.measure.records.mds import begins_as_mds, is_mds
from oracle.measure.records.meters import Household, read_meters
from oracle.measure.records.origin import Origin
from oracle.measure.records.sheets import sheets
from oracle.measure.records.shipped import mapping_for, recognised, utf8_start
from oracle.measure.records.szt import FIELDS, read_taps
from oracle.measure.records.table import columns, header
from oracle.measure.records.trips import read_mds, read_trips
from oracle.measure.tracks.files import form_of
from oracle.measure.tracks.read import read_tracks
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from oracle.model.names import readable
from oracle.model.units import DEFAULT_ZONE

_SNIFFED_BYTES = 1 << 16
# What may stand for a kind: the methodology that every row of a file of acts is of.
METHODOLOGY = r"[A-Z]{2}-[0-9A-Z-]{1,13}"


@dataclass(frozen=True)
class Brought:
    """A file that somebody brings, with what is known of it beside its content.

    Attributes:
        household: What the file does not say: of meter readings, or the rider and mode of trips.
        most: Bytes of it, unpacked, that are read.
        documents: Folder of the methodologies' documents.
        scenario: For acts, the methodology of rows that name none.
    """

    path: Path
    origin: Origin
    household: Household
    most: int = MAX_BYTES
    documents: Path = FOLDER
    scenario: str | None = None

    @property
    def library(self) -> Library:
        """The methodologies."""
        return library_at(self.documents)


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        what: What is in it and how it is written, in a line.
        read: Makes acts and findings of it.
    """

    what: str
    read: Callable[[Brought], Reading]


def _greenbutton(file: Brought) -> Reading:
    with open_file(file.path) as stream:
        limited = Limited(stream, file.path.name, file.most)
        return read_greenbutton(cast(BinaryIO, limited), file.origin, file.household)


def _trips(file: Brought) -> Reading:
    read_as = read_mds if is_mds(file.path) else read_trips
    return read_as(text_blocks(file.path, most=file.most), file.origin, file.household, lambda: file.library)


def _meters(file: Brought) -> Reading:
    mapping = mapping_for(file.path, file.household.mapping)
    blocks = text_blocks(file.path, most=file.most)
    if mapping is None:
        return read_meters(blocks, file.origin, file.household)
    return read_mapped(blocks, file.origin, file.household, mapping)


def _acts(file: Brought) -> Reading:
    return read_acts(sheets(file.path, file.most), file.origin, file.library, file.scenario)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "szt": Kind(
            "card taps of Shenzhen Tong: JSON, JSON Lines, CSV",
            lambda file: read_taps(text_blocks(file.path, most=file.most), file.origin),
        ),
        "trips": Kind("trips of MDS or of a bike-share system: CSV, or the JSON of MDS", _trips),
        "tracks": Kind(
            "GPS tracks: GPX, GeoJSON, PLT of Geolife",
            lambda file: read_tracks(file.path, file.origin, file.household, file.most),
        ),
        "meters": Kind("meter readings of electricity, gas and water: CSV, or as a mapping explains them", _meters),
        "greenbutton": Kind("meter readings as an ESPI feed (Green Button): XML", _greenbutton),
        "acts": Kind(
            "acts of any methodology, whose id may stand for the kind: CSV, JSON, JSON Lines, Parquet, Excel", _acts
        ),
    }
)
_MEMBER = re.compile(rb'"([^"\\\n]{1,40})"\s*:')


def read(
    path: Path,
    *,
    source: str,
    region: str,
    kind: str | None = None,
    zone: str = DEFAULT_ZONE,
    household: Household | None = None,
    most: int = MAX_BYTES,
    documents: Path = FOLDER,
) -> Reading:
    """The acts in a file, and findings for its rows that are none.

    Args:
        path: The file.
        source: Registered name of the source.
        region: Where the acts happened, as `CN` plus GB/T 2260 digits.
        kind: One of `KINDS`, or the methodology of every row; None to tell by the content.
        zone: IANA time zone of local times in the file, and of the civil day.
        household: What the file does not say: of meter readings, or the rider and mode of trips.
        most: Bytes of it, unpacked, that are read.
        documents: Folder of the methodologies' documents.

    Raises:
        InputError: the file cannot be read as a whole. Single rows that cannot be read are findings.
    """
    if zone not in available_timezones():
        raise InputError(f"'{zone}' is not an IANA time zone, such as {DEFAULT_ZONE}")
    origin = Origin(source, readable(path.name), region, zone)
    name = kind_of(path, kind)
    scenario = kind if name != kind else None
    return KINDS[name].read(Brought(path, origin, household or Household(), most, documents, scenario))


def kind_of(path: Path, kind: str | None) -> str:
    """The key of `KINDS` that a file is read by.

    Args:
        kind: As in `read`.

    Raises:
        InputError: There is no such kind, or it cannot be told.
    """
    if kind is None:
        return sniff(path)
    if kind in KINDS:
        return kind
    if re.fullmatch(METHODOLOGY, kind):
        return "acts"
    listed = ", ".join(KINDS)
    raise InputError(
        f"'{kind}' is no kind of file; there are: {listed}, or a methodology such as CI-26", file=path.name
    )


def sniff(path: Path) -> str:
    """The kind of a file, by how it begins.

    Raises:
        InputError: it cannot be told; says what was found and which kinds there are.
    """
    start = load(path, _SNIFFED_BYTES).removeprefix(BOM).lstrip()
    if form_of(start) is not None:
        return "tracks"
    match start[:1]:
        case b"<":
            return _kind_of_xml(path, start)
        case b"{" | b"[":
            return _kind_of_json(path, start)
    if start.startswith((b"PAR1", b"PK\x03\x04")):  # tables that only acts come in
        return "acts"
    text = utf8(start.partition(b"\n")[0], path.name)
    names = header(text, path.name)
    if layout_of(names) is not None:
        return "trips"
    if {SCENARIO, *acts.REQUIRED} <= {*names}:
        return "acts"
    if {*meters.REQUIRED} <= {*names}:
        return "meters"
    if {*FIELDS[:3]} <= {*names}:
        return "szt"
    if recognised(utf8_start(path), path.name) is not None:
        return "meters"
    of_trips = MDS.required(Household())
    known = [name for name in names if name in (*of_trips, *acts.REQUIRED, *meters.REQUIRED, *meters.OPTIONAL)]
    raise _unknown(f"a first line of {columns(names, known)}", path.name)


def _kind_of_xml(path: Path, start: bytes) -> str:
    if b"http://naesb.org/espi" in start:
        return "greenbutton"
    raise _unknown("XML that is neither an ESPI feed nor GPX", path.name)


def _kind_of_json(path: Path, start: bytes) -> str:
    if all(b'"%s"' % name.encode() in start.lower() for name in acts.REQUIRED):
        return "acts"
    if begins_as_mds(start):
        return "trips"
    if any(b'"%s"' % name.encode() in start for name in FIELDS):
        return "szt"
    if recognised(utf8_start(path), path.name) is not None:
        return "meters"
    members = ", ".join(sorted({name.decode("utf-8", "replace") for name in _MEMBER.findall(start)})[:12])
    raise _unknown(
        f"JSON with the members {members or 'none'}: no row is a tap, an act, nor a reading that is known", path.name
    )


def _unknown(found: str, file: str) -> InputError:
    return InputError(
        f"cannot tell what kind of file this is: found {found}; name one of {', '.join(KINDS)}", file=file
    )
