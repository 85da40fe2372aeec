"""The canonical bundle of one batch: what every node computes alike, and what the chain's `bundleHash` stands for.

A folder of four files:

================  ======================================================================================================
records.parquet   record_id, account, quantity, start, end, commitment, consented; the fields that the commitment
                  covers; what explains the quantity; leaf. Sorted by record_id.
accounts.parquet  index, account, quantity, consented
findings.parquet  code, file, row, values; sorted by their canonical lines
bundle.json       all of it in counts, totals, roots and digests; bundleHash = keccak256 of these bytes
================  ======================================================================================================

The hash covers contents, not Parquet bytes: it holds whichever version of a library writes the files. With one version the files are the
same too, byte for byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from eth_utils.address import to_checksum_address
from numpy.typing import NDArray

from oracle.measure.evidence.accounts import ACCOUNT_BYTES, Accounts, accounts_of
from oracle.measure.evidence.leaf import record_leaves
from oracle.measure.evidence.tree import Tree
from oracle.model.canonical import canonical_json, column_digest, finding_lines, hexed, lines_digest
from oracle.model.columns import WORD, column, matrix, order
from oracle.model.errors import InputError
from oracle.model.findings import counts
from oracle.model.header import Header
from oracle.model.ids import methodology_word
from oracle.model.keccak import Bytes, keccak

SCHEMA = "carbonbook/bundle/1"

LEAF_SCHEMA: dict[str, pl.DataType] = {
    "record_id": pl.Binary(),
    "account": pl.Binary(),
    "quantity": pl.Int64(),
    "start": pl.Int64(),
    "end": pl.Int64(),
    "commitment": pl.Binary(),
}
RECORD_SCHEMA: dict[str, pl.DataType] = {**LEAF_SCHEMA, "consented": pl.Boolean()}

PERSONAL = ("subject", "record_key")  # columns of the table of acts that stay with the operator


@dataclass(frozen=True)
class Meta:
    """What a batch is, besides its records.

    Attributes:
        operator: Address of the operator, 0x hex.
        methodology: Methodology id.
        version: Version of the methodology.
        document_hash: Hash of the methodology's document.
        region: Where the acts took place.
        day: Act day.
        sequence: 0 for the first batch of the day.
        factor_ug: Micrograms CO2e per unit quantity.
        quantity_limit: Most that one account is credited with, in the methodology's unit; None for no limit.
        fields: Columns that the commitment covers, in its order.
    """

    operator: str
    methodology: str
    version: int
    document_hash: bytes
    region: str
    day: int
    sequence: int
    factor_ug: int
    quantity_limit: int | None
    fields: tuple[str, ...]

    def __post_init__(self) -> None:
        methodology_word(self.methodology)
        for field, value, pattern in (
            ("operator", self.operator, r"0x[0-9a-fA-F]{40}"),
            ("documentHash", hexed(self.document_hash), r"0x[0-9a-f]{64}"),
        ):
            if not re.fullmatch(pattern, value):
                raise InputError(f"'{value}' does not match {pattern}", field=field)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Meta:
        """What `to_json` wrote.

        Raises:
            InputError: An entry is missing or of another kind.
        """
        try:
            limit = document["quantityLimit"]
            return cls(
                operator=str(document["operator"]),
                methodology=str(document["methodology"]),
                version=int(document["version"]),
                document_hash=bytes.fromhex(document["documentHash"].removeprefix("0x")),
                region=str(document["region"]),
                day=int(document["day"]),
                sequence=int(document["sequence"]),
                factor_ug=int(document["factorUg"]),
                quantity_limit=None if limit is None else int(limit),
                fields=tuple(document["fields"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"the description of the batch is invalid: {error!r}") from error

    def to_json(self) -> dict[str, Any]:
        """As `bundle.json` has it: integers as text, bytes as lower-case hex."""
        return {
            "operator": self.operator.lower(),
            "methodology": self.methodology,
            "version": str(self.version),
            "documentHash": hexed(self.document_hash),
            "region": self.region,
            "day": str(self.day),
            "sequence": str(self.sequence),
            "factorUg": str(self.factor_ug),
            "quantityLimit": None if self.quantity_limit is None else str(self.quantity_limit),
            "fields": list(self.fields),
        }


@dataclass(frozen=True, eq=False)
class Bundle:
    """One batch, ready to be signed, sent and published.

    Attributes:
        meta: What the batch is.
        records: The rows of records.parquet.
        tree: The records tree.
        accounts: The accounts and their tree.
        findings: The rows of findings.parquet.
        summary: The content of bundle.json.
    """

    meta: Meta
    records: pl.DataFrame
    tree: Tree
    accounts: Accounts
    findings: pl.DataFrame
    summary: dict[str, Any]

    @cached_property
    def document(self) -> bytes:
        """The bytes of bundle.json."""
        return canonical_json(self.summary)

    @cached_property
    def header(self) -> Header:
        """What the committee signs."""
        return Header(
            operator=to_checksum_address(self.meta.operator),
            day=self.meta.day,
            sequence=self.meta.sequence,
            version=self.meta.version,
            methodology=methodology_word(self.meta.methodology),
            record_count=len(self.records),
            account_count=len(self.accounts.table),
            total_quantity=self.accounts.total,
            consented_quantity=self.accounts.consented,
            records_root=self.tree.root,
            accounts_root=self.accounts.tree.root,
            bundle_hash=keccak(self.document),
        )


def assemble(rows: pl.DataFrame, findings: pl.DataFrame, meta: Meta) -> Bundle:
    """The bundle of a batch. Pure; the order of rows, columns and findings does not matter.

    Args:
        rows: `RECORD_SCHEMA`, the fields of `meta.fields` (Int64), and any number of columns that explain the quantity. A column
            `leaf` is computed anew.
        findings: `oracle.model.findings.FINDING_SCHEMA`.

    Raises:
        InputError: A column is missing, of another type or personal; a value is missing or out of range; an id stands twice.
    """
    rows = rows.select(_columns(rows, meta))
    accounts = accounts_of(rows, meta.quantity_limit)
    leaves = _leaves(rows)
    records = rows.with_columns(column("leaf", leaves))[_ranks(rows)]
    tree = Tree.build(leaves, sort=True)
    lined = finding_lines(findings)
    summary = _summary(meta, records, tree, accounts, lined)
    return Bundle(meta, records, tree, accounts, lined.drop("line"), summary)


def _summary(meta: Meta, records: pl.DataFrame, tree: Tree, accounts: Accounts, lined: pl.DataFrame) -> dict[str, Any]:
    beside_leaf = [name for name in records.columns if name not in (*LEAF_SCHEMA, "leaf")]
    return {
        **meta.to_json(),
        "schema": SCHEMA,
        "recordCount": str(len(records)),
        "accountCount": str(len(accounts.table)),
        "totalQuantity": str(accounts.total),
        "consentedQuantity": str(accounts.consented),
        "cutQuantity": str(accounts.cut),
        "recordsRoot": hexed(tree.root),
        "accountsRoot": hexed(accounts.tree.root),
        "columnDigests": {name: hexed(column_digest(records[name])) for name in beside_leaf},
        "findingCounts": {code: str(count) for code, count in counts(lined).items()},
        "findingsDigest": hexed(lines_digest(lined["line"])),
    }


def _columns(rows: pl.DataFrame, meta: Meta) -> list[str]:
    for name in PERSONAL:
        if name in rows.columns:
            raise InputError("this column identifies a person, but a bundle is public; remove the column", field=name)
    for name, kind in {**RECORD_SCHEMA, **dict.fromkeys(meta.fields, pl.Int64())}.items():
        if rows.schema.get(name) != kind:
            raise InputError(f"the column has type {rows.schema.get(name)} instead of {kind}", field=name)
        if rows[name].null_count():
            raise InputError("a value is missing", row=int(rows[name].is_null().arg_true()[0]) + 1, field=name)
    for name in ("start", "end"):
        early = (rows[name] < 0).arg_true()
        if len(early):
            raise InputError("the time is before 1970", row=int(early[0]) + 1, field=name)
    explaining = set(rows.columns) - {*RECORD_SCHEMA, *meta.fields, "leaf"}
    return [*RECORD_SCHEMA, *meta.fields, *sorted(explaining)]


def _ranks(rows: pl.DataFrame) -> NDArray[np.uint32]:
    ids = matrix(rows["record_id"], WORD)
    ranks = order(ids)
    ids = ids.take(ranks, axis=0)
    twice = (ids[1:] == ids[:-1]).all(axis=1)
    if twice.any():
        raise InputError(f"the record id {hexed(ids[twice.argmax()].tobytes())} occurs twice", field="record_id")
    return ranks


def _leaves(rows: pl.DataFrame) -> Bytes:
    return record_leaves(
        matrix(rows["record_id"], WORD),
        matrix(rows["account"], ACCOUNT_BYTES),
        rows["quantity"].to_numpy(),
        rows["start"].to_numpy(),
        rows["end"].to_numpy(),
        matrix(rows["commitment"], WORD),
    )
