"""A track as any file gives it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from oracle.measure.tracks.sphere import Ints, on_earth, position

MOCKED = frozenset(("mock", "mocked", "ismock", "isfrommockprovider"))
"""What apps call a position that the phone was told by another program, in small letters."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SECONDS = re.compile(r"([0-9]{10})(?:\.([0-9]{1,9}))?")
_MILLISECONDS = re.compile(r"[0-9]{13}")

# Time, latitude and longitude as the file writes them.
Fix = tuple[str | None, str | None, str | None]


@dataclass(frozen=True)
class Track:
    """Fixes in the order of time, one for a millisecond at most.

    Attributes:
        rider: Who travelled; None if the file does not say.
        mode: How.
        trip: The source's own name of the trip.
        mocked: Whether the file says that positions came from another program than a receiver.
        lost: Fixes that could not be read: no time, no place, or an earlier time than the one before.
        time_ms: UTC milliseconds.
        latitude, longitude: Ten-millionths of a degree.
    """

    rider: str | None
    mode: str | None
    trip: str | None
    mocked: bool
    lost: int
    time_ms: Ints
    latitude: Ints
    longitude: Ints

    def __len__(self) -> int:
        return len(self.time_ms)

    def part(self, chosen: Ints | slice) -> Track:
        """The track with some of its fixes."""
        columns = (self.time_ms[chosen], self.latitude[chosen], self.longitude[chosen])
        return Track(self.rider, self.mode, self.trip, self.mocked, self.lost, *columns)


def track(
    fixes: Iterable[Fix], zone: str, *, rider: str | None, mode: str | None, trip: str | None, mocked: bool
) -> Track:
    """The track of fixes as they are written.

    Args:
        zone: IANA time zone of times without an offset.
    """
    read: list[tuple[int, int, int]] = []
    lost = 0
    place = ZoneInfo(zone)
    for time, north, east in fixes:
        at, latitude, longitude = moment(time, place), position(north or ""), position(east or "")
        if at is None or latitude is None or longitude is None or not on_earth(latitude, longitude):
            lost += 1
        elif read and at <= read[-1][0]:
            lost += at < read[-1][0]
        else:
            read.append((at, latitude, longitude))
    columns = np.array(read, dtype=np.int64).reshape(-1, 3).T.copy()
    return Track(rider or None, mode or None, trip or None, mocked, lost, columns[0], columns[1], columns[2])


def moment(text: str | None, zone: ZoneInfo) -> int | None:
    """UTC milliseconds of ISO 8601 text or of a number of seconds or milliseconds; None for what is neither."""
    text = (text or "").strip()
    if _MILLISECONDS.fullmatch(text):
        return int(text)
    if found := _SECONDS.fullmatch(text):
        return int(found[1]) * 1000 + int((found[2] or "")[:3].ljust(3, "0"))
    try:
        read = datetime.fromisoformat(text)
        read = read if read.tzinfo else read.replace(tzinfo=zone)
        milliseconds = (read - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None
    return milliseconds if 0 <= milliseconds < 10**13 else None
