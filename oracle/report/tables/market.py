"""The market: asks, trades, prices of the day, and what became of the proceeds."""

from __future__ import annotations

from collections import Counter, defaultdict

import pandas as pd

from oracle.edge.chain.client import Event
from oracle.model.units import MG_PER_TONNE, date_of
from oracle.report.read.claims import SecondFlow
from oracle.report.read.ledger import NOBODY, Ledger, utc
from oracle.report.tables.claims import place, table

WHOLE_BPS = 10_000
ASKS = [
    "ask",
    "series",
    "kind",
    "seller",
    "seller_name",
    "price_units_per_t",
    "listed_mg",
    "left_mg",
    "opens_at",
    "expiry_date",
    "only_buyer",
    "cancelled",
    "block",
    "transaction",
    "log_index",
]
TRADES = [
    "time_utc",
    "ask",
    "series",
    "kind",
    "buyer",
    "buyer_name",
    "mg",
    "price_units_per_t",
    "cost_units",
    "fee_units",
    "block",
    "transaction",
    "log_index",
]
PRICES = ["series", "day", "trades", "volume_mg", "vwap_units_per_t", "low_units_per_t", "high_units_per_t"]
PROCEEDS = [
    "series",
    "gross_units",
    "fee_units",
    "citizens_units",
    "operator_units",
    "fee_paid_units",
    "citizens_paid_units",
    "operator_paid_units",
    "rounds",
    "pot_units",
    "shares_paid_units",
    "last_transaction",
]


def asks(ledger: Ledger, flow: SecondFlow) -> pd.DataFrame:
    """A row per ask, in the order of their numbers."""
    cancelled = {event.values["ask"] for event in ledger.events["AskCancelled"]}
    rows = []
    for event in ledger.events["Listed"]:
        number, terms = event.values["ask"], event.values["terms"]
        rows.append(
            {
                "ask": number,
                "series": event.values["series"],
                "kind": "resale" if terms.resale else "primary",
                "seller": terms.seller,
                "seller_name": flow.names.get(terms.seller),
                "price_units_per_t": terms.price,
                "listed_mg": terms.leftMg,
                "left_mg": flow.asks[number].left_mg,
                "opens_at": utc(terms.opensHour * 3_600),
                "expiry_date": date_of(terms.expiryDay).isoformat(),
                "only_buyer": None if terms.onlyBuyer == NOBODY else terms.onlyBuyer,
                "cancelled": "yes" if number in cancelled else "no",
                **place(event),
            }
        )
    return table(rows, ASKS)


def trades(ledger: Ledger, flow: SecondFlow) -> pd.DataFrame:
    """A row per fill. The fee of a primary sale is what the series' cumulative fee grew by."""
    resold = defaultdict(list)
    for event in ledger.events["Resold"]:
        resold[event.transaction, event.values["ask"]].append(event)
    gross: Counter[int] = Counter()
    rows = []
    for event in ledger.events["Filled"]:
        values = event.values
        series, ask = values["series"], flow.asks[values["ask"]]
        if ask.resale:
            fee = resold[event.transaction, values["ask"]].pop(0).values["fee"]
        else:
            before, gross[series] = gross[series], gross[series] + values["cost"]
            bps = flow.series[series].terms.fee_bps
            fee = gross[series] * bps // WHOLE_BPS - before * bps // WHOLE_BPS
        rows.append(
            {
                "time_utc": utc(ledger.times[event.block]),
                "ask": values["ask"],
                "series": series,
                "kind": "resale" if ask.resale else "primary",
                "buyer": values["buyer"],
                "buyer_name": flow.names.get(values["buyer"]),
                "mg": values["mg"],
                "price_units_per_t": ask.price,
                "cost_units": values["cost"],
                "fee_units": fee,
                **place(event),
            }
        )
    return table(rows, TRADES)


def prices(sold: pd.DataFrame) -> pd.DataFrame:
    """Primary sales by series and day (UTC); the mean is weighted by volume and rounded down.

    Args:
        sold: `trades`.
    """
    primary = sold[sold["kind"] == "primary"]
    rows = []
    for (series, day), of in primary.groupby(["series", primary["time_utc"].str[:10]]):
        volume, cost = sum(of["mg"]), sum(of["cost_units"])
        rows.append(
            {
                "series": series,
                "day": day,
                "trades": len(of),
                "volume_mg": volume,
                "vwap_units_per_t": cost * MG_PER_TONNE // volume,
                "low_units_per_t": min(of["price_units_per_t"]),
                "high_units_per_t": max(of["price_units_per_t"]),
            }
        )
    return table(rows, PRICES)


def proceeds(ledger: Ledger, flow: SecondFlow) -> pd.DataFrame:
    """A row per series: gross = fee + citizens + operator, what of each was paid, and what citizens have had of theirs."""
    last = _last(ledger)
    rows = [
        {
            "series": number,
            "gross_units": of.stock.gross,
            "fee_units": of.due.fee,
            "citizens_units": of.due.citizens,
            "operator_units": of.due.operator,
            "fee_paid_units": of.paid.fee,
            "citizens_paid_units": of.paid.citizens,
            "operator_paid_units": of.paid.operator,
            "rounds": of.head.rounds,
            "pot_units": of.pots[-1],
            "shares_paid_units": of.head.paid_out,
            "last_transaction": last[number].transaction,
        }
        for number, of in flow.series.items()
    ]
    return table(rows, PROCEEDS)


def _last(ledger: Ledger) -> dict[int, Event]:
    """The newest event that moved money of a series, or its issue."""
    names = ("SeriesIssued", "Filled", "Drawn", "RoundOpened", "SharesPaid", "ScatteredSharesPaid", "Swept")
    told = sorted(
        (event for name in names for event in ledger.events[name]), key=lambda event: (event.block, event.index)
    )
    return {event.values["series"]: event for event in told}
