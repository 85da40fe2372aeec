"""CSV as a table of text: one line of the file is one row, whatever is in it.

A line that cannot be read is one finding and spoils no other line, so a field with a line break inside quotes is not accepted. Rows
count from 1 at the line below the header, blank lines included, so that row 41 is line 42 in any editor; a line with nothing but
commas and spaces holds no data and is not a row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from oracle.model.errors import InputError
from oracle.model.findings import findings


@dataclass(frozen=True)
class Table:
    """Lines of a CSV file: `rows` data rows, of which `frame` has those with no more fields than the header, `findings` the others.

    `frame` has the columns of the header as text (null where empty, no blanks around) and `row`.
    """

    rows: int
    frame: pl.DataFrame
    findings: pl.DataFrame


def header(text: bytes, file: str, delimiter: str = ",") -> list[str]:
    """Names in the first line, in lower case.

    Raises:
        InputError: the line cannot be read, or a name stands there twice.
    """
    line = text.partition(b"\n")[0].decode("utf-8", "replace")
    names = [name.strip().lower() for name in fields_of(line, delimiter) or ()]
    for name in names:
        if name and names.count(name) > 1:
            raise InputError(f"the header has its column {names.index(name) + 1} twice", file=file)
    return names


def header_of(blocks: Iterable[bytes], file: str) -> tuple[list[str], Iterable[bytes]]:
    """Names in the first line, and the blocks with the first one still there."""
    following = iter(blocks)
    first = next(following, b"")
    return header(first, file), chain([first], following)


def require(names: list[str], wanted: tuple[str, ...], file: str) -> None:
    """Check that the header has every wanted column.

    Raises:
        InputError: columns are missing; says which, and what is there.
    """
    missing = [name for name in wanted if name not in names]
    if missing:
        known = [name for name in wanted if name in names]
        raise InputError(f"the header lacks {', '.join(missing)}; it has {columns(names, known)}", file=file)


def columns(names: list[str], known: list[str]) -> str:
    """How many columns a header has, and which of them are known. The others may be anything, such as the first line of a secret."""
    return f"{len(names)} columns, known of which {', '.join(known) or 'none'}"


def parse(
    blocks: Iterable[bytes], file: str, *, delimiter: str = ",", names: list[str] | None = None
) -> Iterator[Table]:
    """The rows of a UTF-8 CSV file, a table for each of its blocks of whole lines (`content.text_blocks`).

    Args:
        names: Names of the columns of a file without a header line; None where the first line has them.

    Raises:
        InputError: as `header`.
    """
    row = 1
    for block in blocks:
        if names is None:
            names = [name or f"\0{index}" for index, name in enumerate(header(block, file, delimiter))]
            block = block.partition(b"\n")[2]
        yield _table(block, names, file, row, delimiter)
        row += block.count(b"\n")


def _table(body: bytes, names: list[str], file: str, row: int, delimiter: str) -> Table:
    """The lines of `body`, whose first is row number `row`.

    Lines with quotes or with more delimiters than the header are read one by one, all others at once.
    """
    special = _special(body, len(names), delimiter)
    if special:
        body = b"\n".join(b"" if i in special else line for i, line in enumerate(body.split(b"\n")))
    fields = {row + i: fields_of(line.decode("utf-8"), delimiter) for i, line in special.items()}
    problems: dict[int, dict[str, object]] = {
        row: problem for row, read in fields.items() if (problem := _problem(read, names))
    }
    bad = findings("malformed_row", file, problems.items())
    good = {row: read for row, read in fields.items() if row not in problems}
    frame = _joined(_plain(body, names, row, delimiter), good)
    frame = frame.with_columns(pl.selectors.string().str.strip_chars().replace("", None))
    frame = frame.filter(~pl.all_horizontal(pl.col(names).is_null()))
    return Table(frame.height + bad.height, frame, bad)


def _special(body: bytes, names: int, delimiter: str) -> dict[int, bytes]:
    """Lines with quotes or with no fewer delimiters than there are names, by their number."""
    text = np.frombuffer(body, np.uint8)
    ends = np.append(np.flatnonzero(text == ord("\n")), len(body))
    commas, quotes = (np.searchsorted(np.flatnonzero(text == ord(sign)), ends) for sign in (delimiter, '"'))
    found = np.flatnonzero((np.diff(commas, prepend=0) >= names) | (np.diff(quotes, prepend=0) > 0))
    return {int(i): body[ends[i - 1] + 1 if i else 0 : ends[i]] for i in found}


def _plain(body: bytes, names: list[str], row: int, delimiter: str) -> pl.DataFrame:
    """Rows of lines without quotes and with no more delimiters than the header."""
    schema = dict.fromkeys(names, pl.String())
    if not body:
        return pl.DataFrame(schema={"row": pl.Int64(), **schema})
    frame = pl.read_csv(
        body, has_header=False, schema=schema, quote_char=None, missing_columns="insert", separator=delimiter
    )
    return frame.with_row_index("row", offset=row).with_columns(pl.col("row").cast(pl.Int64))


def _joined(plain: pl.DataFrame, special: dict[int, list[str] | None]) -> pl.DataFrame:
    """All rows in order: the special ones stand in `plain` as blank."""
    if not special:
        return plain
    width = plain.width - 1
    filled = [(row, *((fields or []) + [None] * width)[:width]) for row, fields in special.items()]
    blanked = pl.DataFrame({"row": list(special)}, schema={"row": pl.Int64})
    rows = pl.DataFrame(filled, schema=plain.schema, orient="row")
    return pl.concat([plain.join(blanked, on="row", how="anti"), rows]).sort("row")


def _problem(fields: list[str] | None, names: list[str]) -> dict[str, object]:
    """What is wrong with the fields of a line; empty if nothing is."""
    if fields is None:
        return {"quotes": "do not match"}
    beyond = "".join(fields[len(names) :]).strip()
    return {"columns": len(fields)} if beyond else {}


def fields_of(line: str, delimiter: str = ",") -> list[str] | None:
    """Fields of one line, or None if its quotes do not match."""
    try:
        return next(csv.reader([line], strict=True, skipinitialspace=True, delimiter=delimiter), [])
    except csv.Error:
        return None
