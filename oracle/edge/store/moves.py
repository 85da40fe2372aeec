"""Books that moved: which account a citizen had up to which act day. Credits of those days follow the book; those of later days do not."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Boolean, Column, Connection, Integer, LargeBinary, Table, insert, select, update

from oracle.edge.store.bulk import fetch_frame
from oracle.edge.store.schema import citizens, metadata

MOVED = pl.List(pl.Struct({"through": pl.Int64(), "former": pl.Binary()}))

moves = Table(
    "moves",
    metadata,
    Column("citizen", Integer, primary_key=True, autoincrement=False),
    Column("through", Integer, primary_key=True, autoincrement=False),
    Column("former", LargeBinary(20), nullable=False, index=True),
    Column("custody", Boolean, nullable=False),
)


def add_move(connection: Connection, former: bytes, present: bytes, through: int) -> bool:
    """Stores that a citizen's book moved; says whether somebody here has the account that it left.

    Args:
        former, present: The two accounts, 20 bytes each.
        through: Last act day whose credits follow the book.
    """
    query = select(citizens.c.id, citizens.c.custody).where(citizens.c.account == former)
    found = connection.execute(query).one_or_none()
    if found is None:
        return False
    row = {"citizen": found.id, "through": through, "former": former, "custody": found.custody}
    connection.execute(insert(moves).values(row))
    renewed = update(citizens).where(citizens.c.id == found.id)
    connection.execute(renewed.values(account=present, custody=False))
    return True


def accounts_left(connection: Connection, citizen: int) -> list[bytes]:
    """The accounts that a citizen's book moved from."""
    return list(connection.execute(select(moves.c.former).where(moves.c.citizen == citizen)).scalars())


def with_moves(connection: Connection, people: pl.DataFrame) -> pl.DataFrame:
    """People with `moved`: the accounts that each had before, by the last act day of each."""
    schema = {"citizen": pl.Int64(), "through": pl.Int64(), "former": pl.Binary()}
    rows = fetch_frame(connection, select(moves.c.citizen, moves.c.through, moves.c.former), schema).sort("through")
    listed = rows.group_by("citizen", maintain_order=True).agg(pl.struct("through", "former").alias("moved"))
    joined = people.join(listed, on="citizen", how="left", maintain_order="left")
    return joined.with_columns(pl.col("moved").fill_null(pl.lit([], dtype=MOVED)))
