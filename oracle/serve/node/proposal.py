"""What one installation closed, as it tells the committee: files in the order they came, how they were read, headers of the batches."""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from polars.exceptions import PolarsError
from sqlalchemy import Connection

from oracle.edge.store.arrivals import PEOPLE_SCHEMA, Arrival, Arrived, arrived, batches_of_closing, people_of_closing
from oracle.edge.store.book import Book
from oracle.measure.evidence.folder import read
from oracle.model.canonical import canonical_json
from oracle.model.errors import InputError
from oracle.model.header import Header
from oracle.model.ids import BatchId

SCHEMA = "carbonbook/closing/1"

_PLAIN_NAME = re.compile(r"[^/\\\0]{1,200}")


@dataclass(frozen=True)
class Proposal:
    """One close.

    Attributes:
        number: 1 for the book's first close.
        genesis_hash: The chain the book belongs to.
        files: What it took in, in the order it came.
        headers: Header of every batch it made, by key.
        people_sha256: Of the table of people that goes with it.
    """

    number: int
    genesis_hash: str
    files: tuple[Arrived, ...]
    headers: dict[BatchId, Header]
    people_sha256: str

    def document(self) -> bytes:
        """As it is sent."""
        return canonical_json(
            {
                "schema": SCHEMA,
                "number": self.number,
                "genesisHash": self.genesis_hash,
                "files": [asdict(file.arrival) | {"name": file.name, "source": file.source} for file in self.files],
                "batches": {batch: header.to_json() for batch, header in self.headers.items()},
                "peopleSha256": self.people_sha256,
            }
        )

    @classmethod
    def parse(cls, document: bytes) -> Proposal:
        """What `document` wrote.

        Raises:
            InputError: It is no proposal, or names a file that is none.
        """
        try:
            data = json.loads(document)
            if data["schema"] != SCHEMA:
                raise InputError(f"the schema is not {SCHEMA}", field="schema")
            return cls(
                number=int(data["number"]),
                genesis_hash=str(data["genesisHash"]),
                files=tuple(_file(entry) for entry in data["files"]),
                headers={BatchId(str(batch)): Header.from_json(entry) for batch, entry in data["batches"].items()},
                people_sha256=str(data["peopleSha256"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"is not a valid proposal of a close: {error!r}") from error


def propose(book: Book, connection: Connection, number: int, genesis_hash: str) -> tuple[Proposal, bytes]:
    """A close of this book, and the table of people that goes with it (Parquet)."""
    people = people_bytes(people_of_closing(connection, book.people_file(number)))
    made = batches_of_closing(connection, number)
    headers = {batch.batch: read(book.bundle_folder(batch.batch)).header for batch in made}
    digest = hashlib.sha256(people).hexdigest()
    return Proposal(number, genesis_hash, tuple(arrived(connection, number)), headers, digest), people


def people_bytes(people: pl.DataFrame) -> bytes:
    """A table of people as Parquet."""
    target = io.BytesIO()
    people.write_parquet(target)
    return target.getvalue()


def read_people(content: bytes) -> pl.DataFrame:
    """The table of people from Parquet.

    Raises:
        InputError: It is none.
    """
    try:
        table = pl.read_parquet(io.BytesIO(content))
    except (PolarsError, OSError) as error:
        raise InputError("the list of people is not a Parquet table") from error
    if dict(table.schema) != PEOPLE_SCHEMA:
        raise InputError(f"the list of people has the columns {table.columns} instead of {list(PEOPLE_SCHEMA)}")
    return table


def _file(entry: dict[str, Any]) -> Arrived:
    name, source = str(entry.pop("name")), str(entry.pop("source"))
    for text in (name, source):
        if not _PLAIN_NAME.fullmatch(text) or text in (".", ".."):
            raise InputError(f"'{text}' is not a valid name of a file or source")
    return Arrived(Arrival(**entry), name, source)
