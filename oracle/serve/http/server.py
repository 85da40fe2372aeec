"""Runs an HTTP service until it is stopped. A connection ends with its request."""

from __future__ import annotations

import asyncio

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0  # for a request's line and headers, and between two requests
BODY_SECONDS = 60.0  # for a body, and beyond that
BODY_BYTES_A_SECOND = 32 << 10  # a second more for every so many bytes that came

_LOOK_SECONDS = 0.5
_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    b'{"error":"TooSlow","detail":"The request did not come in time. Send it again."}'
)


class Timed(H11Protocol):
    """A connection that is closed when a head or a body takes too long; whoever reads the body sees the sender gone.

    Time in which this side does not read is not counted.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to count."""
        super().connection_made(transport)
        self._came = 0
        self._spent = 0.0
        self._counted: tuple[object, object] = (None, None)
        self._look_at = self.loop.call_later(_LOOK_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends counting."""
        self._look_at.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As ever, counted."""
        self._came += len(data)
        super().data_received(data)

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        now = (self.conn.their_state, self.cycle)
        if now != self._counted:
            self._counted, self._spent, self._came = now, 0.0, 0
        elif not self.flow.read_paused:
            self._spent += _LOOK_SECONDS
        if self._spent >= self._limit():
            if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
                self.transport.write(_LATE)
            self.transport.close()
        else:
            self._look_at = self.loop.call_later(_LOOK_SECONDS, self._look)

    def _limit(self) -> float:
        if self.conn.their_state is h11.SEND_BODY:
            return BODY_SECONDS + self._came / BODY_BYTES_A_SECOND
        return HEAD_SECONDS if self.conn.their_state is h11.IDLE else float("inf")


def run(app: FastAPI, host: str, port: int) -> None:
    """Serves until SIGINT or SIGTERM; requests that have begun are finished first."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        http=Timed,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=30,
    )
