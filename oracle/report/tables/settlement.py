"""What merchants were paid, and statements of merchants and operators that foot."""

from __future__ import annotations

import pandas as pd

from oracle.model.units import date_of
from oracle.report.read.ledger import Ledger
from oracle.report.tables.clearing import (
    DISPUTED,
    DUE,
    FREE,
    Account,
    merchant_entries,
    operator_entries,
    statement,
)
from oracle.report.tables.period import Period

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


def settlement(ledger: Ledger) -> pd.DataFrame:
    """A row per payout."""
    table = ledger.table("MerchantSettled").rename(columns={"pointsMilli": "points_milli", "amount": "amount_units"})
    for column, day in (("from_date", "fromDay"), ("through_date", "throughDay")):
        table[column] = pd.Series([date_of(number).isoformat() for number in table[day]], dtype="str")
    return table[COLUMNS]


def merchants(ledger: Ledger, period: Period) -> pd.DataFrame:
    """A row per admitted merchant: what was due and disputed before the period, what the period changed, what is after it."""
    admitted = ledger.table("MerchantAdmitted")[["merchant", "sponsor", "transaction"]]
    entries = merchant_entries(ledger)
    table = admitted[["merchant", "sponsor"]]
    for unit in ("points_milli", "amount_units"):
        for account in (DUE, DISPUTED):
            made = statement(entries, admitted["merchant"].tolist(), account, period, unit)
            table = table.join(made[[name for name in made.columns if name not in table.columns]])
    return table.assign(last_transaction=_last(entries, admitted["merchant"], admitted["transaction"], period))


def operators(ledger: Ledger, period: Period) -> pd.DataFrame:
    """A row per licensed operator: its free reserve before the period, what changed it, and after it."""
    licensed = ledger.table("OperatorLicensed")[["operator", "transaction"]]
    entries = operator_entries(ledger)
    table = licensed[["operator"]].join(statement(entries, licensed["operator"].tolist(), FREE, period, "amount_units"))
    return table.assign(last_transaction=_last(entries, licensed["operator"], licensed["transaction"], period))


def accounts_of(table: str) -> tuple[Account, ...]:
    """The balances that a statement table is about."""
    return (FREE,) if table == "operators" else (DUE, DISPUTED)


def _last(entries: pd.DataFrame, parties: pd.Series[str], otherwise: pd.Series[str], period: Period) -> pd.Series[str]:
    """The last transaction of each party in the period; that of its admission if there is none."""
    found = period.of(entries, "time_utc").groupby("party")["transaction"].last()
    last = [found.get(party, first) for party, first in zip(parties, otherwise, strict=True)]
    return pd.Series(last, dtype="str")
