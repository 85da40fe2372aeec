"""Books that moved from one account to another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "moves",
        sa.Column("citizen", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("through", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("former", sa.LargeBinary(20), nullable=False),
        sa.Column("custody", sa.Boolean, nullable=False),
    )
    op.create_index("ix_moves_former", "moves", ["former"])
