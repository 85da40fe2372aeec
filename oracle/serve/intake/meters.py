"""Readings as meters send them, one by one, until they make a file.

    message -> rows of `readings`, committed -> acknowledged -> a file per source and civil day, once the day is whole -> ingest

A day is whole when a meter's readings cover it; what is still missing two days later will not come, and the rows go on as they are: the
validator says what is wrong with them. Which readings go into a file is decided, and written down, before the file is: a crash in
between writes the same file again, byte for byte.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from oracle.config import Source
from oracle.edge.store.deliveries import (
    MeterReading,
    add_readings,
    add_refused,
    assign,
    files_to_write,
    forget_taken,
    open_readings,
    readings_in,
)
from oracle.measure.records.origin import TIMES, civil_day, day_seconds
from oracle.model.errors import InputError
from oracle.serve.http.signed import NotAuthentic, Request, require
from oracle.serve.intake.desk import Desk, Parcel

TOPIC = "carbonbook/{source}/readings"
METHOD = "MQTT"

_DIGEST_LABEL = b"carbonbook/reading/1"
_COLUMNS = ("meter", "start", "end", "value", "unit", "quality")
_TOPIC = re.compile("carbonbook/([0-9A-Za-z_.-]{1,64})/readings")
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\",=+@-][^\x00-\x1f\x7f\",]{0,99}|")
_VALUE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_MOST_ROWS = 10_000
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

        A message that is of no use is written down with the reason: sending it again would not help.
        """
        now = int(self._desk.clock())
        found: list[MeterReading] = []
        refused: list[tuple[Message, str]] = []
        for message in messages:
            try:
                found += self._readings(message)
            except (InputError, NotAuthentic) as error:
                refused.append((message, str(error)))
        with self._desk.book.database.begin() as connection:
            for message, reason in refused:
                digest = hashlib.sha256(message.topic.encode() + b"\0" + message.payload).hexdigest()
                add_refused(connection, message.topic, digest, reason, now)
            return add_readings(connection, found)

    def write_files(self) -> list[str]:
        """Makes files of the days that are whole or overdue, and reads them in; names of the files."""
        with self._desk.book.database.begin() as connection:
            for source, part in _by_source(open_readings(connection)).items():
                for name, digests in self._due(source, part):
                    assign(connection, digests, name)
        with self._desk.book.database.reading() as connection:
            waiting = {
                (source, name): readings_in(connection, source, name) for source, name in files_to_write(connection)
            }
        for (source, name), rows in waiting.items():
            self._take_file(source, name, _csv(rows))
        if waiting:
            with self._desk.book.database.begin() as connection:
                forget_taken(connection)
        return [name for _, name in waiting]

    def _take_file(self, source: str, name: str, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        with self._desk.place() as folder:
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
            raise InputError(f"the topic is not {TOPIC}")
        source = named[1]
        rows = self._authentic(message, source)
        if not isinstance(rows, list) or not 0 < len(rows) <= _MOST_ROWS:
            raise InputError(f"`rows` is no list of 1 to {_MOST_ROWS} readings")
        self._desk.settings.source(source)
        return [_reading(source, row, number, self._desk.book.record_secret) for number, row in enumerate(rows, 1)]

    def _authentic(self, message: Message, source: str) -> Any:
        """The rows of a message its source signed. Age does not matter: a reading counts once whenever it comes."""
        try:
            envelope = json.loads(message.payload)
            text, time, signature = str(envelope["rows"]), int(envelope["time"]), str(envelope["signature"])
            request = request_of(source, time, text)
            require(request, signature, self._desk.verifier(source))
            return json.loads(text)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"the payload is no object with rows, time and signature: {error!r}") from error


def request_of(source: str, time: int, rows: str) -> Request:
    """What a meter signs: its rows as JSON text, in a request of method MQTT whose path is the topic."""
    digest = hashlib.sha256(rows.encode()).hexdigest()
    return Request(METHOD, TOPIC.format(source=source), source, time, digest[:32], digest)


def payload_of(rows: str, time: int, signature: str) -> bytes:
    """A message's payload."""
    return json.dumps({"rows": rows, "time": time, "signature": signature}).encode()


def _reading(source: str, row: Any, number: int, secret: bytes) -> MeterReading:
    if not isinstance(row, dict) or not {"meter", "start", "end", "value", "unit"} <= row.keys():
        raise InputError("a reading has meter, start, end, value and unit", row=number)
    texts = {name: str(row.get(name) or "") for name in ("meter", "unit", "quality")}
    for name, text in texts.items():
        if not _PLAIN.fullmatch(text) or (not text and name != "quality"):
            raise InputError("empty, too long, or with quotes, commas or control characters", row=number, field=name)
    value = str(row["value"])
    if not _VALUE.fullmatch(value):
        raise InputError(f"'{value[:40]}' is no number of at most nine decimals", row=number, field="value")
    start, end = (_seconds(row[name], number, name) for name in ("start", "end"))
    if end <= start:
        raise InputError("the reading ends before it begins", row=number, field="end")
    content = json.dumps([source, texts["meter"], start, end, value, texts["unit"], texts["quality"]])
    digest = hmac.new(secret, _DIGEST_LABEL + content.encode(), hashlib.sha256).hexdigest()
    return MeterReading(digest, 0, source, texts["meter"], start, end, value, texts["unit"], texts["quality"])


def _seconds(text: Any, number: int, field: str) -> int:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise InputError("no time like 2024-05-01T00:00:00+08:00", row=number, field=field) from error
    if moment.tzinfo is None:
        raise InputError("the time has no offset from UTC", row=number, field=field)
    seconds = int(moment.timestamp())
    if not TIMES[0] <= seconds <= TIMES[1] or moment.microsecond:
        raise InputError("the time is before 1970, after 2286, or between seconds", row=number, field=field)
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
