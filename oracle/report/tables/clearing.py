"""Clearing: everything that changes what merchants are due and what operators have free, and statements of it that foot.

A statement of a period says opening + in - out = closing, in points and in money, for each merchant and operator; nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from oracle.report.read.ledger import Ledger
from oracle.report.tables.period import Period

ENTRY_COLUMNS = ["party", "kind", "points_milli", "amount_units", "order_key", "transaction", "block", "log_index"]
COLUMNS = [*ENTRY_COLUMNS, "time_utc"]


@dataclass(frozen=True)
class Account:
    """A balance that a statement is about: which kinds of entries raise and lower it.

    Attributes:
        name: Of the balance, in the columns of the statement.
        signs: By kind of entry, +1 or -1.
    """

    name: str
    signs: Mapping[str, int]

    def foots(self, totals: Mapping[str, int]) -> bool:
        """Whether opening + in - out = closing, in every unit that the totals are in, added up anew."""
        suffixes = [suffix for suffix in ("milli", "units") if f"opening_{self.name}_{suffix}" in totals]
        return all(
            totals[f"opening_{self.name}_{suffix}"]
            + sum(sign * totals[f"{kind}_{suffix}"] for kind, sign in self.signs.items())
            == totals[f"closing_{self.name}_{suffix}"]
            for suffix in suffixes
        )


# What a merchant is due; and what waits in its disputes.
DUE = Account("due", {"taken": 1, "refunded": -1, "disputed": -1, "kept": 1, "paid": -1})
DISPUTED = Account("disputed", {"disputed": 1, "kept": -1, "given_back": -1})
# What stands behind no points yet.
FREE = Account("free", {"deposited": 1, "withdrawn": -1, "locked": -1, "unlocked": 1, "released": 1})

# Event, kind, and its fields for party, points and money.
_MERCHANT_EVENTS = (
    ("OrderRedeemed", "taken", "pointsMilli", "value"),
    ("OrderRefunded", "refunded", "pointsMilli", "value"),
    ("OrderDisputed", "disputed", "pointsMilli", "value"),
    ("DisputeEnded", "kept", "keptMilli", "keptValue"),
    ("MerchantSettled", "paid", "pointsMilli", "amount"),
)
_OPERATOR_EVENTS = (
    ("ReserveDeposited", "deposited"),
    ("ReserveWithdrawn", "withdrawn"),
    ("ReserveLocked", "locked"),
    ("ReserveUnlocked", "unlocked"),
    ("ReserveReleased", "released"),
)


def merchant_entries(ledger: Ledger) -> pd.DataFrame:
    """An entry per order, refund, dispute, decision and payout, in chain order. A refund out of a dispute is `given_back`."""
    parts = []
    for event, kind, milli, money in _MERCHANT_EVENTS:
        part = ledger.table(event).rename(
            columns={"merchant": "party", milli: "points_milli", money: "amount_units", "key": "order_key"}
        )
        part["kind"] = pd.Series(kind, index=part.index, dtype=object)
        if event == "OrderRefunded":
            part.loc[part["dueDay"] == 0, "kind"] = "given_back"
        parts.append(_columned(part))
    return _ordered(parts)


def operator_entries(ledger: Ledger) -> pd.DataFrame:
    """An entry per deposit, withdrawal, lock, unlock and release of an operator's reserve, in chain order."""
    renamed = {"operator": "party", "pointsMilli": "points_milli", "amount": "amount_units"}
    return _ordered(
        [_columned(ledger.table(event).rename(columns=renamed).assign(kind=kind)) for event, kind in _OPERATOR_EVENTS]
    )


def statement(
    entries: pd.DataFrame, parties: Sequence[str], account: Account, period: Period, unit: str
) -> pd.DataFrame:
    """One balance of each party over a period: opening, each kind's sum, closing.

    Args:
        entries: As `merchant_entries` gives them.
        parties: Who has a statement, in this order; somebody without entries has zeros.
        unit: `points_milli` or `amount_units`: what is summed.
    """
    suffix = unit.rsplit("_", 1)[1]
    own = entries[entries["kind"].isin(list(account.signs))]
    days = own["time_utc"].str[:10]
    before = own[days < period.first.isoformat()]
    within = own[(days >= period.first.isoformat()) & (days <= period.last.isoformat())]
    opening = _of(_signed(before, account, unit), parties)
    made: dict[str, list[int]] = {f"opening_{account.name}_{suffix}": opening}
    for kind in account.signs:
        rows = within[within["kind"] == kind]
        made[f"{kind}_{suffix}"] = _of(rows.groupby("party")[unit].sum(), parties)
    changes = _of(_signed(within, account, unit), parties)
    made[f"closing_{account.name}_{suffix}"] = [was + change for was, change in zip(opening, changes, strict=True)]
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in made.items()})


def misfooted(table: pd.DataFrame, account: Account, suffix: str) -> int:
    """How many rows of a statement do not foot, added up anew from its own columns."""
    total = table[f"opening_{account.name}_{suffix}"]
    for kind, sign in account.signs.items():
        total = total + sign * table[f"{kind}_{suffix}"]
    return int((total != table[f"closing_{account.name}_{suffix}"]).sum())


def _signed(entries: pd.DataFrame, account: Account, unit: str) -> pd.Series[int]:
    signs = entries["kind"].map(dict(account.signs)).astype(object)
    return (entries[unit] * signs).groupby(entries["party"]).sum()


def _of(sums: pd.Series[int], parties: Sequence[str]) -> list[int]:
    by_party = {str(party): int(value) for party, value in sums.items()}
    return [by_party.get(party, 0) for party in parties]


def _columned(part: pd.DataFrame) -> pd.DataFrame:
    """The columns of an entry; money as Python integers, since it may be larger than int64."""
    part = part.reindex(columns=COLUMNS)
    points = part["points_milli"].fillna(0).astype("int64")
    return part.assign(points_milli=points, order_key=part["order_key"].astype(object)).astype({"amount_units": object})


def _ordered(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([part for part in parts if len(part)] or list(parts), ignore_index=True)
    return table.sort_values(["block", "log_index"], ignore_index=True)
