"""Closing over several files: every act in one batch or one finding, whatever comes in whichever order, however often."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from oracle.edge.store.arrivals import batches_of_closing, closing_count
from oracle.edge.store.files import finding_counts
from oracle.model.errors import InputError
from tests.unit.pipeline.installation import Installation, Trip

LIMIT_METRES = 200_000  # CI-02, a person's day


def codes(home: Installation) -> dict[str, int]:
    """Findings by code."""
    with home.book.database.reading() as connection:
        return finding_counts(connection)


def test_close__one_trip__is_one_record_of_its_metres(home: Installation) -> None:
    home.ingest([Trip("a", "rider", 8)])
    (closed,) = home.close()
    assert (closed.records, closed.accounts, closed.quantity) == (1, 1, 9_000)
    assert (closed.batch.methodology, closed.batch.sequence) == ("CI-02.CN-4403", 0)
    assert codes(home) == {}


def test_close__again__makes_nothing(home: Installation) -> None:
    home.ingest([Trip("a", "rider", 8)])
    (closed,) = home.close()
    bundle = home.bundle(closed)
    assert home.close() == []
    assert home.bundle(closed).header == bundle.header


def test_close__what_came_late__is_the_next_sequence_and_changes_no_batch(home: Installation) -> None:
    home.ingest([Trip("a", "rider", 8)])
    (first,) = home.close()
    before = home.bundle(first).header
    home.ingest([Trip("b", "rider", 10), Trip("c", "other", 8)])
    (second,) = home.close()
    assert (second.batch.sequence, second.records) == (1, 2)
    assert home.bundle(first).header == before
    assert home.records()["record_id"].n_unique() == 3


def test_close__the_same_trip_in_two_files__is_one_record(home: Installation) -> None:
    done = home.ingest([Trip("a", "rider", 8)])
    again = home.ingest([Trip("a", "rider", 8), Trip("b", "rider", 10)])
    assert (done.acts, again.acts) == ({"CI-02": 1}, {"CI-02": 1})
    home.close()
    assert home.records().height == 2
    assert codes(home) == {"duplicate": 1}


def test_close__one_trip_by_two_operators__counts_for_one_of_them(home: Installation) -> None:
    home.enrol("person", {"app-1": "rider", "app-2": "customer"})
    home.ingest([Trip("a", "rider", 8)], "app-1")
    home.ingest([Trip("z", "customer", 8)], "app-2")
    (closed,) = home.close()
    assert closed.records == 1
    assert codes(home) == {"claimed_elsewhere": 1}


def test_close__another_operators_trip_that_comes_later__does_not_displace_a_batch(home: Installation) -> None:
    home.enrol("person", {"app-1": "rider", "app-2": "customer"})
    home.ingest([Trip("z", "customer", 8)], "app-2")
    (first,) = home.close()
    home.ingest([Trip("a", "rider", 8)], "app-1")
    assert home.close() == []
    assert home.bundle(first).header.record_count == 1
    assert codes(home) == {"claimed_elsewhere": 1}


def test_close__two_trips_of_one_person_at_a_time__one_brings_something(home: Installation) -> None:
    home.ingest([Trip("a", "rider", 8), Trip("b", "rider", 8.1)])
    home.close()
    assert home.records().height == 1
    assert codes(home) == {"overlap": 1}


def test_close__a_day_above_its_cap__is_cut_to_it_within_a_batch_and_over_batches(home: Installation) -> None:
    trips = [Trip(f"t{hour}", "rider", hour, metres=45_000, minutes=45) for hour in range(6, 12)]
    home.ingest(trips[:3])
    (first,) = home.close()
    home.ingest(trips[3:])
    (second,) = home.close()
    assert (first.quantity, second.quantity) == (135_000, 45_000)
    assert codes(home) == {"above_day_cap": 2}
    assert home.records()["quantity"].sum() <= LIMIT_METRES


def test_close__consent__is_that_of_the_enrolment(home: Installation) -> None:
    home.enrol("seller", {"app-1": "one"}, consented=True)
    home.enrol("keeper", {"app-1": "two"})
    home.ingest([Trip("a", "one", 8, metres=7_000), Trip("b", "two", 8, metres=5_000)])
    (closed,) = home.close()
    header = home.bundle(closed).header
    assert (header.total_quantity, header.consented_quantity) == (12_000, 7_000)


def test_close__each_operator__has_a_batch_of_its_own(home: Installation) -> None:
    home.ingest([Trip("a", "rider", 8)], "app-1")
    home.ingest([Trip("a", "rider", 9)], "app-2")
    closed = home.close()
    assert len({each.batch.operator for each in closed}) == 2
    assert home.records()["account"].n_unique() == 2


def test_ingest__the_bytes_of_another_source__is_an_error_and_stores_nothing(home: Installation) -> None:
    home.ingest([Trip("a", "rider", 8)], "app-1")
    with pytest.raises(InputError, match="the same file was already ingested for source 'app-1'"):
        home.ingest([Trip("a", "rider", 8)], "app-2")
    assert len(home.close()) == 1


def _trips() -> list[Trip]:
    """Trips with everything in them that closing has to decide: copies, overlaps, a long day."""
    drawn = random.Random(41)
    places = itertools.product(("rider", "other"), range(6, 20))
    return [
        Trip(f"{rider}{hour}", rider, hour + drawn.random(), metres=drawn.randint(3, 30) * 1000)
        for rider, hour in places
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Records if all trips come in one file."""
    home = Installation(tmp_path_factory.mktemp("whole"))
    home.ingest(_trips())
    home.close()
    return home.records().sort("record_id")


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(1, 27), max_size=3))
def test_close__files_in_any_order_and_cut__the_same_records(
    tmp_path_factory: pytest.TempPathFactory, whole: pl.DataFrame, seed: int, cuts: list[int]
) -> None:
    trips = _trips()
    random.Random(seed).shuffle(trips)
    home = Installation(tmp_path_factory.mktemp("cut"))
    for first, last in itertools.pairwise([0, *sorted(set(cuts)), 28]):
        home.ingest(trips[first:last])
    home.close()
    assert home.records().sort("record_id").equals(whole)


def test_close__that_dies__leaves_nothing_and_is_done_again(
    home: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home.ingest([Trip("a", "rider", 8), Trip("b", "other", 8)])

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("oracle.measure.close.close.add_batch", dies)
        with pytest.raises(KeyboardInterrupt):
            home.close()
    (closed,) = home.close()
    assert closed.records == 2
    assert home.bundle(closed).header.sequence == 0


def test_close__by_a_database_that_forgot_a_close__gives_no_number_twice(home: Installation) -> None:
    """Nodes have settled it, and who its people were is written down under it."""
    home.ingest([Trip("a", "ada", 8)])
    home.close()
    forgotten = home.book.people_file(1).read_bytes()
    with home.book.database.begin() as connection:
        connection.execute(text("DELETE FROM closings"))
        connection.execute(text("DELETE FROM closing_batches"))
    home.ingest([Trip("b", "bo", 12)])
    home.close()
    with home.book.database.reading() as connection:
        assert closing_count(connection) == 2
        assert [len(batches_of_closing(connection, number)) for number in (1, 2)] == [0, 1]
    assert home.book.people_file(1).read_bytes() == forgotten
