"""Who acted: from a source's own name of a person to an account, a salt and a consent.

Only keyed hashes of cards, customers and meters are kept. A subject nobody enrolled becomes a citizen of its own in custody.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, bindparam, func, insert, select, update

from oracle.redeem.custody import citizen_address
from oracle.store.erasure import reseed, reseeded
from oracle.store.schema import citizens, subjects

_TAG_LABEL = b"carbonbook/subject/1"
_IN_LIMIT = 500  # below SQLite's limit of bound values; above it the whole table is read instead


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
        message = _TAG_LABEL + len(source).to_bytes(2, "big") + source.encode() + subject.encode()
        return hmac.new(self._records, message, hashlib.sha256).digest()

    def enrol(self, connection: Connection, people: Sequence[Enrolment]) -> int:
        """Enrols people; those who are already keep account and salt and take the new consent and residents.

        Returns:
            Number of subjects that were new.
        """
        refs = {self._ref(person): person for person in people}
        present = _numbers(connection, list(refs))
        facts = {ref: {"consented": person.consented, "residents": person.residents} for ref, person in refs.items()}
        fresh = [self._fresh(ref, refs[ref].account) | facts[ref] for ref in refs if ref not in present]
        if fresh:
            self._add(connection, fresh)
        if present:
            renewed = update(citizens).where(citizens.c.id == bindparam("number"))
            connection.execute(renewed, [{"number": number, **facts[ref]} for ref, number in present.items()])
        numbers = _numbers(connection, list(refs))
        tags = {self.tag(person.source, person.subject): numbers[self._ref(person)] for person in people}
        known = _known(connection, list(tags))
        new = [{"tag": tag, "citizen": number} for tag, number in tags.items() if tag not in known]
        if new:
            connection.execute(insert(subjects), new)
        return len(new)

    def resolve(self, connection: Connection, source: str, names: pl.Series) -> pl.DataFrame:
        """Citizens of a source's subjects, enrolling those nobody enrolled.

        Returns:
            Columns `subject` and `citizen` (Int64), one row per distinct subject.
        """
        distinct = names.unique().sort().to_list()
        tags = {self.tag(source, name): name for name in distinct}
        known = _known(connection, list(tags))
        missing = [tag for tag in tags if tag not in known]
        if missing:
            plain = {"consented": False, "residents": None}
            self._add(connection, [self._fresh(tag, None) | plain for tag in missing])
            numbers = _numbers(connection, missing)
            connection.execute(insert(subjects), [{"tag": tag, "citizen": numbers[tag]} for tag in missing])
            known |= numbers
        rows = [(name, known[tag]) for tag, name in tags.items()]
        return pl.DataFrame(rows, schema={"subject": pl.String, "citizen": pl.Int64}, orient="row")

    def _add(self, connection: Connection, fresh: list[dict[str, object]]) -> None:
        reseed(connection, fresh, lambda seed: citizen_address(self._custody, seed))
        connection.execute(insert(citizens), fresh)

    def _ref(self, person: Enrolment) -> bytes:
        return self.tag("", person.citizen) if person.citizen else self.tag(person.source, person.subject)

    def _fresh(self, ref: bytes, account: bytes | None) -> dict[str, object]:
        return {
            "ref": ref,
            "account": account or citizen_address(self._custody, ref),
            "salt": secrets.token_bytes(32),
            "custody": account is None,
        }


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
    query = select(subjects.c.tag, subjects.c.citizen)
    if len(tags) <= _IN_LIMIT:
        query = query.where(subjects.c.tag.in_(tags))
    return {tag: citizen for tag, citizen in connection.execute(query)}


def _numbers(connection: Connection, refs: list[bytes]) -> dict[bytes, int]:
    query = select(citizens.c.ref, citizens.c.id)
    if len(refs) <= _IN_LIMIT:
        query = query.where(citizens.c.ref.in_(refs))
    return {ref: number for ref, number in connection.execute(query)}
