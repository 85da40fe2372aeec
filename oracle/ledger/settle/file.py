"""The bank file of a run: made once, then the same for ever, whatever is learned of merchants later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eth_utils.crypto import keccak
from sqlalchemy import Connection

from oracle.edge.store.bank_files import BankTransfer, StoredFile, add_file, file_of, last_attempt, transfers_of
from oracle.edge.store.database import Database
from oracle.edge.store.merchants import add_payments, all_merchants, carried, paid_elsewhere, payments_of
from oracle.edge.store.runs import payouts_of
from oracle.ledger.settle import batch_table, sepa
from oracle.ledger.settle.book import Settlements
from oracle.ledger.settle.pain import Order, Transfer, message_id, payment_file, sepa_file, transfer_id
from oracle.model.bank import BankPayment, Payer, Profile, bank_payments
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
        file = file_of(connection, name, 0)
        if not payments:
            payments = bank_payments(run, carried(connection), payer.units_per_minor)
            _require_unpaid(name, paid_elsewhere(connection, name, payouts_of(run)))
            add_payments(connection, name, payments, payouts_of(run))
        due = {payment.merchant: payment.minor for payment in payments if payment.minor}
        if file is None and due:
            file = _made(connection, run, 0, due, digest(run.message(settlements.domain)), payer, "")
    if file is None:
        raise SettlementRefused(
            f"Every payment of run {name} is below one minor unit of {payer.currency}. "
            "The amounts carry over to the next bank file."
        )
    return BankFile(file, tuple(payments))


def file_again(database: Database, settlements: Settlements, name: str, payer: Payer, by: str) -> StoredFile:
    """A file that pays again, under new identifiers, what the bank sent back of a run; each returned transfer once.

    Args:
        by: On whose word.

    Raises:
        ConfigError: A merchant's bank is not known, or cannot be paid in the way that the profile says.
        SettlementRefused: Nothing of the run came back, or all that did is paid again already.
    """
    run = settlements.run(name)
    with database.begin() as connection:
        last = last_attempt(connection, name)
        newest = {each.merchant: each for each in transfers_of(connection, name)}
        back = {merchant: each.minor for merchant, each in newest.items() if each.returned is not None}
        if last is None or not back:
            raise SettlementRefused(f"No transfer of run {name} came back from the bank and waits to be paid again.")
        attempt = last + 1
        signed = keccak(digest(run.message(settlements.domain)) + attempt.to_bytes(4))
        return _made(connection, run, attempt, back, signed, payer, by)


def _made(
    connection: Connection, run: Run, attempt: int, due: Mapping[str, int], signed: bytes, payer: Payer, by: str
) -> StoredFile:
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
    missing = [merchant for merchant in due if merchant not in parties]
    if missing:
        raise ConfigError(
            f"No bank account on file for {', '.join(missing)}. Add it with `carbonbook merchant set FILE.csv`."
        )
    transactions = {item.merchant: item.transaction for item in run.items}
    transfers = [
        Transfer(merchant, parties[merchant], minor, run.name, transactions[merchant])
        for merchant, minor in due.items()
    ]
    order = Order(signed, approved.time, payer.party, payer.currency, payer.decimals, transfers)
    file = StoredFile(message_id(signed), form.ending, form.write(order))
    rows = [BankTransfer(transfer_id(signed, each), run.name, attempt, each, minor) for each, minor in due.items()]
    add_file(connection, run.name, attempt, file, rows, by)
    return file


def _require_unpaid(name: str, elsewhere: dict[str, str]) -> None:
    if elsewhere:
        told = ", ".join(f"{merchant} (file of {run})" for merchant, run in elsewhere.items())
        raise SettlementRefused(
            f"Other bank files pay for these payouts of run {name} already: {told}. They are not paid twice."
        )
