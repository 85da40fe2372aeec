"""Settling: pay merchants for the points of final orders, each exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from oracle.chain.client import Chain
from oracle.chain.outbox import Outbox
from oracle.chain.reverts import decode_revert

PER_TRANSACTION = 20


@dataclass(frozen=True)
class Payment:
    """What a merchant got for a run of days.

    Attributes:
        merchant: Its account.
        points_milli: Points it was paid for.
        amount: Settlement token base units.
        problem: Why it was not paid; empty if it was.
        transaction: The transaction.
    """

    merchant: str
    points_milli: int
    amount: int
    problem: str
    transaction: str | None


@dataclass(frozen=True)
class Due:
    """What is final and not yet paid."""

    merchant: str
    points_milli: int
    amount: int


def last_final_day(chain: Chain) -> int:
    """Last day whose orders can no longer be refunded."""
    return int(chain.read("RedemptionDesk", "lastFinalDay"))


def due(chain: Chain, merchants: Sequence[str], from_day: int, through_day: int) -> list[Due]:
    """What each merchant is owed for these days; merchants that are owed nothing are left out."""
    owed = []
    for merchant in merchants:
        days = [chain.read("RedemptionDesk", "dueOf", merchant, day) for day in range(from_day, through_day + 1)]
        points, amount = (sum(column) for column in zip(*days, strict=True)) if days else (0, 0)
        if points:
            owed.append(Due(merchant, points, amount))
    return owed


def merchants_of(chain: Chain) -> list[str]:
    """Every merchant that was ever admitted."""
    return [event.values["merchant"] for event in chain.events("OperatorRegistry", "MerchantAdmitted")]


def pay(outbox: Outbox, merchants: Sequence[str], from_day: int, through_day: int) -> Iterator[Payment]:
    """Pays merchants; one that cannot be paid does not stop the others."""
    for start in range(0, len(merchants), PER_TRANSACTION):
        group = list(merchants[start : start + PER_TRANSACTION])
        sent = outbox.send("SettlementVault", "settleBatch", group, from_day, through_day)
        for name in ("MerchantSettled", "PayoutFailed"):
            for event in outbox.chain.events("SettlementVault", name, sent.block, sent.block):
                if event.transaction == sent.hash:
                    yield _payment(name, event.values, sent.hash)


def _payment(name: str, values: dict[str, Any], transaction: str) -> Payment:
    if name == "PayoutFailed":
        return Payment(values["merchant"], 0, 0, str(decode_revert(values["reason"])), transaction)
    return Payment(values["merchant"], values["pointsMilli"], values["amount"], "", transaction)
