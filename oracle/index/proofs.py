"""Proofs from disk: the nodes of a batch's records tree in a file of their own, so that no proof needs the other records.

    index/trees/<batch>.nodes       the array of `oracle.evidence.tree`, 32 bytes a node

The file is made once from the verified bundle. Nobody trusts it: every proof is checked against the root in bundle.json before it is given.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from eth_utils.address import to_checksum_address

from oracle.attest.header import Header
from oracle.errors import InputError
from oracle.evidence.bundle import Bundle
from oracle.evidence.canonical import hexed
from oracle.evidence.folder import DOCUMENT, RECORDS, read
from oracle.evidence.keccak import keccak
from oracle.evidence.leaf import methodology_word
from oracle.evidence.proof import proof_document, require_proof
from oracle.evidence.tree import Tree


class ProofIndex:
    """Trees of the bundles of one home folder.

    Args:
        home: The folder.
    """

    def __init__(self, home: Path):
        self._folder = home / "index" / "trees"

    def add(self, batch: str, bundle: Bundle) -> None:
        """Keeps the tree of a verified bundle; it is there whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._path(batch).with_suffix(".draft")
        bundle.tree.nodes.tofile(draft)
        os.replace(draft, self._path(batch))

    def has(self, batch: str) -> bool:
        """Whether the tree of a batch is here."""
        return self._path(batch).exists()

    def proof(self, batch: str, folder: Path, record_id: bytes, salt: bytes | None) -> dict[str, Any]:
        """The proof document of one record, as `oracle.evidence.proof.record_proof` gives it.

        Args:
            batch: Key of the batch, 0x hex.
            folder: Its bundle.
            salt: The citizen's salt, which opens the commitment; None leaves it closed.

        Raises:
            InputError: The bundle has no such record.
            VerificationFailed: The kept tree is not that of the bundle.
        """
        rows = pl.scan_parquet(folder / RECORDS).filter(pl.col("record_id") == record_id).collect()
        if rows.is_empty():
            raise InputError(f"record {hexed(record_id)} is not in the bundle")
        if not self.has(batch):
            self.add(batch, read(folder))
        nodes = np.memmap(self._path(batch), np.uint8, "r").reshape(-1, 32)
        text = (folder / DOCUMENT).read_bytes()
        document = proof_document(
            header_of(text), json.loads(text)["fields"], Tree(nodes), rows.row(0, named=True), salt
        )
        require_proof(document)
        return document

    def _path(self, batch: str) -> Path:
        return self._folder / f"{batch[2:]}.nodes"


def found_in(folders: Sequence[Path], record_id: bytes) -> tuple[Path, bytes] | None:
    """The bundle that has a record, and the record's account; None if none has it.

    All are asked at once: of each, the one group of rows that its ids could be in.
    """
    tables = {str(folder / RECORDS): folder for folder in folders}
    if not tables:
        return None
    rows = pl.scan_parquet(
        list(tables),
        schema={"record_id": pl.Binary(), "account": pl.Binary()},
        extra_columns="ignore",
        include_file_paths="file",
    )
    found = rows.filter(pl.col("record_id") == record_id).collect()
    if found.is_empty():
        return None
    _, account, file = found.row(0)
    return tables[file], account


def header_of(text: bytes) -> Header:
    """The header that the bytes of a bundle.json stand for."""
    said = json.loads(text)
    return Header(
        operator=to_checksum_address(said["operator"]),
        day=int(said["day"]),
        sequence=int(said["sequence"]),
        version=int(said["version"]),
        methodology=methodology_word(said["methodology"]),
        record_count=int(said["recordCount"]),
        account_count=int(said["accountCount"]),
        total_quantity=int(said["totalQuantity"]),
        consented_quantity=int(said["consentedQuantity"]),
        records_root=bytes.fromhex(said["recordsRoot"][2:]),
        accounts_root=bytes.fromhex(said["accountsRoot"][2:]),
        bundle_hash=keccak(text),
    )
