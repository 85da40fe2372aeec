"""Forgetting a person: the bytes are gone, totals and proofs stand, and nobody can try values until one fits. On both databases."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from oracle.edge.keys.custody import citizen_address
from oracle.edge.store import erasure
from oracle.edge.store.citizens import custody_ref, people, salt_of
from oracle.measure.evidence.leaf import commitments
from oracle.measure.evidence.proof import check_proof, record_proof
from oracle.measure.forget import forget
from tests.services import database
from tests.unit.node.books import NOW, Place, trip, trips

RIDERS = ("card-one", "card-two")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A book with one batch of two riders."""
    if request.param == "sqlite":
        made = Place(tmp_path / "home", b"r" * 32)
        yield made
        made.book.database.close()
        return
    with database(request.getfixturevalue("postgresql_server"), "carbonbook_erasure") as url:
        made = Place(tmp_path / "home", b"r" * 32, url)
        yield made
        made.book.database.close()


@pytest.fixture
def batch(place: Place, tmp_path: Path) -> str:
    place.ingest(trips(tmp_path / "f.csv", trip(1, RIDERS[0], distance=8_123), trip(2, RIDERS[1], distance=9_000)))
    (closed,) = place.close()
    return closed.batch.batch


def _person(place: Place, rider: str) -> tuple[int, bytes, bytes]:
    """Number, account and salt."""
    tag = place.book.register.tag("bus-app", rider)
    with place.book.database.reading() as connection:
        number = erasure.citizen_by_tag(connection, tag)
        assert number is not None
        row = people(connection, [number]).row(0, named=True)
    return number, row["account"], row["salt"]


def _erase(place: Place, number: int) -> None:
    forget(place.book, number, "request 7", NOW)


def _everything(place: Place) -> bytes:
    """Every byte that is left: of the home folder, or of the tables."""
    found = b"".join(path.read_bytes() for path in sorted(place.book.home.rglob("*")) if path.is_file())
    if not place.book.database.is_sqlite:
        with place.book.database.reading() as connection:
            for table in ("citizens", "subjects"):
                found += repr(connection.exec_driver_sql(f"SELECT * FROM {table}").all()).encode()
    return found


def _has(haystack: bytes, secret: bytes) -> bool:
    return secret in haystack or secret.hex().encode() in haystack or repr(secret)[2:-1].encode() in haystack


def test_erase__salt_tag_and_reference__are_gone_from_every_file(place: Place, batch: str) -> None:
    number, _, salt = _person(place, RIDERS[0])
    tag = place.book.register.tag("bus-app", RIDERS[0])
    assert _has(_everything(place), salt), "the search finds what is there"
    _erase(place, number)
    left = _everything(place)
    assert not _has(left, salt)
    assert not _has(left, tag)
    assert not _has(left, RIDERS[0].encode())
    _, _, other = _person(place, RIDERS[1])
    assert _has(left, other)


def test_erase__totals_and_proofs__stand(place: Place, batch: str) -> None:
    number, account, _ = _person(place, RIDERS[0])
    before = place.bundle(batch)
    _erase(place, number)
    after = place.bundle(batch)
    assert after.header == before.header
    record_id = after.records.filter(pl.col("account") == account)["record_id"][0]
    with place.book.database.reading() as connection:
        assert salt_of(connection, account) is None
    checks = check_proof(record_proof(after, record_id, None))
    assert len(checks) > 2
    assert all(check.holds for check in checks)


def test_erase__commitment__opened_before__can_be_opened_with_no_value_after(place: Place, batch: str) -> None:
    """Whoever knows everything but the salt tries every distance there is, under every salt and secret that is left."""
    number, account, salt = _person(place, RIDERS[0])
    bundle = place.bundle(batch)
    row = bundle.records.filter(pl.col("account") == account).row(0, named=True)
    distances = np.arange(500, 20_001, dtype=np.int64)

    def fitting(candidate: bytes) -> list[int]:
        count = len(distances)
        salts = np.frombuffer(candidate * count, np.uint8).reshape(count, 32)
        ids = np.frombuffer(row["record_id"] * count, np.uint8).reshape(count, 32)
        made = commitments(salts, ids, bundle.meta.methodology, bundle.meta.version, distances[:, None])
        wanted = np.frombuffer(row["commitment"], np.uint8)
        return [int(distances[index]) for index in np.flatnonzero((made == wanted).all(axis=1))]

    assert fitting(salt) == [8_123], "with the salt, the small space falls at once"
    _erase(place, number)
    with place.book.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT ref, account, salt FROM citizens").all()
    left = [bytes(value).ljust(32, b"\0") for value in itertools.chain.from_iterable(rows) if value is not None]
    left += [
        place.book.record_secret,
        place.keys.secret("custody"),
        bytes(32),
        account.rjust(32, b"\0"),
        row["record_id"],
    ]
    assert len(left) >= 9
    assert [candidate.hex() for candidate in left if fitting(candidate)] == []


def test_erase__is_journaled_without_the_name__and_once(place: Place, batch: str) -> None:
    number, account, _ = _person(place, RIDERS[0])
    _erase(place, number)
    with place.book.database.reading() as connection:
        (row,) = connection.execute(erasure.erasures.select())
        assert erasure.citizen_by_account(connection, account) is None
    assert row._mapping == {"id": 1, "who": "request 7", "erased_at": NOW}, "a request on paper leads to no account"


def test_erase__the_same_card_again__is_a_new_person(place: Place, batch: str, tmp_path: Path) -> None:
    number, account, _ = _person(place, RIDERS[0])
    _erase(place, number)
    place.ingest(trips(tmp_path / "later.csv", trip(7, RIDERS[0], minute=90)))
    again, other, _ = _person(place, RIDERS[0])
    assert again != number
    assert other != account
    with place.book.database.reading() as connection:
        seed = custody_ref(connection, other)
        assert custody_ref(connection, account) is None
    assert seed is not None
    assert citizen_address(place.keys.secret("custody"), seed) == other


def test_erase__acts_that_are_in_no_batch__are_gone_and_bring_nothing(place: Place, batch: str, tmp_path: Path) -> None:
    more = (trip(8, RIDERS[0], minute=120), trip(9, RIDERS[1], minute=120))
    place.ingest(trips(tmp_path / "more.csv", *more))
    place.ingest(trips(tmp_path / "alone.csv", trip(10, RIDERS[0], minute=24 * 60)))
    number, _, _ = _person(place, RIDERS[0])
    done = forget(place.book, number, "request 7", NOW)
    assert (done.act_rows, done.raw_files, done.unreadable) == (3, 0, ())
    (closed,) = place.close()
    assert closed.records == 1, "the other's trip is closed as ever"
