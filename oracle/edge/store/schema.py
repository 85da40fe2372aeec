"""Tables of the book: what was read, who acted, what was bundled, what was ordered. Acts themselves are Parquet files beside it.

The chain is the truth about credits, orders and payments; these tables are the truth about what the chain never sees.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

# The chain this book belongs to; one row, written before anything else.
identity = Table(
    "identity",
    metadata,
    Column("chain_id", BigInteger, nullable=False),
    Column("genesis_hash", String(66), nullable=False),
)

# The name that the database shares with its home folder; one row.
home = Table("home", metadata, Column("name", String(32), nullable=False))

# `ref` is what the account is derived from; `salt` keys the commitments of the person's records and is null once erased.
citizens = Table(
    "citizens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ref", LargeBinary(32), nullable=False, unique=True),
    Column("account", LargeBinary(20), nullable=False, unique=True),
    Column("salt", LargeBinary(32)),
    Column("custody", Boolean, nullable=False),
    Column("consented", Boolean, nullable=False),
    Column("residents", Integer),
)

# Which person a source's card, customer or meter belongs to. Only the keyed hash is kept.
subjects = Table(
    "subjects",
    metadata,
    Column("tag", LargeBinary(32), primary_key=True),
    Column("citizen", Integer, ForeignKey("citizens.id"), nullable=False),
)

files = Table(
    "files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("source", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("ingested_at", BigInteger, nullable=False),
)

findings = Table(
    "findings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), ForeignKey("files.sha256"), nullable=False),
    # Null for what reading and validating found; else the close that found it, which replaces its own findings when it is repeated.
    Column("scenario", String(31)),
    Column("day", Integer),
    Column("code", String(40), nullable=False),
    Column("file", Text, nullable=False),
    Column("row", Integer),
    Column("values", Text, nullable=False),
    Index("findings_code", "code"),
    Index("findings_close", "scenario", "day"),
)

# Digest of the act files that the last close of a scenario's day took in; while it stays the same there is nothing to close.
closes = Table(
    "closes",
    metadata,
    Column("scenario", String(31), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("taken_in", String(64), nullable=False),
)

# Batches that were bundled, before and after they are attested on chain.
batches = Table(
    "batches",
    metadata,
    Column("batch", String(66), primary_key=True),
    Column("operator", String(42), nullable=False),
    Column("scenario", String(31), nullable=False),
    Column("methodology", String(31), nullable=False),
    Column("version", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Index("batches_day", "scenario", "day"),
)

# What batches claim: a thing once for ever (from 0 on), or once at a time. Only keyed hashes of their numbers are kept.
things = Table(
    "things",
    metadata,
    Column("thing", LargeBinary(32), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("end", BigInteger, nullable=False),
    Column("batch", String(66), nullable=False),
    Index("things_batch", "batch"),
)

# The block up to which closing has compared the chain's batches with the book's; one row.
compared = Table("compared", metadata, Column("block", BigInteger, nullable=False))

# Settlement runs: what was proposed, and who said yes. What was paid is on chain; `settlement_items` remembers what was read there.
settlement_runs = Table(
    "settlement_runs",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("first_day", Integer, nullable=False),
    Column("last_day", Integer, nullable=False),
    Column("block", BigInteger, nullable=False),
    Column("cancelled", Boolean, nullable=False),
)

# Money does not fit 64 bits in every token: amounts are decimal text.
settlement_items = Table(
    "settlement_items",
    metadata,
    Column("run", String(40), ForeignKey("settlement_runs.name"), primary_key=True),
    Column("merchant", String(42), primary_key=True),
    Column("payout", String(42), nullable=False),
    Column("points_milli", BigInteger, nullable=False),
    Column("amount", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("problem", Text, nullable=False),
    Column("transaction", String(66)),
)

# Role is `proposed` or `approved`: one signature of each per run.
settlement_signatures = Table(
    "settlement_signatures",
    metadata,
    Column("run", String(40), ForeignKey("settlement_runs.name"), primary_key=True),
    Column("role", String(8), primary_key=True),
    Column("signer", String(42), nullable=False),
    Column("signature", LargeBinary(65), nullable=False),
    Column("time", BigInteger, nullable=False),
)

# Payouts whose transactions this book did not make, and the run that each was given to. `payout` is
# `oracle.model.settlement_run.payout_id`.
found_payouts = Table(
    "found_payouts",
    metadata,
    Column("payout", String(66), primary_key=True),
    Column("run", String(40), ForeignKey("settlement_runs.name"), nullable=False),
    Column("merchant", String(42), nullable=False),
    Index("found_payouts_item", "run", "merchant", unique=True),
)

# What the chain does not say of a merchant: its name, and where a bank sends money.
merchants = Table(
    "merchants",
    metadata,
    Column("account", String(42), primary_key=True),
    Column("name", Text, nullable=False),
    Column("bank_account", String(34), nullable=False),
    Column("bank_code", String(35), nullable=False),
    Column("bank_name", Text, nullable=False, server_default=""),
)

# A run's files for the bank, as they were made: they stay the same whatever becomes known of merchants later. Attempt 0 pays the run;
# later ones pay again what the bank sent back, on the word of `by`.
bank_files = Table(
    "bank_files",
    metadata,
    Column("run", String(40), ForeignKey("settlement_runs.name"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("name", String(35), nullable=False),
    Column("ending", String(8), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("by", Text, nullable=False),
)

# The transfers of those files. `returned` is the bank's reason, `booked` the ISO date of its statement.
bank_transfers = Table(
    "bank_transfers",
    metadata,
    Column("end_to_end_id", String(35), primary_key=True),
    Column("run", String(40), ForeignKey("settlement_runs.name"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("merchant", String(42), nullable=False),
    Column("minor", Text, nullable=False),
    Column("returned", Text),
    Column("booked", Text),
    Index("bank_transfers_payment", "run", "merchant", "attempt", unique=True),
)

# What a run's payment file tells the bank to pay: whole minor units of the currency. `carried` is what was owed and is less than one of
# them; it goes into the merchant's next payment. `payout` is the payout on chain, which no second payment can be made for; it is null only
# for the second of two payments that an earlier version made for one.
bank_payments = Table(
    "bank_payments",
    metadata,
    Column("run", String(40), ForeignKey("settlement_runs.name"), primary_key=True),
    Column("merchant", String(42), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("minor", Text, nullable=False),
    Column("carried", Text, nullable=False),
    Column("payout", String(66)),
    Index("bank_payments_payout", "payout", unique=True),
)
