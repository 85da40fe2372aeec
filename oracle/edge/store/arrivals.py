"""The order of the files, how they were read, and which close used them: all that another node needs to repeat the close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import polars as pl
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from oracle.edge.store.batches import StoredBatch
from oracle.edge.store.bulk import fetch_frame
from oracle.edge.store.disk import disk
from oracle.edge.store.moves import MOVED
from oracle.edge.store.quarantine import quarantined_rows, rejected_subjects
from oracle.edge.store.schema import batches, citizens, files, findings, metadata, subjects

arrivals = Table(
    "arrivals",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("sha256", String(64), ForeignKey("files.sha256"), nullable=False, unique=True),
    Column("kind", String(20)),
    Column("service", String(20)),
    Column("unit", String(20)),
    Column("meter", Text),
    Column("residents", Integer, nullable=False),
    Column("read_at", BigInteger, nullable=False),
)

# A close takes in every file that came since the close before it.
closings = Table(
    "closings",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("last_arrival", Integer, nullable=False),
)

closing_batches = Table(
    "closing_batches",
    metadata,
    Column("batch", String(66), primary_key=True),
    Column("closing", Integer, nullable=False, index=True),
)

PEOPLE_SCHEMA: dict[str, pl.DataType] = {
    "tag": pl.Binary(),
    "citizen": pl.Int64(),
    "account": pl.Binary(),
    "salt": pl.Binary(),
    "consented": pl.Boolean(),
    "residents": pl.Int64(),
    "moved": MOVED,
}


@dataclass(frozen=True)
class Arrival:
    """How a file was read.

    Attributes:
        sha256: The file.
        kind: Kind of file that was named; None if its content told.
        service, unit, meter, residents: Of meter readings, what the file does not say.
        read_at: UTC seconds after which an act lay in the future.
    """

    sha256: str
    kind: str | None
    service: str | None
    unit: str | None
    meter: str | None
    residents: int
    read_at: int


@dataclass(frozen=True)
class Arrived:
    """A file that came: how it was read, what it is called, where it is from."""

    arrival: Arrival
    name: str
    source: str


def add_arrival(connection: Connection, arrival: Arrival) -> None:
    """Stores that a file came."""
    connection.execute(insert(arrivals).values(vars(arrival)))


def all_arrivals(connection: Connection) -> list[Arrival]:
    """How every file was read, in the order they came."""
    names = [field.name for field in fields(Arrival)]
    rows = connection.execute(select(arrivals).order_by(arrivals.c.number))
    return [Arrival(**{name: row._mapping[name] for name in names}) for row in rows]


def arrival_numbers(connection: Connection) -> dict[str, int]:
    """In which order files came: a number for the SHA-256 of each."""
    return {sha256: number for sha256, number in connection.execute(select(arrivals.c.sha256, arrivals.c.number))}


def closing_count(connection: Connection) -> int:
    """Number of the last close; 0 before the first."""
    return connection.execute(select(func.max(closings.c.number))).scalar_one() or 0


def add_closing(connection: Connection, made: list[str], number: int | None = None) -> int | None:
    """Stores that a close took in all files there are; None, and nothing stored, if it had nothing to do.

    Args:
        made: Keys of its batches.
        number: Its number; None for the next.
    """
    last = connection.execute(select(func.max(arrivals.c.number))).scalar_one() or 0
    present = closing_count(connection)
    if number is None:
        before = connection.execute(select(func.max(closings.c.last_arrival))).scalar_one() or 0
        if last == before and not made:
            return None
        number = present + 1
    connection.execute(insert(closings).values(number=number, last_arrival=last))
    add_closing_batches(connection, number, made)
    return number


def add_closing_batches(connection: Connection, number: int, made: Sequence[str]) -> None:
    """Stores which batches a close made."""
    if made:
        connection.execute(insert(closing_batches), [{"batch": batch, "closing": number} for batch in made])


def advance_closing(connection: Connection, number: int, made: Sequence[str]) -> list[int]:
    """Counts closes that this book has forgotten, up to a number that others have seen; returns the numbers that were added.

    They took in no file of which the book knows. The last of them gets batches that belong to none.
    """
    present = closing_count(connection)
    last = connection.execute(select(func.max(closings.c.last_arrival))).scalar_one() or 0
    added = list(range(present + 1, number + 1))
    for each in added:
        connection.execute(insert(closings).values(number=each, last_arrival=last))
    if added:
        add_closing_batches(connection, number, made)
    return added


def arrived(connection: Connection, closing: int) -> list[Arrived]:
    """Files that a close took in, in the order they came."""
    ends = {number: last for number, last in connection.execute(select(closings.c.number, closings.c.last_arrival))}
    first, last = ends.get(closing - 1, 0), ends[closing]
    query = select(arrivals, files.c.name, files.c.source).join(files).order_by(arrivals.c.number)
    rows = connection.execute(query.where(arrivals.c.number > first, arrivals.c.number <= last))
    names = [field.name for field in fields(Arrival)]
    return [Arrived(Arrival(**{name: row._mapping[name] for name in names}), row.name, row.source) for row in rows]


def batches_of_closing(connection: Connection, closing: int) -> list[StoredBatch]:
    """Batches that a close made, in their order."""
    order = (batches.c.day, batches.c.methodology, batches.c.operator, batches.c.sequence)
    query = select(batches).join(closing_batches, closing_batches.c.batch == batches.c.batch)
    query = query.where(closing_batches.c.closing == closing).order_by(*order)
    return [StoredBatch(**row._mapping) for row in connection.execute(query)]


def write_people(known: pl.DataFrame, target: Path) -> None:
    """Writes what a close knew of people: account, consent, residents. Salts and subjects stay in the database, to be erased there."""
    with disk(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(".draft")
        known.drop("salt").write_parquet(draft, compression="lz4")
        draft.replace(target)


def forget_in(written: Path, citizen: int) -> None:
    """Takes a citizen out of what a close knew of people."""
    known = pl.read_parquet(written)
    others = known.filter(pl.col("citizen") != citizen)
    if len(others) < len(known):
        draft = written.with_suffix(".draft")
        others.write_parquet(draft, compression="lz4")
        draft.replace(written)


def people_of_closing(connection: Connection, written: Path) -> pl.DataFrame:
    """Who is who, as a close knew it: `PEOPLE_SCHEMA`, one row per subject; the salt is null once it is erased."""
    query = select(subjects.c.tag, subjects.c.citizen, citizens.c.salt).join(citizens)
    schema = {name: PEOPLE_SCHEMA[name] for name in ("tag", "citizen", "salt")}
    tagged = fetch_frame(connection, query, schema)
    with disk(written):
        known = pl.read_parquet(written)
    return tagged.join(known, on="citizen").select(PEOPLE_SCHEMA.keys()).sort("tag")


def numbers_of_tags(connection: Connection) -> pl.DataFrame:
    """This book's own number of every tag: tag, local."""
    schema = {"tag": pl.Binary(), "local": pl.Int64()}
    return fetch_frame(connection, select(subjects.c.tag, subjects.c.citizen), schema)


def forget_since(connection: Connection, closing: int) -> None:
    """Undoes what was read and batched after a close, so that it can be read again. Acts whose file is removed are not read."""
    end = select(closings.c.last_arrival).where(closings.c.number == closing).scalar_subquery()
    late = select(arrivals.c.sha256).where(arrivals.c.number > func.coalesce(end, 0))
    gone = list(connection.execute(late).scalars())
    later = select(closing_batches.c.batch).where(closing_batches.c.closing > closing)
    connection.execute(delete(batches).where(batches.c.batch.in_(later)))
    connection.execute(delete(closing_batches).where(closing_batches.c.closing > closing))
    for table in (arrivals, findings, quarantined_rows, rejected_subjects, files):
        connection.execute(delete(table).where(table.c.sha256.in_(gone)))
