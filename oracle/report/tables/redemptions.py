"""Orders: who spent how many points where, what went back, and where each order stands."""

from __future__ import annotations

import pandas as pd

from oracle.ledger.redeem.order import number_text
from oracle.model.units import SECONDS_PER_DAY
from oracle.report.read.ledger import Ledger

COLUMNS = [
    "order_key",
    "order_number",
    "order_text",
    "citizen",
    "merchant",
    "time_utc",
    "points_milli",
    "value_units",
    "refunded_milli",
    "refunded_units",
    "phase",
    "terms",
    "transaction",
    "block",
    "log_index",
]


def redemptions(ledger: Ledger, last_final_day: int) -> pd.DataFrame:
    """A row per order.

    Args:
        last_final_day: Last day (number, UTC) whose orders can no longer be refunded, at the ledger's block.
    """
    table = ledger.table("OrderRedeemed").rename(columns=_NAMES)
    back = ledger.table("OrderRefunded").groupby("key")[["pointsMilli", "value"]].sum()
    back = back.reindex(table["order_key"], fill_value=0).reset_index(drop=True)
    table[["refunded_milli", "refunded_units"]] = back
    table["order_text"] = pd.Series(
        [number_text(bytes.fromhex(number[2:])) for number in table["order_number"]], dtype=object
    )
    days = pd.Series([ledger.times[block] // SECONDS_PER_DAY for block in table["block"]], dtype="int64")
    table["phase"] = pd.Series("held", index=table.index, dtype=object)
    table.loc[days <= last_final_day, "phase"] = "final"
    table.loc[table["refunded_milli"] == table["points_milli"], "phase"] = "refunded"
    return table[COLUMNS]


_NAMES = {"key": "order_key", "orderNumber": "order_number", "pointsMilli": "points_milli", "value": "value_units"}
