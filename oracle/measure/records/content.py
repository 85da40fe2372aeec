"""The content of a file: unpacked, and as UTF-8 text whatever encoding it was saved in."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from oracle.model.errors import InputError
from oracle.model.machine import blamed

# Of one file, unpacked. About eight million trips; a day of a city is three million.
MAX_BYTES = 1 << 30
BLOCK_BYTES = 1 << 25  # of text that is held and read at once
_LINE_BYTES = 1 << 26  # of one line: a file without line breaks must not be held whole

_READ_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
_UTF_8, _GB18030 = "utf-8", "gb18030"
_NOT_TEXT = {
    b"PK\x03\x04": "it is an Excel workbook or a zip archive, of which only acts are read: save the sheet as CSV, or unpack it",
    b"\xd0\xcf\x11\xe0": "it is an old Excel workbook: save the sheet as CSV",
    b"PAR1": "it is a Parquet file, of which only acts are read: export it as CSV",
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
        raise blamed(error, InputError(f"the file cannot be opened: {error.strerror}", file=path.name)) from error


def sha256_of(path: Path) -> str:
    """SHA-256 of the file's bytes as they are, hex.

    Raises:
        InputError: the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_READ_BYTES):
                digest.update(block)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
    return digest.hexdigest()


@contextmanager
def named_errors(file: str) -> Iterator[None]:
    """Reading the stream of `open_file` in this context, damage is an InputError that names the file."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError("the gzip file is damaged or cut off", file=file) from error
    except OSError as error:
        raise blamed(error, InputError(f"the file cannot be read: {error.strerror}", file=file)) from error


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


def is_json(path: Path) -> bool:
    """Whether a file of text is a JSON document or JSON Lines."""
    return load(path, 1 << 10).removeprefix(BOM).lstrip()[:1] in (b"{", b"[")


def is_feed(path: Path) -> bool:
    """Whether a file is XML, which explains itself."""
    return load(path, 1 << 10).removeprefix(BOM).lstrip()[:1] == b"<"


def text_blocks(path: Path, size: int = BLOCK_BYTES, most: int = MAX_BYTES) -> Iterator[bytes]:
    """A text file as UTF-8 without a byte order mark, in blocks of whole lines of about `size` bytes.

    UTF-8 and GB18030 (with it GBK and GB2312) are recognised. The file is read twice, the first time to see that it is sound to its
    end, so that no more than a block of it is ever held.

    Args:
        most: Bytes it may have, unpacked.

    Raises:
        InputError: the file cannot be read, is empty or too large, is no text, or ends in the middle of a character.
    """
    encoding = _encoding(lambda: _raw_blocks(path, size, most), path.name)
    for block in _raw_blocks(path, size, most):
        yield block if encoding == _UTF_8 else block.decode(encoding).encode()


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
    """A piece of a text file as UTF-8 without a byte order mark.

    Raises:
        InputError: it is not text, or ends in the middle of a character.
    """
    _require_text(content, file)
    content = content.removeprefix(BOM)
    encoding = _encoding(lambda: [content], file)
    return content if encoding == _UTF_8 else content.decode(encoding).encode()


def _raw_blocks(path: Path, size: int, most: int) -> Iterator[bytes]:
    """The file's own bytes in blocks of whole lines, without a byte order mark.

    Raises:
        InputError: it cannot be read, is empty or too large, or is no text.
    """
    total, blank = 0, True
    with open_file(path) as stream, named_errors(path.name):
        while block := stream.read(size) + _line(stream, path.name):
            _require_text(block, path.name, first=total == 0)
            total, blank = total + len(block), blank and block.isspace()
            if total > most:
                raise InputError(f"the file has more than {most} bytes unpacked: split it", file=path.name)
            yield block if total > len(block) else block.removeprefix(BOM)
    if blank:
        raise InputError("the file is empty", file=path.name)


def _line(stream: BinaryIO, file: str) -> bytes:
    """The rest of a line."""
    line = stream.readline(_LINE_BYTES + 1)
    if len(line) > _LINE_BYTES:
        raise InputError(f"a line has more than {_LINE_BYTES} bytes: put every record on a line of its own", file=file)
    return line


def _require_text(content: bytes, file: str, *, first: bool = True) -> None:
    for start, advice in _NOT_TEXT.items() if first else ():
        if content.startswith(start):
            raise InputError(advice, file=file)
    if b"\0" in content:
        raise InputError("it is a binary file, not text", file=file)


def _encoding(blocks: Callable[[], Iterable[bytes]], file: str) -> str:
    """The encoding of blocks of whole lines."""
    fault = _fault(blocks(), _UTF_8)
    if fault is None:
        return _UTF_8
    line, reason = fault
    if reason == "unexpected end of data":
        raise InputError("the file is cut off in the middle of a character", file=file)
    if _fault(blocks(), _GB18030) is not None:
        raise InputError(f"neither UTF-8 nor GB18030 text: line {line} has bytes of neither", file=file)
    return _GB18030


def _fault(blocks: Iterable[bytes], encoding: str) -> tuple[int, str] | None:
    """Line and reason of the first bytes that are not of the encoding."""
    line = 1
    decoder = codecs.getincrementaldecoder(encoding)()
    for block in blocks:
        for at in range(0, len(block), 4 * BLOCK_BYTES):  # a line may be as long as the file
            piece = block[at : at + 4 * BLOCK_BYTES]
            try:
                decoder.decode(piece, at + len(piece) == len(block))
            except UnicodeDecodeError as error:
                return line + error.object.count(b"\n", 0, error.start), error.reason
            line += piece.count(b"\n")
    return None
