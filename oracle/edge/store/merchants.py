"""What the chain does not say of merchants: names and bank accounts; and what banks were told to pay them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from oracle.edge.store.schema import bank_payments, merchants
from oracle.model.bank import BankPayment, Party


def set_merchants(connection: Connection, parties: Mapping[str, Party]) -> None:
    """Stores names and bank accounts by account; those that are there are replaced."""
    for account, party in parties.items():
        connection.execute(delete(merchants).where(merchants.c.account == account))
        row = {
            "account": account,
            "name": party.name,
            "bank_account": party.account,
            "bank_code": party.code,
            "bank_name": party.bank,
        }
        connection.execute(insert(merchants).values(row))


def all_merchants(connection: Connection) -> dict[str, Party]:
    """Names and bank accounts by account."""
    rows = connection.execute(select(merchants).order_by(func.lower(merchants.c.account)))
    return {row.account: Party(row.name, row.bank_account, row.bank_code, row.bank_name) for row in rows}


def payments_of(connection: Connection, run: str) -> list[BankPayment]:
    """What a run's payment file says, if it was made."""
    table = bank_payments
    rows = connection.execute(select(table).where(table.c.run == run).order_by(func.lower(table.c.merchant)))
    return [BankPayment(row.merchant, int(row.minor), int(row.carried)) for row in rows]


def carried(connection: Connection) -> dict[str, int]:
    """What each merchant's last bank payment left, token base units."""
    rows = connection.execute(select(bank_payments).order_by(bank_payments.c.number))
    return {row.merchant: int(row.carried) for row in rows}


def paid_elsewhere(connection: Connection, run: str, payouts: Mapping[str, str]) -> dict[str, str]:
    """Merchants whose payout on chain the bank file of another run pays already, and that run.

    Args:
        payouts: The run's payouts on chain by merchant.
    """
    table = bank_payments
    query = select(table.c.payout, table.c.run).where(table.c.payout.in_(payouts.values()), table.c.run != run)
    there = {row.payout: row.run for row in connection.execute(query)}
    return {merchant: there[payout] for merchant, payout in payouts.items() if payout in there}


def add_payments(connection: Connection, run: str, payments: Sequence[BankPayment], payouts: Mapping[str, str]) -> None:
    """Stores what a run's payment file says, after those of all earlier files; the table takes each payout on chain once.

    Args:
        payouts: Payouts on chain by merchant, one for each payment.
    """
    last = connection.execute(select(func.max(bank_payments.c.number))).scalar_one() or 0
    rows = [
        {
            "run": run,
            "merchant": each.merchant,
            "number": last + 1,
            "minor": str(each.minor),
            "carried": str(each.carried),
            "payout": payouts[each.merchant],
        }
        for each in payments
    ]
    if rows:
        connection.execute(insert(bank_payments), rows)
