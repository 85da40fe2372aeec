"""Which payout on chain a bank payment is for, and which run a payout was given to; what tells restored and foreign databases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from oracle.model.settlement_run import payout_id

revision = "0009"
down_revision = "0008"

# Paid items, by who has the better right to a transaction: not cancelled, then paid as signed, then earlier.
_PAID = sa.text(
    'SELECT i.run, i.merchant, i."transaction", r.first_day, r.last_day FROM settlement_items i '
    'JOIN settlement_runs r ON r.name = i.run WHERE i."transaction" IS NOT NULL '
    "ORDER BY r.cancelled, CASE WHEN i.problem = '' THEN 0 ELSE 1 END, r.block, r.name"
)
_LOST = sa.text(
    "UPDATE settlement_items SET state = 'waiting', problem = '', \"transaction\" = NULL WHERE run = :run AND merchant = :merchant"
)
_SENT = sa.text("UPDATE transactions SET act = :act WHERE hash = :hash")
_FOUND = sa.text("INSERT INTO found_payouts (payout, run, merchant) VALUES (:payout, :run, :merchant)")
_BANK = sa.text(
    "UPDATE bank_payments SET payout = :payout WHERE run = :run AND merchant = :merchant AND NOT EXISTS "
    "(SELECT 1 FROM bank_payments WHERE payout = :payout)"
)


def upgrade() -> None:
    """Makes tables and columns, and gives every payout to the one run that has the best right to it."""
    op.create_table("home", sa.Column("name", sa.String(32), nullable=False))
    op.create_table("compared", sa.Column("block", sa.BigInteger, nullable=False))
    op.create_table(
        "found_payouts",
        sa.Column("payout", sa.String(66), primary_key=True),
        sa.Column("run", sa.String(40), sa.ForeignKey("settlement_runs.name"), nullable=False),
        sa.Column("merchant", sa.String(42), nullable=False),
    )
    op.create_index("found_payouts_item", "found_payouts", ["run", "merchant"], unique=True)
    op.add_column("bank_payments", sa.Column("payout", sa.String(66)))
    op.create_index("bank_payments_payout", "bank_payments", ["payout"], unique=True)
    _attribute(op.get_bind())


def _attribute(connection: sa.Connection) -> None:
    owners: dict[str, str] = {}
    for run, merchant, transaction, first_day, last_day in connection.execute(_PAID).fetchall():
        payout = payout_id(transaction, merchant, first_day, last_day)
        # A file that was made stays what it is: the bank may have paid by it, whoever had the right to.
        connection.execute(_BANK, {"payout": payout, "run": run, "merchant": merchant})
        if owners.setdefault(transaction, run) != run:
            connection.execute(_LOST, {"run": run, "merchant": merchant})
            continue
        sent = connection.execute(_SENT, {"act": f"settle {run} {transaction}", "hash": transaction})
        if not sent.rowcount and not _is_sent(connection, transaction):
            connection.execute(_FOUND, {"payout": payout, "run": run, "merchant": merchant})


def _is_sent(connection: sa.Connection, transaction: str) -> bool:
    query = sa.text("SELECT count(*) FROM transactions WHERE hash = :hash")
    return bool(connection.execute(query, {"hash": transaction}).scalar_one())
