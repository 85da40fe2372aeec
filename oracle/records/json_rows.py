"""JSON and JSON Lines as rows."""

from __future__ import annotations

import json
from collections.abc import Iterator

from oracle.errors import InputError


def json_rows(text: bytes, file: str) -> Iterator[object]:
    """The rows of a JSON file in UTF-8: of a list, of a page (an object with the rows in a list `data`), or of JSON Lines.

    In JSON Lines every line is a row or a page. A line that cannot be read comes out as None and spoils no other line; blank lines
    are no rows. A single document is read whole or not at all.

    Raises:
        InputError: a document is not valid JSON, or is cut off.
    """
    if _has_lines(text):
        yield from _rows_of_lines(text)
        return
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"not valid JSON, or cut off: {error.msg} ({where})", file=file) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"not usable JSON: {error}", file=file) from error
    yield from document if isinstance(document, list) else _rows_of(document)


def _has_lines(text: bytes) -> bool:
    """Whether the first or the second of several lines is an object by itself. The second decides when the first is damaged."""
    stripped = text.strip()
    first_two = [line.strip() for line in stripped.split(b"\n", 2)[:2]]
    whole = any(line.startswith(b"{") and line.endswith(b"}") for line in first_two)
    return whole and stripped.startswith(b"{") and b"\n" in stripped


def _rows_of_lines(text: bytes) -> Iterator[object]:
    start = 0
    while start < len(text):
        end = text.find(b"\n", start) + 1 or len(text)
        line = text[start:end].strip()
        start = end
        if not line:
            continue
        try:
            document = json.loads(line.decode())
        except (ValueError, RecursionError):
            yield None
        else:
            yield from _rows_of(document)


def _rows_of(document: object) -> list[object]:
    rows = document.get("data") if isinstance(document, dict) else None
    return rows if isinstance(rows, list) else [document]
