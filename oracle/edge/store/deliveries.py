"""What came over the network: which request was answered how, and meter readings on their way into a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from oracle.edge.store.schema import files, metadata

# One row per idempotency key of a source: the same request again gets the same answer.
deliveries = Table(
    "deliveries",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Index("deliveries_name", "source", "name"),
)

# One row per reading that a meter sent, whatever message it came in; `file` once it is decided which file it goes into.
readings = Table(
    "readings",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("source", String(64), nullable=False),
    Column("meter", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("value", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("quality", Text, nullable=False),
    Column("file", Text),
    Index("readings_file", "source", "file"),
)

# Messages that cannot be used: they were acknowledged, and this is why nothing came of them. Anybody may send them, so the last
# `_MOST_REFUSED` are kept and the older ones only counted, in the row whose `sha256` is empty.
refused_messages = Table(
    "refused_messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("reason", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("times", BigInteger, nullable=False, server_default="1"),
    Column("payload", LargeBinary),
)

KEPT_BYTES = 4096  # of the payload of a message that was refused

_MOST_REFUSED = 10_000
_IN_LIMIT = 500  # below every database's limit of bound values


@dataclass(frozen=True)
class Delivery:
    """A request that was answered.

    Attributes:
        source: Who sent it.
        key: Its idempotency key.
        sha256: Of its body.
        name: Name of the file.
        received_at: UTC seconds.
    """

    source: str
    key: str
    sha256: str
    name: str
    received_at: int


@dataclass(frozen=True)
class MeterReading:
    """What a meter sent.

    Attributes:
        digest: Keyed hash of source and content, hex; the same reading sent twice is one.
        number: Order of arrival.
        start, end: UTC seconds.
        value, unit, quality: As sent; an empty quality is a measured value.
        file: File it goes into; None if that is not decided.
    """

    digest: str
    number: int
    source: str
    meter: str
    start: int
    end: int
    value: str
    unit: str
    quality: str
    file: str | None = None


@dataclass(frozen=True)
class RefusedMessage:
    """A message that cannot be used.

    Attributes:
        topic: Where it was published; printable.
        sha256: Of topic and payload, hex.
        reason: Why; quotes nothing of the message.
        payload: How it begins.
    """

    topic: str
    sha256: str
    reason: str
    payload: bytes


def add_delivery(connection: Connection, delivery: Delivery) -> None:
    """Stores that a request was answered."""
    connection.execute(insert(deliveries).values(vars(delivery)))


def delivery_of(connection: Connection, source: str, key: str) -> Delivery | None:
    """The request that had an idempotency key, or None."""
    query = select(deliveries).where(deliveries.c.source == source, deliveries.c.key == key)
    row = connection.execute(query).one_or_none()
    return None if row is None else Delivery(**row._mapping)


def sha256_of_name(connection: Connection, source: str, name: str) -> str | None:
    """The file that a source brought under a name, or None."""
    query = select(files.c.sha256).where(files.c.source == source, files.c.name == name).limit(1)
    return connection.execute(query).scalar_one_or_none()


def add_readings(connection: Connection, new: Iterable[MeterReading]) -> int:
    """Stores readings that are not there; says how many were new. Their numbers are given here."""
    listed = {reading.digest: reading for reading in new}
    known: set[str] = set()
    for part in _parts(list(listed)):
        known |= set(connection.execute(select(readings.c.digest).where(readings.c.digest.in_(part))).scalars())
    last = connection.execute(
        select(readings.c.number).order_by(readings.c.number.desc()).limit(1)
    ).scalar_one_or_none()
    fresh = [reading for digest, reading in listed.items() if digest not in known]
    rows = [vars(reading) | {"number": (last or 0) + 1 + index} for index, reading in enumerate(fresh)]
    if rows:
        connection.execute(insert(readings), rows)
    return len(rows)


def open_readings(connection: Connection) -> list[MeterReading]:
    """Readings that are in no file yet, in the order they came."""
    return _readings(connection, readings.c.file.is_(None))


def readings_in(connection: Connection, source: str, file: str) -> list[MeterReading]:
    """Readings of a file, in the order they came."""
    return _readings(connection, (readings.c.source == source) & (readings.c.file == file))


def assign(connection: Connection, digests: list[str], file: str) -> None:
    """Decides which file readings go into."""
    for part in _parts(digests):
        connection.execute(update(readings).where(readings.c.digest.in_(part)).values(file=file))


def files_to_write(connection: Connection) -> list[tuple[str, str]]:
    """Source and name of files whose readings are decided and which were not read yet."""
    done = select(files.c.name).where(files.c.source == readings.c.source, files.c.name == readings.c.file)
    query = select(readings.c.source, readings.c.file).distinct().where(readings.c.file.is_not(None), ~done.exists())
    return [(source, file) for source, file in connection.execute(query.order_by(readings.c.source, readings.c.file))]


def forget_taken(connection: Connection) -> None:
    """Takes what meters said out of readings whose file was read: their digests stay, so that none counts again."""
    done = select(files.c.name).where(files.c.source == readings.c.source, files.c.name == readings.c.file)
    nothing = {"meter": "", "start": 0, "end": 0, "value": "", "unit": "", "quality": ""}
    connection.execute(update(readings).where(readings.c.meter != "", done.exists()).values(nothing))


def add_refused(connection: Connection, message: RefusedMessage, now: int) -> None:
    """Stores an invalid message with its reason, or counts a repeated one; the oldest are merged into a counter."""
    again = update(refused_messages).where(refused_messages.c.sha256 == message.sha256)
    if connection.execute(again.values(times=refused_messages.c.times + 1)).rowcount:
        return
    connection.execute(insert(refused_messages).values(vars(message) | {"received_at": now, "times": 1}))
    oldest, kept = connection.execute(
        select(func.min(refused_messages.c.id), func.count()).where(refused_messages.c.sha256 != "")
    ).one()
    if kept > _MOST_REFUSED:
        _count_only(connection, oldest)


def refused_count(connection: Connection) -> int:
    """How many messages were refused since the book began."""
    return int(connection.execute(select(func.coalesce(func.sum(refused_messages.c.times), 0))).scalar_one())


def forget_payloads(connection: Connection) -> None:
    """Deletes the stored beginnings of invalid messages, because they may concern anybody."""
    connection.execute(update(refused_messages).values(payload=None))


def _count_only(connection: Connection, number: int) -> None:
    """Adds a kept message to the count of the older ones."""
    one = refused_messages.c.id == number
    times = connection.execute(select(refused_messages.c.times).where(one)).scalar_one()
    connection.execute(delete(refused_messages).where(one))
    older = update(refused_messages).where(refused_messages.c.sha256 == "")
    if not connection.execute(older.values(times=refused_messages.c.times + times)).rowcount:
        row = {"topic": "", "sha256": "", "reason": "older messages", "received_at": 0, "times": times}
        connection.execute(insert(refused_messages).values(row))


def _parts(digests: list[str]) -> Iterator[list[str]]:
    return (digests[at : at + _IN_LIMIT] for at in range(0, len(digests), _IN_LIMIT))


def _readings(connection: Connection, which: object) -> list[MeterReading]:
    query = select(readings).where(which).order_by(readings.c.number)  # type: ignore[arg-type]  # a column expression
    names = [field.name for field in fields(MeterReading)]
    return [MeterReading(**{name: row._mapping[name] for name in names}) for row in connection.execute(query)]
