"""What merchants were paid, and a statement per merchant that foots: opening + taken - refunded - paid = closing."""

from __future__ import annotations

import pandas as pd

from oracle.report.ledger import Ledger
from oracle.report.period import Period
from oracle.units import date_of

COLUMNS = [
    "merchant",
    "payout",
    "from_date",
    "through_date",
    "points_milli",
    "amount_units",
    "transaction",
    "block",
    "log_index",
    "time_utc",
]

# What changes what is due to a merchant: event, name in the statement, sign, and its field for money.
_MOVEMENTS = (
    ("OrderRedeemed", "taken", 1, "value"),
    ("OrderRefunded", "refunded", -1, "value"),
    ("MerchantSettled", "paid", -1, "amount"),
)


def settlement(ledger: Ledger) -> pd.DataFrame:
    """A row per payout."""
    table = ledger.table("MerchantSettled").rename(columns={"pointsMilli": "points_milli", "amount": "amount_units"})
    for column, day in (("from_date", "fromDay"), ("through_date", "throughDay")):
        table[column] = pd.Series([date_of(number).isoformat() for number in table[day]], dtype="str")
    return table[COLUMNS]


def merchants(ledger: Ledger, period: Period) -> pd.DataFrame:
    """A row per admitted merchant: what was due before the period, what the period changed, what is due after it."""
    table = ledger.table("MerchantAdmitted")[["merchant", "sponsor", "transaction"]]
    movements = _movements(ledger)
    before = movements[movements["date"] < period.first.isoformat()]
    within = period.of(movements, "date")
    for unit in ("milli", "units"):
        opening = _sums(before, table, f"signed_{unit}")
        parts = {name: _sums(within[within["name"] == name], table, unit) for _, name, _, _ in _MOVEMENTS}
        table[f"opening_due_{unit}"] = opening
        for name, part in parts.items():
            table[f"{name}_{unit}"] = part
        table[f"closing_due_{unit}"] = opening + parts["taken"] - parts["refunded"] - parts["paid"]
    last = within.groupby("merchant")["transaction"].last().reindex(table["merchant"]).reset_index(drop=True)
    table["last_transaction"] = last.where(last.notna(), table["transaction"])
    return table.drop(columns="transaction")


def _movements(ledger: Ledger) -> pd.DataFrame:
    """merchant, name, milli, units, both also signed, date, transaction; in chain order."""
    parts = []
    for event, name, sign, money in _MOVEMENTS:
        part = ledger.table(event).rename(columns={"pointsMilli": "milli", money: "units"})
        part = part.assign(name=name, date=part["time_utc"].str[:10])
        part["units"] = part["units"].astype(object)  # money may be larger than int64
        part[["signed_milli", "signed_units"]] = part[["milli", "units"]] * sign
        parts.append(part)
    return pd.concat(parts, ignore_index=True).sort_values(["block", "log_index"], ignore_index=True)


def _sums(movements: pd.DataFrame, of: pd.DataFrame, column: str) -> pd.Series[int]:
    sums = movements.groupby("merchant")[column].sum()
    return sums.reindex(of["merchant"], fill_value=0).reset_index(drop=True)
