"""Between columns of a table and matrices of bytes, without a copy where the layouts allow it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from oracle.model.errors import InputError
from oracle.model.keccak import Bytes

WORD = 32  # bytes of an id, a hash or a salt


def flat(values: pl.Series) -> tuple[Bytes, NDArray[np.int64]]:
    """Bytes and n + 1 offsets of a String or Binary column without nulls.

    Raises:
        InputError: A value is missing; names the first row.
    """
    missing = values.is_null().arg_true()
    if len(missing):
        raise InputError("a value is missing", row=int(missing[0]) + 1, field=values.name)
    array = values.cast(pl.Binary).to_arrow(compat_level=pl.CompatLevel.oldest())
    if len(array) == 0:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    _, offsets, data = array.buffers()
    return np.frombuffer(data or b"", np.uint8), np.frombuffer(offsets, np.int64, len(array) + 1, 8 * array.offset)


def matrix(values: pl.Series, width: int) -> Bytes:
    """A Binary column of values that are all `width` bytes long, as (n, width).

    Raises:
        InputError: A value is missing or has another length; names the first row.
    """
    data, offsets = flat(values)
    wrong = np.flatnonzero(np.diff(offsets) != width)
    if len(wrong):
        raise InputError(f"a value is not {width} bytes long", row=int(wrong[0]) + 1, field=values.name)
    return data[offsets[0] : offsets[-1]].reshape(-1, width)


def column(name: str, rows: Bytes) -> pl.Series:
    """A matrix (n, w) as a Binary column."""
    count, width = rows.shape
    offsets = np.arange(count + 1, dtype=np.int64) * width
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(rows))]
    return pl.Series(name, pa.LargeBinaryArray.from_buffers(pa.large_binary(), count, buffers), dtype=pl.Binary)


def order(rows: Bytes) -> NDArray[np.uint32]:
    """Positions that sort a matrix (n, w) by its rows as bytes.

    The first eight bytes decide, as far as no two rows have the same: of hashes they do.
    """
    padded = np.zeros((len(rows), -(-rows.shape[1] // 8) * 8), np.uint8)
    padded[:, : rows.shape[1]] = rows
    words = padded.view(">u8").astype(np.uint64)
    leading = np.ascontiguousarray(words[:, 0])
    if (leading[1:] > leading[:-1]).all():
        return np.arange(len(rows), dtype=np.uint32)
    positions = pl.Series(leading).arg_sort().to_numpy()
    ordered = leading[positions]
    if words.shape[1] == 1 or (ordered[1:] != ordered[:-1]).all():
        return positions
    keys = pl.DataFrame({str(index): words[:, index] for index in range(words.shape[1])})
    return keys.select(pl.arg_sort_by(keys.columns)).to_series().to_numpy()


def parted(frame: pl.DataFrame, by: list[str]) -> list[pl.DataFrame]:
    """The frame by the values of some columns, in the order in which they come; the frame itself, and no copy, if all have one value."""
    if frame.is_empty():
        return []
    if all((frame[name] == frame[name][0]).all() for name in by):
        return [frame]
    return frame.partition_by(by, maintain_order=True)
