"""Forgetting a person: what links records to somebody is destroyed, what proves totals stays.

Destroyed: the salt that opens the commitments, the tags of cards and meters, the reference that account and key were derived from, consent
and residents, readings of the person's meters that are not in a file yet, meters' names, and what rejected rows of the person showed. What
stays: the account among other accounts, leaves and commitments that nobody can open, and every total. Files beside the database:
`oracle.measure.forget`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from oracle.edge.store.arrivals import arrivals
from oracle.edge.store.deliveries import forget_payloads, readings
from oracle.edge.store.moves import moves
from oracle.edge.store.quarantine import Row, forget_rows, rows_of_tags
from oracle.edge.store.schema import citizens, files, metadata, subjects

TagOf = Callable[[str, str], bytes]

# That somebody was forgotten, when and on whose word; not who, nor which account that was.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("who", Text, nullable=False),
    Column("erased_at", BigInteger, nullable=False),
)

# Rows whose acts were forgotten, and what had become of them: so many rows of a file and records of the batches have no act any more.
# Nothing here leads to a person, a record or a value.
forgotten_rows = Table(
    "forgotten_rows",
    metadata,
    Column("sha256", String(64), ForeignKey("files.sha256"), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("outcome", String(16), nullable=False),
    Column("record", Boolean, nullable=False),
)

# What an account was derived from that is not the citizen's reference: whoever comes again gets another account than was forgotten.
reseeded = Table(
    "reseeded",
    metadata,
    Column("account", LargeBinary(20), primary_key=True),
    Column("seed", LargeBinary(32), nullable=False),
)


def forgotten_accounts(connection: Connection) -> set[bytes]:
    """Accounts of everybody who was forgotten."""
    return set(connection.execute(select(citizens.c.account).where(citizens.c.salt.is_(None))).scalars())


def reseed(connection: Connection, derive: Callable[[bytes], bytes]) -> bytes:
    """Another account, for somebody who comes again after being forgotten.

    Args:
        derive: Account from a seed.
    """
    seed = secrets.token_bytes(32)
    account = derive(seed)
    connection.execute(insert(reseeded).values(account=account, seed=seed))
    return account


def citizen_by_tag(connection: Connection, tag: bytes) -> int | None:
    """The citizen that a tag belongs to, or None."""
    return connection.execute(select(subjects.c.citizen).where(subjects.c.tag == tag)).scalar_one_or_none()


def citizen_by_account(connection: Connection, account: bytes) -> int | None:
    """The citizen that has an account and is not erased, or None."""
    query = select(citizens.c.id).where(citizens.c.account == account, citizens.c.salt.is_not(None))
    return connection.execute(query).scalar_one_or_none()


def account_of(connection: Connection, citizen: int) -> bytes:
    """A citizen's account."""
    found: bytes = connection.execute(select(citizens.c.account).where(citizens.c.id == citizen)).scalar_one()
    return found


def tags_of(connection: Connection, citizen: int) -> set[bytes]:
    """Tags of a citizen's cards, riders and meters."""
    return set(connection.execute(select(subjects.c.tag).where(subjects.c.citizen == citizen)).scalars())


def is_heard_of(connection: Connection, source: str, subject: str, tag: bytes) -> bool:
    """Whether rejected rows, or readings on their way, are of a subject that may be no citizen's."""
    waiting = select(readings.c.digest).where(readings.c.source == source, readings.c.meter == subject).limit(1)
    return bool(rows_of_tags(connection, {tag})) or connection.execute(waiting).first() is not None


@dataclass(frozen=True)
class ForgottenRow:
    """A row whose act was forgotten.

    Attributes:
        sha256, row: The file's hash and the row's number.
        outcome: batched, excluded or waiting.
        record: Whether it is the first row of an act that stands in a batch: one for each such record.
    """

    sha256: str
    row: int
    outcome: str
    record: bool


def add_forgotten(connection: Connection, rows: Iterable[ForgottenRow]) -> None:
    """Notes rows before their acts go; those that are noted already stay as they were."""
    known = {(row.sha256, row.row) for row in all_forgotten(connection)}
    new = [vars(row) for row in rows if (row.sha256, row.row) not in known]
    if new:
        connection.execute(insert(forgotten_rows), new)


def all_forgotten(connection: Connection) -> list[ForgottenRow]:
    """Every row whose act was forgotten."""
    query = select(forgotten_rows).order_by(forgotten_rows.c.sha256, forgotten_rows.c.row)
    return [ForgottenRow(**row._mapping) for row in connection.execute(query)]


def erase(
    connection: Connection, citizen: int | None, tags: set[bytes], tag_of: TagOf, act_rows: set[Row], who: str, now: int
) -> None:
    """Forgets a person. `Database.scrub` then takes the bytes out of the database's files.

    Args:
        citizen: None for somebody of whom there never was a sound row.
        tags: Of the person's cards, riders and meters.
        tag_of: Tag of a source's subject (`Register.tag`).
        act_rows: Rows that the citizen's acts were made of.
        who: On whose word.
        now: UTC seconds.
    """
    _forget_meters(connection, tags, tag_of)
    forget_rows(connection, act_rows | rows_of_tags(connection, tags))
    forget_payloads(connection)
    if citizen is not None:
        _forget_citizen(connection, citizen)
    connection.execute(insert(erasures).values(who=who, erased_at=now))


def _forget_citizen(connection: Connection, citizen: int) -> None:
    connection.execute(delete(subjects).where(subjects.c.citizen == citizen))
    connection.execute(delete(reseeded).where(reseeded.c.account == account_of(connection, citizen)))
    connection.execute(delete(moves).where(moves.c.citizen == citizen))
    nothing = {"salt": None, "ref": secrets.token_bytes(32), "custody": False, "consented": False, "residents": None}
    connection.execute(update(citizens).where(citizens.c.id == citizen).values(nothing))


def _forget_meters(connection: Connection, tags: set[bytes], tag_of: TagOf) -> None:
    """Readings that are in no file yet, and the names of meters that files without a column for them were said to be of."""
    for source, meter in connection.execute(select(readings.c.source, readings.c.meter).distinct()).all():
        if tag_of(source, meter) in tags:
            connection.execute(delete(readings).where(readings.c.source == source, readings.c.meter == meter))
    named = select(arrivals.c.number, files.c.source, arrivals.c.meter).join(files).where(arrivals.c.meter.is_not(None))
    for number, source, meter in connection.execute(named).all():
        if tag_of(source, meter) in tags:
            connection.execute(update(arrivals).where(arrivals.c.number == number).values(meter=None))
