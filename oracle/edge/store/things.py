"""Things that batches claim: an order or a tree once for ever, a car once at a time. Only keyed hashes of their numbers are kept."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl
from sqlalchemy import Connection, delete, select

from oracle.edge.store.batches import StoredBatch, all_batches
from oracle.edge.store.bulk import insert_frame
from oracle.edge.store.schema import batches, things
from oracle.model.ids import BatchId

CLAIM_SCHEMA: dict[str, pl.DataType] = {"thing": pl.Binary(), "start": pl.Int64(), "end": pl.Int64()}

_AT_ONCE = 500  # parameters of one query, fewer than any database takes


def claims_on(connection: Connection, wanted: Collection[bytes]) -> pl.DataFrame:
    """What batches claim of some things: thing, start, end."""
    listed, rows = sorted(set(wanted)), []
    for at in range(0, len(listed), _AT_ONCE):
        query = select(things.c.thing, things.c.start, things.c.end).where(
            things.c.thing.in_(listed[at : at + _AT_ONCE])
        )
        rows += [tuple(row) for row in connection.execute(query)]
    return pl.DataFrame(rows, schema=CLAIM_SCHEMA, orient="row")


def add_claims(connection: Connection, batch: BatchId, claims: pl.DataFrame) -> None:
    """Stores what a batch claims; what another claims already stays its own.

    Args:
        claims: `CLAIM_SCHEMA`.
    """
    known = claims_on(connection, claims["thing"].to_list())
    new = claims.unique(["thing", "start"], maintain_order=True).join(known, on=["thing", "start"], how="anti")
    insert_frame(connection, things, new.with_columns(batch=pl.lit(str(batch))))


def batches_without_claims(connection: Connection, scenarios: Collection[str]) -> list[StoredBatch]:
    """Batches of some scenarios that nothing is stored of; claims of batches that are gone are freed first."""
    connection.execute(delete(things).where(things.c.batch.not_in(select(batches.c.batch))))
    known = set(connection.execute(select(things.c.batch).distinct()).scalars())
    return [each for each in all_batches(connection) if each.scenario in scenarios and each.batch not in known]
