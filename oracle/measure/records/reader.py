"""Read a file of records, whatever kind it is.

============  ============================================================================================
kind          what
============  ============================================================================================
szt           card taps as JSON or JSON Lines (`oracle.measure.records.szt`)
trips         trips as CSV, or as the JSON of MDS (`oracle.measure.records.trips`)
tracks        GPS tracks as GPX, GeoJSON or Geolife PLT (`oracle.measure.tracks`)
meters        meter readings as CSV (`oracle.measure.records.meters`)
greenbutton   meter readings as ESPI XML (`oracle.measure.records.greenbutton`)
============  ============================================================================================

Files may be gzip, and text may be UTF-8 or GB18030.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, cast
from zoneinfo import available_timezones

from oracle.measure.records import meters
from oracle.measure.records.content import BOM, MAX_BYTES, Limited, load, open_file, text_blocks, utf8
from oracle.measure.records.greenbutton import read_greenbutton
from oracle.measure.records.layouts import MDS, layout_of
from oracle.measure.records.mds import begins_as_mds, is_mds
from oracle.measure.records.meters import Household, read_meters
from oracle.measure.records.origin import Origin
from oracle.measure.records.szt import read_taps
from oracle.measure.records.table import columns, header
from oracle.measure.records.trips import read_mds, read_trips
from oracle.measure.tracks.files import form_of
from oracle.measure.tracks.read import read_tracks
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from oracle.model.names import readable
from oracle.model.units import DEFAULT_ZONE

KINDS = ("szt", "trips", "tracks", "meters", "greenbutton")

_SNIFFED_BYTES = 1 << 16


def read(
    path: Path,
    *,
    source: str,
    region: str,
    kind: str | None = None,
    zone: str = DEFAULT_ZONE,
    household: Household | None = None,
    most: int = MAX_BYTES,
) -> Reading:
    """The acts in a file, and findings for its rows that are none.

    Args:
        path: The file.
        source: Registered name of the source.
        region: Where the acts happened, as `CN` plus GB/T 2260 digits.
        kind: One of `KINDS`; None to tell by the content.
        zone: IANA time zone of local times in the file, and of the civil day.
        household: What the file does not say: of meter readings, or the rider and mode of trips.
        most: Bytes of it, unpacked, that are read.

    Raises:
        InputError: the file cannot be read as a whole. Single rows that cannot be read are findings.
    """
    if zone not in available_timezones():
        raise InputError(f"'{zone}' is not an IANA time zone, such as {DEFAULT_ZONE}")
    origin = Origin(source, readable(path.name), region, zone)
    kind = kind or sniff(path)
    household = household or Household()
    match kind:
        case "greenbutton":
            with open_file(path) as stream:
                return read_greenbutton(cast(BinaryIO, Limited(stream, path.name, most)), origin, household)
        case "szt":
            return read_taps(text_blocks(path, most=most), origin)
        case "trips":
            read_as = read_mds if is_mds(path) else read_trips
            return read_as(text_blocks(path, most=most), origin, household)
        case "tracks":
            return read_tracks(path, origin, household, most)
        case "meters":
            return read_meters(text_blocks(path, most=most), origin, household)
    raise InputError(f"'{kind}' is no kind of file; there are: {', '.join(KINDS)}", file=path.name)


def sniff(path: Path) -> str:
    """The kind of a file, by how it begins.

    Raises:
        InputError: it cannot be told; says what was found and which kinds there are.
    """
    start = load(path, _SNIFFED_BYTES)
    if form_of(start) is not None:
        return "tracks"
    match start.removeprefix(BOM).lstrip()[:1]:
        case b"<" if b"http://naesb.org/espi" in start:
            return "greenbutton"
        case b"<":
            raise _unknown("XML that is no ESPI feed", path.name)
        case b"{" | b"[":
            return "trips" if begins_as_mds(start) else "szt"
    text = utf8(start.partition(b"\n")[0], path.name)
    names = header(text, path.name)
    if layout_of(names) is not None:
        return "trips"
    if {*meters.REQUIRED} <= {*names}:
        return "meters"
    of_trips = MDS.required(Household())
    known = [name for name in names if name in (*of_trips, *meters.REQUIRED, *meters.OPTIONAL)]
    raise _unknown(f"a first line of {columns(names, known)}", path.name)


def _unknown(found: str, file: str) -> InputError:
    return InputError(
        f"cannot tell what kind of file this is: found {found}; name one of {', '.join(KINDS)}", file=file
    )
