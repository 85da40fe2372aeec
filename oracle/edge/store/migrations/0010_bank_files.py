"""Bank files are kept as they were made; a merchant's bank has a name beside its code."""

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
        sa.Column("name", sa.String(35), nullable=False),
        sa.Column("ending", sa.String(8), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.add_column("merchants", sa.Column("bank_name", sa.Text, nullable=False, server_default=""))
