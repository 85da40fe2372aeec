"""Bank files are kept as they were made, and what banks said of their transfers; a merchant's bank has a name beside its code."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Makes the table of files and the column."""
    op.create_table(
        "bank_files",
        sa.Column("run", sa.String(40), sa.ForeignKey("settlement_runs.name"), primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(35), nullable=False),
        sa.Column("ending", sa.String(8), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_table(
        "bank_transfers",
        sa.Column("end_to_end_id", sa.String(35), primary_key=True),
        sa.Column("run", sa.String(40), sa.ForeignKey("settlement_runs.name"), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("merchant", sa.String(42), nullable=False),
        sa.Column("minor", sa.Text, nullable=False),
        sa.Column("returned", sa.Text),
        sa.Column("booked", sa.Text),
    )
    op.create_index("bank_transfers_payment", "bank_transfers", ["run", "merchant", "attempt"], unique=True)
    op.add_column("merchants", sa.Column("bank_name", sa.Text, nullable=False, server_default=""))
