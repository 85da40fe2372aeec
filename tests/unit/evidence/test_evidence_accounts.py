"""Accounts: grouped, sorted, cut, padded; nothing comes from nowhere and nothing is lost unsaid."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.measure.evidence.accounts import Accounts, accounts_of, chunk_of
from oracle.measure.evidence.leaf import account_leaf, pack_entry
from oracle.measure.evidence.tree import verify
from oracle.model.errors import InputError
from tests.unit.evidence.evidence_batches import LAW, words_of

ROWS = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 10**12), st.booleans()), min_size=1, max_size=60)


def table(rows: list[tuple[int, int, bool]]) -> pl.DataFrame:
    """Record rows from (number of the account, quantity, consented)."""
    accounts = [number.to_bytes(20) for number, _, _ in rows]
    return pl.DataFrame(
        {"account": accounts, "quantity": [row[1] for row in rows], "consented": [row[2] for row in rows]}
    )


def padded_leaves(accounts: Accounts) -> list[bytes]:
    """Leaves of the tree one by one, from the table."""
    rows = list(accounts.table.select("index", "account", "quantity", "consented").iter_rows())
    return [account_leaf(*row) for row in rows] + [
        account_leaf(index, bytes(20), 0, False) for index in range(len(rows), len(accounts.tree))
    ]


def test_accounts_of__small_batch__literal_rows() -> None:
    accounts = accounts_of(table([(9, 100, True), (2, 30, False), (9, 50, True), (5, 7, True), (2, 1, False)]), None)
    assert accounts.table.rows() == [
        (0, (2).to_bytes(20), 31, False),
        (1, (5).to_bytes(20), 7, True),
        (2, (9).to_bytes(20), 150, True),
    ]
    assert (accounts.total, accounts.consented, accounts.cut, accounts.chunk, len(accounts.tree)) == (188, 157, 0, 4, 4)


def test_accounts_of__above_the_limit__cut_and_reported_by_account() -> None:
    accounts = accounts_of(table([(1, 100, True), (2, 30, True), (1, 50, True)]), 120)
    assert accounts.table["quantity"].to_list() == [120, 30]
    assert accounts.cuts.rows() == [((1).to_bytes(20), 30)]
    assert accounts.cut == 30


def test_accounts_of__exactly_the_limit__nothing_cut() -> None:
    assert accounts_of(table([(1, 120, True)]), 120).cuts.is_empty()


def test_accounts_of__one_record_without_consent__whole_account_without() -> None:
    assert accounts_of(table([(1, 5, True), (1, 6, False), (2, 7, True)]), None).consented == 7


@LAW
@given(ROWS, st.one_of(st.none(), st.integers(1, 10**12)), st.randoms())
def test_accounts_of__any_records__quantity_is_conserved(
    rows: list[tuple[int, int, bool]], limit: int | None, chance: object
) -> None:
    accounts = accounts_of(table(rows), limit)
    assert accounts.total + accounts.cut == sum(quantity for _, quantity, _ in rows)
    sums = {n.to_bytes(20): sum(q for m, q, _ in rows if m == n) for n, _, _ in rows}
    cuts = dict(accounts.cuts.iter_rows())
    assert {a: q + cuts.get(a, 0) for _, a, q, _ in accounts.table.iter_rows()} == sums
    assert limit is None or all(quantity <= limit for quantity in accounts.table["quantity"])
    assert accounts.consented <= accounts.total
    shuffled = list(rows)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    again = accounts_of(table(shuffled), limit)
    assert again.table.equals(accounts.table)
    assert again.tree.root == accounts.tree.root


@LAW
@given(ROWS)
def test_accounts_of__any_records__leaves_and_entries_are_the_rows_then_padding(
    rows: list[tuple[int, int, bool]],
) -> None:
    accounts = accounts_of(table(rows), None)
    count, size = len(accounts.table), len(accounts.tree)
    leaves = padded_leaves(accounts)
    assert [leaf.tobytes() for leaf in accounts.tree.leaves] == leaves
    assert len(set(leaves)) == size
    assert accounts.table["index"].to_list() == list(range(count))
    assert accounts.table["account"].to_list() == sorted({row[0].to_bytes(20) for row in rows})
    assert size % accounts.chunk == 0
    assert size - count < accounts.chunk
    words = words_of(accounts.words(0, size))
    assert words == [pack_entry(a, c, q) for _, a, q, c in accounts.table.iter_rows()] + [0] * (size - count)


@pytest.mark.parametrize(
    ("count", "chunk"),
    [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (255, 256), (257, 512), (512, 512), (513, 512), (100_000, 512)],
)
def test_chunk_of__count__next_power_of_two_but_at_most_512(count: int, chunk: int) -> None:
    assert chunk_of(count) == chunk


@pytest.mark.parametrize(("count", "leaves"), [(1, 1), (3, 4), (512, 512), (513, 1024), (1025, 1536)])
def test_accounts_of__count__padded_to_whole_chunks(count: int, leaves: int) -> None:
    accounts = accounts_of(table([(n + 1, 1, True) for n in range(count)]), None)
    assert len(accounts.tree) == leaves


def test_entries__last_chunk__ends_with_padding() -> None:
    accounts = accounts_of(table([(n + 1, 3, True) for n in range(514)]), None)
    words = words_of(accounts.words(512, 512))
    assert words[:3] == [513 << 96 | 1 << 95 | 3, 514 << 96 | 1 << 95 | 3, 0]
    assert set(words[2:]) == {0}
    assert len(words) == 512


def test_entries__one_account__a_claim_with_a_full_proof() -> None:
    accounts = accounts_of(table([(n + 1, 3, False) for n in range(700)]), None)
    assert words_of(accounts.words(600, 1)) == [601 << 96 | 3]
    leaf = account_leaf(600, (601).to_bytes(20), 3, False)
    assert verify(leaf, accounts.tree.proof(600), accounts.tree.root)


def test_accounts_of__sum_fills_an_int64__kept_exactly() -> None:
    accounts = accounts_of(table([(1, (1 << 62), True), (1, (1 << 62) - 1, True)]), None)
    assert accounts.total == (1 << 63) - 1


@pytest.mark.parametrize("other", [1, 2])
def test_accounts_of__sum_above_an_int64__refused(other: int) -> None:
    with pytest.raises(InputError, match="quantity: the sum of the quantities is 9223372036854775808; at most"):
        accounts_of(table([(1, (1 << 62), True), (other, (1 << 62), True)]), None)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "a batch needs at least one record"),
        ([(1, 5, True), (0, 5, True)], "row 2, account: the zero address is no account"),
        ([(1, 5, True), (1, 0, True)], "row 2, quantity: the quantity is not positive"),
        ([(1, -5, True)], "row 1, quantity: the quantity is not positive"),
        ([(1, None, True)], "row 1, quantity: the quantity is not positive"),
        ([(1, 5, True), (1, 5, None)], "row 2, consented: consent is not known"),
    ],
)
def test_accounts_of__unsound_row__refused_with_its_row(rows: list[Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        accounts_of(table(rows), None)


def test_accounts_of__short_account__refused() -> None:
    rows = pl.DataFrame({"account": [b"\1" * 19], "quantity": [1], "consented": [True]})
    with pytest.raises(InputError, match="row 1, account: a value is not 20 bytes long"):
        accounts_of(rows, None)


def test_accounts_of__thousands_of_accounts__order_is_that_of_bytes() -> None:
    drawn = np.random.default_rng(1).integers(1, 256, (3000, 20), dtype=np.uint8)
    rows = pl.DataFrame({"account": [a.tobytes() for a in drawn], "quantity": [1] * 3000, "consented": [True] * 3000})
    assert accounts_of(rows, None).table["account"].to_list() == sorted(a.tobytes() for a in drawn)
