"""Leaves, record ids and commitments. Twin of `contracts/libraries/LeafLib.sol`; one act at a time, or a batch by columns.

A leaf is keccak(keccak(abi.encode(...))): the leaf of OpenZeppelin's standard tree. Columns are arrays with one row per act or account:
ids, commitments and salts (n, 32) bytes, accounts (n, 20) bytes, quantities and times (n,) int64.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from oracle.model.columns import WORD, flat
from oracle.model.errors import InputError
from oracle.model.ids import methodology_word
from oracle.model.keccak import Bytes, keccak, keccak_matrix, keccak_rows, over_blocks

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

PEPPER_BYTES = 32
RECORD_DOMAIN = keccak(b"carbonbook/record/1")

# One entry of the accounts tree in one word: account (160 bits) | consented (1 bit) | quantity (95 bits).
ACCOUNT_SHIFT = 96
CONSENT_SHIFT = 95
QUANTITY_LIMIT = 1 << 95


def record_leaf(record_id: bytes, account: bytes, quantity: int, start: int, end: int, commitment: bytes) -> bytes:
    """Leaf of one record: `LeafLib.recordLeaf`. Times are UTC seconds."""
    row = record_id + _word(int.from_bytes(account)) + _word(quantity) + _word(start) + _word(end) + commitment
    return keccak(keccak(row))


def record_leaves(
    ids: Bytes, accounts: Bytes, quantities: Numbers, starts: Numbers, ends: Numbers, commitments: Bytes
) -> Bytes:
    """Leaves (n, 32) of records.

    Raises:
        ValueError: A quantity or time is negative.
    """
    _require_unsigned(quantities, starts, ends)
    leaves = np.empty((len(ids), WORD), np.uint8)

    def work(at: slice) -> None:
        rows = np.zeros((at.stop - at.start, 6 * WORD), np.uint8)
        rows[:, :32] = ids[at]
        rows[:, 44:64] = accounts[at]
        rows[:, 88:96] = _big_endian(quantities[at])
        rows[:, 120:128] = _big_endian(starts[at])
        rows[:, 152:160] = _big_endian(ends[at])
        rows[:, 160:] = commitments[at]
        leaves[at] = keccak_matrix(keccak_matrix(rows))

    over_blocks(len(leaves), work)
    return leaves


def account_leaf(index: int, account: bytes, quantity: int, consented: bool) -> bytes:
    """Leaf of one entry of the accounts tree, as `LeafLib.subtreeRoot` hashes it."""
    row = _word(index) + _word(int.from_bytes(account)) + _word(quantity) + _word(int(consented))
    return keccak(keccak(row))


def account_leaves(accounts: Bytes, quantities: Numbers, consented: Flags) -> Bytes:
    """Leaves (n, 32) of the entries with the indices 0 to n - 1.

    Raises:
        ValueError: A quantity is negative.
    """
    _require_unsigned(quantities)
    leaves = np.empty((len(accounts), WORD), np.uint8)

    def work(at: slice) -> None:
        rows = np.zeros((at.stop - at.start, 4 * WORD), np.uint8)
        rows[:, 24:32] = _big_endian(np.arange(at.start, at.stop))
        rows[:, 44:64] = accounts[at]
        rows[:, 88:96] = _big_endian(quantities[at])
        rows[:, 127] = consented[at]
        leaves[at] = keccak_matrix(keccak_matrix(rows))

    over_blocks(len(leaves), work)
    return leaves


def record_ids(source: str, keys: pl.Series, pepper: bytes) -> Bytes:
    """Record ids (n, 32): keccak(DOMAIN || keccak(source) || keccak(pepper || key)), text as UTF-8.

    The same key of the same source always gives the same id, so that an act cannot stand in two batches unseen. The pepper is the
    source's 32-byte secret: without it nobody can try card numbers and times until an id fits.

    Raises:
        InputError: The pepper is not 32 bytes long, or a key is missing or empty.
    """
    if len(pepper) != PEPPER_BYTES:
        raise InputError(f"a pepper must have {PEPPER_BYTES} bytes, not {len(pepper)}")
    empty = (keys.fill_null("") == "").arg_true()
    if len(empty):
        raise InputError("the record key is missing", row=int(empty[0]) + 1, field=keys.name)
    peppered = keys.to_frame("key").select(pl.lit(pepper) + pl.col("key").cast(pl.Binary)).to_series()
    rows = np.empty((len(keys), 3 * WORD), np.uint8)
    rows[:, :64] = np.frombuffer(RECORD_DOMAIN + keccak(source.encode()), np.uint8)
    rows[:, 64:] = keccak_rows(*flat(peppered))
    return keccak_matrix(rows)


def commitments(salts: Bytes, ids: Bytes, methodology: str, version: int, fields: Numbers) -> Bytes:
    """Commitments (n, 32) to canonical records: keccak(salt || id || bytes32 methodology || uint256 version || int256 fields ...).

    The salt belongs to the citizen and stays off chain. Who holds it can open the commitment; once it is erased nobody can link the
    leaf to the record any more.

    Args:
        fields: (n, k), the record's fields in the order of `Rule.fields`.
    """
    count, width = fields.shape
    hashes = np.empty((count, WORD), np.uint8)

    def work(at: slice) -> None:
        rows = np.empty((at.stop - at.start, 4 + width, WORD), np.uint8)
        rows[:, 0], rows[:, 1] = salts[at], ids[at]
        rows[:, 2] = np.frombuffer(methodology_word(methodology), np.uint8)
        rows[:, 3] = np.frombuffer(_word(version), np.uint8)
        rows[:, 4:, :24] = np.where(fields[at] < 0, 0xFF, 0)[:, :, None]
        rows[:, 4:, 24:] = _big_endian(fields[at])
        hashes[at] = keccak_matrix(rows.reshape(len(rows), -1))

    over_blocks(count, work)
    return hashes


def pack_entry(account: bytes, consented: bool, quantity: int) -> int:
    """One entry as `PointIssuer.credit` takes it.

    Raises:
        ValueError: The account is not 20 bytes long, or the quantity does not fit 95 bits.
    """
    if len(account) != 20 or not 0 <= quantity < QUANTITY_LIMIT:
        raise ValueError(f"an entry needs 20 bytes and 95 bits: {len(account)} bytes, quantity {quantity}")
    return int.from_bytes(account) << ACCOUNT_SHIFT | int(consented) << CONSENT_SHIFT | quantity


def pack_entries(accounts: Bytes, consented: Flags, quantities: Numbers) -> bytes:
    """Calldata words of n entries, 32 n bytes.

    Raises:
        ValueError: A quantity is negative.
    """
    _require_unsigned(quantities)
    rows = np.zeros((len(accounts), WORD), np.uint8)
    rows[:, :20] = accounts
    rows[:, 20] = consented.astype(np.uint8) << 7
    rows[:, 24:] = _big_endian(quantities)
    return rows.tobytes()


def _word(number: int) -> bytes:
    return number.to_bytes(WORD)


def _big_endian(numbers: Numbers) -> Bytes:
    return numbers.astype(">i8", order="C").view(np.uint8).reshape(*numbers.shape, 8)


def _require_unsigned(*columns: Numbers) -> None:
    for numbers in columns:
        if (numbers < 0).any():
            raise ValueError(f"row {int(np.argmax(numbers < 0)) + 1} has the negative number {int(numbers.min())}")
