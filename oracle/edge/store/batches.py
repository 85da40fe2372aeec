"""Batches that were bundled here, from the database."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from oracle.edge.store.schema import batches, closes, compared
from oracle.model.ids import BatchId


@dataclass(frozen=True)
class StoredBatch:
    """One bundled batch; the bundle itself is in `Book.bundle_folder(batch)`.

    Attributes:
        batch: Key on chain, 0x hex.
        operator: Checksummed address.
        scenario: Scenario of the acts.
        methodology: Methodology id.
        version: Its version.
        day: Act day.
        sequence: 0 for the first of the day.
    """

    batch: BatchId
    operator: str
    scenario: str
    methodology: str
    version: int
    day: int
    sequence: int


def add_batch(connection: Connection, batch: StoredBatch) -> None:
    """Stores a batch."""
    connection.execute(insert(batches).values(vars(batch)))


def all_batches(connection: Connection) -> list[StoredBatch]:
    """Every batch, by day, methodology, operator and sequence."""
    order = (batches.c.day, batches.c.methodology, batches.c.operator, batches.c.sequence)
    return [StoredBatch(**row._mapping) for row in connection.execute(select(batches).order_by(*order))]


def batches_on(connection: Connection, scenario: str, day: int) -> list[BatchId]:
    """Keys of the batches of a scenario's day."""
    query = select(batches.c.batch).where(batches.c.scenario == scenario, batches.c.day == day)
    return list(connection.execute(query).scalars())


def days_batched(connection: Connection, scenario: str) -> set[int]:
    """Days of a scenario that have a batch."""
    return set(connection.execute(select(batches.c.day).where(batches.c.scenario == scenario).distinct()).scalars())


def batches_of(connection: Connection, methodology: str, day: int, operator: str | None = None) -> list[BatchId]:
    """Keys of the batches of a methodology's day, of one operator or of all, by operator and sequence."""
    query = select(batches.c.batch).where(batches.c.methodology == methodology, batches.c.day == day)
    if operator is not None:
        query = query.where(batches.c.operator == operator)
    return list(connection.execute(query.order_by(batches.c.operator, batches.c.sequence)).scalars())


def taken_in(connection: Connection) -> dict[tuple[str, int], str]:
    """Digest of the act files that the last close of each (scenario, day) took in."""
    return {(row.scenario, row.day): row.taken_in for row in connection.execute(select(closes))}


def set_taken_in(connection: Connection, scenario: str, day: int, digest: str) -> None:
    """Stores what a close of a scenario's day took in."""
    connection.execute(delete(closes).where(closes.c.scenario == scenario, closes.c.day == day))
    connection.execute(insert(closes).values(scenario=scenario, day=day, taken_in=digest))


def reopen(connection: Connection, scenario: str, day: int) -> None:
    """Marks a scenario's day as open for the next close."""
    connection.execute(delete(closes).where(closes.c.scenario == scenario, closes.c.day == day))


def drop_batch(connection: Connection, batch: StoredBatch) -> None:
    """Forgets a batch, so that its records are closed again."""
    connection.execute(delete(batches).where(batches.c.batch == batch.batch))
    reopen(connection, batch.scenario, batch.day)


def compared_up_to(connection: Connection) -> int | None:
    """The block up to which the chain's batches were compared with the book's; None before the first time."""
    block: int | None = connection.execute(select(compared.c.block)).scalar_one_or_none()
    return block


def set_compared_up_to(connection: Connection, block: int | None) -> None:
    """Stores that block; None to begin anew."""
    connection.execute(delete(compared))
    if block is not None:
        connection.execute(insert(compared).values(block=block))
