"""The book: citizens, files, findings, closes, batches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "identity",
        sa.Column("chain_id", sa.BigInteger, nullable=False),
        sa.Column("genesis_hash", sa.String(66), nullable=False),
    )
    op.create_table(
        "citizens",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("ref", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("account", sa.LargeBinary(20), nullable=False, unique=True),
        sa.Column("salt", sa.LargeBinary(32)),
        sa.Column("custody", sa.Boolean, nullable=False),
        sa.Column("consented", sa.Boolean, nullable=False),
        sa.Column("residents", sa.Integer),
    )
    op.create_table(
        "subjects",
        sa.Column("tag", sa.LargeBinary(32), primary_key=True),
        sa.Column("citizen", sa.Integer, sa.ForeignKey("citizens.id"), nullable=False),
    )
    op.create_table(
        "files",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("quarantined", sa.Integer, nullable=False),
        sa.Column("ingested_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sha256", sa.String(64), sa.ForeignKey("files.sha256"), nullable=False),
        sa.Column("scenario", sa.String(31)),
        sa.Column("day", sa.Integer),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("row", sa.Integer),
        sa.Column("values", sa.Text, nullable=False),
    )
    op.create_index("findings_code", "findings", ["code"])
    op.create_index("findings_close", "findings", ["scenario", "day"])
    op.create_table(
        "closes",
        sa.Column("scenario", sa.String(31), primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True),
        sa.Column("taken_in", sa.String(64), nullable=False),
    )
    op.create_table(
        "batches",
        sa.Column("batch", sa.String(66), primary_key=True),
        sa.Column("operator", sa.String(42), nullable=False),
        sa.Column("scenario", sa.String(31), nullable=False),
        sa.Column("methodology", sa.String(31), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
    )
    op.create_index("batches_day", "batches", ["scenario", "day"])
