"""A statement per account: every entry in chain order, with the balance after it. Accounts are pseudonyms; nothing says whose they are."""

from __future__ import annotations

from typing import Any

import pandas as pd

from oracle.model.units import date_of
from oracle.report.read.ledger import PLACE, Ledger, utc
from oracle.report.read.pages import Pages
from oracle.report.read.transfers import places, refund_places, transfers

COLUMNS = [
    "account",
    "kind",
    "act_date",
    "batch",
    "order_key",
    "reduction_mg",
    "points_in_milli",
    "points_out_milli",
    "balance_milli",
    "transaction",
    "block",
    "log_index",
    "time_utc",
]


def statements(ledger: Ledger, credits: pd.DataFrame, pages: Pages) -> pd.DataFrame:
    """Entries of every citizen's account.

    Kinds: credit (of an entry, or of a rest that a cap had left; in the book of whoever holds it);
    spend and refund (an order); move (the book went to another key: one entry out, one in); lower (the authority took back a
    reduction that rested on a revoked batch); expire (a year's points left the books). Points are those of the Transfer logs. Those of
    move and expire are computed from the pages: an expiry has no Transfer, and that of a move leaves out years that are over.
    `reduction_mg` is empty where the bundle of a credit is not here.
    """
    moved = transfers(ledger)
    entries = [
        _credits(ledger, credits),
        _spent(ledger, moved),
        _refunded(ledger, moved),
        *_moves(ledger, pages),
        _lowered(ledger),
        _expired(ledger, pages),
    ]
    table = pd.concat([_completed(part) for part in entries], ignore_index=True)
    table = table.sort_values(["account", "block", "log_index"], kind="stable", ignore_index=True)
    gained = table["points_in_milli"] - table["points_out_milli"]
    table["balance_milli"] = gained.groupby(table["account"]).cumsum()
    return table[COLUMNS]


def _completed(part: pd.DataFrame) -> pd.DataFrame:
    """An entry has nothing in the columns its kind does not speak of."""
    zeros = {name: 0 for name in ("points_in_milli", "points_out_milli") if name not in part}
    empty = {name: None for name in ("act_date", "batch", "order_key") if name not in part}
    part = part.assign(**zeros, **empty, **({} if "reduction_mg" in part else {"reduction_mg": 0}))
    kinds = dict.fromkeys(("points_in_milli", "points_out_milli", "block", "log_index"), "int64")
    texts = dict.fromkeys(("account", "kind", "act_date", "batch", "order_key", "transaction", "time_utc"), object)
    columns = [name for name in COLUMNS if name != "balance_milli"]
    return part[columns].astype({**kinds, **texts, "reduction_mg": "Int64"})


def _credits(ledger: Ledger, credits: pd.DataFrame) -> pd.DataFrame:
    table = credits.drop(columns="account").rename(columns={"holder": "account", "paid_milli": "points_in_milli"})
    dates = [date_of(day).isoformat() for day in table["day"]]
    times = [utc(ledger.times[block]) for block in table["block"]]
    return table.assign(kind="credit", act_date=dates, time_utc=times)


def _spent(ledger: Ledger, moved: pd.DataFrame) -> pd.DataFrame:
    orders = ledger.table("OrderRedeemed")[[*PLACE, "key", "citizen"]]
    orders["log_index"] -= 1  # the entry stands where its Transfer does
    values = moved.loc[moved["kind"] == "spend", ["transaction", "log_index", "value"]]
    found = orders.merge(values, on=["transaction", "log_index"], validate="one_to_one")
    named = {"key": "order_key", "citizen": "account", "value": "points_out_milli"}
    return found.rename(columns=named).assign(kind="spend")


def _refunded(ledger: Ledger, moved: pd.DataFrame) -> pd.DataFrame:
    """Refunds, to whoever has the book by then; those into years that are over bring nothing to the balance."""
    refunds = ledger.table("OrderRefunded")[[*PLACE, "key", "citizen"]]
    found = refund_places(ledger)
    refunds["log_index"] = [found[place][1] for place in places(refunds)]
    values = moved.loc[moved["kind"] == "refund", ["transaction", "log_index", "value", "to"]]
    refunds = refunds.merge(values, how="left", on=["transaction", "log_index"], validate="one_to_one")
    refunds["points_in_milli"] = refunds["value"].fillna(0).astype("int64")
    refunds["account"] = refunds["to"].fillna(refunds["citizen"])
    return refunds.rename(columns={"key": "order_key"}).assign(kind="refund")


def _moves(ledger: Ledger, pages: Pages) -> list[pd.DataFrame]:
    moves = ledger.table("AccountMoved")
    told = zip(moves["block"].tolist(), moves["log_index"].tolist(), strict=True)
    taken = pd.DataFrame([pages.moved[place] for place in told], columns=["points", "mg"]).astype("int64")
    return [
        moves.assign(account=moves["from"], points_out_milli=taken["points"], reduction_mg=-taken["mg"], kind="move"),
        moves.assign(account=moves["to"], points_in_milli=taken["points"], reduction_mg=taken["mg"], kind="move"),
    ]


def _lowered(ledger: Ledger) -> pd.DataFrame:
    """Lowered reductions with their batch: that of the next `ReductionRevoked` of the transaction, which may lower several accounts."""
    lowered = ledger.table("ReductionLowered")
    revoked = ledger.table("ReductionRevoked")[["transaction", "log_index", "batch"]]
    found = pd.merge_asof(
        lowered.sort_values("log_index"),
        revoked.sort_values("log_index"),
        on="log_index",
        by="transaction",
        direction="forward",
    )
    return found.assign(reduction_mg=-found["reductionMg"], kind="lower")


def _expired(ledger: Ledger, pages: Pages) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for event in ledger.table("YearExpired").to_dict("records"):
        for account, points_milli in pages.expired[event["block"], event["log_index"]]:
            rows.append({name: event[name] for name in PLACE} | {"account": account, "points_out_milli": points_milli})
    return pd.DataFrame(rows, columns=[*PLACE, "account", "points_out_milli"]).assign(kind="expire")
