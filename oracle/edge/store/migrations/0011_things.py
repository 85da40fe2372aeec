"""Things that batches claim, each once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "things",
        sa.Column("thing", sa.LargeBinary(32), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("batch", sa.String(66), nullable=False),
    )
    op.create_index("things_batch", "things", ["batch"])
