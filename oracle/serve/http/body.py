"""A request's body into a file, piece by piece: memory holds one piece, whatever is sent."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from oracle.model.errors import InputError, StoreError
from oracle.serve.http.signed import NotAuthentic


class TooLarge(InputError):
    """A body is larger than is taken."""


async def spool(pieces: AsyncIterator[bytes], target: Path, *, sha256: str, most: int) -> int:
    """Writes a body to `target`, to disk, not only to the system; returns its length. What is not whole is removed.

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
                    raise TooLarge(f"the body has more than {most} bytes: split it")
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != sha256:
            raise NotAuthentic(f"The body's SHA-256 is {digest.hexdigest()}, signed was {sha256}.")
        whole = True
    except OSError as error:
        raise StoreError(f"{target.parent} takes no more: {error.strerror}") from error
    finally:
        if not whole:
            target.unlink(missing_ok=True)
    return length
