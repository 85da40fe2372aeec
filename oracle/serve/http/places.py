"""Limits on requests whose bodies are being received: in total, per sender, and one per signed request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from oracle.serve.http.problem import Refused

_COME_AGAIN_SECONDS = 2


class Places:
    """Counts requests that are authentic, and no others.

    Args:
        most: Of all senders together.
        each: Of one sender: however many it begins, there is room for others.
    """

    def __init__(self, most: int, each: int):
        self._most = most
        self._each = each
        self._lock = threading.Lock()
        self._held: set[tuple[str, str]] = set()

    @property
    def held(self) -> int:
        """How many are taken."""
        return len(self._held)

    @property
    def free(self) -> int:
        """How many are left."""
        return self._most - len(self._held)

    @contextmanager
    def place(self, sender: str, key: str) -> Iterator[None]:
        """A place for the request that has a key.

        Raises:
            Refused: There is none, or the same request is being received: somebody repeats it, or its headers. Says when to come again.
        """
        with self._lock:
            self._require(sender, key)
            self._held.add((sender, key))
        try:
            yield
        finally:
            with self._lock:
                self._held.remove((sender, key))

    def _require(self, sender: str, key: str) -> None:
        if (sender, key) in self._held:
            raise Refused(503, f"The request {key} is already being received. Retry later.", _COME_AGAIN_SECONDS)
        if not self.free:
            raise Refused(503, f"{self._most} files are being received already. Retry later.", _COME_AGAIN_SECONDS)
        if sum(holder == sender for holder, _ in self._held) >= self._each:
            raise Refused(
                503, f"{self._each} files of {sender} are being received already. Retry later.", _COME_AGAIN_SECONDS
            )
