"""Chance, from a seed, without a float.

Every part of a city (its people, a day's rides, a day's taps, ...) draws from a stream of its own, named by part, day and shard, so that no
part or day depends on another. Only the raw words of PCG64 are used: numpy promises those never change, while the distributions of its
Generator may change from one version to the next, and their logarithms from one processor to the next. Everything else here is integer.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from oracle.sandbox.city.plan import ALL_BPS

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Mask = NDArray[np.bool_]

_HALF = np.uint64(32)


class Part(IntEnum):
    """Names of streams. A number, once used, keeps its meaning: another number is another city."""

    PEOPLE = 1
    HOUSEHOLDS = 2
    NAMES = 3
    RIDES = 4
    TAPS = 5
    TRIPS = 6
    ELECTRICITY = 7
    WATER = 8
    GAS = 9
    GREEN_BUTTON = 10
    LIFE = 11


class Draw:
    """One stream."""

    def __init__(self, seed: int, part: Part, day: int = 0, shard: int = 0):
        """The stream of `part` on day number `day` for shard number `shard`."""
        self._bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(part, day, shard)))

    def words(self, count: int) -> Words:
        """`count` words of 64 random bits."""
        return np.asarray(self._bits.random_raw(count), dtype=np.uint64)

    def below(self, bound: int | Ints, count: int) -> Ints:
        """`count` integers from 0 to `bound` - 1; bounds may differ from one to the next and are less than 2**32.

        The upper half of a word times the bound, divided by 2**32 (Lemire 2019, without the rejection): a value is too frequent by less
        than bound / 2**32.
        """
        scaled: Ints = ((self.words(count) >> _HALF) * np.asarray(bound, dtype=np.uint64) >> _HALF).astype(np.int64)
        return scaled

    def between(self, low: int, high: int, count: int) -> Ints:
        """`count` integers from `low` to `high`, both included."""
        return low + self.below(high - low + 1, count)

    def chance(self, bps: int, count: int) -> Mask:
        """`count` times true with a chance of `bps` in 10_000."""
        return self.below(ALL_BPS, count) < bps

    def order(self, count: int) -> Ints:
        """The numbers 0 to `count` - 1 in random order."""
        order: Ints = np.argsort(self.words(count), kind="stable").astype(np.int64)
        return order


class Weighted:
    """A column for a row: the chance of column j in row i is weights[i, j] of the row's sum."""

    def __init__(self, weights: Ints):
        """Weights (rows, columns), not negative, a row's sum from 1 to 2**32 - 1."""
        within = weights.cumsum(axis=1)
        self._totals: Ints = within[:, -1]
        if weights.min() < 0 or self._totals.min() < 1 or self._totals.max() >= 2**32:
            raise ValueError("a row has a negative weight, none, or too much")
        self._starts: Ints = self._totals.cumsum() - self._totals
        self._ends: Ints = (within + self._starts[:, None]).ravel()
        self._columns = weights.shape[1]

    def pick(self, draw: Draw, rows: Ints) -> Ints:
        """One column for each of `rows`."""
        at = self._starts[rows] + draw.below(self._totals[rows], len(rows))
        column: Ints = np.searchsorted(self._ends, at, side="right") - rows * self._columns
        return column
