"""Transfers of points, each with what it was. The contracts tell the reason right beside it: an order after, a refund and a move before."""

from __future__ import annotations

import pandas as pd

from oracle.model.errors import VerificationFailed
from oracle.report.read.ledger import NOBODY, Ledger

# Kind of a Transfer by the event that stands next to it, and at which distance of log indices.
BESIDE = {"OrderRedeemed": ("spend", 1), "OrderRefunded": ("refund", -1), "AccountMoved": ("move", -1)}


def transfers(ledger: Ledger) -> pd.DataFrame:
    """Every Transfer with `kind`: credit, spend, refund, move, or settle (burned for payment).

    Raises:
        VerificationFailed: A Transfer has none of these reasons.
    """
    table = ledger.table("Transfer")
    kinds = {
        (transaction, index - distance): kind
        for name, (kind, distance) in BESIDE.items()
        for transaction, index in _places(ledger.table(name))
    }
    table["kind"] = pd.Series([kinds.get(place) for place in _places(table)], dtype=object)
    table.loc[table["from"] == NOBODY, "kind"] = "credit"
    table.loc[table["to"] == NOBODY, "kind"] = "settle"
    unknown = table[table["kind"].isna()]
    if len(unknown):
        first = unknown.iloc[0]
        raise VerificationFailed(
            f"{len(unknown)} transfers of points are no credit, order, refund, move or settlement; the first is in transaction "
            f"{first['transaction']}, log {first['log_index']}."
        )
    return table


def _places(table: pd.DataFrame) -> list[tuple[str, int]]:
    return list(zip(table["transaction"].tolist(), table["log_index"].tolist(), strict=True))
