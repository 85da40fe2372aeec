"""Credits: which account got how much out of which chunk of which batch, and to whose book it went.

A chunk's event says its first index and how many entries were new. Entries are credited once and in order, so these are the first so many
entries from that index on that were not credited before. What an entry brought is its quantity times the factor, rounded down, unless an
`EntryCapped` or a `ReductionCapped` of the same chunk says less; its points are a Transfer of the same chunk, or none. What the account's
day had no room for comes later, as a rest. A credit for an account whose book moved goes to who holds the book: `CreditFollowed`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pandas as pd

from oracle.model.units import points_milli_down, reduction_mg_down, year_of
from oracle.report.read.holdings import Bundled
from oracle.report.read.ledger import NOBODY, Ledger
from oracle.report.read.rests import CreditedRest, Rests

COLUMNS = [
    "batch",
    "index",
    "account",
    "holder",
    "day",
    "year",
    "rest",
    "quantity",
    "consented",
    "reduction_mg",
    "points_milli",
    "paid_milli",
    "transaction",
    "block",
    "log_index",
]

_ENTRY = {
    "group": "int64",
    "index": "Int64",
    "account": "str",
    "rest": "bool",
    "quantity": "Int64",
    "consented": "boolean",
    "asked_mg": "Int64",
}


def credits(
    ledger: Ledger, bundles: Mapping[str, Bundled], rests: Rests, growth_only: Collection[str] = ()
) -> pd.DataFrame:
    """One row per credited entry and per credited rest, in chain order.

    Args:
        growth_only: Batches whose methodology earns no points.

    Returns:
        batch, index, account; `holder`, whose book it went to; day, year; `rest`, whether it is a rest; `quantity` (0 for a rest),
        `consented`, `reduction_mg` and `points_milli` as the bundle gives them, empty where the bundle is not here or does not have the
        account; `paid_milli`, the points of its Transfer; transaction, block, log_index (of its Transfer, else of its chunk).
    """
    groups = _groups(ledger)
    entries = pd.concat([_entries(ledger, groups, bundles), _rests(groups, bundles, rests)], ignore_index=True)
    keys = ["group", "account"]
    table = entries.merge(_payments(ledger, groups), how="outer", on=keys)
    table = table.merge(groups, on="group", validate="many_to_one")
    table["holder"] = table["holder"].fillna(table["account"])
    table["rest"] = table["rest"].astype("boolean").fillna(False).astype("bool")
    table["reduction_mg"] = table["asked_mg"]
    table["points_milli"] = _points(table, growth_only)
    table["paid_milli"] = table["paid_milli"].fillna(0).astype("int64")
    table["log_index"] = table["own_index"].fillna(table["log_index"]).astype("int64")
    return table.sort_values(["group", "log_index"], ignore_index=True)[COLUMNS]


def _groups(ledger: Ledger) -> pd.DataFrame:
    """Chunks, and rests that were credited together, in chain order."""
    chunks, rests = ledger.table("ChunkCredited"), ledger.table("RestsCredited")
    groups = pd.concat([chunks, rests.assign(firstIndex=0, accounts=0)], ignore_index=True)
    groups = groups.sort_values(["block", "log_index"], ignore_index=True).rename_axis("group").reset_index()
    groups = groups.merge(ledger.batches[["batch", "day"]], on="batch", validate="many_to_one")
    groups["year"] = pd.Series([year_of(day) for day in groups["day"]], dtype="int64")
    columns = ["group", "batch", "day", "year", "firstIndex", "accounts", "transaction", "block", "log_index"]
    return groups[columns].sort_values("group", ignore_index=True)


def _entries(ledger: Ledger, groups: pd.DataFrame, bundles: Mapping[str, Bundled]) -> pd.DataFrame:
    """`_ENTRY` of what each chunk credited, cut by both caps."""
    parts = [
        _taken(chunks, bundles[str(batch)])
        for batch, chunks in groups[groups["accounts"] > 0].groupby("batch", sort=False)
        if batch in bundles
    ]
    entries = pd.concat([_frame([]), *parts], ignore_index=True)
    capped = _in_group(ledger.table("EntryCapped"), groups)[["group", "index", "cappedMg"]]
    entries = entries.merge(capped.astype({"index": "Int64", "cappedMg": "Int64"}), how="left", on=["group", "index"])
    cut = _in_group(ledger.table("ReductionCapped"), groups)[["group", "account", "creditedMg"]]
    entries = entries.merge(cut.astype({"creditedMg": "Int64"}), how="left", on=["group", "account"])
    asked = entries["cappedMg"].fillna(entries["asked_mg"])
    entries["asked_mg"] = entries["creditedMg"].fillna(asked)
    return entries[list(_ENTRY)].astype(_ENTRY)


def _taken(chunks: pd.DataFrame, bundle: Bundled) -> pd.DataFrame:
    fresh = np.ones(len(bundle.accounts), dtype=np.bool_)
    positions: list[int] = []
    numbers: list[int] = []
    for group, first, count in zip(chunks["group"], chunks["firstIndex"], chunks["accounts"], strict=True):
        taken = first + np.flatnonzero(fresh[first:])[:count]
        fresh[taken] = False
        positions.extend(taken.tolist())
        numbers.extend([int(group)] * len(taken))
    rows = bundle.accounts.iloc[positions]
    asked = [reduction_mg_down(quantity, bundle.factor_ug) for quantity in rows["quantity"].tolist()]
    columns = (rows[name].tolist() for name in ("account", "quantity", "consented"))
    return _frame(
        (group, index, account, False, quantity, consented, mg)
        for group, index, account, quantity, consented, mg in zip(numbers, positions, *columns, asked, strict=True)
    )


def _rests(groups: pd.DataFrame, bundles: Mapping[str, Bundled], rests: Rests) -> pd.DataFrame:
    """`_ENTRY` of credited rests; those that got nothing are left out."""
    numbers = dict(zip(zip(groups["block"], groups["log_index"], strict=True), groups["group"], strict=True))

    def row(rest: CreditedRest) -> tuple[object, ...]:
        bundle = bundles.get(rest.batch)
        consented = None if bundle is None else bool(bundle.accounts["consented"].iloc[rest.index])
        return numbers[rest.place], rest.index, rest.account, True, 0, consented, rest.reduction_mg

    return _frame(row(rest) for rest in rests.credited if rest.reduction_mg)


def _payments(ledger: Ledger, groups: pd.DataFrame) -> pd.DataFrame:
    """group, account, holder, paid_milli, own_index of what a Transfer or a `CreditFollowed` tells."""
    followed = _in_group(ledger.table("CreditFollowed"), groups).rename(columns={"pointsMilli": "paid_milli"})
    followed["own_index"] = followed["log_index"] + (followed["paid_milli"] > 0).astype("int64")
    mints = ledger.table("Transfer")
    mints = _in_group(mints[mints["from"] == NOBODY], groups)
    places = set(zip(followed["transaction"], followed["own_index"], strict=True))
    own = [place not in places for place in zip(mints["transaction"], mints["log_index"], strict=True)]
    mints = mints[pd.Series(own, index=mints.index, dtype="bool")]
    mints = mints.assign(
        account=mints["to"], holder=mints["to"], paid_milli=mints["value"], own_index=mints["log_index"]
    )
    columns = ["group", "account", "holder", "paid_milli", "own_index"]
    found = pd.concat([followed[columns], mints[columns]], ignore_index=True)
    return found.astype(
        {"group": "int64", "account": "str", "holder": "str", "paid_milli": "Int64", "own_index": "Int64"}
    )


def _in_group(events: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Events with the group they belong to: the first of their transaction that is told after them."""
    ends = groups[["transaction", "log_index", "group"]].rename(columns={"log_index": "end"}).sort_values("end")
    found = pd.merge_asof(
        events.sort_values("log_index"),
        ends,
        left_on="log_index",
        right_on="end",
        by="transaction",
        direction="forward",
    )
    return found.astype({"group": "int64"})


def _frame(rows: Iterable[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(_ENTRY)).astype(_ENTRY)


def _points(table: pd.DataFrame, growth_only: Collection[str]) -> pd.Series[int]:
    pairs = zip(table["reduction_mg"].tolist(), table["batch"].tolist(), strict=True)
    points = [
        None if not isinstance(mg, int) else 0 if batch in growth_only else points_milli_down(mg) for mg, batch in pairs
    ]
    return pd.Series(points, dtype="Int64")
