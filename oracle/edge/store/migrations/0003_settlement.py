"""Settlement: runs, their payouts and signatures, merchants' names and banks, what bank files said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "settlement_runs",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("first_day", sa.Integer, nullable=False),
        sa.Column("last_day", sa.Integer, nullable=False),
        sa.Column("block", sa.BigInteger, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "settlement_items",
        sa.Column("run", sa.String(40), sa.ForeignKey("settlement_runs.name"), primary_key=True),
        sa.Column("merchant", sa.String(42), primary_key=True),
        sa.Column("payout", sa.String(42), nullable=False),
        sa.Column("points_milli", sa.BigInteger, nullable=False),
        sa.Column("amount", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("transaction", sa.String(66)),
    )
    op.create_table(
        "settlement_signatures",
        sa.Column("run", sa.String(40), sa.ForeignKey("settlement_runs.name"), primary_key=True),
        sa.Column("role", sa.String(8), primary_key=True),
        sa.Column("signer", sa.String(42), nullable=False),
        sa.Column("signature", sa.LargeBinary(65), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "merchants",
        sa.Column("account", sa.String(42), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("bank_account", sa.String(34), nullable=False),
        sa.Column("bank_code", sa.String(35), nullable=False),
    )
    op.create_table(
        "bank_payments",
        sa.Column("run", sa.String(40), sa.ForeignKey("settlement_runs.name"), primary_key=True),
        sa.Column("merchant", sa.String(42), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("minor", sa.Text, nullable=False),
        sa.Column("carried", sa.Text, nullable=False),
    )
