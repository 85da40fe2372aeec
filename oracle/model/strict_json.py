"""JSON from strangers: every number stays the text it is, and what parsers read differently is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NoReturn


def strict(content: str | bytes) -> Any:
    """The value of a JSON text, with numbers as they are written: nothing is rounded, and no number is too large to be read.

    Raises:
        ValueError: It is no JSON text, names a key twice, has a number that JSON does not know, or is nested too deeply.
    """
    try:
        return json.loads(content, object_pairs_hook=_once, parse_int=str, parse_float=str, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON: {error.msg} at character {error.pos}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"not valid UTF-8: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _no_number(_text: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not allowed in JSON")
