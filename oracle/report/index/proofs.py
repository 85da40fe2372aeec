"""Proofs from disk: what finds a record among all batches and leads to its root, in files of their own, so that no proof needs the others.

    index/trees/<batch>.nodes       the array of `oracle.measure.evidence.tree`, 32 bytes a node
    index/trees/<batch>.ids         the first 8 bytes of every record id, in order, as little-endian numbers

The files are made once from the verified bundle. Nobody trusts them: every proof is checked against the root in bundle.json before it is
given, and a record that no list of ids names is looked for in the bundles themselves.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from mmap import ACCESS_READ, MADV_RANDOM, mmap
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from oracle.measure.evidence.bundle import Bundle
from oracle.measure.evidence.folder import DOCUMENT, RECORDS, read
from oracle.measure.evidence.proof import proof_document, require_proof
from oracle.measure.evidence.tree import Tree
from oracle.model.canonical import hexed
from oracle.model.columns import WORD, matrix
from oracle.model.errors import InputError
from oracle.model.header import Header
from oracle.model.ids import BatchId


class ProofIndex:
    """Trees of the bundles of one home folder.

    Args:
        home: The folder.
    """

    def __init__(self, home: Path):
        self._folder = home / "index" / "trees"

    def add(self, batch: BatchId, bundle: Bundle) -> None:
        """Keeps the tree and the ids of a verified bundle; they are there whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for kind, content in (("ids", _heads(bundle.records["record_id"])), ("nodes", bundle.tree.nodes)):
            draft = self._path(batch, f"{kind}.draft")
            content.tofile(draft)
            os.replace(draft, self._path(batch, kind))

    def has(self, batch: BatchId) -> bool:
        """Whether the tree of a batch is here."""
        return self._path(batch, "nodes").exists()

    def find(self, folders: Mapping[BatchId, Path], record_id: bytes) -> tuple[BatchId, bytes] | None:
        """The batch that has a record, and the record's account; None if none has it.

        Args:
            folders: Of the bundles, by batch.
        """
        likely = [batch for batch in folders if self._may_have(batch, record_id)]
        rest = [batch for batch in folders if batch not in likely]
        return _found(folders, likely, record_id) or _found(folders, rest, record_id)

    def _may_have(self, batch: BatchId, record_id: bytes) -> bool:
        path = self._path(batch, "ids")
        if not path.exists():
            return True
        heads, head = np.frombuffer(_mapped(path), "<u8"), np.uint64(int.from_bytes(record_id[:8]))
        at = int(np.searchsorted(heads, head))
        return at < len(heads) and bool(heads[at] == head)

    def proof(self, batch: BatchId, folder: Path, record_id: bytes, salt: bytes | None) -> dict[str, Any]:
        """The proof document of one record, as `oracle.measure.evidence.proof.record_proof` gives it.

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
        nodes = np.frombuffer(_mapped(self._path(batch, "nodes")), np.uint8).reshape(-1, 32)
        text = (folder / DOCUMENT).read_bytes()
        document = proof_document(
            Header.of_bundle(text), json.loads(text)["fields"], Tree(nodes), rows.row(0, named=True), salt
        )
        require_proof(document)
        return document

    def _path(self, batch: BatchId, kind: str) -> Path:
        return self._folder / f"{batch[2:]}.{kind}"


def _mapped(path: Path) -> mmap:
    """A file of which single pages are read, here and there: reading ahead would cost more than it saves."""
    with path.open("rb") as file:
        mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
    mapped.madvise(MADV_RANDOM)
    return mapped


def _heads(record_ids: pl.Series) -> NDArray[np.uint64]:
    return matrix(record_ids, WORD)[:, :8].copy().view(">u8").reshape(-1).astype("<u8")


def _found(
    folders: Mapping[BatchId, Path], batches: Sequence[BatchId], record_id: bytes
) -> tuple[BatchId, bytes] | None:
    """All are asked at once: of each, the one group of rows that its ids could be in."""
    tables = {str(folders[batch] / RECORDS): batch for batch in batches}
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
