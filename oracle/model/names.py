"""Names of files as people gave them: on a disk they are bytes in any encoding, of any kind of character."""

from __future__ import annotations

import hashlib
import os
from pathlib import PurePath

MOST_BYTES = 200  # disks take 255, and other names are made of these
_DIGITS = 8


def readable(name: str) -> str:
    """A file's name as text that can be stored and printed: UTF-8 or GB18030, else with its odd bytes written out, and not too long."""
    raw = os.fsencode(name)
    return fitting("".join(letter if letter.isprintable() else "_" for letter in _text(raw)))


def fitting(name: str, most: int = MOST_BYTES) -> str:
    """A name of at most `most` bytes: a longer one keeps its beginning and its suffix, and is told apart by a digest between them."""
    raw = os.fsencode(name)
    if len(raw) <= most:
        return name
    suffix = os.fsencode(PurePath(name).suffix)[-_DIGITS:]
    digest = f"~{hashlib.sha256(raw).hexdigest()[:_DIGITS]}".encode()
    begin = raw[: most - len(digest) - len(suffix)]
    return (begin + digest + suffix).decode("utf-8", "ignore")


def _text(raw: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "backslashreplace")
