"""What this installation holds: files and findings from its database, stored acts, and every bundle, recomputed from its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd
import polars as pl
from eth_utils.address import to_checksum_address
from sqlalchemy import Connection, select

from oracle.edge.store.batches import StoredBatch, all_batches, taken_in
from oracle.edge.store.book import Book
from oracle.edge.store.erasure import all_forgotten
from oracle.edge.store.files import StoredFile, all_files
from oracle.edge.store.runs import KnownPayouts, known_payouts
from oracle.edge.store.schema import findings
from oracle.measure.close.open_days import digests
from oracle.measure.evidence.folder import read
from oracle.model.header import Header


@dataclass(frozen=True)
class Bundled:
    """One bundle.

    Attributes:
        header: What its records give.
        factor_ug: Micrograms CO2e per unit quantity that it was computed with.
        accounts: account (checksummed), quantity, consented; in the order of the accounts tree.
        records: Record ids.
    """

    header: Header
    factor_ug: int
    accounts: pd.DataFrame
    records: frozenset[bytes]


@dataclass(frozen=True)
class Holdings:
    """All of it.

    Attributes:
        files: Ingested files.
        findings: sha256, scenario, day, code, file, row, values; scenario and day are empty for what reading and validating found.
        acts: scenario, record_id, sha256, rows, day: one row per stored act.
        forgotten: sha256, row, outcome, record: one row per row of a file whose act was forgotten with its person.
        open_days: Scenario and day of acts that were not closed since they came.
        batches: Stored batches.
        bundles: Bundles by batch, of those that are here.
        payouts: What settlement runs have of what was paid on chain.
    """

    files: tuple[StoredFile, ...]
    findings: pd.DataFrame
    acts: pd.DataFrame
    forgotten: pd.DataFrame
    open_days: frozenset[tuple[str, int]]
    batches: tuple[StoredBatch, ...]
    bundles: Mapping[str, Bundled]
    payouts: KnownPayouts


def read_holdings(book: Book) -> Holdings:
    """Reads a book.

    Raises:
        InputError: A bundle cannot be read.
        VerificationFailed: A bundle's files do not agree with its records.
    """
    with book.database.reading() as connection:
        files, stored = all_files(connection), all_batches(connection)
        found, closed = _findings(connection), taken_in(connection)
        payouts = known_payouts(connection)
        forgotten = [vars(row) for row in all_forgotten(connection)]
    committed = {file.sha256 for file in files}
    present = digests(book.acts, committed)
    return Holdings(
        files=tuple(files),
        findings=found,
        acts=_acts(book, committed),
        forgotten=pd.DataFrame(forgotten, columns=["sha256", "row", "outcome", "record"]),
        open_days=frozenset(day for day, digest in present.items() if closed.get(day) != digest),
        batches=tuple(stored),
        bundles={batch.batch: _bundled(book, batch.batch) for batch in stored if book.has_bundle(batch.batch)},
        payouts=payouts,
    )


def _findings(connection: Connection) -> pd.DataFrame:
    columns = ["sha256", "scenario", "day", "code", "file", "row", "values"]
    rows = [tuple(row) for row in connection.execute(select(*(findings.c[name] for name in columns)))]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _acts(book: Book, committed: set[str]) -> pd.DataFrame:
    columns = ["scenario", "record_id", "sha256", "rows", "day"]
    parts = []
    for scenario in book.acts.scenarios():
        acts = book.acts.read(scenario, book.acts.days(scenario), committed)
        if len(acts):
            parts.append(acts.select(pl.lit(scenario).alias("scenario"), *columns[1:]).to_pandas())
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _bundled(book: Book, batch: str) -> Bundled:
    bundle = read(book.bundle_folder(batch))
    table = bundle.accounts.table
    accounts = pd.DataFrame(
        {
            "account": pd.Series([_checksummed(account) for account in table["account"]], dtype="str"),
            "quantity": pd.Series(table["quantity"].to_list(), dtype="int64"),
            "consented": pd.Series(table["consented"].to_list(), dtype="bool"),
        }
    )
    return Bundled(bundle.header, bundle.meta.factor_ug, accounts, frozenset(bundle.records["record_id"]))


@lru_cache(maxsize=1 << 20)
def _checksummed(account: bytes) -> str:
    return to_checksum_address(account)
