"""The content of a file: unpacked, and as UTF-8 text whatever encoding it was saved in."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from oracle.errors import InputError

# What is held in memory at once. About eight million trips; a day of a city is three million.
MAX_BYTES = 1 << 30

_GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
_NOT_TEXT = {
    b"PK\x03\x04": "it is an Excel workbook or a zip archive: save the sheet as CSV, or unpack it",
    b"\xd0\xcf\x11\xe0": "it is an old Excel workbook: save the sheet as CSV",
    b"PAR1": "it is a Parquet file, which no reader takes: export it as CSV",
    b"\xff\xfe": "it is UTF-16: save it as UTF-8",
    b"\xfe\xff": "it is UTF-16: save it as UTF-8",
}


def open_file(path: Path) -> BinaryIO:
    """The file's bytes as a stream, unpacked if it is gzip.

    Raises:
        InputError: the file cannot be opened.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(_GZIP)) == _GZIP
        return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")
    except OSError as error:
        raise InputError(f"the file cannot be opened: {error.strerror}", file=path.name) from error


@contextmanager
def named_errors(file: str) -> Iterator[None]:
    """Reading the stream of `open_file` in this context, damage is an InputError that names the file."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"the gzip file is damaged or cut off: {error}", file=file) from error
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", file=file) from error


def load(path: Path, limit: int) -> bytes:
    """At most `limit` unpacked bytes of a file.

    Raises:
        InputError: the file cannot be read, is empty, or its gzip stream is damaged.
    """
    with open_file(path) as stream, named_errors(path.name):
        content = stream.read(limit)
    if not content or content.isspace():
        raise InputError("the file is empty", file=path.name)
    return content


def load_text(path: Path, most: int = MAX_BYTES) -> bytes:
    """The whole file as UTF-8 without a byte order mark. UTF-8 and GB18030 (with it GBK and GB2312) are recognised.

    Args:
        most: Bytes, unpacked, that are held in memory.

    Raises:
        InputError: the file cannot be read, is too large, is no text, or ends in the middle of a character.
    """
    content = load(path, most + 1)
    if len(content) > most:
        raise InputError(f"the file has more than {most} bytes unpacked: split it", file=path.name)
    return utf8(content, path.name)


class Limited:
    """A stream that ends in an error instead of going on for ever: a few bytes of gzip can unpack to any number.

    Args:
        most: Bytes that may be read.
    """

    def __init__(self, stream: BinaryIO, file: str, most: int):
        self._stream = stream
        self._file = file
        self._most = most
        self._left = most

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            InputError: more than `most` have been read.
        """
        piece = self._stream.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(piece)
        if self._left < 0:
            raise InputError(f"the file has more than {self._most} bytes unpacked: split it", file=self._file)
        return piece


def utf8(content: bytes, file: str) -> bytes:
    """Bytes of a text file as UTF-8 without a byte order mark.

    Raises:
        InputError: they are not text, or end in the middle of a character.
    """
    for start, advice in _NOT_TEXT.items():
        if content.startswith(start):
            raise InputError(advice, file=file)
    if b"\0" in content:
        raise InputError("it is a binary file, not text", file=file)
    content = content.removeprefix(BOM)
    try:
        content.decode("utf-8")
        return content
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise InputError("the file is cut off in the middle of a character", file=file) from error
        return _gb18030(content, file, error)


def _gb18030(content: bytes, file: str, not_utf8: UnicodeDecodeError) -> bytes:
    try:
        return content.decode("gb18030").encode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, not_utf8.start) + 1
        raise InputError(f"neither UTF-8 nor GB18030 text: line {line} has bytes of neither", file=file) from error
