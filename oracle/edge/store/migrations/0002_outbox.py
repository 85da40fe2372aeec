"""The outbox: every transaction before it is sent, every signed form of it, and the last final block seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "transactions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sender", sa.String(42), nullable=False),
        sa.Column("act", sa.String(200), nullable=False),
        sa.Column("to", sa.String(42), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("gas", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("nonce", sa.BigInteger),
        sa.Column("hash", sa.String(66)),
        sa.Column("block", sa.BigInteger),
        sa.Column("block_hash", sa.String(66)),
        sa.Column("status", sa.Integer),
        sa.Column("gas_used", sa.BigInteger),
        sa.Column("reason", sa.Text),
        sa.Column("planned_at", sa.BigInteger, nullable=False),
    )
    op.create_index("transactions_nonce", "transactions", ["sender", "nonce"], unique=True)
    op.create_index("transactions_state", "transactions", ["state"])
    op.create_table(
        "attempts",
        sa.Column("hash", sa.String(66), primary_key=True),
        sa.Column("row", sa.Integer, sa.ForeignKey("transactions.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("fee_cap", sa.BigInteger, nullable=False),
        sa.Column("tip", sa.BigInteger, nullable=False),
        sa.Column("signed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("attempts_row", "attempts", ["row"])
    op.create_table(
        "marks",
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(66), nullable=False),
    )
