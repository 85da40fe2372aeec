"""Mappings that come with the package, and which of them explains a file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from oracle.measure.records.content import load, text_blocks, utf8
from oracle.measure.records.mapped import header_line, plain_table, wanted
from oracle.measure.records.table import Table, fields_of, header, parse
from oracle.model.errors import InputError
from oracle.model.mapping import Mapping

_FOLDER = Path(__file__).parent / "mappings"
_DELIMITERS = ",;\t|"
_PLAIN = ("start", "value")
_SNIFFED_BYTES = 1 << 16


@cache
def shipped() -> dict[str, Mapping]:
    """Every mapping of the package, by name."""
    return {path.stem: mapping_of(path.read_text("utf-8"), path.name) for path in sorted(_FOLDER.glob("*.toml"))}


def mapping_for(path: Path, told: Mapping | None) -> Mapping | None:
    """The mapping that a file of meter readings is read by; None for a plain one.

    Args:
        told: What the source says; None for what the file itself tells.
    """
    start = utf8_start(path)
    names = header(start, path.name) if start[:1] not in (b"{", b"[") else []
    if told is not None and (told.format != "csv" or not told.header or header_line(start, told) is not None):
        return told
    if {*_PLAIN} <= {*names}:  # a plain file is read as it is: corrections are such
        return None
    return told or recognised(start, path.name)


def meter_tables(path: Path, told: Mapping | None, most: int) -> Iterator[Table]:
    """The rows of a file of meter readings with the columns of a plain one, as text."""
    mapping = mapping_for(path, told)
    blocks = text_blocks(path, most=most)
    if mapping is None:
        yield from parse(blocks, path.name)
    else:
        yield plain_table(blocks, mapping, path.name)


def utf8_start(path: Path) -> bytes:
    """The first whole lines of a file, as UTF-8 without a byte order mark and without blanks before them."""
    start = load(path, _SNIFFED_BYTES)
    whole = start.rpartition(b"\n")[0] if len(start) == _SNIFFED_BYTES else start
    return utf8(whole or start, path.name).lstrip()


def mapping_of(text: str, file: str) -> Mapping:
    """A mapping from TOML, in its table `mapping`.

    Raises:
        InputError: it is no TOML, or no mapping; names every field that is wrong.
    """
    try:
        data = tomllib.loads(text)
        return _made(data["mapping"], file)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not valid TOML: {error}", file=file) from error
    except KeyError as error:
        raise InputError("there is no table [mapping]", file=file) from error


def changed(mapping: Mapping, given: dict[str, str]) -> Mapping:
    """A mapping with other values in some fields.

    Raises:
        InputError: a value does not fit.
    """
    return _made(mapping.model_dump(by_alias=True) | given, "mapping")


def _made(data: dict[str, Any], file: str) -> Mapping:
    try:
        return Mapping(**data)
    except (ValidationError, TypeError) as error:
        told: list[Any] = error.errors(include_url=False) if isinstance(error, ValidationError) else []
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in told)
        raise InputError(problems or str(error), file=file) from error


def recognised(start: bytes, file: str) -> Mapping | None:
    """The mapping that explains a file, by how it begins; None if none does.

    Args:
        start: The first bytes, UTF-8 without a byte order mark.
    """
    if re.match(rb"(?:100,)?\s*(?:\"?NEM12|200,)", start, re.IGNORECASE):
        return shipped()["nem12"]
    if start.lstrip()[:1] in (b"{", b"["):
        return _of_json(start, file)
    fits = [each for each in shipped().values() if each.format == "csv" and header_line(start, each) is not None]
    return max(fits, key=lambda each: len(wanted(each)), default=None) or _dialect(start, file)


def _of_json(start: bytes, file: str) -> Mapping | None:
    """By the members of the first object of the list."""
    for each in shipped().values():
        members = [name.encode() for name in (each.rows, *wanted(each)) if name]
        if each.format == "json" and all(b'"%s"' % name in start.lower() for name in members):
            return each
    return None


def _dialect(start: bytes, file: str) -> Mapping | None:
    """A plain file with another delimiter, or a decimal comma; None if it has not the columns of a plain one."""
    line = start.partition(b"\n")[0].decode("utf-8", "replace")
    for delimiter in _DELIMITERS:
        names = [name.strip().lower() for name in fields_of(line, delimiter) or ()]
        if {*_PLAIN} <= {*names}:
            break
    else:
        return None
    told = {name: name for name in ("meter", "register", "unit", "quality", "residents") if name in names}
    columns = {"start": "start", "value": "value"} | told | ({"end": "end"} if "end" in names else {})
    values = _values(start, delimiter, names.index("value"))
    decimal = "," if delimiter != "," and _has_comma(values, file) else "."
    return Mapping(delimiter=delimiter, decimal=decimal, columns=columns)  # type: ignore[arg-type]  # pydantic reads it


def _values(start: bytes, delimiter: str, at: int) -> list[str]:
    lines = start.decode("utf-8", "replace").splitlines()[1:-1] or start.decode("utf-8", "replace").splitlines()[1:]
    rows = [fields_of(line, delimiter) or [] for line in lines]
    return [row[at].strip() for row in rows if len(row) > at]


def _has_comma(values: list[str], file: str) -> bool:
    """Whether the comma of values is a decimal sign.

    Raises:
        InputError: every comma has three digits behind it, and could part thousands as well.
    """
    with_comma = [value for value in values if "," in value]
    if with_comma and all(re.fullmatch(r"[-+]?[1-9]\d{0,2}(,\d{3})+", value) for value in with_comma):
        raise InputError(
            f"'{with_comma[0]}' may have a decimal comma or a comma between thousands: say which in a mapping "
            "(decimal, thousands; `carbonbook source add`)",
            file=file,
        )
    return bool(with_comma)
