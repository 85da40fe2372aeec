"""Input files, read a second time: rows with their numbers, and what the rows without a finding stand for."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from metro import Metro

EPOCH = date(1970, 1, 1)
RIDE = "CI-01-RIDE"
TAP_KINDS = {"地铁入站": "in", "地铁出站": "out", "巴士": "bus"}
TRIP_SCENARIOS = {"bus": "CI-01", "metro": "CI-02"}
# Watt-hours or litres of one unit.
UNITS = {"Wh": "1", "kWh": "1000", "MWh": "1000000", "L": "1", "m3": "1000", "therm": "2710.066149393"}
LITRES = {"gas": "CI-13", "water": "CI-12"}
NO_MORE = 23 * 3600  # a reading of this many seconds is a day's or a bill


@dataclass(frozen=True)
class File:
    """One input file: path, source, and what a meter file leaves out (meter, unit, service, residents, zone)."""

    path: Path
    source: str
    options: dict[str, str]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.options.get("zone", "Asia/Shanghai"))

    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def content(self) -> bytes:
        raw = self.path.read_bytes()
        return gzip.decompress(raw) if self.path.suffix == ".gz" else raw


@dataclass(frozen=True)
class Act:
    """One act: scenario, source, the source's name of the person, day, quantity, persons of the household, length in days, file rows."""

    scenario: str
    source: str
    subject: str
    day: int
    quantity: int
    residents: int = 1
    days: int = 1
    rows: tuple[int, ...] = field(default=(), compare=False)


def acts_of(file: File, left_out: set[int]) -> list[Act]:
    """Acts of a file without the rows that have a finding from reading."""
    text = file.content()
    if text.lstrip()[:1] in (b"{", b"["):
        return list(_rides(file, text.decode("utf-8-sig"), left_out))
    if text.lstrip()[:1] == b"<":
        return list(_used(file, list(_green_button(file, text)), left_out))
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    if "trip_id" in rows[0]:
        return list(_trips(file, rows, left_out))
    return list(_used(file, list(_metered(file, rows)), left_out))


def day_at(seconds: int, zone: ZoneInfo) -> int:
    """Number of the civil day."""
    return (datetime.fromtimestamp(seconds, zone).date() - EPOCH).days


def _rides(file: File, text: str, left_out: set[int]) -> Iterator[Act]:
    taps = [(row, tap) for row, tap in enumerate(_taps(text), 1) if row not in left_out]
    network, waiting = Metro(), {}
    for row, tap in sorted(taps, key=lambda pair: (pair[1]["card_no"], pair[1]["deal_date"], pair[0])):
        kind, card = TAP_KINDS[tap["deal_type"]], tap["card_no"]
        day = (datetime.fromisoformat(tap["deal_date"]).date() - EPOCH).days
        if kind == "bus":
            yield Act(RIDE, file.source, card, day, 1, rows=(row,))
        elif kind == "in":
            waiting[card] = row, day, network.station(tap["station"])
        else:
            first, began, entry = waiting.pop(card)
            metres = network.metres(entry, network.station(tap["station"]))
            yield Act("CI-02", file.source, card, began, metres, rows=(first, row))
    if waiting:
        raise ValueError(
            f"{file.path.name}: rows {sorted(row for row, *_ in waiting.values())} have no exit and no finding"
        )


def _taps(text: str) -> Iterator[dict[str, str]]:
    try:
        pages = [json.loads(text)]
    except ValueError:
        pages = [json.loads(line) for line in text.splitlines() if line.strip()]
    for page in pages:
        if isinstance(page, list):
            yield from page
        else:
            yield from page.get("data", [page])


def _trips(file: File, rows: list[dict[str, str]], left_out: set[int]) -> Iterator[Act]:
    for number, row in enumerate(rows, 1):
        if number not in left_out:
            metres = int(Fraction(row.get("distance") or row["trip_distance"]))
            day = day_at(int(row["start_time"]) // 1000, file.zone)
            scenario = TRIP_SCENARIOS[row["mode"].lower()]
            yield Act(scenario, file.source, row["rider"], day, metres, rows=(number,))


@dataclass(frozen=True)
class Reading:
    """One meter reading: row, meter, service, UTC seconds, exact watt-hours or litres, persons."""

    row: int
    meter: str
    service: str
    start: int
    end: int
    amount: Fraction
    residents: int


def _used(file: File, readings: list[Reading], left_out: set[int]) -> Iterator[Act]:
    """Days and billing periods."""
    whole: dict[tuple[str, str, int], list[Reading]] = defaultdict(list)
    for reading in readings:
        if reading.row in left_out:
            continue
        day, last = day_at(reading.start, file.zone), day_at(reading.end - 1, file.zone)
        if day == last:
            whole[reading.meter, reading.service, day].append(reading)
        else:
            days = day_at(reading.end, file.zone) - day
            scenario = "CI-11-BILL" if reading.service == "electricity" else LITRES[reading.service]
            yield _use(file, scenario, day, days, [reading])
    for (_, service, day), parts in whole.items():
        yield _use(file, "CI-11" if service == "electricity" else LITRES[service], day, 1, parts)


def _use(file: File, scenario: str, day: int, days: int, parts: list[Reading]) -> Act:
    amount = int(sum((part.amount for part in parts), Fraction()) + Fraction(1, 2))
    rows = tuple(part.row for part in parts)
    return Act(scenario, file.source, parts[0].meter, day, amount, parts[0].residents, days, rows)


def _metered(file: File, rows: list[dict[str, str]]) -> Iterator[Reading]:
    by_meter: dict[str, list[tuple[int, int, dict[str, str]]]] = defaultdict(list)
    for number, row in enumerate(rows, 1):
        by_meter[row.get("meter") or file.options["meter"]].append((_seconds(row["start"], file.zone), number, row))
    for meter, listed in by_meter.items():
        listed.sort(key=lambda line: line[:2])
        starts = [start for start, *_ in listed]
        end_of = _ends(starts, file.zone)
        for start, number, row in listed:
            value = row["value"].strip()
            end = _seconds(row["end"], file.zone) if row.get("end") else end_of(start)
            if value.lower() in ("", "nan") or end is None:
                continue  # a row that closes the series, or one with a finding
            unit = row.get("unit") or file.options["unit"]
            service = file.options.get("service") or ("electricity" if unit.endswith("Wh") else _volume(file))
            residents = int(row.get("residents") or file.options.get("residents", "1"))
            yield Reading(number, meter, service, start, end, Fraction(value) * Fraction(UNITS[unit]), residents)


def _volume(file: File) -> str:
    return next(service for service in LITRES if service in file.path.name)


def _ends(starts: list[int], zone: ZoneInfo) -> Callable[[int], int | None]:
    """Where a reading ends that does not say so: where the next begins, but after its meter's usual step if that is a day at most."""
    following = dict(itertools.pairwise(starts))
    steps = Counter(end - start for start, end in following.items())
    usual = min(steps, key=lambda step: (-steps[step], step)) if steps else 0

    def end(start: int) -> int | None:
        if start not in following:
            return None
        if usual < NO_MORE:
            return min(following[start], start + usual)
        if usual <= NO_MORE + 2 * 3600:
            local = datetime.fromtimestamp(start, zone)
            return min(following[start], int((local + timedelta(days=1)).timestamp()))
        return following[start]

    return end


def _seconds(text: str, zone: ZoneInfo) -> int:
    when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int((when if when.tzinfo else when.replace(tzinfo=zone)).timestamp())


def _green_button(file: File, text: bytes) -> Iterator[Reading]:
    """Electricity readings of a feed with one meter and one reading type in watt-hours."""
    root = ElementTree.fromstring(text)  # the caller's own file
    found: dict[str, list[Any]] = defaultdict(list)
    for element in root.iter():
        found[element.tag.rsplit("}", 1)[-1]].append(element)
    power = int(_child(found["ReadingType"][0], "powerOfTenMultiplier") or "0")
    meter = file.options.get("meter") or _usage_point(found["link"])
    residents = int(file.options.get("residents", "1"))
    for row, reading in enumerate(found["IntervalReading"], 1):
        period = next(child for child in reading if child.tag.endswith("timePeriod"))
        start, length = int(_child(period, "start")), int(_child(period, "duration"))
        amount = int(_child(reading, "value")) * Fraction(10) ** power
        yield Reading(row, meter, "electricity", start, start + length, amount, residents)


def _usage_point(links: list[Any]) -> str:
    addresses = [link.get("href", "") for link in links if "UsagePoint/" in link.get("href", "")]
    address = min(addresses, key=len)
    return address[address.index("RetailCustomer") :] if "RetailCustomer" in address else address


def _child(element: Any, name: str) -> str:
    return next((child.text or "" for child in element if child.tag.rsplit("}", 1)[-1] == name), "")


def utc_day(when: datetime) -> int:
    """Number of the UTC day."""
    return (when.astimezone(UTC).date() - EPOCH).days
