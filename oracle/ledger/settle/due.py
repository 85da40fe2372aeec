"""What is due to merchants now: asked of the vault itself, by a payout that is not sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.operator_registry import OperatorRegistry
from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
from oracle.edge.chain.contracts.settlement_vault import NOTHING_DUE, SettlementVault
from oracle.model.errors import ContractReverted
from oracle.model.units import day_of_time


@dataclass(frozen=True)
class Due:
    """What the vault would do if a merchant were settled for some days now.

    Attributes:
        merchant: Its account.
        payout: Where its money goes.
        points_milli: Points it would be paid for; 0 if nothing is due or it cannot be paid.
        amount: Settlement token base units.
        problem: Why it cannot be paid; empty if it can, or if nothing is due.
    """

    merchant: str
    payout: str
    points_milli: int
    amount: int
    problem: str = ""


def due_to(chain: Chain, merchant: str, first_day: int, last_day: int) -> Due:
    """What is due to a merchant for some days that anyone can settle."""
    payout = OperatorRegistry(chain).merchant_of(merchant).payout
    try:
        points_milli, amount = SettlementVault(chain).settled_now(merchant, first_day, last_day)
    except ContractReverted as refusal:
        return Due(merchant, payout, 0, 0, "" if refusal.name == NOTHING_DUE else str(refusal))
    return Due(merchant, payout, points_milli, amount)


def dues(chain: Chain, merchants: Sequence[str], first_day: int, last_day: int) -> Iterator[Due]:
    """What is due to each merchant, or why it cannot be paid; merchants that are owed nothing are left out."""
    for merchant in merchants:
        due = due_to(chain, merchant, first_day, last_day)
        if due.amount or due.problem:
            yield due


def merchants_of(chain: Chain) -> list[str]:
    """Every merchant that was ever admitted, in the order of their accounts."""
    events = OperatorRegistry(chain).events("MerchantAdmitted")
    return sorted((event.values["merchant"] for event in events), key=str.lower)


def last_day_for_anyone(chain: Chain) -> int:
    """Last day that anyone can settle: the one before the newest final day, which is each merchant's own."""
    return SettlementVault(chain).last_day_for_anyone()


def first_order_day(chain: Chain) -> int:
    """Day of the first order of all; of the last block if there is none."""
    first = next(RedemptionDesk(chain).events("OrderRedeemed"), None)
    return day_of_time(chain.now(first.block if first is not None else "latest"), "UTC")
