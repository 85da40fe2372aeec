"""Kinds of cheating, and who is chosen for it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oracle.sandbox.city.draw import Draw, Ints, Mask
from oracle.sandbox.city.plan import ALL_BPS

Codes = NDArray[np.uint8]  # position of a kind in KINDS


class Kind(StrEnum):
    """What a row of a file is."""

    HONEST = "honest"
    TELEPORT = "teleport"  # as fast as no bus or metro is
    SAME_STATION = "same_station"  # in and out at one station; both taps
    EXIT_ONLY = "exit_only"  # an exit tap without its entry
    DUPLICATE = "duplicate"  # the same key again in the same file; of trips, every other one claims more metres
    RESENT = "resent"  # the same record again in a second file
    OVERLAP = "overlap"  # a trip while the rider is on another one
    TWO_OPERATORS = "two_operators"  # a trip that another operator brings too
    NEGATIVE = "negative"  # a reading below zero
    RESET = "reset"  # a reading as large as the register, below zero
    MISSING_HOURS = "missing_hours"  # what is left of a day with gaps
    SPOILED = "spoiled"  # an honest reading of a day that a false one makes useless


KINDS: tuple[Kind, ...] = tuple(Kind)


def code(kind: Kind) -> int:
    """Position of a kind in `KINDS`."""
    return KINDS.index(kind)


class Quota:
    """How many of the acts that come by are cheated with: exactly `bps` in 10_000 of all so far, rounded down.

    The remainder is carried from one shard to the next.
    """

    def __init__(self, bps: int):
        self._bps = bps
        self._seen = 0
        self._taken = 0

    def take(self, candidates: int) -> int:
        """How many of another `candidates` acts to take."""
        self._seen += candidates
        return self._seen * self._bps // ALL_BPS - self._taken

    def taken(self, count: int) -> None:
        """`count` acts were taken."""
        self._taken += count


class Temptation(NamedTuple):
    """A kind of cheating, its quota, and the acts that it can be done with."""

    kind: Kind
    quota: Quota
    candidates: Mask


def choose(draw: Draw, temptations: tuple[Temptation, ...]) -> Codes:
    """A kind for each act, honest for most. An act is given one kind at most, so list the kinds with few candidates first.

    Every kind draws lots anew: with one order for all, a kind would be left what the kind before it had no use for.
    """
    codes: Codes = np.zeros(len(temptations[0].candidates), dtype=np.uint8)
    for kind, quota, candidates in temptations:
        order = draw.order(len(codes))
        wanted = quota.take(int(candidates.sum()))
        free = order[candidates[order] & (codes[order] == 0)][:wanted]
        codes[free] = code(kind)
        quota.taken(len(free))
    return codes


def teleported(draw: Draw, metres: Ints) -> Ints:
    """Seconds for `metres` at 150 to 300 km/h."""
    return metres * 3_600 // draw.between(150_000, 300_000, len(metres))
