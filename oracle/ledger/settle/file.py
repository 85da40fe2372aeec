"""The bank file of a run: worked out once, then the same however often it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.edge.store.database import Database
from oracle.edge.store.merchants import add_payments, all_merchants, carried, paid_elsewhere, payments_of
from oracle.edge.store.runs import payouts_of
from oracle.ledger.settle.book import Settlements
from oracle.ledger.settle.pain import Order, Transfer, message_id, payment_file
from oracle.model.bank import BankPayment, Party, bank_payments
from oracle.model.errors import ConfigError, SettlementRefused
from oracle.model.settlement_run import Run
from oracle.model.typed_data import digest


@dataclass(frozen=True)
class BankFile:
    """A run's payment file.

    Attributes:
        name: Its message id, a file name too.
        content: The XML.
        payments: What it says, merchants below one minor unit included.
    """

    name: str
    content: bytes
    payments: tuple[BankPayment, ...]


def bank_file(
    database: Database,
    settlements: Settlements,
    name: str,
    debtor: Party,
    currency: str,
    decimals: int,
    units_per_minor: int,
) -> BankFile:
    """The payment file of a confirmed run.

    Raises:
        ConfigError: A merchant's bank is not known.
        SettlementRefused: The run is not confirmed, pays nobody a whole minor unit, or the bank was told to pay it by another run's file.
    """
    run = settlements.refreshed(name)
    with database.begin() as connection:
        payments = payments_of(connection, name) or bank_payments(run, carried(connection), units_per_minor)
        parties = all_merchants(connection)
        due = [payment for payment in payments if payment.minor]
        missing = [payment.merchant for payment in due if payment.merchant not in parties]
        if missing:
            raise ConfigError(
                f"Nobody said which bank {', '.join(missing)} has. `carbonbook merchant set` takes a CSV of them."
            )
        if not payments_of(connection, name):
            _require_unpaid(name, paid_elsewhere(connection, name, payouts_of(run)))
            add_payments(connection, name, payments, payouts_of(run))
    if not due or run.approved is None:
        raise SettlementRefused(f"Run {name} pays nobody as much as the currency's smallest unit; it is carried.")
    signed = digest(run.message(settlements.domain))
    transfers = [_transfer(run, payment, parties[payment.merchant]) for payment in due]
    order = Order(signed, run.approved.time, debtor, currency, decimals, transfers)
    return BankFile(message_id(signed), payment_file(order), tuple(payments))


def _require_unpaid(name: str, elsewhere: dict[str, str]) -> None:
    if elsewhere:
        told = ", ".join(f"{merchant} (file of {run})" for merchant, run in elsewhere.items())
        raise SettlementRefused(
            f"The bank was told to pay what run {name} paid on chain: {told}. It is not told twice."
        )


def _transfer(run: Run, payment: BankPayment, to: Party) -> Transfer:
    transaction = next(item.transaction for item in run.items if item.merchant == payment.merchant)
    return Transfer(payment.merchant, to, payment.minor, f"Carbonbook {run.name} {transaction}")
