"""Proofs from a kept tree are those of the whole bundle, and a damaged tree gives none."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from oracle.measure.evidence.folder import RECORDS, write
from oracle.measure.evidence.proof import record_proof
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.header import Header
from oracle.report.index.proofs import ProofIndex
from tests.unit.evidence.evidence_batches import bundle_of, salts_of

BATCH = "0x" + "ab" * 32


@pytest.mark.parametrize("count", [1, 2, 7, 300])
def test_proof__from_disk__is_the_proof_of_the_whole_bundle(count: int, tmp_path: Path) -> None:
    bundle, proofs = bundle_of(count), ProofIndex(tmp_path)
    write(tmp_path / "bundle", bundle)
    for record_id in bundle.records["record_id"].to_list():
        assert proofs.proof(BATCH, tmp_path / "bundle", record_id, None) == record_proof(bundle, record_id, None)
    assert proofs.has(BATCH)


def test_header_of__a_bundle_json__is_the_header_of_its_bundle() -> None:
    bundle = bundle_of(50)
    assert Header.of_bundle(bundle.document) == bundle.header


def test_proof__of_a_record_that_is_not_there__is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "bundle", bundle_of(5))
    with pytest.raises(InputError, match=f"^record 0x{'00' * 32} is not in the bundle"):
        ProofIndex(tmp_path).proof(BATCH, tmp_path / "bundle", bytes(32), None)


def test_proof__with_the_salt_of_somebody_else__is_refused(tmp_path: Path) -> None:
    bundle = bundle_of(5)
    write(tmp_path / "bundle", bundle)
    record_id = bundle.records["record_id"][0]
    with pytest.raises(VerificationFailed, match=r"^commitment: the proof says 0x"):
        ProofIndex(tmp_path).proof(BATCH, tmp_path / "bundle", record_id, salts_of(9)[8].tobytes())


def test_proof__from_a_tree_with_a_flipped_bit__is_the_true_one_or_none(tmp_path: Path) -> None:
    bundle, proofs = bundle_of(8), ProofIndex(tmp_path)
    write(tmp_path / "bundle", bundle)
    proofs.add(BATCH, bundle)
    [path] = (tmp_path / "index" / "trees").glob("*.nodes")
    nodes = np.fromfile(path, np.uint8)
    nodes[32] ^= (
        1  # a child of the root: a sibling in the proofs of the other half, and in those of its own half not read
    )
    nodes.tofile(path)
    refused = 0
    for record_id in bundle.records["record_id"].to_list():
        try:
            assert proofs.proof(BATCH, tmp_path / "bundle", record_id, None) == record_proof(bundle, record_id, None)
        except VerificationFailed as error:
            assert re.match("root: the proof says 0x", str(error))  # noqa: PT017
            refused += 1
    assert refused == 4


def test_find__a_record_of_three_batches__names_its_batch_and_account(tmp_path: Path) -> None:
    """One batch has no list of ids, the list of another names records of nobody."""
    proofs, folders, batches = ProofIndex(tmp_path), {}, {}
    whole = bundle_of(90)
    for number in range(3):
        batch = f"0x{number:064x}"
        records = whole.records[30 * number : 30 * (number + 1)]
        batches[batch], folders[batch] = replace(whole, records=records), tmp_path / batch
        folders[batch].mkdir()
        records.write_parquet(folders[batch] / RECORDS)
    for batch in list(batches)[:2]:
        proofs.add(batch, batches[batch])
    np.arange(30, dtype="<u8").tofile(tmp_path / "index" / "trees" / f"{0:064x}.ids")
    for batch, bundle in batches.items():
        for record_id, account in bundle.records.select("record_id", "account").iter_rows():
            assert proofs.find(folders, record_id) == (batch, account)
    assert proofs.find(folders, bytes(32)) is None
    assert proofs.find({}, bytes(32)) is None
