"""Columns of text: names, identifiers and amounts, made for a whole column at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from oracle.model.units import DEFAULT_ZONE, MILLI, date_of
from oracle.sandbox.city.draw import Ints, Words

_STEP = 387_420_489  # odd and not a multiple of five, so that it visits every number below a power of ten
_HEX: NDArray[np.uint8] = np.frombuffer(b"".join(b"%02x" % value for value in range(256)), dtype=np.uint8).reshape(
    256, 2
)


def fixed(letters: NDArray[np.uint8]) -> pl.Series:
    """Texts of equal length from ASCII codes (n, length)."""
    count, length = letters.shape
    ends = np.arange(0, (count + 1) * length, length, dtype=np.int64)
    text = pa.Array.from_buffers(
        pa.large_string(), count, [None, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(letters))]
    )
    return pl.Series(text, dtype=pl.String)


def scattered(number: Ints, start: int, digits: int, zero: str = "0") -> pl.Series:
    """A name for each number: `digits` digits beginning with the character `zero`, no two alike, neighbours far apart.

    `zero="A"` gives masked card numbers as the open platform has them, letters A to J.
    """
    scattered_number = (number * _STEP + start) % 10**digits
    letters = scattered_number[:, None] // 10 ** np.arange(digits - 1, -1, -1) % 10 + ord(zero)
    return fixed(letters.astype(np.uint8))


def uuids(high: Words, low: Words) -> pl.Series:
    """Random UUIDs (RFC 9562, version 4) from two words each."""
    high = high & np.uint64(0xFFFF_FFFF_FFFF_0FFF) | np.uint64(0x4000)
    low = low & np.uint64(0x3FFF_FFFF_FFFF_FFFF) | np.uint64(0x8000_0000_0000_0000)
    octets = np.stack([high, low], axis=1).astype(">u8").view(np.uint8).reshape(-1, 16)
    digits = _HEX[octets].reshape(-1, 32)
    return fixed(np.insert(digits, [8, 12, 16, 20], ord("-"), axis=1))


def thousandths(amount: pl.Expr) -> pl.Expr:
    """Exact decimal text of a thousandth of an integer: -1234 is -1.234."""
    size = amount.abs()
    sign = pl.when(amount < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(sign, size // MILLI, pl.lit("."), (size % MILLI).cast(pl.String).str.zfill(3))


def midnight(day: int) -> datetime:
    """When a day number begins in Asia/Shanghai."""
    return datetime.combine(date_of(day), datetime.min.time(), tzinfo=ZoneInfo(DEFAULT_ZONE))


def midnight_utc(day: int) -> int:
    """UTC seconds at which a day number begins in Asia/Shanghai."""
    return int(midnight(day).timestamp())


def hours(day: int) -> list[str]:
    """The 25 times with offset at which the hours of a day begin, the last one being the next midnight."""
    return [(midnight(day) + timedelta(hours=hour)).isoformat() for hour in range(25)]
