"""Keccak-256 over many messages at once: sixteen sponges side by side, so that one vector instruction serves several of them.

The permutation is written out for one lane and looped over the lanes; the compiler turns that loop into the machine's vector
instructions. State word w of lane l stands at w * LANES + l. The kernels hold no lock and write only to `out`, so that threads may
share a job by slices. Compiled on first use and kept in Numba's cache; import this module only where that pays (`keccak.py` does).

Source: The Keccak reference 3.0 (Bertoni, Daemen, Peeters, Van Assche, 2011), Keccak[r=1088, c=512] with the original padding.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.extending import register_jitable
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]

LANES = 16
RATE = 136  # bytes absorbed per permutation
RATE_WORDS = 17
FIRST_PAD = np.uint64(0x01)
LAST_PAD = np.uint64(0x80 << 56)

_IN = types.Array(types.uint8, 1, "C", readonly=True)
_OFFSETS = types.Array(types.int64, 1, "C", readonly=True)
_OUT = types.Array(types.uint64, 2, "C")


def _round_constants() -> Words:
    constants, register = np.zeros(24, np.uint64), 1
    for index in range(24):
        word = 0
        for power in range(7):
            word |= (register & 1) << ((1 << power) - 1)
            register = register << 1 ^ (0x171 if register >> 7 else 0)
        constants[index] = word
    return constants


IOTA = _round_constants()


@register_jitable
def _rotate(word: np.uint64, by: int) -> np.uint64:
    return word << np.uint64(by) | word >> np.uint64(64 - by)


@register_jitable
def _plane(s: Words, at: int) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]:
    return s[at], s[at + LANES], s[at + 2 * LANES], s[at + 3 * LANES], s[at + 4 * LANES]


@register_jitable
def _chi(s: Words, at: int, b0: np.uint64, b1: np.uint64, b2: np.uint64, b3: np.uint64, b4: np.uint64) -> None:
    s[at] = b0 ^ ~b1 & b2
    s[at + LANES] = b1 ^ ~b2 & b3
    s[at + 2 * LANES] = b2 ^ ~b3 & b4
    s[at + 3 * LANES] = b3 ^ ~b4 & b0
    s[at + 4 * LANES] = b4 ^ ~b0 & b1


@register_jitable
def _permute(s: Words) -> None:
    """Keccak-f[1600] on every lane: theta, then rho and pi while the planes are gathered for chi, then iota."""
    for index in range(24):
        constant = IOTA[index]
        for i in range(LANES):
            a0, a1, a2, a3, a4 = _plane(s, i)
            a5, a6, a7, a8, a9 = _plane(s, i + 5 * LANES)
            a10, a11, a12, a13, a14 = _plane(s, i + 10 * LANES)
            a15, a16, a17, a18, a19 = _plane(s, i + 15 * LANES)
            a20, a21, a22, a23, a24 = _plane(s, i + 20 * LANES)
            c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20
            c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21
            c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22
            c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23
            c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24
            d0 = c4 ^ _rotate(c1, 1)
            d1 = c0 ^ _rotate(c2, 1)
            d2 = c1 ^ _rotate(c3, 1)
            d3 = c2 ^ _rotate(c4, 1)
            d4 = c3 ^ _rotate(c0, 1)
            b1, b2, b3, b4 = _rotate(a6 ^ d1, 44), _rotate(a12 ^ d2, 43), _rotate(a18 ^ d3, 21), _rotate(a24 ^ d4, 14)
            _chi(s, i, a0 ^ d0, b1, b2, b3, b4)
            s[i] ^= constant
            b0, b1, b2 = _rotate(a3 ^ d3, 28), _rotate(a9 ^ d4, 20), _rotate(a10 ^ d0, 3)
            _chi(s, i + 5 * LANES, b0, b1, b2, _rotate(a16 ^ d1, 45), _rotate(a22 ^ d2, 61))
            b0, b1, b2 = _rotate(a1 ^ d1, 1), _rotate(a7 ^ d2, 6), _rotate(a13 ^ d3, 25)
            _chi(s, i + 10 * LANES, b0, b1, b2, _rotate(a19 ^ d4, 8), _rotate(a20 ^ d0, 18))
            b0, b1, b2 = _rotate(a4 ^ d4, 27), _rotate(a5 ^ d0, 36), _rotate(a11 ^ d1, 10)
            _chi(s, i + 15 * LANES, b0, b1, b2, _rotate(a17 ^ d2, 15), _rotate(a23 ^ d3, 56))
            b0, b1, b2 = _rotate(a2 ^ d2, 62), _rotate(a8 ^ d3, 55), _rotate(a14 ^ d4, 39)
            _chi(s, i + 20 * LANES, b0, b1, b2, _rotate(a15 ^ d0, 41), _rotate(a21 ^ d1, 2))


@register_jitable
def _word(data: Bytes, start: int) -> np.uint64:
    """Eight bytes, the first lowest. Unsigned indices and the unrolled sum let the compiler make one load of it."""
    at = np.uint64(start)
    low = (
        np.uint64(data[at])
        | np.uint64(data[at + np.uint64(1)]) << np.uint64(8)
        | np.uint64(data[at + np.uint64(2)]) << np.uint64(16)
        | np.uint64(data[at + np.uint64(3)]) << np.uint64(24)
    )
    high = (
        np.uint64(data[at + np.uint64(4)])
        | np.uint64(data[at + np.uint64(5)]) << np.uint64(8)
        | np.uint64(data[at + np.uint64(6)]) << np.uint64(16)
        | np.uint64(data[at + np.uint64(7)]) << np.uint64(24)
    )
    return low | high << np.uint64(32)


@register_jitable
def _reverse(word: np.uint64) -> np.uint64:
    """The eight bytes in the other order."""
    pairs, halves = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
    word = (word & pairs) << np.uint64(8) | word >> np.uint64(8) & pairs
    word = (word & halves) << np.uint64(16) | word >> np.uint64(16) & halves
    return word << np.uint64(32) | word >> np.uint64(32)


@register_jitable
def _absorb(s: Words, lane: int, data: Bytes, start: int, left: int) -> None:
    """One block of the `left` bytes from `start`, padded if it is the last."""
    full = min(left >> 3, RATE_WORDS)
    for w in range(full):
        s[w * LANES + lane] ^= _word(data, start + 8 * w)
    if full < RATE_WORDS:
        tail = FIRST_PAD
        for at in range(start + left - 1, start + 8 * full - 1, -1):
            tail = tail << np.uint64(8) | np.uint64(data[at])
        s[full * LANES + lane] ^= tail
        s[(RATE_WORDS - 1) * LANES + lane] ^= LAST_PAD


@register_jitable
def _squeeze(s: Words, lane: int, out: Words, row: int) -> None:
    for w in range(4):
        out[row, w] = s[w * LANES + lane]


@njit(types.void(_IN, _OFFSETS, _OUT), nogil=True, cache=True)
def hash_rows(data: Bytes, offsets: NDArray[np.int64], out: Words) -> None:
    """Digest i, four little-endian words, of data[offsets[i]:offsets[i + 1]]."""
    s = np.empty(25 * LANES, np.uint64)
    for base in range(0, len(out), LANES):
        lanes = min(LANES, len(out) - base)
        s[:] = 0
        longest = 0
        for lane in range(lanes):
            longest = max(longest, offsets[base + lane + 1] - offsets[base + lane])
        for block in range(longest // RATE + 1):
            for lane in range(lanes):
                start = offsets[base + lane] + block * RATE
                if start <= offsets[base + lane + 1]:
                    _absorb(s, lane, data, start, offsets[base + lane + 1] - start)
            _permute(s)
            for lane in range(lanes):
                if (offsets[base + lane + 1] - offsets[base + lane]) // RATE == block:
                    _squeeze(s, lane, out, base + lane)


@njit(types.void(_IN, _OUT), nogil=True, cache=True)
def hash_pairs(nodes: Bytes, out: Words) -> None:
    """Digest i, four little-endian words, of the 32-byte nodes 2i and 2i + 1, the smaller first."""
    s = np.empty(25 * LANES, np.uint64)
    for base in range(0, len(out), LANES):
        lanes = min(LANES, len(out) - base)
        s[:] = 0
        for lane in range(lanes):
            first = 64 * (base + lane)
            second = first + 32
            for w in range(4):
                a, b = _word(nodes, first + 8 * w), _word(nodes, second + 8 * w)
                if a != b:
                    if _reverse(a) > _reverse(b):
                        first, second = second, first
                    break
            for w in range(4):
                s[w * LANES + lane] = _word(nodes, first + 8 * w)
                s[(w + 4) * LANES + lane] = _word(nodes, second + 8 * w)
            s[8 * LANES + lane] = FIRST_PAD
            s[(RATE_WORDS - 1) * LANES + lane] = LAST_PAD
        _permute(s)
        for lane in range(lanes):
            _squeeze(s, lane, out, base + lane)
