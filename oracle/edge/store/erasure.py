"""Forgetting a person: what links records to somebody is destroyed, what proves totals stays.

Destroyed: the salt that opens the commitments, the tags of cards and meters, the reference that account and key were derived from, consent
and residents, and readings of the person's meters that are not in a file yet. What stays: the account among other accounts, leaves and
commitments that nobody can open, and every total.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, Table, Text, delete, insert, select, update

from oracle.edge.store.deliveries import readings
from oracle.edge.store.schema import citizens, metadata, subjects

# That somebody was forgotten, when and on whose word; not who.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("citizen", Integer, nullable=False, unique=True),
    Column("who", Text, nullable=False),
    Column("erased_at", BigInteger, nullable=False),
)

# What an account was derived from that is not the citizen's reference: whoever comes again gets another account than was forgotten.
reseeded = Table(
    "reseeded",
    metadata,
    Column("account", LargeBinary(20), primary_key=True),
    Column("seed", LargeBinary(32), nullable=False),
)


def forgotten_accounts(connection: Connection) -> set[bytes]:
    """Accounts of everybody who was forgotten."""
    query = select(citizens.c.account).join(erasures, erasures.c.citizen == citizens.c.id)
    return set(connection.execute(query).scalars())


def reseed(connection: Connection, derive: Callable[[bytes], bytes]) -> bytes:
    """Another account, for somebody who comes again after being forgotten.

    Args:
        derive: Account from a seed.
    """
    seed = secrets.token_bytes(32)
    account = derive(seed)
    connection.execute(insert(reseeded).values(account=account, seed=seed))
    return account


def citizen_by_tag(connection: Connection, tag: bytes) -> int | None:
    """The citizen that a tag belongs to, or None."""
    return connection.execute(select(subjects.c.citizen).where(subjects.c.tag == tag)).scalar_one_or_none()


def citizen_by_account(connection: Connection, account: bytes) -> int | None:
    """The citizen that has an account and is not erased, or None."""
    query = select(citizens.c.id).where(citizens.c.account == account, citizens.c.salt.is_not(None))
    return connection.execute(query).scalar_one_or_none()


def account_of(connection: Connection, citizen: int) -> bytes:
    """A citizen's account."""
    found: bytes = connection.execute(select(citizens.c.account).where(citizens.c.id == citizen)).scalar_one()
    return found


def erase(connection: Connection, citizen: int, tag_of: Callable[[str, str], bytes], who: str, now: int) -> None:
    """Forgets a citizen. `Database.scrub` then takes the bytes out of the database's files.

    Args:
        tag_of: Tag of a source's subject (`Register.tag`).
        who: On whose word.
        now: UTC seconds.
    """
    tags = set(connection.execute(select(subjects.c.tag).where(subjects.c.citizen == citizen)).scalars())
    for source, meter in connection.execute(select(readings.c.source, readings.c.meter).distinct()).all():
        if tag_of(source, meter) in tags:
            connection.execute(delete(readings).where(readings.c.source == source, readings.c.meter == meter))
    connection.execute(delete(subjects).where(subjects.c.citizen == citizen))
    connection.execute(delete(reseeded).where(reseeded.c.account == account_of(connection, citizen)))
    nothing = {"salt": None, "ref": secrets.token_bytes(32), "custody": False, "consented": False, "residents": None}
    connection.execute(update(citizens).where(citizens.c.id == citizen).values(nothing))
    connection.execute(insert(erasures).values(citizen=citizen, who=who, erased_at=now))
