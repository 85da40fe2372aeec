"""In which order files came, and which close took them in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Makes the tables; files that are there already came in the order in which they were read."""
    op.create_table(
        "arrivals",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sha256", sa.String(64), sa.ForeignKey("files.sha256"), nullable=False, unique=True),
        sa.Column("kind", sa.String(20)),
        sa.Column("service", sa.String(20)),
        sa.Column("unit", sa.String(20)),
        sa.Column("meter", sa.Text),
        sa.Column("residents", sa.Integer, nullable=False),
        sa.Column("read_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "closings",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last_arrival", sa.Integer, nullable=False),
    )
    op.create_table(
        "closing_batches",
        sa.Column("batch", sa.String(66), primary_key=True),
        sa.Column("closing", sa.Integer, nullable=False),
    )
    op.create_index("ix_closing_batches_closing", "closing_batches", ["closing"])
    op.execute(
        "INSERT INTO arrivals (sha256, residents, read_at) "
        "SELECT sha256, 1, ingested_at FROM files ORDER BY ingested_at, name"
    )
