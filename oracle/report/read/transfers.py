"""Transfers of points, each with what it was. The contracts tell the reason beside it: an order after, a refund and a move before."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from oracle.model.errors import VerificationFailed
from oracle.report.read.ledger import NOBODY, Ledger

Place = tuple[str, int]  # transaction and log index


def transfers(ledger: Ledger) -> pd.DataFrame:
    """Every Transfer with `kind`: credit, spend, refund, refund_expired (points of a page whose year was over), move, or settle (burned
    for payment).

    Raises:
        VerificationFailed: A Transfer has none of these reasons.
    """
    table = ledger.table("Transfer")
    orders = {(transaction, index - 1): "spend" for transaction, index in places(ledger.table("OrderRedeemed"))}
    moves = {(transaction, index + 1): "move" for transaction, index in places(ledger.table("AccountMoved"))}
    refunds = {place: "refund" for place in refund_places(ledger).values()}
    kinds = orders | moves | refunds
    table["kind"] = pd.Series([kinds.get(place) for place in places(table)], dtype=object)
    table.loc[table["from"] == NOBODY, "kind"] = "credit"
    table.loc[table["to"] == NOBODY, "kind"] = "settle"
    expired = {(transaction, index + 1) for transaction, index in places(ledger.table("RefundExpired"))}
    expired |= {(transaction, index + 1) for transaction, index in refunds}
    burned = table["kind"] == "settle"
    after = pd.Series([place in expired for place in places(table)], index=table.index, dtype="bool")
    table.loc[burned & after, "kind"] = "refund_expired"
    unknown = table[table["kind"].isna()]
    if len(unknown):
        first = unknown.iloc[0]
        raise VerificationFailed(
            f"{len(unknown)} transfers of points belong to no credit, order, refund, move or settlement. The first is in transaction "
            f"{first['transaction']}, log {first['log_index']}."
        )
    return table


def refund_places(ledger: Ledger) -> dict[Place, Place]:
    """Where the Transfer of each refund stands, or would: right after its event, and after those of years that are over."""
    between = set(places(ledger.table("RefundExpired"))) | set(places(ledger.table("YearExpired")))
    found = {}
    for transaction, index in places(ledger.table("OrderRefunded")):
        at = index + 1
        while (transaction, at) in between:
            at += 1
        found[transaction, index] = (transaction, at)
    return found


def places(table: pd.DataFrame) -> Iterator[Place]:
    """Where events stand."""
    return zip(table["transaction"].tolist(), table["log_index"].tolist(), strict=True)
