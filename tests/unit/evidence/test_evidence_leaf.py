"""Leaves, ids, commitments and packed entries against eth_abi and plain hashing."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from hypothesis import given
from hypothesis import strategies as st

from oracle.measure.evidence.leaf import (
    account_leaf,
    account_leaves,
    commitments,
    pack_entries,
    pack_entry,
    record_ids,
    record_leaf,
    record_leaves,
)
from oracle.model.columns import matrix
from oracle.model.errors import InputError
from oracle.model.ids import methodology_word
from oracle.model.keccak import BLOCK, keccak
from tests.unit.evidence.evidence_batches import LAW, PEPPER, rides, words_of

WORD = st.binary(min_size=32, max_size=32)
ACCOUNT = st.binary(min_size=20, max_size=20)
QUANTITY = st.integers(0, (1 << 63) - 1)
ENTRY = st.tuples(ACCOUNT, st.booleans(), QUANTITY)


def stacked(rows: list[bytes]) -> np.ndarray:
    """Equal-length bytes as a matrix."""
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)


@LAW
@given(st.lists(st.tuples(WORD, ACCOUNT, QUANTITY, QUANTITY, QUANTITY, WORD), min_size=1, max_size=20))
def test_record_leaf__any_record__double_hash_of_the_abi_encoding(
    records: list[tuple[bytes, bytes, int, int, int, bytes]],
) -> None:
    types = ["bytes32", "address", "uint256", "uint256", "uint256", "bytes32"]
    expected = [keccak(keccak(encode(types, record))) for record in records]
    ids, accounts, quantities, starts, ends, hashes = map(list, zip(*records, strict=True))
    quantity, start, end = (np.array(column, np.int64) for column in (quantities, starts, ends))
    columnar = record_leaves(stacked(ids), stacked(accounts), quantity, start, end, stacked(hashes))
    assert [record_leaf(*record) for record in records] == expected
    assert [leaf.tobytes() for leaf in columnar] == expected


@LAW
@given(st.lists(ENTRY, min_size=1, max_size=20))
def test_account_leaf__any_entry__double_hash_of_the_abi_encoding(entries: list[tuple[bytes, bool, int]]) -> None:
    types = ["uint256", "address", "uint256", "bool"]
    expected = [keccak(keccak(encode(types, (i, a, q, c)))) for i, (a, c, q) in enumerate(entries)]
    accounts, consented, quantities = zip(*entries, strict=True)
    columnar = account_leaves(stacked(list(accounts)), np.array(quantities, np.int64), np.array(consented))
    assert [account_leaf(i, a, q, c) for i, (a, c, q) in enumerate(entries)] == expected
    assert [leaf.tobytes() for leaf in columnar] == expected


def test_record_leaves__several_blocks__each_row_its_own_leaf() -> None:
    rows = rides(BLOCK + 100)
    quantity, start, end = (rows[name].to_numpy() for name in ("quantity", "start", "end"))
    ids, accounts, hashes = matrix(rows["record_id"], 32), matrix(rows["account"], 20), matrix(rows["commitment"], 32)
    leaves = record_leaves(ids, accounts, quantity, start, end, hashes)
    for at in (0, BLOCK - 1, BLOCK, BLOCK + 99):
        row = rows.row(at, named=True)
        names = ("record_id", "account", "quantity", "start", "end", "commitment")
        assert leaves[at].tobytes() == record_leaf(*(row[name] for name in names))


def test_account_leaves__several_blocks__index_goes_on() -> None:
    accounts = np.ones((BLOCK + 2, 20), np.uint8)
    leaves = account_leaves(accounts, np.full(BLOCK + 2, 9), np.ones(BLOCK + 2, np.bool_))
    assert leaves[BLOCK + 1].tobytes() == account_leaf(BLOCK + 1, b"\1" * 20, 9, True)


@pytest.mark.parametrize("column", [0, 1, 2])
def test_record_leaves__negative_number__refused_with_its_row(column: int) -> None:
    words, numbers = np.zeros((2, 32), np.uint8), [np.array([5, 5]) for _ in range(3)]
    numbers[column] = np.array([5, -1])
    with pytest.raises(ValueError, match="row 2 has the negative number -1"):
        record_leaves(words, words[:, :20], numbers[0], numbers[1], numbers[2], words)


def test_record_ids__known_key__known_id() -> None:
    domain = keccak(b"carbonbook/record/1")
    key = "685844013|2018-09-01 08:00:00|深圳北"
    expected = keccak(domain + keccak("深圳通".encode()) + keccak(PEPPER + key.encode()))
    found = record_ids("深圳通", pl.Series("record_key", [key]), PEPPER)
    assert found[0].tobytes() == expected
    assert expected.hex() == "b7a7073642e858fc0cb1ee22612fe92435fd0e1f58d85df12c25f48ebbfd17a9"


@LAW
@given(st.lists(st.text(min_size=1), max_size=30))
def test_record_ids__any_keys__formula_holds_and_only_equal_keys_share_an_id(keys: list[str]) -> None:
    found = [row.tobytes() for row in record_ids("transit", pl.Series("k", keys, dtype=pl.String), PEPPER)]
    head = keccak(b"carbonbook/record/1") + keccak(b"transit")
    assert found == [keccak(head + keccak(PEPPER + key.encode())) for key in keys]
    assert len(set(found)) == len(set(keys))


def test_record_ids__slice_of_a_column__ids_of_the_slice() -> None:
    keys = pl.Series("k", [f"ride {n}" for n in range(50)])
    assert record_ids("s", keys.slice(20, 5), PEPPER).tobytes() == record_ids("s", keys, PEPPER)[20:25].tobytes()


def test_record_ids__other_source_or_pepper__other_ids() -> None:
    keys = pl.Series("k", ["ride 1"])
    ids = {record_ids(source, keys, pepper).tobytes() for source in "ab" for pepper in (PEPPER, PEPPER[::-1])}
    assert len(ids) == 4


@pytest.mark.parametrize("key", [None, ""])
def test_record_ids__key_missing__refused_with_its_row(key: str | None) -> None:
    with pytest.raises(InputError, match="row 2, record_key: the record key is missing"):
        record_ids("s", pl.Series("record_key", ["ride 1", key]), PEPPER)


def test_record_ids__short_pepper__refused() -> None:
    with pytest.raises(InputError, match="a pepper must have 32 bytes, not 31"):
        record_ids("s", pl.Series("record_key", ["ride 1"]), PEPPER[1:])


@LAW
@given(
    st.lists(
        st.tuples(WORD, WORD, st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=3, max_size=3)),
        min_size=1,
        max_size=9,
    )
)
def test_commitments__any_fields__packed_encoding_of_the_abi(rows: list[tuple[bytes, bytes, list[int]]]) -> None:
    salts, ids, fields = map(list, zip(*rows, strict=True))
    found = commitments(stacked(salts), stacked(ids), "CI-11.CN-4403", 3, np.array(fields, np.int64))
    types = ["bytes32", "bytes32", "bytes32", "uint256", "int256", "int256", "int256"]
    name = b"CI-11.CN-4403".ljust(32, b"\0")
    assert [row.tobytes() for row in found] == [keccak(encode_packed(types, [s, i, name, 3, *f])) for s, i, f in rows]


@pytest.mark.parametrize(
    ("field", "word"),
    [
        (-1, 32 * "ff"),
        (0, 32 * "00"),
        (1, 31 * "00" + "01"),
        (-256, 31 * "ff" + "00"),
        (-(1 << 63), 24 * "ff" + "80" + 7 * "00"),
    ],
)
def test_commitments__field_near_a_sign_or_byte_border__its_int256_word(field: int, word: str) -> None:
    salts = ids = np.ones((1, 32), np.uint8)
    head = 64 * "01" + "43492d3131".ljust(64, "0") + "1".rjust(64, "0")
    found = commitments(salts, ids, "CI-11", 1, np.array([[field]]))
    assert found.tobytes() == keccak(bytes.fromhex(head + word))


def test_commitments__fields_in_column_order__same_as_in_row_order() -> None:
    fields = np.array([[1, 2], [3, 4], [-5, 6]], np.int64)
    salts = ids = np.arange(96, dtype=np.uint8).reshape(3, 32)
    by_column = commitments(salts, ids, "CI-11", 1, np.asfortranarray(fields))
    assert by_column.tobytes() == commitments(salts, ids, "CI-11", 1, fields).tobytes()


@pytest.mark.parametrize(
    "changed",
    [{"salt": 1}, {"id": 1}, {"methodology": "CI-03"}, {"version": 2}, {"field": 8}],
    ids=lambda c: next(iter(c)),
)
def test_commitments__one_part_changed__other_commitment(changed: dict[str, Any]) -> None:
    def commitment(salt: int = 0, id: int = 0, methodology: str = "CI-02", version: int = 1, field: int = 7) -> bytes:
        salts, ids = (np.full((1, 32), byte, np.uint8) for byte in (salt, id))
        return commitments(salts, ids, methodology, version, np.array([[field]])).tobytes()

    assert commitment(**changed) != commitment()


@pytest.mark.parametrize("methodology", ["", "碳", "x" * 33])
def test_methodology_word__does_not_fit__refused(methodology: str) -> None:
    with pytest.raises(InputError, match="must have 1 to 32 ASCII characters"):
        methodology_word(methodology)


def test_methodology_word__short_id__padded_on_the_right() -> None:
    assert methodology_word("CI-02.CN-4403").hex() == "43492d30322e434e2d34343033" + 19 * "00"


@LAW
@given(st.lists(ENTRY, min_size=1, max_size=20))
def test_pack__any_entries__fields_come_back_by_the_contracts_shifts(entries: list[tuple[bytes, bool, int]]) -> None:
    accounts, consented, quantities = zip(*entries, strict=True)
    packed = pack_entries(stacked(list(accounts)), np.array(consented), np.array(quantities, np.int64))
    assert words_of(packed) == [pack_entry(*entry) for entry in entries]
    for word, (account, agreed, quantity) in zip(words_of(packed), entries, strict=True):
        assert (word >> 96, word >> 95 & 1, word & (1 << 95) - 1) == (int.from_bytes(account), agreed, quantity)


def test_pack_entry__padding__zero() -> None:
    assert pack_entry(bytes(20), False, 0) == 0


def test_pack_entry__largest__all_bits() -> None:
    assert pack_entry(b"\xff" * 20, True, (1 << 95) - 1) == (1 << 256) - 1


@pytest.mark.parametrize(
    ("account", "quantity"), [(b"\1" * 20, 1 << 95), (b"\1" * 20, -1), (b"\1" * 19, 1), (b"\1" * 21, 1)]
)
def test_pack_entry__does_not_fit__refused(account: bytes, quantity: int) -> None:
    with pytest.raises(ValueError, match="an entry needs 20 bytes and 95 bits"):
        pack_entry(account, False, quantity)


def test_pack_entries__negative_quantity__refused() -> None:
    with pytest.raises(ValueError, match="row 1 has the negative number -3"):
        pack_entries(np.ones((1, 20), np.uint8), np.array([True]), np.array([-3]))
