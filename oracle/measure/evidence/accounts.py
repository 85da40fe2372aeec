"""From record rows to the accounts tree: what each citizen of a batch is credited with, once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from oracle.measure.evidence.leaf import Flags, Numbers, account_leaves, pack_entries
from oracle.measure.evidence.tree import Tree
from oracle.model.columns import matrix, order
from oracle.model.errors import InputError
from oracle.model.keccak import Bytes

ACCOUNT_BYTES = 20
MOST_PER_CHUNK = 512  # entries that one transaction credits
MOST_TOTAL = (1 << 63) - 1


@dataclass(frozen=True, eq=False)
class Entries:
    """What a batch credits to whom.

    Attributes:
        table: index (Int64), account (Binary), quantity (Int64), consented (Boolean); sorted by account, index = row.
        chunk: Leaves that are credited together, a power of two.
        tree: The accounts tree; its leaves are the table's rows, then padding up to a whole number of chunks.
    """

    table: pl.DataFrame
    chunk: int
    tree: Tree

    @property
    def total(self) -> int:
        """Sum of the quantities, in the methodology's unit."""
        return int(self.table["quantity"].sum())

    @property
    def consented(self) -> int:
        """Part of the total whose citizens consented to the sale of the reduction."""
        return int(self.table.filter("consented")["quantity"].sum())

    def words(self, first: int, count: int) -> bytes:
        """Packed calldata words of the leaves `first` to `first + count - 1`, padding included."""
        rows = self.table.slice(first, count)
        words = pack_entries(
            matrix(rows["account"], ACCOUNT_BYTES), rows["consented"].to_numpy(), rows["quantity"].to_numpy()
        )
        return words.ljust(32 * min(count, len(self.tree) - first), b"\0")


@dataclass(frozen=True, eq=False)
class Accounts(Entries):
    """The accounts of one batch.

    Attributes:
        cuts: account (Binary), cut (Int64): what the limit took from whom, in the methodology's unit. Only accounts above the limit.
    """

    cuts: pl.DataFrame

    @property
    def cut(self) -> int:
        """What the limit took from all accounts together."""
        return int(self.cuts["cut"].sum())


def accounts_of(rows: pl.DataFrame, quantity_limit: int | None) -> Accounts:
    """Groups record rows by account.

    An account is consented if all its records are: whoever withdrew consent during the day keeps the whole day from being sold.

    Args:
        rows: account (Binary of 20 bytes), quantity (Int64), consented (Boolean); at least one row.
        quantity_limit: Most that one account is credited with in this batch, in the methodology's unit; None for no limit.

    Raises:
        InputError: A row has no account or no quantity, or all together are more than an int64 holds.
    """
    _require_sound(rows)
    grouped = rows.group_by("account").agg(pl.col("quantity").sum(), pl.col("consented").all())
    grouped = grouped[order(matrix(grouped["account"], ACCOUNT_BYTES))]
    limit = MOST_TOTAL if quantity_limit is None else quantity_limit
    cuts = grouped.filter(pl.col("quantity") > limit).select("account", cut=pl.col("quantity") - limit)
    table = grouped.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("index"),
        "account",
        pl.col("quantity").clip(upper_bound=limit),
        "consented",
    )
    return Accounts(table, chunk_of(len(table)), tree_of(table), cuts)


def tree_of(table: pl.DataFrame) -> Tree:
    """The accounts tree over the rows of an accounts table."""
    return Tree.build(_leaves(table, chunk_of(len(table))), sort=False)


def chunk_of(count: int) -> int:
    """Leaves per chunk for `count` accounts: the next power of two, 512 at most."""
    return min(MOST_PER_CHUNK, 1 << (count - 1).bit_length())


def _leaves(table: pl.DataFrame, chunk: int) -> Bytes:
    padding = -len(table) % chunk
    accounts = np.vstack([matrix(table["account"], ACCOUNT_BYTES), np.zeros((padding, ACCOUNT_BYTES), np.uint8)])
    quantities: Numbers = np.append(table["quantity"].to_numpy(), np.zeros(padding, np.int64))
    consented: Flags = np.append(table["consented"].to_numpy(), np.zeros(padding, np.bool_))
    return account_leaves(accounts, quantities, consented)


def _require_sound(rows: pl.DataFrame) -> None:
    if rows.is_empty():
        raise InputError("a batch needs at least one record")
    for field, wrong, problem in (
        ("account", ~matrix(rows["account"], ACCOUNT_BYTES).any(axis=1), "the zero address is no account"),
        ("quantity", (rows["quantity"].fill_null(0) < 1).to_numpy(), "the quantity is not positive"),
        ("consented", rows["consented"].is_null().to_numpy(), "consent is not known"),
    ):
        if wrong.any():
            raise InputError(problem, row=int(wrong.argmax()) + 1, field=field)
    total = rows["quantity"].cast(pl.Int128).sum()
    if total > MOST_TOTAL:
        raise InputError(f"the sum of the quantities is {total}; at most {MOST_TOTAL} are allowed", field="quantity")
