"""What each way of travelling can be like. Proposals, tried on made tracks in `benchmarks/tracks.py`.

Mean speeds and distances are the methodologies' (`oracle.measure.validate.rules`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from oracle.model.acts import BICYCLE, BUS_KM, E_BIKE, METRO, NEV_TAXI, TRAM, WALK


@dataclass(frozen=True)
class Manner:
    """How one way of travelling moves.

    Attributes:
        jump_kmh: Faster than this from one fix to the next is no movement.
        fastest_kmh: Speed that nineteen of twenty windows stay below.
        brisk_kmh: Speed that one window of ten reaches at least: slower is another way of travelling.
        gap_s: Longest time without a fix.
    """

    jump_kmh: int
    fastest_kmh: int
    brisk_kmh: int
    gap_s: int


MANNERS: Mapping[str, Manner] = MappingProxyType(
    {
        WALK: Manner(20, 9, 3, 300),
        BICYCLE: Manner(60, 30, 9, 300),
        E_BIKE: Manner(60, 32, 11, 300),
        BUS_KM: Manner(120, 80, 22, 600),
        TRAM: Manner(120, 80, 24, 600),
        METRO: Manner(160, 120, 30, 3_600),
        NEV_TAXI: Manner(160, 130, 25, 600),
    }
)
