"""Readings as meters send them, one by one, until they make a file.

    message -> rows of `readings`, committed -> acknowledged -> a file per source and civil day, once the day is whole -> ingest

A day is complete when a meter's readings cover it. Readings missing after two days are not expected any more, and the rows are processed
as they are: the
validator reports what is wrong. The readings of a file are chosen and stored before the file is written: after a crash in
between, the same file is written again, byte by byte.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from oracle.config import Source
from oracle.edge.store.deliveries import (
    KEPT_BYTES,
    MeterReading,
    RefusedMessage,
    add_readings,
    add_refused,
    assign,
    files_to_write,
    forget_taken,
    open_readings,
    readings_in,
)
from oracle.measure.records.origin import TIMES, civil_day, day_seconds
from oracle.measure.records.words import NANO_PER_UNIT
from oracle.model.errors import CarbonbookError, InputError
from oracle.model.strict_json import strict
from oracle.serve.http.signed import (
    DIGEST,
    KEY,
    SENDER,
    SIGNATURE,
    TIME,
    NotAuthentic,
    Request,
    require,
    signed_part,
)
from oracle.serve.intake.desk import Desk, Parcel

TOPIC = "carbonbook/{source}/readings"
METHOD = "MQTT"

_DIGEST_LABEL = b"carbonbook/reading/1"
_COLUMNS = ("meter", "start", "end", "value", "unit", "quality")
_TOPIC = re.compile("carbonbook/([0-9A-Za-z_.-]{1,64})/readings")
# Text that every database and spreadsheet takes as it is: no control characters, no halves of characters.
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\",=+@\ud800-\udfff-][^\x00-\x1f\x7f\",\ud800-\udfff]{0,99}|")
_HALF = re.compile("[\ud800-\udfff]")
_VALUE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_MOST_ROWS = 10_000
_MOST_BYTES = 4 << 20  # of a payload: twice what so many rows take
_SHOWN_CHARACTERS = 200
# After this many days nobody waits for the rest of a day.
_GRACE_DAYS = 2


@dataclass(frozen=True)
class Message:
    """A message from the broker."""

    topic: str
    payload: bytes


class MeterDesk:
    """Takes messages in, and makes files of them.

    Args:
        desk: Where the files go.
    """

    def __init__(self, desk: Desk):
        self._desk = desk

    def take(self, messages: Iterable[Message]) -> int:
        """Commits messages; when it returns they may be acknowledged. Says how many readings were new.

        An invalid message is stored with the reason and acknowledged, because sending it again would not help.
        """
        now = int(self._desk.clock())
        found: list[MeterReading] = []
        refused: list[RefusedMessage] = []
        for message in messages:
            try:
                found += self._readings(message)
            except (InputError, NotAuthentic) as error:
                refused.append(_refused(message, str(error)))
        with self._desk.book.database.begin() as connection:
            for each in refused:
                add_refused(connection, each, now)
            return add_readings(connection, found)

    def write_files(self) -> list[str]:
        """Makes files of the days that are whole or overdue, and reads them in; names of the files.

        Raises:
            CarbonbookError: A file could not be read in; the others were.
        """
        with self._desk.book.database.begin() as connection:
            for source, part in _by_source(open_readings(connection)).items():
                # A source that was taken out of the settings keeps what it sent until it is back, and holds up no other.
                for name, digests in self._due(source, part) if source in self._desk.settings.sources else ():
                    assign(connection, digests, name)
        with self._desk.book.database.reading() as connection:
            waiting = {
                (source, name): readings_in(connection, source, name) for source, name in files_to_write(connection)
            }
        failed: list[CarbonbookError] = []
        for (source, name), rows in waiting.items():
            try:
                self._take_file(source, name, _csv(rows))
            except CarbonbookError as error:
                failed.append(error)
        if waiting:
            with self._desk.book.database.begin() as connection:
                forget_taken(connection)
        if failed:
            raise failed[0]
        return [name for _, name in waiting]

    def _take_file(self, source: str, name: str, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        with self._desk.folder() as folder:
            path = folder / name
            path.write_bytes(content)
            self._desk.take(Parcel(source, f"mqtt:{digest[:32]}", name, digest, kind="meters"), path)

    def _due(self, source: str, readings: list[MeterReading]) -> list[tuple[str, list[str]]]:
        """Names and readings of the files that can be written now: by civil day, what is whole or overdue."""
        known = self._desk.settings.source(source)
        today = int(_days([int(self._desk.clock())], known)[0])
        days = _days([reading.start for reading in readings], known)
        covered: dict[tuple[int, str], int] = {}
        for day, reading in zip(days, readings, strict=True):
            covered[day, reading.meter] = covered.get((day, reading.meter), 0) + reading.end - reading.start
        by_day: dict[int, list[MeterReading]] = {}
        for day, reading in zip(days, readings, strict=True):
            if covered[day, reading.meter] >= day_seconds(day, known.zone) or day + _GRACE_DAYS < today:
                by_day.setdefault(day, []).append(reading)
        return [(_file_name(day, rows), [row.digest for row in rows]) for day, rows in sorted(by_day.items())]

    def _readings(self, message: Message) -> list[MeterReading]:
        named = _TOPIC.fullmatch(message.topic)
        if named is None:
            raise InputError(f"the topic must be {TOPIC}")
        if len(message.payload) > _MOST_BYTES:
            raise InputError(f"the payload has {len(message.payload)} bytes; at most {_MOST_BYTES} are allowed")
        source = named[1]
        rows = self._authentic(message, source)
        if not isinstance(rows, list) or not 0 < len(rows) <= _MOST_ROWS:
            raise InputError(f"`rows` must be a list of 1 to {_MOST_ROWS} readings")
        units = _units(self._desk.settings.source(source).service)
        secret = self._desk.book.record_secret
        return [_reading(source, row, number, secret, units) for number, row in enumerate(rows, 1)]

    def _authentic(self, message: Message, source: str) -> Any:
        """The rows of a message its source signed. Age does not matter: a reading counts once whenever it comes."""
        envelope = _parsed(message.payload, "the payload must be an object with rows, time and signature")
        if not isinstance(envelope, dict) or envelope.keys() != {"rows", "time", "signature"}:
            raise InputError("the payload must be an object with exactly `rows`, `time` and `signature`")
        text = envelope["rows"]
        if not isinstance(text, str) or _HALF.search(text):
            raise InputError("`rows` must be valid text")
        digest = hashlib.sha256(text.encode()).hexdigest()
        fields = {TIME: envelope["time"], SIGNATURE: envelope["signature"]}
        fields |= {SENDER: source, KEY: digest[:32], DIGEST: digest}
        request, signature = signed_part(METHOD, TOPIC.format(source=source), fields)
        require(request, signature, self._desk.verifier(source))
        return _parsed(text, "`rows` cannot be read")


def request_of(source: str, time: int, rows: str) -> Request:
    """What a meter signs: its rows as JSON text, in a request of method MQTT whose path is the topic."""
    digest = hashlib.sha256(rows.encode()).hexdigest()
    return Request(METHOD, TOPIC.format(source=source), source, time, digest[:32], digest)


def payload_of(rows: str, time: int, signature: str) -> bytes:
    """A message's payload."""
    return json.dumps({"rows": rows, "time": time, "signature": signature}).encode()


def _parsed(content: str | bytes, of: str) -> Any:
    try:
        return strict(content)
    except ValueError as error:
        raise InputError(f"{of}: {error}") from error


def _refused(message: Message, reason: str) -> RefusedMessage:
    topic = message.topic.encode("ascii", "backslashreplace").decode()[:_SHOWN_CHARACTERS]
    digest = hashlib.sha256(message.topic.encode("utf-8", "surrogatepass") + b"\0" + message.payload).hexdigest()
    return RefusedMessage(topic, digest, reason, message.payload[:KEPT_BYTES])


def _units(service: str | None) -> frozenset[str]:
    """Units that a source's readings may have: others would make files that nobody can read."""
    known = NANO_PER_UNIT if service is None else {service: NANO_PER_UNIT[service]}
    return frozenset(unit for units in known.values() for unit in units)


def _reading(source: str, row: Any, number: int, secret: bytes, units: frozenset[str]) -> MeterReading:
    """A reading, every field of it text of its form; numbers are text here (`strict`). No message quotes what came."""
    if not isinstance(row, dict) or not {"meter", "start", "end", "value", "unit"} <= row.keys():
        raise InputError("a reading must have meter, start, end, value and unit", row=number)
    texts = {name: _told(row, name, number) for name in _COLUMNS}
    if not _VALUE.fullmatch(texts["value"]):
        raise InputError("must be a number with at most nine decimals", row=number, field="value")
    if texts["unit"] not in units:
        raise InputError(f"unknown unit; supported are {', '.join(sorted(units))}", row=number, field="unit")
    start, end = (_seconds(texts[name], number, name) for name in ("start", "end"))
    if end <= start:
        raise InputError("the reading ends before it begins", row=number, field="end")
    meter, value, unit, quality = (texts[name] for name in ("meter", "value", "unit", "quality"))
    content = json.dumps([source, meter, start, end, value, unit, quality])
    digest = hmac.new(secret, _DIGEST_LABEL + content.encode(), hashlib.sha256).hexdigest()
    return MeterReading(digest, 0, source, meter, start, end, value, unit, quality)


def _told(row: Mapping[str, object], name: str, number: int) -> str:
    """A field that is text; only the quality may be left out."""
    text = row.get(name)
    if text is None and name == "quality":
        return ""
    plain = isinstance(text, str) and (name == "value" or _PLAIN.fullmatch(text))
    if not isinstance(text, str) or not plain or (not text and name != "quality"):
        problem = "must be a short text without quotes, commas and control characters"
        raise InputError(problem, row=number, field=name)
    return text


def _seconds(text: str, number: int, field: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError("must be a time, for example 2024-05-01T00:00:00+08:00", row=number, field=field) from error
    if moment.tzinfo is None:
        raise InputError("the time has no offset from UTC", row=number, field=field)
    seconds = int(moment.timestamp())
    if not TIMES[0] <= seconds <= TIMES[1] or moment.microsecond:
        raise InputError("the time must be between 1970 and 2286, in whole seconds", row=number, field=field)
    return seconds


def _days(seconds: list[int], source: Source) -> list[int]:
    frame = pl.DataFrame({"start": seconds}, schema={"start": pl.Int64})
    return frame.select(civil_day(pl.col("start"), source.zone)).to_series().to_list()


def _by_source(readings: list[MeterReading]) -> dict[str, list[MeterReading]]:
    parts: dict[str, list[MeterReading]] = {}
    for reading in readings:
        parts.setdefault(reading.source, []).append(reading)
    return parts


def _file_name(day: int, rows: list[MeterReading]) -> str:
    digest = hashlib.sha256("".join(row.digest for row in rows).encode()).hexdigest()
    return f"mqtt-{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}-{digest[:12]}.csv"


def _csv(rows: list[MeterReading]) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        times = (datetime.fromtimestamp(moment, UTC).isoformat() for moment in (row.start, row.end))
        writer.writerow([row.meter, *times, row.value, row.unit, row.quality])
    return target.getvalue().encode()
