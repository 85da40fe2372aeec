"""The verifier's sample: records drawn by mass from a seed that nobody chose. Pure.

The frame is a line of quantity: batches in the order in which they were added, in each the claimed records in the bundle's order. Hit i
stands at uint256(keccak256(abi.encode(seed, i))) mod the line's length, and is the record whose span holds that place. A record hit twice
is two hits. One factor holds for the whole claim, so that quantity is mass.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from eth_utils.crypto import keccak

STEPS = (60, 120, 240)  # hits: the first look, and the two extensions
TOLERABLE_PPM = 50_000
PPM = 1_000_000

# Upper limit of the mean of a Poisson variable for 0, 1, 2 ... events, in ten-thousandths, rounded up. ISO 14064-3 asks for a level of
# assurance; the figures are those of monetary-unit sampling.
UPPER_95 = (29958, 47439, 62958, 77537, 91536, 105131, 118424, 131482, 144347, 157053, 169623, 182076, 194426)
UPPER_90_NONE = 23026
_SCALE = 10_000


@dataclass(frozen=True)
class Hit:
    """One place on the line.

    Attributes:
        number: 0 for the first.
        place: On the line, from 0.
        part: Which part of the line holds it.
        inside: Place within that part.
    """

    number: int
    place: int
    part: int
    inside: int


def seed_of(block_hash: bytes, claim: int, seed_round: int) -> bytes:
    """The seed of a claim: `IReductionCertifier.draw`."""
    return keccak(block_hash + claim.to_bytes(32) + seed_round.to_bytes(32))


def place_of(seed: bytes, number: int, total: int) -> int:
    """Where hit `number` stands on a line of length `total`."""
    return int.from_bytes(keccak(seed + number.to_bytes(32))) % total


def draw(seed: bytes, lengths: Sequence[int], hits: int) -> list[Hit]:
    """The first `hits` hits on a line made of parts: batches of a claim, or records of a batch.

    An extension asks for more and gets the same first ones again.
    """
    ends = list(accumulate(lengths))
    found = []
    for number in range(hits):
        place = place_of(seed, number, ends[-1])
        part = part_at(ends, place)
        found.append(Hit(number, place, part, place - (ends[part - 1] if part else 0)))
    return found


def part_at(ends: Sequence[int], place: int) -> int:
    """Which part holds a place: the first whose end lies beyond it. Parts without length hold none."""
    return bisect_right(ends, place)


def size_for(upper: int, tolerable_ppm: int) -> int:
    """Hits that make a sample without an error enough: upper limit (ten-thousandths) over tolerable part (ppm), rounded up."""
    return -(-upper * PPM // (_SCALE * tolerable_ppm))
