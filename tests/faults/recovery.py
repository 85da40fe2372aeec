"""After a fault: the work is done to its end in peace, and what happened is compared with what should have."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.faults.table import Trial
from tests.faults.world import World


def recovered(world: World, step: str, label: str, injected: list[str]) -> Trial:
    """Does a step to its end, and compares what happened with what should have."""
    began = time.monotonic()
    ended = world.ends(*world.steps[step].words)
    seconds = time.monotonic() - began
    found, expected = world.facts(), world.steps[step].after
    lost = found.lost(expected) + found.waiting + (ended.code != 0)
    note = "" if ended.code == 0 else ended.err.strip()[-300:]
    return Trial(label, injected, found.doubled(expected), lost, seconds, note)


def redone(world: World, steps: Sequence[str], label: str, injected: list[str], note: str = "") -> Trial:
    """Does several steps to their end; otherwise as `recovered`."""
    began = time.monotonic()
    notes = [note] if note else []
    for step in steps:
        ended = world.ends(*world.steps[step].words)
        notes += [] if ended.code == 0 else [f"{step}: {ended.err.strip()[-300:]}"]
    seconds = time.monotonic() - began
    found, expected = world.facts(), world.steps[steps[-1]].after
    return Trial(
        label, injected, found.doubled(expected), found.lost(expected) + found.waiting, seconds, "; ".join(notes)
    )


def problem(holds: bool, otherwise: str) -> str:
    """Nothing, or what does not hold."""
    return "" if holds else otherwise
