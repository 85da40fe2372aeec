"""Credits: which account got how much out of which chunk of which batch.

A chunk's event says its first index and how many entries were new. Entries are credited once and in order, so these are the first so many
entries from that index on that were not credited before. What an entry brought is its quantity times the factor, rounded down, unless a
`ReductionCapped` of the same chunk says less; its points are a Transfer of the same chunk, or none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd

from oracle.model.units import points_milli_down, reduction_mg_down, year_of
from oracle.report.read.holdings import Bundled
from oracle.report.read.ledger import NOBODY, Ledger

COLUMNS = [
    "batch",
    "account",
    "day",
    "year",
    "quantity",
    "reduction_mg",
    "points_milli",
    "paid_milli",
    "transaction",
    "block",
    "log_index",
]


def credits(ledger: Ledger, bundles: Mapping[str, Bundled], growth_only: Collection[str] = ()) -> pd.DataFrame:
    """One row per credited entry, in chain order.

    Args:
        growth_only: Batches whose methodology earns no points.

    Returns:
        batch, account, day, year; `quantity`, `reduction_mg` and `points_milli` as the bundle gives them, empty where the bundle is not
        here or does not have the account; `paid_milli`, the points of its Transfer; transaction, block, log_index (of its Transfer, else
        of its chunk).
    """
    chunks = _chunks(ledger)
    entries = _entries(chunks, bundles)
    moved = ledger.table("Transfer")
    mints = _in_chunk(moved[moved["from"] == NOBODY], chunks)
    mints = mints.rename(columns={"to": "account", "value": "paid_milli", "log_index": "own_index"})
    caps = _in_chunk(ledger.table("ReductionCapped"), chunks).rename(columns={"creditedMg": "capped_mg"})
    keys = ["chunk", "account"]
    table = entries.merge(mints[[*keys, "paid_milli", "own_index"]], how="outer", on=keys)
    table = table.merge(caps[[*keys, "capped_mg"]], how="left", on=keys)
    table["reduction_mg"] = table["capped_mg"].fillna(table["asked_mg"])
    table = table.merge(chunks, on="chunk", validate="many_to_one")
    table["points_milli"] = _points(table, growth_only)
    table["paid_milli"] = table["paid_milli"].fillna(0).astype("int64")
    table["log_index"] = table["own_index"].fillna(table["log_index"]).astype("int64")
    return table.sort_values(["chunk", "log_index"], ignore_index=True)[COLUMNS]


def _chunks(ledger: Ledger) -> pd.DataFrame:
    chunks = ledger.table("ChunkCredited").rename_axis("chunk").reset_index()
    chunks = chunks.merge(ledger.batches[["batch", "day"]], on="batch", validate="many_to_one")
    chunks["year"] = pd.Series([year_of(day) for day in chunks["day"]], dtype="int64")
    return chunks[["chunk", "batch", "day", "year", "firstIndex", "accounts", "transaction", "block", "log_index"]]


def _entries(chunks: pd.DataFrame, bundles: Mapping[str, Bundled]) -> pd.DataFrame:
    """chunk, account, quantity, asked_mg of what each chunk credited."""
    parts = [
        _taken(group, bundles[str(batch)]) for batch, group in chunks.groupby("batch", sort=False) if batch in bundles
    ]
    return pd.concat([_entry_rows([], [], [], []), *parts], ignore_index=True)


def _taken(chunks: pd.DataFrame, bundle: Bundled) -> pd.DataFrame:
    fresh = np.ones(len(bundle.accounts), dtype=np.bool_)
    positions: list[int] = []
    numbers: list[int] = []
    for chunk, first, count in zip(chunks["chunk"], chunks["firstIndex"], chunks["accounts"], strict=True):
        taken = first + np.flatnonzero(fresh[first:])[:count]
        fresh[taken] = False
        positions.extend(taken.tolist())
        numbers.extend([int(chunk)] * len(taken))
    rows = bundle.accounts.iloc[positions]
    quantities = rows["quantity"].tolist()
    asked = [reduction_mg_down(quantity, bundle.factor_ug) for quantity in quantities]
    return _entry_rows(numbers, rows["account"].tolist(), quantities, asked)


def _entry_rows(chunks: list[int], accounts: list[str], quantities: list[int], asked: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "chunk": pd.Series(chunks, dtype="int64"),
            "account": pd.Series(accounts, dtype="str"),
            "quantity": _nullable(quantities),
            "asked_mg": _nullable(asked),
        }
    )


def _in_chunk(events: pd.DataFrame, chunks: pd.DataFrame) -> pd.DataFrame:
    """Events with the chunk they belong to: the first chunk of their transaction that is told after them."""
    ends = chunks[["transaction", "log_index", "chunk"]].rename(columns={"log_index": "end"}).sort_values("end")
    found = pd.merge_asof(
        events.sort_values("log_index"),
        ends,
        left_on="log_index",
        right_on="end",
        by="transaction",
        direction="forward",
    )
    return found.astype({"chunk": "int64"}).astype({name: "Int64" for name in _AMOUNTS if name in found.columns})


_AMOUNTS = ("value", "log_index", "creditedMg")


def _points(table: pd.DataFrame, growth_only: Collection[str]) -> pd.Series[int]:
    pairs: Iterator[tuple[object, str]] = zip(table["reduction_mg"].tolist(), table["batch"].tolist(), strict=True)
    return _nullable(
        [
            None if not isinstance(mg, int) else 0 if batch in growth_only else points_milli_down(mg)
            for mg, batch in pairs
        ]
    )


def _nullable(values: list[int] | list[int | None]) -> pd.Series[int]:
    return pd.Series(values, dtype="Int64")
