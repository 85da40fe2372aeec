"""Patterns that honest trade rarely makes, each with the values that show it. A flag proves nothing: it says where to look.

What is looked for: a citizen who orders faster than a person can; a merchant that takes the same amount from many accounts at once;
accounts that are emptied to one merchant on one day, as points bought up for cash are; a merchant that refunds much of what it takes;
refunds of orders that were final.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from oracle.config import FlagLimits
from oracle.model.units import SECONDS_PER_DAY
from oracle.report.read.ledger import NOBODY, Ledger, utc

COLUMNS = [
    "code",
    "party",
    "since_utc",
    "through_utc",
    "found",
    "threshold",
    "sentence",
    "sentence_zh",
    "values",
    "transaction",
]

SENTENCES = {
    "fast_citizen": ("More orders of one citizen within an hour than is plausible", "同一公众一小时内订单过多"),
    "same_amount": ("The same amount from many accounts within a minute", "一分钟内多个账户以相同积分下单"),
    "emptied_accounts": (
        "Many accounts spent all their points at one merchant on one day",
        "一天内多个账户在同一商户花光积分",
    ),
    "much_refunded": ("The merchant refunded a large share of its points", "商户退款占比过高"),
    "refunded_final": ("Many refunds of final orders", "订单终态后的退款过多"),
}


@dataclass(frozen=True)
class Flag:
    """One pattern that was found.

    Attributes:
        code: One of `SENTENCES`.
        party: The citizen or merchant.
        since, through: UTC seconds of the first and last event of it.
        found: The number that is too large.
        threshold: From which number on it is told.
        values: More of what shows it.
        transaction: The last transaction of it.
    """

    code: str
    party: str
    since: int
    through: int
    found: int
    threshold: int
    values: dict[str, int | str]
    transaction: str


def flags(ledger: Ledger, limits: FlagLimits) -> pd.DataFrame:
    """A row per flag."""
    orders = _timed(ledger, "OrderRedeemed")
    refunds = _timed(ledger, "OrderRefunded")
    found = [
        *_fast_citizens(orders, limits),
        *_same_amounts(orders, limits),
        *_emptied(orders, _balances_before(ledger), limits),
        *_much_refunded(orders, refunds, limits),
        *_refunded_final(orders, refunds, limits),
    ]
    return pd.DataFrame([_row(flag) for flag in found], columns=COLUMNS)


def _fast_citizens(orders: pd.DataFrame, limits: FlagLimits) -> Iterator[Flag]:
    for citizen, own in orders.groupby("citizen", sort=True):
        first, last, count = _busiest(own["seconds"].tolist(), own["key"].tolist(), 3600)
        if count >= limits.citizen_orders_an_hour:
            rows = own.iloc[first : last + 1]
            yield _flag("fast_citizen", str(citizen), rows, count, limits.citizen_orders_an_hour)


def _same_amounts(orders: pd.DataFrame, limits: FlagLimits) -> Iterator[Flag]:
    free = orders[
        orders["offer"].map(lambda offer: int(offer, 16) == 0).astype(bool)
    ]  # everybody pays an offer's one price
    for (merchant, milli), own in free.groupby(["merchant", "pointsMilli"], sort=True):
        first, last, count = _busiest(own["seconds"].tolist(), own["citizen"].tolist(), 60)
        if count >= limits.same_amount_accounts:
            rows = own.iloc[first : last + 1]
            yield _flag(
                "same_amount", str(merchant), rows, count, limits.same_amount_accounts, each_milli=int(str(milli))
            )


def _emptied(orders: pd.DataFrame, before: pd.Series[int], limits: FlagLimits) -> Iterator[Flag]:
    had = before.reindex(pd.MultiIndex.from_frame(orders[["transaction", "log_index"]])).tolist()
    percents = [100 * milli // balance for milli, balance in zip(orders["pointsMilli"].tolist(), had, strict=True)]
    much = [percent >= limits.emptied_percent for percent in percents]
    emptying = orders[pd.Series(much, index=orders.index, dtype=bool)]
    days = emptying["seconds"] // SECONDS_PER_DAY
    for (merchant, _), own in emptying.groupby([emptying["merchant"], days], sort=True):
        accounts = int(own["citizen"].nunique())
        if accounts >= limits.emptied_accounts:
            yield _flag("emptied_accounts", str(merchant), own, accounts, limits.emptied_accounts)


def _much_refunded(orders: pd.DataFrame, refunds: pd.DataFrame, limits: FlagLimits) -> Iterator[Flag]:
    back = refunds.groupby("merchant")["pointsMilli"].sum()
    for merchant, own in orders.groupby("merchant", sort=True):
        taken, given = int(own["pointsMilli"].sum()), int(back.get(merchant, 0))
        percent = 100 * given // taken
        if len(own) >= limits.refund_orders and percent >= limits.refund_percent:
            yield _flag("much_refunded", str(merchant), own, percent, limits.refund_percent, refunded_milli=given)


def _refunded_final(orders: pd.DataFrame, refunds: pd.DataFrame, limits: FlagLimits) -> Iterator[Flag]:
    days = orders.set_index("key")["seconds"] // SECONDS_PER_DAY
    taken = refunds["key"].map(days).astype("int64")
    netted = refunds[
        (refunds["dueDay"] != 0) & (refunds["seconds"] // SECONDS_PER_DAY > taken + limits.final_after_days)
    ]
    for merchant, own in netted.groupby("merchant", sort=True):
        if len(own) >= limits.final_refunds:
            yield _flag("refunded_final", str(merchant), own, len(own), limits.final_refunds)


def _busiest(times: Sequence[int], keys: Sequence[str], window: int) -> tuple[int, int, int]:
    """Of all windows of so many seconds the one with the most different keys: its first and last row, and how many."""
    inside: Counter[str] = Counter()
    first, best = 0, (0, 0, 0)
    for last, (time, key) in enumerate(zip(times, keys, strict=True)):
        inside[key] += 1
        while times[first] <= time - window:
            inside[keys[first]] -= 1
            if not inside[keys[first]]:
                del inside[keys[first]]
            first += 1
        if len(inside) > best[2]:
            best = (first, last, len(inside))
    return best


def _balances_before(ledger: Ledger) -> pd.Series[int]:
    """What a citizen had before an order, by the order's transaction and log; the Transfer stands right before it."""
    moved = ledger.table("Transfer")
    places = moved[["transaction", "log_index"]].assign(log_index=moved["log_index"] + 1)
    gains = pd.concat(
        [
            places.assign(account=moved["to"], change=moved["value"], order=range(len(moved))),
            places.assign(account=moved["from"], change=-moved["value"], order=range(len(moved))),
        ]
    )
    gains = gains[gains["account"] != NOBODY].sort_values("order", kind="stable")
    after = gains.groupby("account")["change"].cumsum()
    spent = gains["change"] < 0
    table = gains[spent].assign(before=(after - gains["change"])[spent])
    return table.set_index(["transaction", "log_index"])["before"]


def _timed(ledger: Ledger, name: str) -> pd.DataFrame:
    table = ledger.table(name)
    seconds = pd.Series([ledger.times[block] for block in table["block"]], index=table.index, dtype="int64")
    return table.assign(seconds=seconds)


def _flag(code: str, party: str, rows: pd.DataFrame, found: int, threshold: int, **more: int) -> Flag:
    values: dict[str, int | str] = {
        "orders": len(rows),
        "points_milli": int(rows["pointsMilli"].sum()),
        "citizens": int(rows["citizen"].nunique()),
        "merchants": int(rows["merchant"].nunique()),
        **more,
    }
    since, through = int(rows["seconds"].iloc[0]), int(rows["seconds"].iloc[-1])
    return Flag(code, party, since, through, found, threshold, values, str(rows["transaction"].iloc[-1]))


def _row(flag: Flag) -> list[Any]:
    english, chinese = SENTENCES[flag.code]
    values = json.dumps(flag.values, sort_keys=True)
    times = (utc(flag.since), utc(flag.through))
    return [flag.code, flag.party, *times, flag.found, flag.threshold, english, chinese, values, flag.transaction]
