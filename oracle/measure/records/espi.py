"""An ESPI feed (NAESB REQ.21, the format of Green Button) read as a stream: interval readings as columns, and what explains them.

A reading is forgotten as XML as soon as it is read, and takes some 40 bytes from then on. Tags are those of espi.xsd 4.0 in an Atom feed.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse

from oracle.measure.records.xml import sound_xml

ESPI = "{http://naesb.org/espi}"
ATOM = "{http://www.w3.org/2005/Atom}"

# Seconds with more digits are no time, values with more are no reading.
_NUMBERS = {
    "start": ("bad_time", re.compile("[0-9]{1,10}")),
    "duration": ("bad_number", re.compile("[0-9]{1,9}")),
    "value": ("bad_number", re.compile("-?[0-9]{1,18}")),
}


def _column() -> array[int]:
    return array("q")


@dataclass
class Feed:
    """A feed. Everything but the readings is kept by the address of its entry.

    Attributes:
        rows: Number of IntervalReadings.
        row, start, duration, value, block: Columns of the readings that can be read: file row, UTC seconds, seconds, count, index
            in `blocks`.
        quality: Quality codes of those readings that tell one, by row.
        bad: The other readings: row, code of the finding, field, content.
        blocks: Address of each entry, whatever it is; the last is for readings outside all entries.
        usage_points: ServiceCategory kind of each UsagePoint.
        meter_readings: Related addresses of each MeterReading.
        reading_types: Tags of each ReadingType.
        local_time: Tags of the LocalTimeParameters.
        others: Names of all other kinds of entries.
    """

    rows: int = 0
    row: array[int] = field(default_factory=_column)
    start: array[int] = field(default_factory=_column)
    duration: array[int] = field(default_factory=_column)
    value: array[int] = field(default_factory=_column)
    block: array[int] = field(default_factory=_column)
    quality: dict[int, list[str]] = field(default_factory=dict)
    bad: list[tuple[int, str, str, str]] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    usage_points: dict[str, str] = field(default_factory=dict)
    meter_readings: dict[str, list[str]] = field(default_factory=dict)
    reading_types: dict[str, dict[str, str]] = field(default_factory=dict)
    local_time: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def read_feed(stream: BinaryIO, file: str) -> Feed:
    """The feed in a stream of XML.

    Raises:
        InputError: the XML is not well-formed or is cut off, declares entities, or is in an encoding that cannot be read.
    """
    feed = Feed()
    with sound_xml(file):
        _scan(stream, feed)
    feed.blocks.append("")
    return feed


def _scan(stream: BinaryIO, feed: Feed) -> None:
    root: Element | None = None
    block: Element | None = None
    for event, element in iterparse(stream, ["start", "end"]):
        if event == "start":
            root = element if root is None else root
            block = element if element.tag == f"{ESPI}IntervalBlock" else block
        elif element.tag == f"{ESPI}IntervalReading":
            _add_reading(feed, element)
            if block is not None:
                block.remove(element)
        elif element.tag == f"{ATOM}entry" and root is not None:
            _add_entry(feed, element)
            root.clear()


def _add_reading(feed: Feed, element: Element) -> None:
    feed.rows += 1
    found = {
        "start": element.findtext(f"{ESPI}timePeriod/{ESPI}start", "").strip(),
        "duration": element.findtext(f"{ESPI}timePeriod/{ESPI}duration", "").strip(),
        "value": element.findtext(f"{ESPI}value", "").strip(),
    }
    for name, (code, pattern) in _NUMBERS.items():
        if not pattern.fullmatch(found[name]):
            feed.bad.append((feed.rows, code if found[name] else "missing_field", name, found[name]))
            return
    feed.row.append(feed.rows)
    feed.start.append(int(found["start"]))
    feed.duration.append(int(found["duration"]))
    feed.value.append(int(found["value"]))
    feed.block.append(len(feed.blocks))
    qualities = [(tag.text or "").strip() for tag in element.findall(f"{ESPI}ReadingQuality/{ESPI}quality")]
    if qualities:
        feed.quality[feed.rows] = qualities


def _add_entry(feed: Feed, entry: Element) -> None:
    links: dict[str, list[str]] = {}
    for link in entry.findall(f"{ATOM}link"):
        links.setdefault(link.get("rel", ""), []).append(link.get("href", ""))
    address = next(iter(links.get("self", [])), "")
    for resource in entry.iterfind(f"{ATOM}content/*"):
        tags = {tag.tag.removeprefix(ESPI): (tag.text or "").strip() for tag in resource}
        match resource.tag.removeprefix(ESPI):
            case "UsagePoint":
                feed.usage_points[address] = resource.findtext(f"{ESPI}ServiceCategory/{ESPI}kind", "").strip()
            case "MeterReading":
                feed.meter_readings[address] = links.get("related", [])
            case "ReadingType":
                feed.reading_types[address] = tags
            case "LocalTimeParameters":
                feed.local_time = tags
            case "IntervalBlock":
                pass
            case other if other not in feed.others:
                feed.others.append(other)
    feed.blocks.append(address)
