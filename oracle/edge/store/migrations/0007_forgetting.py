"""What forgetting a person has to find: whose rows were rejected. And how often a message was refused, with how it began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Makes and changes the tables."""
    op.add_column("refused_messages", sa.Column("times", sa.BigInteger, nullable=False, server_default="1"))
    op.add_column("refused_messages", sa.Column("payload", sa.LargeBinary))
    op.create_table(
        "rejected_subjects",
        sa.Column("sha256", sa.String(64), sa.ForeignKey("files.sha256"), primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tag", sa.LargeBinary(32), nullable=False),
    )
    op.create_index("rejected_subjects_tag", "rejected_subjects", ["tag"])
    op.create_table(
        "forgotten_rows",
        sa.Column("sha256", sa.String(64), sa.ForeignKey("files.sha256"), primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("record", sa.Boolean, nullable=False),
    )
    # What was kept of rows before their persons could be found again, and what showed parts of names.
    op.execute("DELETE FROM quarantined_rows")
    # A request on paper must not lead to an account.
    op.rename_table("erasures", "erasures_before")
    op.create_table(
        "erasures",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("erased_at", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO erasures (who, erased_at) SELECT who, erased_at FROM erasures_before ORDER BY id")
    op.drop_table("erasures_before")
