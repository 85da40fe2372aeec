"""Who acted: from a source's own name of a person to an account, a salt and a consent.

Only keyed hashes of cards, customers and meters are kept. A subject nobody enrolled becomes a citizen of its own in custody.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, bindparam, func, select, update

from oracle.evidence.columns import column, flat
from oracle.evidence.keccak import keccak_rows
from oracle.redeem.custody import citizen_address
from oracle.store.bulk import fetch_all, insert_frame
from oracle.store.erasure import forgotten_accounts, reseed, reseeded
from oracle.store.schema import citizens, subjects

_TAG_LABEL = b"carbonbook/subject/2"
_IN_LIMIT = 500  # below SQLite's limit of bound values
_ASKED_LIMIT = 20_000  # keys that are asked for; of more, reading the whole table is faster
_SUBJECTS = {"tag": pl.Binary(), "citizen": pl.Int64()}
_CITIZENS = {
    "ref": pl.Binary(),
    "account": pl.Binary(),
    "salt": pl.Binary(),
    "custody": pl.Boolean(),
    "consented": pl.Boolean(),
    "residents": pl.Int64(),
}


@dataclass(frozen=True)
class Enrolment:
    """What an operator knows of a person.

    Attributes:
        citizen: The operator's own name of the person; None for a person known by one subject only.
        source: Registered source.
        subject: The source's name of the person.
        consented: Whether the person's reductions may be sold.
        residents: Persons of the household, if known.
        account: The person's own account (20 bytes); None for custody.
    """

    citizen: str | None
    source: str
    subject: str
    consented: bool = False
    residents: int | None = None
    account: bytes | None = None


class Register:
    """The citizens of one book.

    Args:
        custody: Secret that custody keys are derived from.
        records: Secret that subjects are hashed with.
    """

    def __init__(self, custody: bytes, records: bytes):
        self._custody = custody
        self._records = records

    def __repr__(self) -> str:
        return "Register()"

    def tag(self, source: str, subject: str) -> bytes:
        """Keyed hash of a source's subject."""
        return self._tags([(source, subject)])[0]

    def enrol(self, connection: Connection, people: Sequence[Enrolment]) -> int:
        """Enrols people; those who are already keep account and salt and take the new consent and residents.

        Returns:
            Number of subjects that were new.
        """
        refs = self._tags([("", p.citizen) if p.citizen else (p.source, p.subject) for p in people])
        latest = dict(zip(refs, people, strict=True))
        present = _numbers(connection, list(latest))
        self._add(connection, {ref: person for ref, person in latest.items() if ref not in present})
        if present:
            renewed = update(citizens).where(citizens.c.id == bindparam("number"))
            facts = [
                {"number": number, "consented": latest[ref].consented, "residents": latest[ref].residents}
                for ref, number in present.items()
            ]
            connection.execute(renewed, facts)
        numbers = _numbers(connection, list(latest))
        tags = dict(
            zip(self._tags([(p.source, p.subject) for p in people]), map(numbers.__getitem__, refs), strict=True)
        )
        known = _known(connection, list(tags))
        new = [(tag, number) for tag, number in tags.items() if tag not in known]
        insert_frame(connection, subjects, pl.DataFrame(new, schema=_SUBJECTS, orient="row"))
        return len(new)

    def resolve(self, connection: Connection, source: str, names: pl.Series) -> pl.DataFrame:
        """Citizens of a source's subjects, enrolling those nobody enrolled.

        Returns:
            Columns `subject` and `citizen` (Int64), one row per distinct subject.
        """
        distinct = names.unique().sort().to_list()
        tags = dict(zip(self._tags([(source, name) for name in distinct]), distinct, strict=True))
        known = _known(connection, list(tags))
        missing = [tag for tag in tags if tag not in known]
        if missing:
            self._add(connection, {tag: Enrolment(None, source, tags[tag]) for tag in missing})
            numbers = _numbers(connection, missing)
            insert_frame(connection, subjects, pl.DataFrame(list(numbers.items()), schema=_SUBJECTS, orient="row"))
            known |= numbers
        who = [known[tag] for tag in tags]
        return pl.DataFrame({"subject": distinct, "citizen": who}, schema={"subject": pl.String, "citizen": pl.Int64})

    def _tags(self, named: Sequence[tuple[str, str]]) -> list[bytes]:
        """Keyed hashes of sources and their subjects. Keccak is a sponge: with the secret in front it is a MAC by itself."""
        start = self._records + _TAG_LABEL
        messages = [start + len(source).to_bytes(2, "big") + f"{source}{subject}".encode() for source, subject in named]
        return column("tag", keccak_rows(*flat(pl.Series(messages, dtype=pl.Binary)))).to_list()

    def _add(self, connection: Connection, people: Mapping[bytes, Enrolment]) -> None:
        """New citizens, by what their accounts are derived from."""
        forgotten = forgotten_accounts(connection)
        derived = {ref: person.account or self._derive(ref) for ref, person in people.items()}
        again = {ref: reseed(connection, self._derive) for ref, account in derived.items() if account in forgotten}
        rows = [
            (
                ref,
                again.get(ref, derived[ref]),
                secrets.token_bytes(32),
                person.account is None,
                person.consented,
                person.residents,
            )
            for ref, person in people.items()
        ]
        insert_frame(connection, citizens, pl.DataFrame(rows, schema=_CITIZENS, orient="row"))

    def _derive(self, seed: bytes) -> bytes:
        return citizen_address(self._custody, seed)


def people(connection: Connection, numbers: Sequence[int] | None = None) -> pl.DataFrame:
    """Citizens as a frame: citizen, account, salt, consented, residents; all of them unless told which."""
    query = select(
        citizens.c.id.label("citizen"), citizens.c.account, citizens.c.salt, citizens.c.consented, citizens.c.residents
    )
    if numbers is not None and len(numbers) <= _IN_LIMIT:
        query = query.where(citizens.c.id.in_(numbers))
    schema = {
        "citizen": pl.Int64,
        "account": pl.Binary,
        "salt": pl.Binary,
        "consented": pl.Boolean,
        "residents": pl.Int64,
    }
    return pl.DataFrame([tuple(row) for row in connection.execute(query)], schema=schema, orient="row")


def custody_ref(connection: Connection, account: bytes) -> bytes | None:
    """What the key of an account in custody is derived from; None if the account is nobody's here, or has its own key."""
    query = select(func.coalesce(reseeded.c.seed, citizens.c.ref)).select_from(citizens)
    query = query.outerjoin(reseeded, reseeded.c.account == citizens.c.account)
    return connection.execute(query.where(citizens.c.account == account, citizens.c.custody)).scalar_one_or_none()


def salt_of(connection: Connection, account: bytes) -> bytes | None:
    """The salt of an account's citizen; None if it is erased or nobody's here."""
    return connection.execute(select(citizens.c.salt).where(citizens.c.account == account)).scalar_one_or_none()


def _known(connection: Connection, tags: list[bytes]) -> dict[bytes, int]:
    return _matching(connection, select(subjects.c.tag, subjects.c.citizen), tags)


def _numbers(connection: Connection, refs: list[bytes]) -> dict[bytes, int]:
    return _matching(connection, select(citizens.c.ref, citizens.c.id), refs)


def _matching(connection: Connection, query: Select[Any], keys: list[bytes]) -> dict[bytes, int]:
    """Rows of a query of keys and numbers whose key is one of `keys`."""
    if len(keys) > _ASKED_LIMIT:
        wanted = set(keys)
        return {key: number for key, number in fetch_all(connection, query) if key in wanted}
    key = query.selected_columns[0]
    asked = [query.where(key.in_(keys[at : at + _IN_LIMIT])) for at in range(0, len(keys), _IN_LIMIT)]
    return {name: number for part in asked for name, number in connection.execute(part)}
