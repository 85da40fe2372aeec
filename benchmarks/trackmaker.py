"""Tracks of receivers, honest and not, made with a seed: what `tracks.py` measures the detector with.

It shares no code with the detector and knows none of its limits. A made-up person moves along streets: speeds around a cruising speed that
wander (Ornstein-Uhlenbeck), limited acceleration, waits at lights and stops. The receiver's error drifts (a first-order autoregression of
2 to 5 m with a memory of 20 to 60 s, as consumer receivers have it), with a little white noise, single wild fixes, spells near high
buildings, tunnels without a fix, and wild first fixes. Times are whole seconds; places have six or seven decimals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EARTH_M = 6_371_000.0
START = 1_700_000_000  # seconds


@dataclass(frozen=True)
class Way:
    """How somebody really travels: ranges that each person and trip is drawn from.

    Attributes:
        cruise: Speed in km/h between stops.
        wander: Standard deviation of the speed, as part of it.
        accelerate: m/s2.
        stop_every: Metres between lights or stops.
        wait: Seconds at one.
        halts: Chance of waiting at one.
        distance: Metres of a trip.
        block: Metres between turns.
        dark: Without fixes between stops, as under the ground.
    """

    cruise: tuple[float, float]
    wander: float
    accelerate: float
    stop_every: tuple[float, float]
    wait: tuple[float, float]
    halts: float
    distance: tuple[float, float]
    block: tuple[float, float]
    dark: bool = False


WAYS = {
    "walking": Way((3.6, 6.0), 0.08, 0.8, (150, 400), (5, 60), 0.4, (600, 4_000), (80, 300)),
    "bicycle": Way((11, 19), 0.12, 0.7, (200, 500), (5, 60), 0.35, (1_000, 7_000), (150, 600)),
    "e_bike": Way((16, 25), 0.10, 1.0, (250, 500), (5, 60), 0.35, (1_500, 10_000), (150, 600)),
    "bus": Way((28, 50), 0.12, 0.9, (350, 600), (10, 40), 0.9, (2_000, 15_000), (300, 1_500)),
    "tram": Way((30, 50), 0.08, 0.9, (500, 900), (15, 35), 0.95, (2_000, 12_000), (400, 2_000)),
    "metro": Way((50, 75), 0.06, 0.9, (900, 2_000), (25, 45), 1.0, (4_000, 30_000), (1_000, 4_000), dark=True),
    "nev_taxi": Way((35, 70), 0.15, 1.5, (300, 900), (5, 70), 0.5, (3_000, 25_000), (300, 2_000)),
    "expressway": Way((95, 120), 0.05, 1.5, (4_000, 9_000), (0, 5), 0.1, (8_000, 25_000), (2_000, 6_000)),
    "town car": Way((35, 60), 0.15, 1.5, (300, 900), (5, 60), 0.5, (2_000, 12_000), (300, 1_500)),
    "fast train": Way((180, 300), 0.03, 0.4, (30_000, 60_000), (60, 180), 1.0, (40_000, 58_000), (10_000, 30_000)),
}


@dataclass(frozen=True)
class Made:
    """A track as a receiver wrote it: seconds, degrees as text, and the metres that were really travelled."""

    seconds: NDArray[np.int64]
    latitude: list[str]
    longitude: list[str]
    true_m: float


def honest(chance: np.random.Generator, mode: str) -> Made:
    """A trip as it was, as a phone saw it."""
    way = WAYS[mode]
    north, east, metres = _moved(chance, way)
    start, end = chance.integers(0, 40, 2)  # standing before and after
    north, east = (np.concatenate([np.full(start, axis[0]), axis, np.full(end, axis[-1])]) for axis in (north, east))
    seen = _sampled(chance, len(north), way, north, east)
    return _received(chance, north, east, seen, metres)


def as_mode(chance: np.random.Generator, mode: str, real: str) -> Made:
    """A trip by `real` that is said to have been by `mode`, of a length that such a trip may have."""
    way = replace(WAYS[real], distance=WAYS[mode].distance)
    north, east, metres = _moved(chance, way)
    return _received(chance, north, east, _sampled(chance, len(north), WAYS[real], north, east), metres)


def teleport(chance: np.random.Generator, mode: str) -> Made:
    """A trip that goes on one to five kilometres away within a few seconds."""
    made = honest(chance, mode)
    at = int(chance.integers(len(made.seconds) // 4, len(made.seconds) * 3 // 4))
    far, to = chance.uniform(1_000, 5_000), chance.uniform(0, 2 * np.pi)
    latitude = [_shift(text, far * np.sin(to), i >= at) for i, text in enumerate(made.latitude)]
    longitude = [_shift(text, far * np.cos(to) * 1.08, i >= at) for i, text in enumerate(made.longitude)]
    seconds = made.seconds.copy()
    seconds[at:] -= max(0, seconds[at] - seconds[at - 1] - int(chance.integers(1, 10)))
    return Made(seconds, latitude, longitude, made.true_m)


def simulated(chance: np.random.Generator, mode: str) -> Made:
    """A route app: corners joined by straight lines at one speed, without a receiver."""
    return _app(chance, mode, 0.0)


def shaken(chance: np.random.Generator, mode: str) -> Made:
    """A route app that adds noise of its own to each position, half a metre to five."""
    return _app(chance, mode, chance.uniform(0.5, 5.0))


def lying(chance: np.random.Generator, mode: str) -> Made:
    """A phone that lies on a table while its receiver's error wanders."""
    seconds = int(chance.integers(600, 5_400))
    still = np.zeros(seconds)
    seen = np.arange(0, seconds, int(chance.choice([1, 2, 5])))
    return _received(chance, still, still, seen, 0.0)


FRAUDS: dict[str, Callable[[np.random.Generator, str], Made]] = {
    "teleport": teleport,
    "route app": simulated,
    "route app with noise": shaken,
    "phone on a table": lying,
}
OTHER_WAYS: dict[str, tuple[str, ...]] = {
    "walking": ("bicycle", "town car"),
    "bicycle": ("walking", "town car", "expressway"),
    "e_bike": ("walking", "town car", "expressway"),
    "bus": ("walking", "expressway", "fast train"),
    "tram": ("walking", "bicycle", "expressway"),
    "metro": ("walking", "bicycle", "fast train"),
    "nev_taxi": ("walking", "bicycle", "fast train"),
}
# What positions alone do not tell apart; told beside the others, and no part of the recall.
ALIKE: dict[str, tuple[str, ...]] = {"bicycle": ("e_bike",), "bus": ("town car",), "nev_taxi": ("town car", "bus")}


def _moved(chance: np.random.Generator, way: Way) -> tuple[Floats, Floats, float]:
    """Metres north and east of the beginning, each second, and the length of the way."""
    wanted = chance.uniform(*way.distance)
    cruise = chance.uniform(*way.cruise) / 3.6
    along, speed, mood = [0.0], 0.0, 0.0
    stop = chance.uniform(*way.stop_every)
    wait = 0
    while along[-1] < wanted:
        mood += -mood / 20 + chance.normal(0, way.wander * np.sqrt(2 / 20))
        target = max(0.3, cruise * (1 + mood))
        braking = np.sqrt(2 * way.accelerate * max(0.0, stop - along[-1]))
        speed = min(target, speed + way.accelerate, max(braking, 0.3))
        if wait > 0:
            wait, speed = wait - 1, 0.0
        elif stop - along[-1] < max(1.0, speed):
            wait = int(chance.uniform(*way.wait)) if chance.random() < way.halts else 0
            stop = along[-1] + chance.uniform(*way.stop_every)
        along.append(along[-1] + speed)
    distances = np.array(along)
    corners, headings = _corners(chance, way, float(distances[-1]) + 1)
    north = np.concatenate([[0.0], np.cumsum(np.diff(corners) * np.cos(headings))])
    east = np.concatenate([[0.0], np.cumsum(np.diff(corners) * np.sin(headings))])
    return np.interp(distances, corners, north), np.interp(distances, corners, east), float(distances[-1])


def _corners(chance: np.random.Generator, way: Way, metres: float) -> tuple[Floats, Floats]:
    """Where along the way it turns, and the headings between: mostly straight on, with bends, seldom back."""
    at, heading = [0.0], chance.uniform(0, 2 * np.pi)
    headings = []
    while at[-1] < metres:
        at.append(at[-1] + chance.uniform(*way.block))
        headings.append(heading)
        heading += float(chance.choice([0, np.pi / 2, -np.pi / 2], p=[0.6, 0.2, 0.2])) + chance.normal(0, 0.15)
    return np.array(at), np.array(headings)


def _sampled(chance: np.random.Generator, count: int, way: Way, north: Floats, east: Floats) -> NDArray[np.int64]:
    """Seconds with a fix: each, or each second, fifth or tenth; none in tunnels, and underground none but at stations."""
    seen = np.arange(0, count, int(chance.choice([1, 1, 2, 5, 10])))
    if way.dark and chance.random() < 0.7:
        still = np.concatenate([[True], np.hypot(np.diff(north), np.diff(east)) < 3.0])
        return seen[still[seen] | (chance.random(len(seen)) < 0.02)]
    for _ in range(int(chance.poisson(0.4))):
        dark, begin = int(chance.integers(15, 90)), int(chance.integers(0, count))
        seen = seen[(seen < begin) | (seen > begin + dark)]
    return seen


def _received(chance: np.random.Generator, north: Floats, east: Floats, seen: NDArray[np.int64], metres: float) -> Made:
    """What a receiver makes of positions."""
    count = len(north)
    errors = [_drift(chance, count) for _ in range(2)]
    for _ in range(int(chance.poisson(0.5))):  # between high buildings
        begin, spell = int(chance.integers(0, count)), int(chance.integers(20, 60))
        rise = np.minimum(1.0, np.minimum(np.arange(spell), np.arange(spell)[::-1]) / 8.0)[: count - begin]
        for error in errors:
            error[begin : begin + len(rise)] += rise * chance.normal(0, 15)
    wild = chance.random(count) < chance.choice([0.0, 0.002, 0.01])
    if chance.random() < 0.1:
        wild[seen[: int(chance.integers(1, 4))]] = True
    for axis, error in zip((north, east), errors, strict=True):
        error += np.where(wild, chance.normal(0, 150, count), 0.0)
        error += axis
    return _written(chance, seen + START, errors[0][seen], errors[1][seen], metres)


def _drift(chance: np.random.Generator, count: int) -> Floats:
    memory, size = chance.uniform(20, 60), chance.uniform(2, 5)
    keep = np.exp(-1 / memory)
    pushes = chance.normal(0, size * np.sqrt(1 - keep**2), count)
    error, drift = chance.normal(0, size), np.empty(count)
    for i in range(count):
        error = keep * error + pushes[i]
        drift[i] = error
    return drift + chance.normal(0, chance.uniform(0.1, 0.5), count)


def _app(chance: np.random.Generator, mode: str, noise: float) -> Made:
    way = WAYS[mode]
    metres = chance.uniform(*way.distance)
    speed = chance.uniform(*way.cruise) / 3.6 * chance.uniform(0.7, 1.0)
    distances = np.arange(0, metres, speed)
    corners, headings = _corners(chance, way, metres + 1)
    north = np.concatenate([[0.0], np.cumsum(np.diff(corners) * np.cos(headings))])
    east = np.concatenate([[0.0], np.cumsum(np.diff(corners) * np.sin(headings))])
    axes = [np.interp(distances, corners, axis) + chance.normal(0, noise, len(distances)) for axis in (north, east)]
    return _written(chance, np.arange(len(distances)) + START, axes[0], axes[1], float(distances[-1]))


def _written(
    chance: np.random.Generator, seconds: NDArray[np.int64], north: Floats, east: Floats, metres: float
) -> Made:
    degree = EARTH_M * np.pi / 180
    latitude = 22.54 + chance.normal(0, 0.05) + north / degree
    longitude = 114.06 + chance.normal(0, 0.05) + east / (degree * np.cos(np.radians(latitude)))
    decimals = int(chance.choice([6, 7]))
    texts = [[f"{value:.{decimals}f}" for value in axis] for axis in (latitude, longitude)]
    return Made(seconds, texts[0], texts[1], metres)


def _shift(text: str, metres: float, moved: bool) -> str:
    return f"{float(text) + metres / (EARTH_M * np.pi / 180):.7f}" if moved else text
