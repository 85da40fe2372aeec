"""JSON and JSON Lines as rows: plain lines as columns, everything else as objects."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from oracle.measure.records.content import BLOCK_BYTES
from oracle.model.errors import InputError

# A line that says the same to every JSON parser: one flat object of plain text, small whole numbers and null. The characters are
# those that are printable in every version of Unicode since this was written, and of blanks only the space.
_NAME = r'"[0-9A-Za-z_]+"'
_VALUE = r'(?:"[ !#-\[\]-~\x{3001}-\x{3020}\x{4e00}-\x{9fa5}\x{ff01}-\x{ff5e}]*"|0|[1-9][0-9]{0,17}|null)'
# Between two objects of a list, and what stands before the first and after the last: a list, or a page with little else in it.
_SEAMS = (b"},{", b"}, {")
_BEGINNING, _TAIL_BYTES = 1 << 16, 100
_HEAD = re.compile(
    rb'[ \r\n]*(?:(?P<page>\{) *(?:"(?!data")[0-9A-Za-z_]+" *: *(?:"[0-9A-Za-z_ ]*"|0|[1-9][0-9]{0,17}|null) *, *)*"data" *: *)?\[ *(?=\{)'
)
_TAIL = {False: re.compile(rb" *\][ \r\n]*\Z"), True: re.compile(rb" *\] *\}[ \r\n]*\Z")}
_PLAIN = rf"^\{{ *{_NAME} *: *{_VALUE}(?: *, *{_NAME} *: *{_VALUE})* *\}}\s*$"


@dataclass(frozen=True)
class Doubtful:
    """An object that names a field twice, or a row of a page that does: it is no row, whatever else it says."""

    pairs: tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class JsonRows:
    """Some rows of a file, numbered from 1 through the whole of it.

    Attributes:
        plain: Rows of plain lines: `row`, and the fields asked for as text, null where a line has none.
        objects: The other rows; None for a line that cannot be read, `Doubtful` for one that says something twice.
    """

    plain: pl.DataFrame
    objects: list[tuple[int, object]]


def json_rows(blocks: Iterable[bytes], fields: Sequence[str], file: str) -> Iterator[JsonRows]:
    """The rows of a JSON file in UTF-8: of a list, of a page (an object with the rows in a list `data`), or of JSON Lines.

    In JSON Lines every line is a row or a page. A line that cannot be read spoils no other line; blank lines are no rows. A single
    document is read whole or not at all.

    Args:
        blocks: Whole lines (`content.text_blocks`).
        fields: What plain lines are asked for.

    Raises:
        InputError: a document is not valid JSON, or is cut off.
    """
    following = iter(blocks)
    start = b""
    while b"\n" not in start.strip() and (block := next(following, b"")):
        start += block
    if not _has_lines(start):
        yield from _document(start + b"".join(following), fields, file)
        return
    row = 1
    for block in chain([start], following):
        lines, others = _split(block, fields)
        part, count = _block(
            block, lines, {line: _rows_of_line(text, fields) for line, text in others.items()}, row, fields
        )
        yield part
        row += count


def _document(text: bytes, fields: Sequence[str], file: str) -> Iterator[JsonRows]:
    """The rows of one document. A list of flat objects, cut apart between them, says in lines what it says in one piece."""
    row, at, end = 1, 0, 0
    if (head := _HEAD.match(text)) and (
        tail := _TAIL[bool(head["page"])].search(text, max(0, len(text) - _TAIL_BYTES))
    ):
        at, end = head.end(), tail.start()
    seam = next((each for each in _SEAMS if each in text[at : min(at + _BEGINNING, end)]), _SEAMS[0])
    while at < end:
        cut = text.find(seam, min(at + BLOCK_BYTES, end), end) + 1 or end
        block = text[at:cut]
        if b"\n" in block:  # it would part what no comma parts
            break
        block = block.replace(seam, b"}\n{")
        lines, others = _split(block, fields)
        if others:
            break
        part, count = _block(block, lines, {}, row, fields)
        yield part
        row, at = row + count, cut + len(seam) - 2
    if at < end or end == 0:
        yield JsonRows(_no_rows(fields), list(enumerate(_rows_of_document(text, fields, file), 1))[row - 1 :])


def _block(
    block: bytes, lines: pl.DataFrame, others: dict[int, list[object]], row: int, fields: Sequence[str]
) -> tuple[JsonRows, int]:
    """The rows of a block's lines, counted from `row`, and how many there are.

    Args:
        others: The rows of the lines that are not plain.
    """
    counts = lines["plain"].cast(pl.Int64).to_numpy().copy()
    for line, rows in others.items():
        counts[line] = len(rows)
    first = row + np.cumsum(counts) - counts
    objects = [(int(first[line]) + at, item) for line, rows in others.items() for at, item in enumerate(rows)]
    text = block if not others else "".join(lines.filter("plain")["line"]).encode()
    return JsonRows(_columns(text, first[lines["plain"].to_numpy()], fields), objects), int(counts.sum())


def _has_lines(text: bytes) -> bool:
    """Whether the first or the second of several lines is an object by itself. The second decides when the first is damaged."""
    stripped = text.strip()
    first_two = [line.strip() for line in stripped.split(b"\n", 2)[:2]]
    whole = any(line.startswith(b"{") and line.endswith(b"}") for line in first_two)
    return whole and stripped.startswith(b"{") and b"\n" in stripped


def _rows_of_document(text: bytes, fields: Sequence[str], file: str) -> list[object]:
    try:
        document = json.loads(text, object_pairs_hook=_object(fields))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"not valid JSON, or cut off: {error.msg} ({where})", file=file) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"not usable JSON: {error}", file=file) from error
    return document if isinstance(document, list) else _rows_of(document)


def _object(fields: Sequence[str]) -> Callable[[list[tuple[str, object]]], object]:
    """Makes objects; one that says twice what is asked for is `Doubtful`: parsers differ in which of the two counts."""
    asked = {*fields, "data"}

    def made(pairs: list[tuple[str, object]]) -> object:
        names = [name for name, _ in pairs if name in asked]
        return dict(pairs) if len(names) == len(set(names)) else Doubtful(tuple(pairs))

    return made


def _split(block: bytes, fields: Sequence[str]) -> tuple[pl.DataFrame, dict[int, str]]:
    """The lines of a block, each plain or not, and those that are not, by number. One that names a field twice is not: parsers differ."""
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + 1
    last = [len(block)] if not block.endswith(b"\n") else []
    bounds = np.concatenate([[0], ends, last]).astype(np.int64)
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(block)]
    texts = pl.Series("line", pa.LargeStringArray.from_buffers(len(bounds) - 1, *buffers[1:]))
    line = pl.col("line")
    once = (line.str.count_matches(f'"{name}"', literal=True) <= 1 for name in fields)
    lines = texts.to_frame().with_columns(plain=pl.all_horizontal(line.str.contains(_PLAIN), *once))
    others = (~lines["plain"]).arg_true().to_list()
    return lines, {line: texts[line] for line in others}


def _columns(text: bytes, rows: NDArray[np.int64], fields: Sequence[str]) -> pl.DataFrame:
    """The fields of plain lines."""
    if len(rows) == 0:
        return _no_rows(fields)
    read = pl.read_ndjson(io.BytesIO(text), schema=dict.fromkeys(fields, pl.String()))
    return pl.DataFrame({"row": rows}).hstack(read)


def _rows_of_line(line: str, fields: Sequence[str]) -> list[object]:
    if not line.strip():
        return []
    try:
        return _rows_of(json.loads(line, object_pairs_hook=_object(fields)))
    except (ValueError, RecursionError):
        return [None]


def _rows_of(document: object) -> list[object]:
    if isinstance(document, Doubtful):
        lists = [value for name, value in document.pairs if name == "data" and isinstance(value, list)]
        # Rows of a page that has its rows twice: whichever of them count, none goes unseen.
        return [Doubtful(()) for rows in lists for _ in rows] or [document]
    rows = document.get("data") if isinstance(document, dict) else None
    return rows if isinstance(rows, list) else [document]


def _no_rows(fields: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(schema={"row": pl.Int64(), **dict.fromkeys(fields, pl.String())})
