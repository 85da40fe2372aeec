"""Who acted: from a source's own name of a person to an account, a salt and a consent.

Only keyed hashes of cards, customers and meters are kept. A subject nobody enrolled becomes a citizen of its own in custody.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, and_, bindparam, func, insert, or_, select, update

from oracle.edge.keys.custody import citizen_address
from oracle.edge.store.bulk import fetch_frame, insert_frame
from oracle.edge.store.erasure import account_of, forgotten_accounts, reseed, reseeded
from oracle.edge.store.moves import moves, with_moves
from oracle.edge.store.schema import citizens, subjects
from oracle.model.columns import column, flat
from oracle.model.errors import InputError
from oracle.model.keccak import keccak_rows

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
_PEOPLE = {
    "citizen": pl.Int64(),
    "account": pl.Binary(),
    "salt": pl.Binary(),
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
        return bytes(self.tags(source, pl.Series([subject], dtype=pl.String))[0])

    def enrol(self, connection: Connection, people: Sequence[Enrolment]) -> int:
        """Enrols people; those who are already keep account and salt and take the new consent and residents.

        A subject whose records came before anybody enrolled it joins: its citizen in custody becomes the named one, with all acts; where
        the named citizen is known already or has an account of its own, the subject's acts are that one's from now on.

        Returns:
            Number of subjects that were new to their citizen.

        Raises:
            InputError: A subject is another citizen's already; nobody was enrolled.
        """
        refs, tags, joined = self._joined(connection, people)
        latest = dict(zip(refs, people, strict=True))
        present: dict[bytes, int] = dict(_numbers(connection, list(latest)).iter_rows())
        self._add(connection, {ref: person for ref, person in latest.items() if ref not in present})
        if present:
            renewed = update(citizens).where(citizens.c.id == bindparam("number"))
            facts = [
                {"number": number, "consented": latest[ref].consented, "residents": latest[ref].residents}
                for ref, number in present.items()
            ]
            connection.execute(renewed, facts)
        numbers = dict(_numbers(connection, list(latest)).iter_rows())
        named = pl.DataFrame({"tag": tags, "citizen": [numbers[ref] for ref in refs]}, schema=_SUBJECTS)
        named = named.unique("tag", keep="last", maintain_order=True)
        new = named.join(_known(connection, named["tag"]), on="tag", how="anti", maintain_order="left")
        insert_frame(connection, subjects, new)
        for tag in joined:
            number = numbers[refs[tags.index(tag)]]
            connection.execute(update(subjects).where(subjects.c.tag == tag).values(citizen=number))
        return len(new) + len(joined)

    def _joined(
        self, connection: Connection, people: Sequence[Enrolment]
    ) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """References of people and tags of their subjects; and of those tags the ones that join, being another citizen's so far.

        Citizens whom nobody named are named where that keeps their acts together.
        """
        tags = self._tags_of([(person.source, person.subject) for person in people])
        refs = self._tags_of([("", p.citizen) if p.citizen else (p.source, p.subject) for p in people])
        found = _known(connection, tags)
        if found.is_empty():
            return refs, tags, []
        owners = dict(found.iter_rows())
        known = _refs(connection, found["citizen"].unique().to_list())
        present = {*_numbers(connection, refs)["ref"]}
        joined = []
        for i, (person, tag) in enumerate(zip(people, tags, strict=True)):
            whose = known.get(owners[tag]) if tag in owners else None
            if whose is None or whose == refs[i]:
                continue
            if person.citizen is None:  # known by this subject only, and the subject is somebody's
                refs[i] = whose
            elif whose != tag:
                raise InputError(
                    f"the subject is another citizen's already, of account 0x{account_of(connection, owners[tag]).hex()}: "
                    "nobody was enrolled. Take the line out, or name that citizen in it",
                    row=i + 1,
                    field="subject",
                )
            elif (
                refs[i] not in present and person.account is None and self._name(connection, owners[tag], tag, refs[i])
            ):
                present.add(refs[i])
                known[owners[tag]] = refs[i]
                joined.append(tag)
            else:
                present.add(refs[i])
                joined.append(tag)
        return refs, tags, joined

    def _name(self, connection: Connection, citizen: int, seed: bytes, ref: bytes) -> bool:
        """Names a citizen in custody whom nobody named; the key is derived from what it was. Says whether it could."""
        query = select(citizens.c.account).where(citizens.c.id == citizen, citizens.c.custody)
        account = connection.execute(query).scalar_one_or_none()
        moved = connection.execute(select(moves.c.citizen).where(moves.c.citizen == citizen)).first()
        if account is None or moved is not None:
            return False
        if not connection.execute(select(reseeded.c.account).where(reseeded.c.account == account)).first():
            connection.execute(insert(reseeded).values(account=account, seed=seed))
        connection.execute(update(citizens).where(citizens.c.id == citizen).values(ref=ref))
        return True

    def resolve(self, connection: Connection, source: str, names: pl.Series) -> pl.DataFrame:
        """Citizens of a source's subjects, enrolling those nobody enrolled.

        Returns:
            Columns `subject` and `citizen` (Int64), one row per distinct subject, in any order.
        """
        distinct = names.unique().alias("subject")
        asked = pl.DataFrame([distinct, self.tags(source, distinct)])
        known = _known(connection, asked["tag"])
        missing = asked.join(known, on="tag", how="anti").sort("subject")
        if len(missing):
            self._add(connection, {tag: Enrolment(None, source, subject) for subject, tag in missing.iter_rows()})
            numbers = _numbers(connection, missing["tag"]).rename({"ref": "tag", "id": "citizen"})
            insert_frame(connection, subjects, numbers)
            known = pl.concat([known, numbers])
        return asked.join(known, on="tag").select("subject", "citizen")

    def _tags_of(self, named: Sequence[tuple[str, str]]) -> list[bytes]:
        """Keyed hashes of pairs of source and subject."""
        frame = pl.DataFrame(named, schema={"source": pl.String, "subject": pl.String}, orient="row").with_row_index()
        parts = [
            part.select("index", self.tags(source, part["subject"]))
            for (source,), part in frame.partition_by("source", as_dict=True).items()
        ]
        return pl.concat(parts).sort("index")["tag"].to_list() if parts else []

    def tags(self, source: str, names: pl.Series) -> pl.Series:
        """Keyed hashes of a source's subjects. Keccak is a sponge: with the secret in front it is a MAC by itself."""
        start = self._records + _TAG_LABEL + len(source).to_bytes(2, "big") + source.encode()
        messages = names.to_frame("name").select(pl.lit(start) + pl.col("name").cast(pl.Binary)).to_series()
        return column("tag", keccak_rows(*flat(messages)))

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
    """Citizens as a frame: citizen, account, salt, consented, residents, moved; all of them unless told which."""
    query = select(
        citizens.c.id.label("citizen"), citizens.c.account, citizens.c.salt, citizens.c.consented, citizens.c.residents
    )
    if numbers is None or len(numbers) > _IN_LIMIT:
        return with_moves(connection, fetch_frame(connection, query, _PEOPLE))
    rows = connection.execute(query.where(citizens.c.id.in_(numbers)))
    return with_moves(connection, pl.DataFrame([tuple(row) for row in rows], schema=_PEOPLE, orient="row"))


def without_consent(connection: Connection) -> set[bytes]:
    """Accounts, present and former, of everybody whose reductions may not be sold."""
    here = select(citizens.c.account).where(~citizens.c.consented)
    left = select(moves.c.former).join(citizens, citizens.c.id == moves.c.citizen).where(~citizens.c.consented)
    return {account for query in (here, left) for account in connection.execute(query).scalars()}


def custody_ref(connection: Connection, account: bytes) -> bytes | None:
    """What the key of an account that is or was in custody is derived from; None if it is nobody's here, or has its own key."""
    query = select(func.coalesce(reseeded.c.seed, citizens.c.ref)).select_from(citizens)
    query = query.outerjoin(reseeded, reseeded.c.account == account)
    present = and_(citizens.c.account == account, citizens.c.custody)
    left = citizens.c.id.in_(select(moves.c.citizen).where(moves.c.former == account, moves.c.custody))
    return connection.execute(query.where(or_(present, left))).scalar_one_or_none()


def salt_of(connection: Connection, account: bytes) -> bytes | None:
    """The salt of the citizen who has or had an account; None if it is erased or nobody's here."""
    left = citizens.c.id.in_(select(moves.c.citizen).where(moves.c.former == account))
    query = select(citizens.c.salt).where(or_(citizens.c.account == account, left))
    return connection.execute(query).scalar_one_or_none()


def _known(connection: Connection, tags: Sequence[bytes] | pl.Series) -> pl.DataFrame:
    return _matching(connection, select(subjects.c.tag, subjects.c.citizen), tags)


def _refs(connection: Connection, numbers: Sequence[int]) -> dict[int, bytes]:
    """References of citizens."""
    parts = [numbers[at : at + _IN_LIMIT] for at in range(0, len(numbers), _IN_LIMIT)]
    queries = (select(citizens.c.id, citizens.c.ref).where(citizens.c.id.in_(part)) for part in parts)
    return {number: ref for query in queries for number, ref in connection.execute(query)}


def _numbers(connection: Connection, refs: Sequence[bytes] | pl.Series) -> pl.DataFrame:
    return _matching(connection, select(citizens.c.ref, citizens.c.id), refs)


def _matching(connection: Connection, query: Select[Any], keys: Sequence[bytes] | pl.Series) -> pl.DataFrame:
    """Rows of a query of keys and numbers whose key is one of `keys`."""
    key, number = query.selected_columns
    schema = {key.name: pl.Binary(), number.name: pl.Int64()}
    asked = pl.Series(key.name, keys, dtype=pl.Binary)
    if len(asked) > _ASKED_LIMIT:
        every = fetch_frame(connection, query, schema)
        return every.join(asked.to_frame(), on=key.name, how="semi")
    parts = [query.where(key.in_(asked[at : at + _IN_LIMIT].to_list())) for at in range(0, len(asked), _IN_LIMIT)]
    return pl.DataFrame([tuple(row) for part in parts for row in connection.execute(part)], schema=schema, orient="row")
