"""Payouts on chain without a settlement run: no bank file would ever contain them."""

from __future__ import annotations

from collections.abc import Iterator

from oracle.edge.store.runs import KnownPayouts
from oracle.model.settlement_run import payout_id
from oracle.report.checks.check import Check, compare
from oracle.report.read.ledger import Ledger


def check_payouts(ledger: Ledger, known: KnownPayouts) -> Iterator[Check]:
    """How many there are, and a row for each."""
    payouts = ledger.events["MerchantSettled"]
    unknown = []
    for event in payouts:
        values = event.values
        days = values["fromDay"], values["throughDay"]
        if not known.has(
            event.transaction, values["merchant"], payout_id(event.transaction, values["merchant"], *days)
        ):
            unknown.append(event)
    yield compare("payouts_without_run", f"{len(payouts)} payouts", len(unknown), 0)
    for event in unknown:
        scope = f"{event.values['merchant']} {event.transaction}"
        yield compare("payout_without_run", scope, "in no run", f"paid {event.values['amount']}")
