"""Rows of the outbox: every transaction before it is sent, with every signed form it was given.

A row is one act of one account; an attempt is one signing of it. A fee bump adds an attempt with the row's nonce. What a row's states
are, and who moves it from one to the next, is in `oracle.edge.chain.outbox`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from oracle.edge.store.schema import metadata

T = TypeVar("T")

PLANNED, SIGNED, SENT, MINED = "planned", "signed", "sent", "mined"
CONFIRMED, FAILED, REPLACED, UNDONE = "confirmed", "failed", "replaced", "undone"
STATES = (PLANNED, SIGNED, SENT, MINED, CONFIRMED, FAILED, REPLACED, UNDONE)
PENDING = (SIGNED, SENT)  # has a nonce and no block
LIVE = (SIGNED, SENT, MINED)  # the chain may still change what became of it

transactions = Table(
    "transactions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sender", String(42), nullable=False),
    Column("act", String(200), nullable=False),
    Column("to", String(42), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("gas", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("nonce", BigInteger),
    Column("hash", String(66)),
    Column("block", BigInteger),
    Column("block_hash", String(66)),
    Column("status", Integer),
    Column("gas_used", BigInteger),
    Column("reason", Text),
    Column("planned_at", BigInteger, nullable=False),
    Index("transactions_nonce", "sender", "nonce", unique=True),
    Index("transactions_state", "state"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("hash", String(66), primary_key=True),
    Column("row", Integer, ForeignKey("transactions.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("fee_cap", BigInteger, nullable=False),
    Column("tip", BigInteger, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    Index("attempts_row", "row"),
)

# The last block that was final when this book looked; one row.
marks = Table(
    "marks",
    metadata,
    Column("number", BigInteger, nullable=False),
    Column("hash", String(66), nullable=False),
)


@dataclass(frozen=True)
class Row:
    """One transaction.

    Attributes:
        id: Of the row.
        act: What it is for; two live rows never have the same.
        to, data, gas: The call.
        state: One of `STATES`.
        nonce: Allocated when it is signed; kept until it is final.
        hash: The attempt that was mined.
        block, block_hash: Where.
        status: 1 if it did what it was for, 0 if it reverted.
        gas_used: By it.
        reason: Why it was replaced, given up or undone.
        planned_at: UTC seconds.
    """

    id: int
    sender: str
    act: str
    to: str
    data: bytes
    gas: int
    state: str
    nonce: int | None
    hash: str | None
    block: int | None
    block_hash: str | None
    status: int | None
    gas_used: int | None
    reason: str | None
    planned_at: int


@dataclass(frozen=True)
class Attempt:
    """One signing of a row, the `number`th. Fees are in wei per gas; for a legacy transaction `fee_cap` is its gas price and `tip` is 0."""

    hash: str
    row: int
    number: int
    raw: bytes
    fee_cap: int
    tip: int
    signed_at: int


def add_planned(connection: Connection, rows: Sequence[dict[str, object]]) -> list[int]:
    """Adds planned rows; returns their ids in the same order."""
    return [filled(connection.execute(insert(transactions).values(row)).inserted_primary_key)[0] for row in rows]


def filled(value: T | None) -> T:
    """A value that a row's state says is there."""
    if value is None:
        raise RuntimeError("an outbox row lacks a value that its state requires")
    return value


def add_attempts(connection: Connection, signed: Sequence[Attempt]) -> None:
    """Adds attempts."""
    connection.execute(insert(attempts), [vars(attempt) for attempt in signed])


def set_nonces(connection: Connection, nonces: dict[int, int]) -> None:
    """Marks rows as signed with their nonces."""
    signed = update(transactions).where(transactions.c.id == bindparam("row")).values(state=SIGNED)
    connection.execute(signed.values(nonce=bindparam("allocated")), _bound(nonces, "allocated"))


def set_mined(connection: Connection, row: int, values: dict[str, object]) -> None:
    """Marks a row as mined; `values` are hash, block, block_hash, status and gas_used."""
    connection.execute(update(transactions).where(transactions.c.id == row).values(state=MINED, **values))


def set_state(connection: Connection, rows: Iterable[int], state: str, **values: object) -> None:
    """Moves rows to a state, with other columns alike for all of them."""
    changed = update(transactions).where(transactions.c.id == bindparam("row")).values(state=state, **values)
    bound = [{"row": row} for row in rows]
    if bound:
        connection.execute(changed, bound)


def rows_in(connection: Connection, sender: str | None, states: Sequence[str]) -> list[Row]:
    """Rows in some states, of one sender or of all, by nonce."""
    query = (
        select(transactions).where(transactions.c.state.in_(states)).order_by(transactions.c.nonce, transactions.c.id)
    )
    if sender is not None:
        query = query.where(transactions.c.sender == sender)
    return [Row(**row._mapping) for row in connection.execute(query)]


def row_of(connection: Connection, row: int) -> Row:
    """One row."""
    return Row(**connection.execute(select(transactions).where(transactions.c.id == row)).one()._mapping)


def done_of(connection: Connection, sender: str, act: str) -> Row | None:
    """The transaction by which a sender did an act, as the chain was last seen; None if none did it."""
    query = select(transactions).where(
        transactions.c.sender == sender,
        transactions.c.act == act,
        transactions.c.state.in_((MINED, CONFIRMED)),
        transactions.c.status == 1,
    )
    found = connection.execute(query).first()
    return None if found is None else Row(**found._mapping)


def attempts_of(connection: Connection, row: int) -> list[Attempt]:
    """The attempts of a row, latest last."""
    query = select(attempts).where(attempts.c.row == row).order_by(attempts.c.number)
    return [Attempt(**found._mapping) for found in connection.execute(query)]


def highest_nonce(connection: Connection, sender: str) -> int | None:
    """Highest nonce of a live row."""
    query = select(func.max(transactions.c.nonce)).where(
        transactions.c.sender == sender, transactions.c.state.in_(LIVE)
    )
    highest: int | None = connection.execute(query).scalar_one()
    return highest


def most_wei(connection: Connection, sender: str, since: int) -> int:
    """What a sender's transactions without a block may cost at most, from a nonce on."""
    query = (
        select(transactions.c.gas, func.max(attempts.c.fee_cap))
        .join(attempts, attempts.c.row == transactions.c.id)
        .where(transactions.c.sender == sender, transactions.c.state.in_(PENDING), transactions.c.nonce >= since)
        .group_by(transactions.c.id, transactions.c.gas)
    )
    return sum(gas * cap for gas, cap in connection.execute(query))


def strip(connection: Connection, rows: Sequence[int]) -> None:
    """Drops calldata and signed bytes of rows that are final: nobody will send them again."""
    if rows:
        bound = [{"row": row} for row in rows]
        connection.execute(delete(attempts).where(attempts.c.row == bindparam("row")), bound)
        connection.execute(update(transactions).where(transactions.c.id == bindparam("row")).values(data=b""), bound)


def counts(connection: Connection) -> dict[str, int]:
    """Rows by state."""
    query = select(transactions.c.state, func.count()).group_by(transactions.c.state)
    found = {state: count for state, count in connection.execute(query)}
    return {state: found[state] for state in STATES if state in found}


def oldest_pending(connection: Connection) -> int | None:
    """When the oldest transaction without a block was planned."""
    query = select(func.min(transactions.c.planned_at)).where(transactions.c.state.in_((PLANNED, *PENDING)))
    oldest: int | None = connection.execute(query).scalar_one()
    return oldest


def mark(connection: Connection) -> tuple[int, str] | None:
    """Number and hash of the last final block that was seen."""
    row = connection.execute(select(marks)).one_or_none()
    return None if row is None else (row.number, row.hash)


def set_mark(connection: Connection, number: int, block_hash: str) -> None:
    """Replaces the mark."""
    connection.execute(delete(marks))
    connection.execute(insert(marks).values(number=number, hash=block_hash))


def clear_mark(connection: Connection) -> None:
    """Forgets the mark."""
    connection.execute(delete(marks))


def _bound(values: dict[int, int], name: str) -> list[dict[str, int]]:
    return [{"row": row, name: value} for row, value in values.items()]
