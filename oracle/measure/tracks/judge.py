"""Whether a track is a trip by the way of travelling it names, and how far it goes.

In this order: positions that another program made up; jumps; gaps; speed. Each rule and its figures are in `limits.MANNERS`; how many
made-up tracks they find and how many honest ones they lose is measured by `benchmarks/tracks.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from oracle.measure.tracks.limits import MANNERS, Manner
from oracle.measure.tracks.line import Jump, length_m, steps_mm, trimmed, without_outliers
from oracle.measure.tracks.sphere import Ints, offsets, roots
from oracle.measure.tracks.track import Track

LEAST_FIXES = 6
WINDOW_S = 15

_MOST_WRONG = 5  # one fix of so many
_STILL_MM = 500
_STRAIGHT_MM, _SHAKING_MM = 20, 4_000
_EVEN_PERCENT = 8
_EVEN_WINDOWS, _EVEN_S = 8, 30


@dataclass(frozen=True)
class Trip:
    """What a good track is evidence of.

    Attributes:
        start, end: UTC seconds at which it left and arrived, rounded down.
        distance_m: Metres, rounded down.
    """

    start: int
    end: int
    distance_m: int


@dataclass(frozen=True)
class Refused:
    """Why a track is none: a code of `findings.CODES`, and the values that show it."""

    code: str
    values: Mapping[str, int | str]


def judge(track: Track, scenario: str) -> Trip | Refused:
    """The trip of a track, or why there is none."""
    manner = MANNERS[scenario]
    if track.mocked:
        return Refused("mock_location", {"reason": "the file says so"})
    if len(track) < LEAST_FIXES:
        return Refused("track_gap", {"fixes": len(track), "least": LEAST_FIXES, "unreadable": track.lost})
    if why := _made_up(track):
        return Refused("mock_location", why)
    try:
        clean = without_outliers(track, manner.jump_kmh)
    except Jump as jump:
        return Refused("teleport", {"metres": jump.metres, "seconds": jump.seconds})
    wrong = len(track) - len(clean) + track.lost
    if wrong * _MOST_WRONG > len(track) or len(clean) < LEAST_FIXES:
        return Refused("track_gap", {"fixes": len(track), "wrong": wrong})
    moving = trimmed(clean)
    refused = _gap(moving, manner) or _even(moving) or _speed(moving, manner)
    return refused or Trip(int(moving.time_ms[0]) // 1000, int(moving.time_ms[-1]) // 1000, length_m(moving))


def _made_up(track: Track) -> dict[str, int | str] | None:
    """Positions without a receiver's errors, or with errors that have nothing to do with each other.

    A receiver's error drifts: between two seconds it hardly changes. So three fixes in a row are never quite on a line, and seldom far.
    """
    bend, step, seconds = _bends(track)
    told = (step >= _STILL_MM) & (seconds <= 2)
    if told.sum() < LEAST_FIXES:
        return None
    bends = bend[told]
    straight = int((bends <= _STRAIGHT_MM).sum())
    if straight * 2 > len(bends):
        return {"reason": "no error of a receiver", "fixes": len(bends), "on a line": straight}
    bends = np.sort(bends[seconds[told] <= 1])  # in two seconds anybody may have braked
    if len(bends) >= LEAST_FIXES and bends[len(bends) // 2] > _SHAKING_MM:
        middle = int(bends[len(bends) // 2])
        return {"reason": "errors independent of each other", "fixes": len(bends), "millimetres": middle}
    return None


def _bends(track: Track) -> tuple[Ints, Ints, Ints]:
    """Of each three fixes: how far the middle one is from where an even movement had it, twice; the shorter step; the longer time."""
    here, there = track.part(slice(None, -1)), track.part(slice(1, None))
    north, east = offsets(here.latitude, here.longitude, there.latitude, there.longitude)
    step, time = roots(north * north + east * east), np.diff(track.time_ms)
    even = np.abs(time[1:] - time[:-1]) * 20 <= time[1:]
    near = (step[1:] < 10**9) & (step[:-1] < 10**9)
    bend = roots(np.where(near, (north[1:] - north[:-1]) ** 2 + (east[1:] - east[:-1]) ** 2, 0))
    return bend[even & near], np.minimum(step[1:], step[:-1])[even & near], time[1:][even & near] // 1000


def _gap(track: Track, manner: Manner) -> Refused | None:
    longest = int(np.diff(track.time_ms).max()) // 1000
    if longest > manner.gap_s:
        return Refused("track_gap", {"seconds": longest, "longest": manner.gap_s})
    return None


def _even(track: Track) -> Refused | None:
    """Whether the track goes on at one speed all the time, as nobody who walks, rides or drives does.

    The slower windows are left out: a window around a corner measures less, at whatever speed.
    """
    speeds = _speeds(track, _EVEN_S)
    if len(speeds) < _EVEN_WINDOWS:
        return None
    low, middle, high = (int(speeds[len(speeds) * part // 10]) for part in (4, 5, 9))
    if (high - low) * 100 <= middle * _EVEN_PERCENT:
        return Refused("mock_location", {"reason": "one speed all the time", "low mm/s": low, "high mm/s": high})
    return None


def _speed(track: Track, manner: Manner) -> Refused | None:
    speeds = _speeds(track, WINDOW_S)
    fast, brisk = (int(speeds[len(speeds) * part // 100]) * 36 // 10_000 for part in (95, 90))
    if fast > manner.fastest_kmh or brisk < manner.brisk_kmh:
        values = {
            "fast_kmh": fast,
            "fastest_kmh": manner.fastest_kmh,
            "brisk_kmh": brisk,
            "least_kmh": manner.brisk_kmh,
        }
        return Refused("implausible_speed", values)
    return None


def _speeds(track: Track, window_s: int) -> Ints:
    """Millimetres per second over windows of `window_s` or more, sorted."""
    marks = np.arange(track.time_ms[0], track.time_ms[-1] + 1, window_s * 1000)
    chosen = np.unique(np.searchsorted(track.time_ms, marks))
    thin = track.part(chosen if len(chosen) > 1 else np.array([0, len(track) - 1]))
    speeds: Ints = np.sort(steps_mm(thin) * 1000 // np.diff(thin.time_ms))
    return speeds
