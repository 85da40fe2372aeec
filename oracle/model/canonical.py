"""Canonical bytes of documents, columns and findings: one content, one sequence of bytes, whatever wrote it."""

from __future__ import annotations

import json

import numpy as np
import polars as pl

from oracle.model.columns import flat
from oracle.model.errors import InputError
from oracle.model.findings import FINDING_SCHEMA
from oracle.model.keccak import keccak

# No floats: their text and their sums depend on who writes them.
TYPE_NAMES: dict[pl.DataType, str] = {
    pl.Int64(): "int64",
    pl.Int32(): "int32",
    pl.Boolean(): "boolean",
    pl.String(): "string",
    pl.Binary(): "binary",
    pl.List(pl.Int64()): "int64[]",
}


def canonical_json(document: object) -> bytes:
    """UTF-8 JSON with sorted keys, no spaces, and a newline at the end. Integers have to come as text."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def hexed(data: bytes) -> str:
    """Lower-case hex with 0x."""
    return "0x" + data.hex()


def column_digest(values: pl.Series) -> bytes:
    """Keccak-256 of a column: type name, zero byte, number of rows, one byte per row (1 = present), then the values.

    Numbers are 8 bytes, big-endian, and 0 where the row is empty. Text, bytes and lists are all lengths, then all contents.

    Raises:
        InputError: Evidence takes no columns of this type, or a list has a gap.
    """
    if values.dtype not in TYPE_NAMES:
        raise InputError(f"columns of type {values.dtype} are not supported in evidence", field=values.name)
    head = TYPE_NAMES[values.dtype].encode() + b"\0" + len(values).to_bytes(8)
    return keccak(head + values.is_not_null().cast(pl.Int8).to_numpy().tobytes() + _contents(values))


def finding_lines(findings: pl.DataFrame) -> pl.DataFrame:
    """Findings sorted by `line`, a new column: the JSON array [code, file, row, values] without spaces.

    Raises:
        InputError: It is no table of findings; a finding lacks its code, file or values; the values have a line break.
    """
    if dict(findings.schema) != FINDING_SCHEMA:
        raise InputError(f"the columns are {dict(findings.schema)}, not {FINDING_SCHEMA}", field="findings")
    texts = findings.select(_quoted(findings["code"]), _quoted(findings["file"]), findings["values"])
    for text in texts:
        wrong = text.is_null() | text.str.contains(r"[\r\n]").fill_null(False)
        if wrong.any():
            raise InputError("the text is missing or invalid", row=int(wrong.arg_true()[0]) + 1, field=text.name)
    row = findings["row"].cast(pl.String).fill_null("null")
    line = pl.select(pl.format("[{},{},{},{}]", texts["code"], texts["file"], row, texts["values"]).alias("line"))
    return findings.select(*FINDING_SCHEMA, line.to_series()).sort("line")


def lines_digest(lines: pl.Series) -> bytes:
    """Keccak-256 over lines, each with a newline."""
    return keccak("".join(line + "\n" for line in lines).encode())


def _quoted(texts: pl.Series) -> pl.Series:
    present = texts.drop_nulls().unique().to_list()
    quoted = [json.dumps(text, ensure_ascii=False) for text in present]
    return texts.replace_strict(present, quoted, default=None, return_dtype=pl.String)


def _contents(values: pl.Series) -> bytes:
    if isinstance(values.dtype, pl.List):
        items = values.filter(values.list.len() > 0).explode()
        if items.null_count():
            raise InputError("a list has a missing value", field=values.name)
        return _numbers(values.list.len()) + _numbers(items)
    if values.dtype in (pl.String, pl.Binary):
        data, offsets = flat(values.cast(pl.Binary).fill_null(b""))
        return np.diff(offsets).astype(">i8").tobytes() + data[offsets[0] : offsets[-1]].tobytes()
    return _numbers(values)


def _numbers(values: pl.Series) -> bytes:
    return values.cast(pl.Int64).fill_null(0).to_numpy().astype(">i8").tobytes()
