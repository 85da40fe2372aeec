"""The proof of one record: a document that a citizen can keep, and that anyone can check with a hash function alone.

It has the batch's header, the record as the contract takes it, the leaf, every step from the leaf to the root with the sibling and the
result, and, if the citizen's salt is at hand, the values that the commitment stands for, in the order of the methodology's fields.
Whether the header is the chain's own is asked of the chain: compare it with the ledger's (`Header.to_json`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import polars as pl

from oracle.measure.evidence.bundle import Bundle
from oracle.measure.evidence.leaf import commitments, record_leaf
from oracle.measure.evidence.tree import Tree, steps
from oracle.model.canonical import hexed
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.header import FIELDS, Header

SCHEMA = "carbonbook/record-proof/1"

_Kind = TypeVar("_Kind")
_INT64 = np.iinfo(np.int64)

# Field of `LeafLib.Record` -> column of records.parquet.
RECORD = {
    "recordId": "record_id",
    "account": "account",
    "quantity": "quantity",
    "startTime": "start",
    "endTime": "end",
    "recordCommitment": "commitment",
}


@dataclass(frozen=True)
class Check:
    """One thing that a proof says, beside what its values give.

    Attributes:
        what: What is checked.
        said: What the document says, 0x hex.
        found: What hashing gives, 0x hex.
    """

    what: str
    said: str
    found: str

    @property
    def holds(self) -> bool:
        """Whether both are the same."""
        return self.said == self.found


def record_proof(bundle: Bundle, record_id: bytes, salt: bytes | None) -> dict[str, Any]:
    """The proof document of one record.

    Args:
        salt: The citizen's salt, which opens the commitment; None leaves it closed.

    Raises:
        InputError: The bundle has no such record.
    """
    rows = bundle.records.filter(pl.col("record_id") == record_id)
    if rows.is_empty():
        raise InputError(f"record {hexed(record_id)} is not in the bundle")
    return proof_document(bundle.header, bundle.meta.fields, bundle.tree, rows.row(0, named=True), salt)


def proof_document(
    header: Header, fields: Sequence[str], tree: Tree, row: Mapping[str, Any], salt: bytes | None
) -> dict[str, Any]:
    """The proof document of one row of records.parquet.

    Args:
        fields: Columns that the commitment covers.
        tree: The batch's records tree.

    Raises:
        InputError: The row's leaf is not in the tree.
    """
    siblings = tree.proof(tree.position(row["leaf"]))
    results = steps(row["leaf"], siblings)
    opened = [str(row[name]) for name in fields]
    return {
        "schema": SCHEMA,
        "header": header.to_json(),
        "record": {name: _text(row[column]) for name, column in RECORD.items()},
        "opening": None if salt is None else {"salt": hexed(salt), "fields": opened},
        "leaf": hexed(row["leaf"]),
        "steps": [{"sibling": hexed(a), "result": hexed(b)} for a, b in zip(siblings, results, strict=True)],
        "root": hexed(tree.root),
    }


def check_proof(document: dict[str, Any]) -> list[Check]:
    """Recomputes all that a proof says, from the record's values upwards.

    Raises:
        InputError: The document is not a proof; names the field.
    """
    if _entry(document, "schema", str) != SCHEMA:
        raise InputError(f"the schema is not {SCHEMA}", field="schema")
    return list(_checks(document))


def require_proof(document: dict[str, Any]) -> None:
    """Raises unless every check of a proof holds.

    Raises:
        InputError: The document is not a proof.
        VerificationFailed: Says what breaks first.
    """
    for check in check_proof(document):
        if not check.holds:
            raise VerificationFailed(f"{check.what}: the proof says {check.said}, but its values give {check.found}")


def _checks(document: dict[str, Any]) -> Iterator[Check]:
    record = _entry(document, "record", dict)
    committed = _bytes(record, "recordCommitment", 32)
    if document.get("opening") is not None:
        yield Check("commitment", hexed(committed), hexed(_opened(document, _bytes(record, "recordId", 32))))
    times = _number(record, "startTime"), _number(record, "endTime")
    ids = _bytes(record, "recordId", 32), _bytes(record, "account", 20)
    leaf = record_leaf(*ids, _number(record, "quantity"), *times, committed)
    yield Check("leaf", hexed(_bytes(document, "leaf", 32)), hexed(leaf))
    said = _entry(document, "steps", list)
    nodes = steps(leaf, [_bytes(step, "sibling", 32) for step in said])
    for index, node in enumerate(nodes):
        yield Check(f"step {index + 1} of {len(said)}", hexed(_bytes(said[index], "result", 32)), hexed(node))
    root = hexed([leaf, *nodes][-1])
    yield Check("root", hexed(_bytes(document, "root", 32)), root)
    yield Check("root in the header", _header(document)["recordsRoot"].lower(), root)


def _header(document: dict[str, Any]) -> dict[str, str]:
    header = _entry(document, "header", dict)
    for kind, name in FIELDS:
        if kind.startswith("uint"):
            _number(header, name)
        else:
            _bytes(header, name, 20 if kind == "address" else 32)
    return header


def _opened(document: dict[str, Any], record_id: bytes) -> bytes:
    header, opening = _header(document), _entry(document, "opening", dict)
    values = [_number({"fields": text}, "fields", int(_INT64.min)) for text in _entry(opening, "fields", list)]
    salts, ids = (np.frombuffer(data, np.uint8)[None] for data in (_bytes(opening, "salt", 32), record_id))
    methodology = bytes.fromhex(header["methodology"][2:]).rstrip(b"\0").decode("latin-1")
    return commitments(salts, ids, methodology, int(header["version"]), np.array([values], np.int64)).tobytes()


def _text(value: object) -> str:
    return hexed(value) if isinstance(value, bytes) else str(value)


def _entry(part: Any, name: str, kind: type[_Kind]) -> _Kind:
    value = part.get(name) if isinstance(part, dict) else None
    if not isinstance(value, kind):
        raise InputError(f"missing, or not of type {kind.__name__}", field=name)
    return value


def _bytes(part: Any, name: str, length: int) -> bytes:
    text = _entry(part, name, str)
    if not re.fullmatch(f"0x[0-9a-fA-F]{{{2 * length}}}", text):
        raise InputError(f"'{text}' is not 0x and {2 * length} hex digits", field=name)
    return bytes.fromhex(text[2:])


def _number(part: Any, name: str, least: int = 0) -> int:
    text = _entry(part, name, str)
    if not re.fullmatch("-?[0-9]{1,19}", text) or not least <= int(text) <= _INT64.max:
        raise InputError(f"'{text}' is not a whole number from {least} to {_INT64.max}", field=name)
    return int(text)
