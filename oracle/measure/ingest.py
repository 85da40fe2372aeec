"""Ingest a file: read it, validate it, find out who acted, store the acts. All of it happens, or nothing."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection

from oracle.config import Source
from oracle.edge.store.arrivals import Arrival, add_arrival, arrival_numbers
from oracle.edge.store.book import Book
from oracle.edge.store.files import StoredFile, add_file, committed_files, file_of, rows_since
from oracle.edge.store.quarantine import keep_rows, keep_subjects
from oracle.measure.close.latest import METERED, latest
from oracle.measure.evidence.leaf import record_ids
from oracle.measure.masked import masked_rows
from oracle.measure.quantify.library import FOLDER, library_at
from oracle.measure.records.content import MAX_BYTES, is_feed, sha256_of
from oracle.measure.records.meters import Household
from oracle.measure.records.reader import read
from oracle.measure.records.subjects import subjects
from oracle.measure.validate.rejected import rejected
from oracle.measure.validate.rules import Context, validate
from oracle.model.acts import ITEM, Reading
from oracle.model.columns import column
from oracle.model.errors import InputError
from oracle.model.findings import CODES, Kind, empty_findings
from oracle.model.names import readable

_PEPPER_LABEL = b"carbonbook/pepper/1"
_THING_LABEL = b"carbonbook/thing/1"


@dataclass(frozen=True)
class Ingested:
    """What became of a file.

    Attributes:
        file: The file as it is stored.
        acts: Number of acts by scenario.
        findings: Findings about its rows.
        before: Whether the same bytes were ingested earlier; nothing was changed then.
    """

    file: StoredFile
    acts: dict[str, int]
    findings: pl.DataFrame
    before: bool


class AllowanceUsedUp(InputError):
    """A source has brought as many rows today as it may: the rest waits until tomorrow.

    Attributes:
        until: UTC seconds when its next day begins.
    """

    def __init__(self, problem: str, until: int):
        super().__init__(problem)
        self.until = until


def ingest(
    book: Book,
    path: Path,
    name: str,
    source: Source,
    *,
    kind: str | None,
    household: Household,
    now: int,
    most: int = MAX_BYTES,
    documents: Path = FOLDER,
) -> Ingested:
    """Ingests one file of a registered source.

    Args:
        name: Name of the source.
        kind: Kind of file (`reader.KINDS`), or the methodology of all its rows; None to tell by its content.
        household: For meter readings, what the file does not say.
        now: UTC seconds after which an act lies in the future.
        most: Bytes of the file, unpacked, that are read.
        documents: Folder of the methodologies' documents.

    Raises:
        InputError: The file cannot be read as a whole, or another source brought it; nothing was stored.
        AllowanceUsedUp: The source's rows of the day would be more than its allowance; nothing was stored.
    """
    sha256 = sha256_of(path)
    with book.database.reading() as connection:
        present = file_of(connection, sha256)
    if present is not None and present.source != name:
        raise InputError(f"the same file was already ingested for source '{present.source}'", file=readable(path.name))
    if present is not None:
        return Ingested(present, {}, empty_findings(), before=True)
    if kind is None and household.mapping is not None and not is_feed(path):
        kind = "meters"
    reading = read(
        path,
        source=name,
        region=source.region,
        kind=kind,
        zone=source.zone,
        household=household,
        most=most,
        documents=documents,
    )
    reading = validate(reading, Context(now=now))
    texts = masked_rows(path, _quarantined(reading), kind, household.mapping, documents)
    tags = _tags(book, name, path, kind, household, most, reading)
    with book.database.begin() as connection:
        _require_allowance(connection, name, source, reading.rows, now)
        acts, copies = _identified(book, connection, reading, documents)
        found = pl.concat([reading.findings, *copies])
        for scenario, frame in acts.items():
            book.acts.write(scenario, sha256, frame)
        if len(reading.contested):
            book.acts.write_contested(sha256, _contested(book, reading))
        accepted = sum(int(frame["rows"].list.len().sum()) for frame in acts.values())
        rows_found = found["row"].drop_nulls().n_unique()
        file = StoredFile(sha256, reading.file, name, reading.rows, accepted, rows_found, now)
        add_file(connection, file, found)
        keep_rows(connection, sha256, texts)
        keep_subjects(connection, sha256, tags)
        add_arrival(
            connection,
            Arrival(sha256, kind, household.service, household.unit, household.meter, household.residents, now),
        )
    return Ingested(file, {scenario: len(frame) for scenario, frame in acts.items()}, found, before=False)


def _identified(
    book: Book, connection: Connection, reading: Reading, documents: Path
) -> tuple[dict[str, pl.DataFrame], list[pl.DataFrame]]:
    """Acts with record id and citizen instead of the source's own names, and findings for copies of stored acts."""
    committed = committed_files(connection)
    arrived = arrival_numbers(connection)
    pepper = _pepper(book, reading.source)
    kept, copies = {}, []
    for scenario, frame in reading.acts.items():
        frame = frame.with_columns(
            column("record_id", record_ids(reading.source, frame["record_key"], pepper)),
            source=pl.lit(reading.source),
            file=pl.lit(reading.file),
        ).with_columns(_things(book, scenario, frame, documents))
        days = frame["day"].unique().to_list()
        stored = book.acts.read(scenario, days, committed)
        if len(stored) and scenario in METERED:  # a value that was corrected since is no copy: it decides anew
            stored, _ = latest(stored, book.acts.contested(scenario, days, committed), arrived)
        if len(stored):
            content = ["record_id", *(name for name in frame.columns if name in stored.columns and name not in _LOCAL)]
            copies.append(rejected("duplicate", reading.file, _copies(frame, stored, content), ["copy"]))
            frame = frame.join(stored.select(content), on=content, how="anti", nulls_equal=True)
        if len(frame):
            kept[scenario] = frame.drop("record_key")
    if not kept:
        return {}, copies
    names = pl.concat([frame["subject"] for frame in kept.values()])
    who = book.register.resolve(connection, reading.source, names)
    return {name: frame.join(who, on="subject", how="left").drop("subject") for name, frame in kept.items()}, copies


def _things(book: Book, scenario: str, frame: pl.DataFrame, documents: Path) -> list[pl.Series]:
    """Columns for acts that name things: a keyed hash instead of the thing's number, and that as the record id of what counts only once.

    So two sources, of one operator or of several, give one record id to one order, and the chain can be shown both.
    """
    thing = library_at(documents).document(scenario).thing if ITEM in frame.columns else None
    if thing is None:
        return []
    pepper = hmac.new(book.record_secret, _THING_LABEL, hashlib.sha256).digest()
    tags = column(ITEM, record_ids(f"thing/{thing.group}", frame[ITEM], pepper))
    named = tags.bin.encode("hex").alias(ITEM)
    return [named, tags.alias("record_id")] if thing.once == "ever" else [named]


def _contested(book: Book, reading: Reading) -> pl.DataFrame:
    """Records of which the file says two different things: scenario, day, record_id."""
    ids = record_ids(reading.source, reading.contested["record_key"], _pepper(book, reading.source))
    return reading.contested.select("scenario", "day", column("record_id", ids))


def _pepper(book: Book, source: str) -> bytes:
    return hmac.new(book.record_secret, _PEPPER_LABEL + source.encode(), hashlib.sha256).digest()


def _quarantined(reading: Reading) -> list[int]:
    """Rows that a person may have to decide about."""
    codes = [name for name, code in CODES.items() if code.kind is Kind.QUARANTINED]
    return reading.findings.filter(pl.col("code").is_in(codes))["row"].drop_nulls().unique().to_list()


def _tags(
    book: Book, name: str, path: Path, kind: str | None, household: Household, most: int, reading: Reading
) -> pl.DataFrame:
    """Whose rows with findings are, so that they can be found when the person is to be forgotten: row, tag.

    A copy of a row shows nothing that the row itself does not.
    """
    rows = reading.findings.filter(pl.col("code") != "duplicate").select("row").drop_nulls().unique()
    if rows.is_empty():
        return pl.DataFrame(schema={"row": pl.Int64(), "tag": pl.Binary()})
    whose = subjects(path, kind, household, most).join(rows, on="row", how="semi")
    return whose.select("row", book.register.tags(name, whose["subject"]))


def _require_allowance(connection: Connection, name: str, source: Source, rows: int, now: int) -> None:
    if source.daily_rows is None:
        return
    zone = ZoneInfo(source.zone)
    midnight = datetime.combine(datetime.fromtimestamp(now, zone).date(), time.min, zone)
    used = rows_since(connection, name, int(midnight.timestamp()))
    if rows > source.daily_rows:
        raise InputError(
            f"the file has {rows} rows; source '{name}' may send {source.daily_rows} per day. Split the file"
        )
    if used + rows > source.daily_rows:
        raise AllowanceUsedUp(
            f"source '{name}' has sent {used} rows today; {rows} more would exceed its daily limit of {source.daily_rows}. Retry tomorrow",
            int((midnight + timedelta(days=1)).timestamp()),
        )


# Columns that say where an act stood, not what it was.
_LOCAL = ("rows", "file", "source", "record_id")


def _copies(frame: pl.DataFrame, stored: pl.DataFrame, content: list[str]) -> pl.DataFrame:
    """Acts that stand, with the same content, in an earlier file."""
    same = frame.join(stored.select(content).unique(), on=content, how="semi", nulls_equal=True)
    return same.with_columns(copy=pl.lit("of an earlier file"))
