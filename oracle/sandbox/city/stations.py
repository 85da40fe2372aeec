"""Where people live, work and go: stations of the real network, with weights that are invented.

No count of passengers is published by station, so the weights only have the shape of one: homes lie rather outside, work and shops rather
in the middle and where lines cross, and people prefer what is near.
"""

from __future__ import annotations

import numpy as np

from oracle.measure.records.metro import Network
from oracle.sandbox.city.draw import Ints, Weighted

CENTRE = "会展中心"

# Nobody takes the metro for less: a ride of one stop, with its gates and stairs, is as slow as a bicycle.
MIN_RIDE_M = 2_500
MAX_COMMUTE_M = 40_000
MAX_ERRAND_M = 15_000

_CHINESE_NUMBER = {"1": "一", "2": "二", "3": "三", "4": "四", "5": "五", "7": "七", "9": "九", "11": "十一"}


class Stations:
    """The network as arrays: a station is its position in `Network.stations`.

    Attributes:
        names: Station names (n).
        metres: Shortest way between two stations (n, n).
        line: Number of the line a station's gates belong to (n), as 1 for line 1.
        companies: Names of the lines' companies as taps write them, by station (n).
        homes, work, errands: Choices of a home; of a work place and of an errand, by home.
    """

    def __init__(self, network: Network):
        self.names = network.stations
        self.metres: Ints = np.array(
            [[network.distance_m(a, b) for b in self.names] for a in self.names], dtype=np.int64
        )
        lines = [network.line_of(name)[0].removesuffix("号线") for name in self.names]
        self.line: Ints = np.array([int(line) for line in lines], dtype=np.int64)
        self.companies = tuple(f"地铁{_CHINESE_NUMBER[line]}号线" for line in lines)
        from_centre = self.metres[self.names.index(CENTRE)]
        crossing: Ints = np.array([len(network.line_of(name)) for name in self.names], dtype=np.int64)
        self.homes = Weighted((2_000 + np.minimum(from_centre, 25_000))[None, :])
        self.work = self._near(crossing * (1_000 + 30_000_000 // (3_000 + from_centre)), MAX_COMMUTE_M)
        self.errands = self._near(crossing * 1_000, MAX_ERRAND_M)

    def _near(self, pull: Ints, farthest_m: int) -> Weighted:
        """Stations by home: the stronger their pull the likelier, the farther the less, within the bounds of a ride."""
        reachable = (self.metres >= MIN_RIDE_M) & (self.metres <= farthest_m)
        return Weighted(np.where(reachable, pull[None, :] * 1_000_000 // (5_000 + self.metres), 0))
