"""Between columns and matrices: nothing lost, wrong lengths named."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.model.columns import column, flat, matrix, order
from oracle.model.errors import InputError
from tests.unit.evidence.evidence_batches import LAW


@LAW
@given(st.lists(st.binary(min_size=20, max_size=20), max_size=30))
def test_column__any_rows__come_back(rows: list[bytes]) -> None:
    stacked = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, 20)
    assert column("account", stacked).to_list() == rows
    assert [row.tobytes() for row in matrix(column("account", stacked), 20)] == rows


@LAW
@given(st.lists(st.binary(max_size=9), max_size=30), st.integers(0, 30))
def test_flat__slice_of_a_column__bytes_between_the_offsets(values: list[bytes], start: int) -> None:
    data, offsets = flat(pl.Series("v", values, dtype=pl.Binary).slice(start))
    pieces = [data[a:b].tobytes() for a, b in itertools.pairwise(offsets)]
    assert pieces == values[start:]


def test_flat__column_in_two_chunks__one_run_of_bytes() -> None:
    values = pl.Series("v", ["碳", ""]).append(pl.Series("v", ["abc"]))
    assert values.n_chunks() == 2
    data, offsets = flat(values)
    assert (data.tobytes(), offsets.tolist()) == ("碳abc".encode(), [0, 3, 3, 6])


def test_flat__value_missing__row_named() -> None:
    with pytest.raises(InputError, match="row 2, key: a value is missing"):
        flat(pl.Series("key", ["a", None]))


def test_matrix__wrong_length__row_named() -> None:
    with pytest.raises(InputError, match="row 3, account: a value is not 2 bytes long"):
        matrix(pl.Series("account", [b"ab", b"cd", b"e"]), 2)


@pytest.mark.parametrize("width", [1, 7, 8, 20, 32])
def test_order__any_width__sorts_like_bytes(width: int) -> None:
    rows = np.random.default_rng(width).integers(0, 3, (200, width), dtype=np.uint8) * 100
    assert [rows[at].tobytes() for at in order(rows)] == sorted(row.tobytes() for row in rows)
