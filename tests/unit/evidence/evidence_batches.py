"""Batches to test with, and the contract's subtree root in plain Python."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from hypothesis import settings

from oracle.measure.evidence.bundle import Bundle, Meta, assemble
from oracle.measure.evidence.leaf import commitments, record_ids
from oracle.model.columns import column
from oracle.model.findings import findings
from oracle.model.keccak import Bytes, keccak

# A law is tried on as many examples as ever, however slow the machine is just then.
LAW = settings(deadline=None)

PEPPER = bytes(range(32))
META = Meta(
    operator="0x5B38Da6a701c568545dCfcB03FcB875f56beddC4",
    methodology="CI-02.CN-4403",
    version=1,
    document_hash=keccak(b"metro, version 1"),
    region="CN-4403",
    day=17_774,
    sequence=0,
    factor_ug=26_900,
    quantity_limit=None,
    fields=("distance_m",),
)
FINDINGS = pl.concat(
    [
        findings("same_station", "taps.json", [(7, {"station": "深圳北"})]),
        findings("duplicate", "taps.json", [(3, {"first": 1}), (9, {"first": 2})]),
        findings("bad_time", 'a "quoted"\nname.csv', [(None, {})]),
    ]
)


def salts_of(count: int) -> Bytes:
    """Salts of `count` records."""
    return np.random.default_rng(7).integers(0, 256, (count, 32), dtype=np.uint8)


def rides(count: int, riders: int = 5) -> pl.DataFrame:
    """`count` metro rides of `riders` citizens; every other citizen consented."""
    chance = np.random.default_rng(count)
    ids = record_ids("transit", pl.Series("record_key", [f"card-{n}|1535760000" for n in range(count)]), PEPPER)
    distance = chance.integers(500, 30_000, count)
    rider = chance.integers(0, riders, count)
    accounts = np.frombuffer(b"".join(keccak(b"rider %d" % n)[:20] for n in rider), np.uint8).reshape(-1, 20)
    start = 1_535_700_000 + chance.integers(0, 80_000, count)
    committed = commitments(salts_of(count), ids, META.methodology, META.version, distance[:, None])
    return pl.DataFrame(
        [
            column("record_id", ids),
            column("account", accounts),
            pl.Series("quantity", distance),
            pl.Series("start", start),
            pl.Series("end", start + 900),
            column("commitment", committed),
            pl.Series("consented", rider % 2 == 0),
            pl.Series("distance_m", distance),
            pl.Series("baseline_mg", distance * 147, dtype=pl.Int64),
            pl.Series("entry", [f"station {n % 3}" for n in range(count)]),
        ]
    )


def bundle_of(count: int, quantity_limit: int | None = None) -> Bundle:
    """The bundle of `rides(count)`."""
    return assemble(rides(count), FINDINGS, replace(META, quantity_limit=quantity_limit))


def subtree_root(first: int, entries: list[int]) -> bytes:
    """`LeafLib.subtreeRoot`, step by step as the contract does it."""
    row = []
    for index, entry in enumerate(entries, first):
        words = (index, entry >> 96, entry & (1 << 95) - 1, entry >> 95 & 1)
        row.append(keccak(keccak(b"".join(word.to_bytes(32) for word in words))))
    while len(row) > 1:
        row = [keccak(min(a, b) + max(a, b)) for a, b in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def words_of(packed: bytes) -> list[int]:
    """Packed calldata as integers."""
    return [int.from_bytes(packed[at : at + 32]) for at in range(0, len(packed), 32)]
