"""Which days a close has to look at again: those with new files, and those whose baseline or neighbours have."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from oracle.edge.store.acts import ActStore
from oracle.measure.close.months import COMPARED_BY_MONTHS
from oracle.measure.validate.rules import TRIPS
from oracle.model.units import date_of

Key = tuple[str, int]  # scenario and day


def digests(acts: ActStore, committed: set[str]) -> dict[Key, str]:
    """Digest of the files of every scenario's day that has any, and of those that contest its records."""
    named = [(name, day) for name in acts.scenarios() for day in acts.days(name)]
    listed = {(name, day): acts.files(name, [day], committed) for name, day in named}
    against = {key: acts.contested_files(*key, committed) for key, files in listed.items() if files}
    return {key: _digest([*listed[key], *others]) for key, others in against.items()}


def _digest(files: list[str]) -> str:
    return hashlib.sha256("\n".join(files).encode()).hexdigest()


def open_days(now: Mapping[Key, str], before: Mapping[Key, str], reach: Mapping[str, int]) -> dict[str, list[int]]:
    """Days by scenario whose result may differ from the last close.

    Args:
        now: Digests as they are.
        before: Digests that the last close took in.
        reach: How many days a scenario's baseline looks back.
    """
    changed = [key for key, digest in now.items() if before.get(key) != digest]
    trips = {day for name, day in changed if name in TRIPS}
    latest: dict[str, list[int]] = {}
    for name, day in changed:
        latest.setdefault(name, []).append(day)
    open_: dict[str, list[int]] = {}
    for name, day in now:
        own = any(since <= day <= since + reach.get(name, 0) for since in latest.get(name, []))
        own = own or (name in COMPARED_BY_MONTHS and _month(day) in {_month(other) for other in latest.get(name, [])})
        if own or (name in TRIPS and (day in trips or day - 1 in trips)):
            open_.setdefault(name, []).append(day)
    return open_


def _month(day: int) -> tuple[int, int]:
    date = date_of(day)
    return date.year, date.month
