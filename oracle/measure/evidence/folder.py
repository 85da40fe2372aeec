"""A bundle on disk: the same bytes from every node, and never taken on trust when it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from oracle.edge.store.disk import disk
from oracle.measure.evidence.accounts import Entries, chunk_of, tree_of
from oracle.measure.evidence.bundle import SCHEMA, Bundle, Meta, assemble
from oracle.model.canonical import hexed
from oracle.model.columns import WORD, matrix, order
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.keccak import keccak
from oracle.model.machine import blamed

RECORDS, ACCOUNTS, FINDINGS, DOCUMENT = "records.parquet", "accounts.parquet", "findings.parquet", "bundle.json"

ROW_GROUP = 1 << 17

ENTRY_SCHEMA = {"index": pl.Int64(), "account": pl.Binary(), "quantity": pl.Int64(), "consented": pl.Boolean()}


def write(folder: Path, bundle: Bundle) -> None:
    """Writes the four files; bundle.json goes first and comes back last, so that a folder that has it is whole.

    A whole bundle of another content is evidence: it is moved to a folder beside, with its hash in the name, and never overwritten.

    Raises:
        StoreError: The disk does not take them.
    """
    with disk(folder):
        if document_hash(folder) not in (None, bundle.header.bundle_hash):
            _put_aside(folder)
        _write(folder, bundle)


def _write(folder: Path, bundle: Bundle) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DOCUMENT).unlink(missing_ok=True)
    for name, table in (
        (RECORDS, bundle.records),
        (ACCOUNTS, bundle.accounts.table),
        (FINDINGS, bundle.findings),
    ):
        unfinished = folder / f"{name}.part"
        table.write_parquet(unfinished, compression="lz4", statistics=True, row_group_size=ROW_GROUP)
        unfinished.replace(folder / name)
    unfinished = folder / f"{DOCUMENT}.part"
    unfinished.write_bytes(bundle.document)
    unfinished.replace(folder / DOCUMENT)


def document_hash(folder: Path) -> bytes | None:
    """What the bundle's hash is by its document alone, which is cheap and proves nothing of the other files; None without one.

    Raises:
        StoreError: It is there and cannot be read.
    """
    document = folder / DOCUMENT
    with disk(document):
        return keccak(document.read_bytes()) if document.exists() else None


def read(folder: Path) -> Bundle:
    """Reads a bundle and recomputes all of it from its records and findings.

    Raises:
        InputError: A file is missing or cannot be read.
        VerificationFailed: The files do not agree; says where: which record, account, column, root or total.
    """
    text, summary = _summary(folder / DOCUMENT)
    records, accounts, findings = (read_table(folder / name) for name in (RECORDS, ACCOUNTS, FINDINGS))
    meta = Meta.from_json(summary)
    try:
        bundle = assemble(records, findings, meta)
    except InputError as error:
        raise VerificationFailed(f"{folder}: {error}") from error
    _require_leaves(records, bundle)
    _require_accounts(accounts, bundle)
    _require_summary(summary, bundle)
    if text != bundle.document:
        raise VerificationFailed(
            f"{folder / DOCUMENT} has the right values, but is not in the canonical form that was hashed"
        )
    return bundle


def read_entries(folder: Path) -> Entries:
    """What a bundle credits to whom, and nothing of its records: who attests looks at those, and the chain at every entry's proof.

    Raises:
        InputError: A file is missing or cannot be read.
        VerificationFailed: The accounts do not give the root that the bundle has.
    """
    _, summary = _summary(folder / DOCUMENT)
    table = read_table(folder / ACCOUNTS)
    if dict(table.schema) != ENTRY_SCHEMA or table.is_empty():
        raise VerificationFailed(
            f"{folder / ACCOUNTS} has the columns {table.columns} instead of {list(ENTRY_SCHEMA)}, or it has no rows"
        )
    if not table["account"].is_sorted() or table["account"].n_unique() < len(table):
        raise VerificationFailed(f"{folder / ACCOUNTS}: the accounts must be unique and in ascending order")
    entries = Entries(table, chunk_of(len(table)), tree_of(table))
    if hexed(entries.tree.root) != summary.get("accountsRoot"):
        raise VerificationFailed(
            f"{folder / ACCOUNTS} has the root {hexed(entries.tree.root)}, but {DOCUMENT} says {summary.get('accountsRoot')}"
        )
    return entries


def _put_aside(folder: Path) -> None:
    """Moves a bundle to `bundles-replaced/KEY-HASH`, its document last: after a crash the rest is moved to the same place.

    A number is added where the same bundle was put before.
    """
    replaced = folder.parent.with_name(f"{folder.parent.name}-replaced")
    name = f"{folder.name}-{(document_hash(folder) or b'').hex()[:16]}"
    whole = sum((each / DOCUMENT).exists() for each in replaced.glob(f"{name}*"))
    target = replaced / (f"{name}.{whole}" if whole else name)
    target.mkdir(parents=True, exist_ok=True)
    for part in (RECORDS, ACCOUNTS, FINDINGS, DOCUMENT):
        if (folder / part).exists():
            (folder / part).replace(target / part)


def _summary(path: Path) -> tuple[bytes, dict[str, Any]]:
    try:
        text = path.read_bytes()
        summary = json.loads(text)
    except OSError as error:
        raise blamed(error, InputError(f"cannot be read: {error.strerror}", file=str(path))) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not a valid JSON document: {error}", file=str(path)) from error
    if not isinstance(summary, dict) or summary.get("schema") != SCHEMA:
        raise InputError(f"the schema is not {SCHEMA}", file=str(path), field="schema")
    return text, summary


def read_table(path: Path) -> pl.DataFrame:
    """One table of a bundle, as it was written: nothing is recomputed.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return pl.read_parquet(path, use_pyarrow=False)
    except OSError as error:
        raise blamed(error, InputError(f"is not a valid Parquet file: {error}", file=str(path))) from error
    except PolarsError as error:
        raise InputError(f"is not a valid Parquet file: {error}", file=str(path)) from error


def _require_leaves(records: pl.DataFrame, bundle: Bundle) -> None:
    if records.schema.get("leaf") != pl.Binary():
        raise VerificationFailed(f"{RECORDS} has no column `leaf`")
    stored = records.select("record_id", "leaf")[order(matrix(records["record_id"], WORD))]
    wrong = stored["leaf"].ne_missing(bundle.records["leaf"])
    if wrong.any():
        row = wrong.arg_true()[0]
        record_id, leaf = stored.row(row)
        raise VerificationFailed(
            f"{RECORDS}: record {hexed(record_id)} does not match its leaf: stored is {hexed(leaf or b'')}, "
            f"computed is {hexed(bundle.records['leaf'][row])} ({wrong.sum()} such records)"
        )


def _require_accounts(accounts: pl.DataFrame, bundle: Bundle) -> None:
    table = bundle.accounts.table
    if accounts.schema != table.schema or len(accounts) != len(table):
        raise VerificationFailed(
            f"{ACCOUNTS} does not have the {len(table)} rows with {table.columns} that follow from the records"
        )
    if not accounts.equals(table):
        pairs = zip(table.iter_rows(), accounts.iter_rows(), strict=True)
        found, stored = next(pair for pair in pairs if pair[0] != pair[1])
        raise VerificationFailed(f"{ACCOUNTS}: row {_shown(stored)} should be {_shown(found)}")


def _require_summary(summary: dict[str, Any], bundle: Bundle) -> None:
    stored, found = dict(_flat(summary)), dict(_flat(bundle.summary))
    differing = [
        f"{name} is {stored.get(name)}, but the records give {found.get(name)}"
        for name in sorted(stored.keys() | found.keys())
        if stored.get(name) != found.get(name)
    ]
    if differing:
        raise VerificationFailed(f"{DOCUMENT}: {'; '.join(differing)}")


def _flat(summary: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in summary.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            yield name, value


def _shown(row: tuple[Any, ...]) -> str:
    return ", ".join(hexed(value) if isinstance(value, bytes) else str(value) for value in row)
