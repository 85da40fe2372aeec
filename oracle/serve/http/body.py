"""Writes a request's body to a file piece by piece, so that memory holds only one piece."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oracle.model.errors import InputError, StoreError
from oracle.serve.http.signed import NotAuthentic


class TooLarge(InputError):
    """A body is larger than is taken."""


class Bounded:
    """An application whose requests have bodies of at most so many bytes.

    Args:
        app: The application.
        most: Bytes of a body.
    """

    def __init__(self, app: ASGIApp, most: int):
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts received bytes; raises 413 above the limit."""
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._most:
                raise HTTPException(413, f"the body has more than {self._most} bytes", {"Connection": "close"})
            return message

        await self._app(scope, counted, send)


async def spool(pieces: AsyncIterator[bytes], target: Path, *, sha256: str, most: int) -> int:
    """Writes a body to `target` and flushes it to disk; returns its length. An incomplete file is removed.

    Raises:
        TooLarge: It has more than `most` bytes.
        NotAuthentic: It is not the body that was signed.
        StoreError: The disk does not take it.
    """
    digest, length = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    whole = False
    try:
        with target.open("wb") as file:
            async for piece in pieces:
                length += len(piece)
                if length > most:
                    raise TooLarge(f"the body has more than {most} bytes; split the file")
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != sha256:
            raise NotAuthentic(f"The body has SHA-256 {digest.hexdigest()}, but {sha256} was signed.")
        whole = True
    except OSError as error:
        raise StoreError(f"Cannot write to {target.parent}: {error.strerror}") from error
    finally:
        if not whole:
            target.unlink(missing_ok=True)
    return length
