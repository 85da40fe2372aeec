"""The bank file of a run: made once, then the same for ever, whatever is learned of merchants later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from oracle.edge.store.database import Database
from oracle.edge.store.merchants import (
    StoredFile,
    add_file,
    add_payments,
    all_merchants,
    carried,
    file_of,
    paid_elsewhere,
    payments_of,
)
from oracle.edge.store.runs import payouts_of
from oracle.ledger.settle import batch_table, sepa
from oracle.ledger.settle.book import Settlements
from oracle.ledger.settle.pain import Order, Transfer, message_id, payment_file, sepa_file
from oracle.model.bank import BankPayment, Party, Profile, bank_payments
from oracle.model.errors import ConfigError, SettlementRefused
from oracle.model.settlement_run import Run
from oracle.model.typed_data import digest


@dataclass(frozen=True)
class _Format:
    """How a profile writes.

    Attributes:
        ending: Of a file name, with its dot.
        write: The bytes of an order.
        currency: The only one that it can pay in; empty if any.
    """

    ending: str
    write: Callable[[Order], bytes]
    currency: str = ""


_FORMATS = {
    Profile.PAIN: _Format(".xml", payment_file),
    Profile.SEPA: _Format(".xml", sepa_file, sepa.CURRENCY),
    Profile.CN_CSV: _Format(".csv", batch_table.batch_csv, batch_table.CURRENCY),
    Profile.CN_XLSX: _Format(".xlsx", batch_table.batch_xlsx, batch_table.CURRENCY),
}


@dataclass(frozen=True)
class Payer:
    """The paying account, and the file format of its bank.

    Attributes:
        party: The holder.
        currency: ISO 4217.
        decimals: Of the currency.
        units_per_minor: Token base units of one minor unit of the currency.
        profile: What the bank imports.
    """

    party: Party
    currency: str
    decimals: int
    units_per_minor: int
    profile: Profile


@dataclass(frozen=True)
class BankFile:
    """A run's payment file.

    Attributes:
        file: The file.
        payments: What it says, merchants below one minor unit included.
    """

    file: StoredFile
    payments: tuple[BankPayment, ...]


def bank_file(database: Database, settlements: Settlements, name: str, payer: Payer) -> BankFile:
    """The payment file of a confirmed run. The one that was made before, if there is one.

    Raises:
        ConfigError: A merchant's bank is not known, or cannot be paid in the way that the profile says.
        SettlementRefused: The run is not confirmed, pays nobody a whole minor unit, or the bank was told to pay it by another run's file.
    """
    run = settlements.refreshed(name)
    with database.begin() as connection:
        payments = payments_of(connection, name)
        file = file_of(connection, name)
        if not payments:
            payments = bank_payments(run, carried(connection), payer.units_per_minor)
            _require_unpaid(name, paid_elsewhere(connection, name, payouts_of(run)))
            add_payments(connection, name, payments, payouts_of(run))
        if file is None and any(payment.minor for payment in payments):
            file = _made(connection, run, payments, digest(run.message(settlements.domain)), payer)
            add_file(connection, name, file)
    if file is None:
        raise SettlementRefused(
            f"Every payment of run {name} is below one minor unit of {payer.currency}. "
            "The amounts carry over to the next bank file."
        )
    return BankFile(file, tuple(payments))


def _made(connection: Connection, run: Run, payments: list[BankPayment], signed: bytes, payer: Payer) -> StoredFile:
    approved = run.approved
    if approved is None:
        raise SettlementRefused(
            f"Run {run.name} is {run.state}: two persons have to sign before a bank is told to pay it."
        )
    form, parties = _FORMATS[payer.profile], all_merchants(connection)
    if form.currency not in ("", payer.currency):
        raise ConfigError(
            f"Profile '{payer.profile}' pays in {form.currency}, and [settlement.bank] in config.toml says {payer.currency}."
        )
    due = [payment for payment in payments if payment.minor]
    missing = [payment.merchant for payment in due if payment.merchant not in parties]
    if missing:
        raise ConfigError(
            f"No bank account on file for {', '.join(missing)}. Add it with `carbonbook merchant set FILE.csv`."
        )
    transfers = [_transfer(run, payment, parties[payment.merchant]) for payment in due]
    order = Order(signed, approved.time, payer.party, payer.currency, payer.decimals, transfers)
    return StoredFile(message_id(signed), form.ending, form.write(order))


def _require_unpaid(name: str, elsewhere: dict[str, str]) -> None:
    if elsewhere:
        told = ", ".join(f"{merchant} (file of {run})" for merchant, run in elsewhere.items())
        raise SettlementRefused(
            f"Other bank files pay for these payouts of run {name} already: {told}. They are not paid twice."
        )


def _transfer(run: Run, payment: BankPayment, to: Party) -> Transfer:
    transaction = next(item.transaction for item in run.items if item.merchant == payment.merchant)
    return Transfer(payment.merchant, to, payment.minor, run.name, transaction)
