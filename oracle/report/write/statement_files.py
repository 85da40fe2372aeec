"""Statements of merchants and operators as files: a CSV of the entries and a page, for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.settlement_token import SettlementToken
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
from oracle.report.tables.schema import Schema
from oracle.report.write.csvfile import csv_bytes
from oracle.report.write.statement_page import Sheet, page

CSV_COLUMNS = [
    "party",
    "kind",
    "points_milli",
    "amount_units",
    "balance_milli",
    "balance_units",
    "order_key",
    "transaction",
    "block",
    "log_index",
    "time_utc",
]


@dataclass(frozen=True)
class Statement:
    """One party's statement of a period.

    Attributes:
        party: Its account.
        role: merchant or operator.
        totals: Opening, sums and closing, by column name.
        csv: The entries.
        html: The page.
    """

    party: str
    role: str
    totals: Mapping[str, int]
    csv: bytes
    html: str


def statements(
    chain: Chain, ledger: Ledger, period: Period, names: Mapping[str, str], only: str | None = None
) -> Iterator[Statement]:
    """The statement of every merchant and operator.

    Args:
        names: Names of merchants that are known, by account.
        only: The one account whose statements are wanted.
    """
    token = SettlementToken(chain).symbol(), SettlementToken(chain).decimals()
    groups = (
        ("merchant", ledger.table("MerchantAdmitted")["merchant"], merchant_entries(ledger), (DUE, DISPUTED)),
        ("operator", ledger.table("OperatorLicensed")["operator"], operator_entries(ledger), (FREE,)),
    )
    for role, parties, entries, accounts in groups:
        for party in [each for each in parties.tolist() if only in (None, each)]:
            own = with_balances(entries[entries["party"] == party], accounts[0])
            totals = totals_of(own, party, accounts, period)
            within = period.of(own, "time_utc")
            sheet = Sheet(
                title=names.get(party, party),
                party=party,
                period=(period.first.isoformat(), period.last.isoformat()),
                block=(ledger.block.number, ledger.block.hash),
                token=token,
                balances=[(account, _lines(account, totals, role)) for account in accounts],
                entries=list(within[list(_PAGE_COLUMNS)].itertuples(index=False, name=None)),
            )
            yield Statement(party, role, totals, csv_bytes(within[CSV_COLUMNS], _schema()), page(sheet))


def with_balances(entries: pd.DataFrame, account: Account) -> pd.DataFrame:
    """One party's entries in chain order with the balance after each."""
    signs = entries["kind"].map(dict(account.signs)).fillna(0).astype("int64").astype(object)
    return entries.assign(
        balance_milli=(entries["points_milli"] * signs).cumsum().astype("int64"),
        balance_units=pd.Series((entries["amount_units"] * signs).tolist(), index=entries.index, dtype=object).cumsum(),
    )


def totals_of(entries: pd.DataFrame, party: str, accounts: tuple[Account, ...], period: Period) -> dict[str, int]:
    """Opening, sums by kind and closing of a party, in points and in money; a reserve is money only."""
    totals: dict[str, int] = {}
    for account in accounts:
        units = ("amount_units",) if account is FREE else ("points_milli", "amount_units")
        for unit in units:
            row = statement(entries, [party], account, period, unit).iloc[0]
            totals |= {str(name): int(value) for name, value in row.items()}
    return totals


_PAGE_COLUMNS = ("time_utc", "kind", "points_milli", "amount_units", "balance_units", "transaction")


def _lines(account: Account, totals: Mapping[str, int], role: str) -> list[tuple[str, int | None, int]]:
    ends = {"opening": f"opening_{account.name}", "closing": f"closing_{account.name}"}
    names = ["opening", *account.signs, "closing"]
    columns = [(name, ends.get(name, name)) for name in names]
    return [
        (name, totals[f"{column}_milli"] if role == "merchant" else None, totals[f"{column}_units"])
        for name, column in columns
    ]


def _schema() -> Schema:
    return Schema.load("clearing_entries")
