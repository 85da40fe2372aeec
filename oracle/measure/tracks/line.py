"""From fixes to a line: without outliers, without waiting before and after, and with no more bends than a receiver can know of.

Errors of a receiver make a line longer, never shorter, and a slow one more than a fast one. So the line is drawn with as few of its fixes
as keep every other one within `WIDTH_MM` of it (Ramer 1972, Douglas and Peucker 1973), and its length is credited.
"""

from __future__ import annotations

import numpy as np

from oracle.measure.tracks.sphere import Ints, millimetres, offsets, roots
from oracle.measure.tracks.track import Track

WIDTH_MM = 12_000
NOISE_MM = 30_000  # by which two fixes may be wrong against each other, whatever time lies between them

_WILD_MM = 300_000  # so far a single fix may be off
_HARD_MM = 2_500  # a second and second: half of 5 m/s2, which nobody brakes with
_IDLE_MM = 40_000
_FEW, _FIRST = 8, 3  # so many fixes in a row may be wrong; at the beginning and the end
_CM = 10


class Jump(Exception):
    """The track goes on somewhere else.

    Attributes:
        metres, seconds: How far, in how long.
    """

    def __init__(self, metres: int, seconds: int):
        super().__init__(metres, seconds)
        self.metres = metres
        self.seconds = seconds


def steps_mm(track: Track) -> Ints:
    """Length of each step."""
    here, there = track.part(slice(None, -1)), track.part(slice(1, None))
    return millimetres(here.latitude, here.longitude, there.latitude, there.longitude)


def without_outliers(track: Track, jump_kmh: int) -> Track:
    """The track without fixes that are too far from those before and after them.

    Raises:
        Jump: It does not come back: what follows is elsewhere.
    """
    kept = np.full(len(track), True)
    beyond = steps_mm(track) - _reach(np.diff(track.time_ms), jump_kmh)
    leaps = beyond > 0
    after = 0  # fixes before this one are judged
    for here in np.flatnonzero(leaps).tolist():
        if here < after:
            continue
        gone = _from(track, here, slice(here + 1, here + _FEW + 2))
        within = gone <= _reach(track.time_ms[here + 1 : here + _FEW + 2] - track.time_ms[here], jump_kmh)
        # After a long leap it must leap back: to become reachable in time is not enough.
        near = np.flatnonzero(within & (leaps[here : here + len(gone)] | (beyond[here] <= _WILD_MM)))
        if len(near):
            after = here + 1 + int(near[0])
            kept[here + 1 : after] = False
        elif len(track) - here - 1 <= _FIRST:  # the end is wrong
            kept[here + 1 :] = False
            break
        elif here < _FIRST:  # the beginning was
            kept[: here + 1] = False
            after = here + 1
        else:
            raise Jump(int(gone[0]) // 1000, int(track.time_ms[here + 1] - track.time_ms[here]) // 1000)
    return _without_spikes(track.part(np.flatnonzero(kept)))


def _without_spikes(track: Track) -> Track:
    """The track without fixes from which it turns back farther than both steps are long, or harder than anything on wheels could.

    A real turn loses a corner by it, and the line becomes shorter.
    """
    if len(track) < 3:
        return track
    here, there = track.part(slice(None, -2)), track.part(slice(2, None))
    straight = millimetres(here.latitude, here.longitude, there.latitude, there.longitude)
    before, after = (steps := steps_mm(track))[:-1], steps[1:]
    detour = before + after - straight
    back = (straight < np.maximum(before, after)) & (detour > NOISE_MM)
    seconds = np.maximum(np.diff(track.time_ms)[:-1], np.diff(track.time_ms)[1:]) // 1000
    hard = detour > _HARD_MM * seconds * seconds + NOISE_MM
    return track.part(np.flatnonzero(np.concatenate([[True], ~(back | hard), [True]])))


def trimmed(track: Track) -> Track:
    """The track from where it leaves its beginning to where it arrives at its end."""
    if len(track) < 2:
        return track
    away = np.flatnonzero(_from(track, 0, slice(None)) > _IDLE_MM)
    before = np.flatnonzero(_from(track, len(track) - 1, slice(None)) > _IDLE_MM)
    if not len(away) or not len(before):
        return track
    first, last = max(0, int(away[0]) - 1), min(len(track) - 1, int(before[-1]) + 1)
    return track.part(slice(first, last + 1)) if first < last else track


def length_m(track: Track) -> int:
    """Metres of the line through a track, rounded down."""
    return int(steps_mm(track.part(simplified(track))).sum()) // 1000


def simplified(track: Track) -> Ints:
    """Positions of the fixes that the line is drawn with."""
    origin = np.zeros(len(track), dtype=np.int64)
    flat = offsets(track.latitude[origin], track.longitude[origin], track.latitude, track.longitude)
    north, east = (axis // _CM for axis in flat)
    kept = np.full(len(track), False)
    kept[[0, -1]] = True
    open_ = [(0, len(track) - 1)]
    while open_:
        first, last = open_.pop()
        if last - first < 2:
            continue
        off = _off_line(north[first : last + 1], east[first : last + 1])
        furthest = int(off.argmax())
        if off[furthest] * _CM > WIDTH_MM:
            kept[first + furthest] = True
            open_ += [(first, first + furthest), (first + furthest, last)]
    return np.flatnonzero(kept)


def _off_line(north: Ints, east: Ints) -> Ints:
    """How far each point is from the line between the first and the last."""
    y, x = north - north[0], east - east[0]
    length = max(1, int(roots(y[-1:] ** 2 + x[-1:] ** 2)[0]))
    along = x * x[-1] + y * y[-1]
    beside = np.abs(x * y[-1] - y * x[-1]) // length
    from_end = roots((x - x[-1]) ** 2 + (y - y[-1]) ** 2)
    off: Ints = np.where(along < 0, roots(x**2 + y**2), np.where(along > length * length, from_end, beside))
    return off


def _reach(milliseconds: Ints, kmh: int) -> Ints:
    reach: Ints = milliseconds * kmh * 10 // 36 + NOISE_MM
    return reach


def _from(track: Track, fix: int, others: slice) -> Ints:
    there = track.part(others)
    here = np.full(len(there), fix)
    return millimetres(track.latitude[here], track.longitude[here], there.latitude, there.longitude)
