"""A folder of CSV files with a Frictionless `datapackage.json` (v2): there whole, or not at all.

UTF-8 without a mark, a header row, text always in quotes. Text that a spreadsheet would take for a formula gets an apostrophe in front;
ids are text whatever their digits, and the package says so.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from oracle.edge.store.disk import disk
from oracle.model.errors import InputError, VerificationFailed
from oracle.report.read.ledger import Block, utc
from oracle.report.write.csvfile import harmless

MANIFEST = "datapackage.json"
_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"

Cell = str | int | list[str] | None


@dataclass(frozen=True)
class Column:
    """A column: its name, Frictionless type, whether a cell may be empty, and what it says."""

    name: str
    type: str = "string"
    required: bool = False
    description: str = ""


@dataclass(frozen=True)
class Resource:
    """A file of a package.

    Attributes:
        key: Columns that tell rows apart.
        refers: Column to (resource, column) that it names a row of.
    """

    name: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Cell]]
    key: Sequence[str] = ()
    refers: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def csv(self) -> bytes:
        """The file.

        Raises:
            VerificationFailed: A cell is empty that must not be, or has no column.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow([column.name for column in self.columns])
        names = {column.name for column in self.columns}
        for number, row in enumerate(self.rows, 1):
            if not set(row) <= names:
                raise VerificationFailed(f"{self.name}.csv: row {number} has {', '.join(sorted(set(row) - names))}")
            writer.writerow([self._cell(number, column, row.get(column.name)) for column in self.columns])
        return text.getvalue().encode()

    def described(self, content: bytes) -> dict[str, object]:
        """The resource in the manifest."""
        fields = [
            {"name": column.name, "type": column.type, "constraints": {"required": column.required}}
            | ({"description": column.description} if column.description else {})
            for column in self.columns
        ]
        schema: dict[str, object] = {"fields": fields}
        if self.key:
            schema["primaryKey"] = list(self.key)
        if self.refers:
            schema["foreignKeys"] = [
                {"fields": [name], "reference": {"resource": there, "fields": [column]}}
                for name, (there, column) in self.refers.items()
            ]
        return {
            "name": self.name,
            "path": f"{self.name}.csv",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": len(content),
            "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "rows": len(self.rows),
            "schema": schema,
        }

    def _cell(self, number: int, column: Column, cell: Cell) -> str | int:
        if cell is None or cell in ("", []):
            if column.required:
                raise VerificationFailed(f"{self.name}.csv: row {number} has no {column.name}")
            return ""
        if isinstance(cell, list):
            return json.dumps(cell, ensure_ascii=False)
        return cell if isinstance(cell, int) and column.type in ("integer", "year") else harmless(str(cell))


def write_package(
    folder: Path, title: str, block: Block, resources: Sequence[Resource], facts: Mapping[str, object]
) -> list[dict[str, object]]:
    """Writes a package in place of the one that was there.

    Args:
        facts: What the manifest says beside: chain, contract, sums.

    Raises:
        InputError: The folder has something else in it.
        VerificationFailed: A row is not as its columns say; nothing was written.
    """
    contents = {resource.name: resource.csv() for resource in resources}
    listed = [resource.described(contents[resource.name]) for resource in resources]
    document = {
        "$schema": _PROFILE,
        "name": folder.name.lower() or "export",
        "title": title,
        "created": utc(block.time),
        "block": {"number": block.number, "hash": block.hash, "time": utc(block.time)},
        **facts,
        "resources": listed,
    }
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise InputError(f"{folder} has other things in it; name a new folder", field="--out")
    draft, before = (folder.with_name(f".{folder.name}.{os.getpid()}.{part}") for part in ("new", "old"))
    with disk(folder):
        try:
            draft.mkdir(parents=True)
            for name, content in contents.items():
                (draft / f"{name}.csv").write_bytes(content)
            (draft / MANIFEST).write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
            if folder.exists():
                folder.replace(before)
            draft.replace(folder)
        except OSError:
            if before.exists():
                before.replace(folder)
            raise
        finally:
            for rest in (draft, before):
                shutil.rmtree(rest, ignore_errors=True)
    return listed
