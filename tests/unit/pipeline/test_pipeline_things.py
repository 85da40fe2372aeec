"""One thing brings one reduction, whoever names it, in whatever file, source or scenario, and whenever."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from oracle.config import Source
from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.edge.store.batches import all_batches
from oracle.edge.store.book import Book
from oracle.edge.store.schema import batches, findings, things
from oracle.measure.close.close import close
from oracle.measure.evidence.folder import read
from oracle.measure.ingest import ingest
from oracle.measure.quantify.library import FOLDER, library_at
from oracle.measure.records.meters import Household

LIBRARY = library_at(FOLDER)
OPERATORS = {"shop": "0x" + "11" * 20, "depot": "0x" + "22" * 20}
NOW = 1_700_000_000


class Market:
    """A book in a folder, and the files of acts brought to it."""

    def __init__(self, folder: Path, secret: bytes = b"\7" * 32):
        keys = Keyring(folder / "keys")
        keys.create_passphrase()
        for name in (CUSTODY, RECORDS):
            keys.store(name, secret, random_passphrase=True)
        self.folder = folder
        self.book = Book(folder, keys)
        self._files = 0

    def bring(self, *acts: str, source: str = "shop") -> None:
        """Ingests one file; an act is `scenario subject item start end field=value ...`."""
        self._files += 1
        rows = []
        for number, act in enumerate(acts):
            scenario, subject, item, start, end, *fields = act.split()
            key = f"{source}-{self._files}-{number}"
            rows.append(
                {
                    "scenario": scenario,
                    "record_key": key,
                    "subject": subject,
                    "item": item.strip("-"),
                    "start": start,
                    "end": end,
                }
                | dict(field.split("=") for field in fields)
            )
        path = self.folder / f"acts-{self._files}.csv"
        pl.DataFrame(rows, infer_schema_length=None).write_csv(path)
        registered = Source(operator=source, region="CN-4403")
        done = ingest(self.book, path, source, registered, kind=None, household=Household(), now=NOW)
        assert set(done.findings["code"]) <= {"duplicate"}, done.findings["values"].to_list()

    def close(self) -> list[tuple[str, int]]:
        """Scenario and records of each batch that closing makes."""
        return [(closed.batch.scenario, closed.records) for closed in close(self.book, LIBRARY, OPERATORS)]

    def found(self) -> list[tuple[str, str]]:
        """Codes and values of all findings."""
        with self.book.database.begin() as connection:
            query = select(findings.c.code, findings.c["values"]).order_by(findings.c.code)
            return [(code, values) for code, values in connection.execute(query)]


@pytest.fixture
def market(tmp_path: Path) -> Market:
    return Market(tmp_path)


ORDER = "CI-26 ada 8801 2023-05-01 2023-05-01 orders=1"
GOODS = '{"group":"goods"}'


def test_close__one_order_from_two_sources__is_credited_once(market: Market) -> None:
    market.bring(ORDER)
    market.bring("CI-26 bo 8801 2023-05-01T12:00:00 2023-05-01T12:00:00 orders=1", source="depot")
    assert market.close() == [("CI-26", 1)]
    assert [code for code, _ in market.found()] == ["duplicate"]


def test_close__an_order_again_a_year_later__brings_nothing(market: Market) -> None:
    market.bring(ORDER)
    assert market.close() == [("CI-26", 1)]
    market.bring("CI-26 ada 8801 2022-01-01 2022-01-01 orders=1", "CI-26 ada 8802 2022-01-01 2022-01-01 orders=1")
    assert market.close() == [("CI-26", 1)]
    assert market.found() == [("claimed_elsewhere", '{"group":"order"}')]


BUYER = "CI-25 bo 35693803 2023-05-02 2023-05-02 category=phone quantity=1"
RECYCLER = "CI-21 carl 35693803 2023-05-01 2023-05-01 kg=0.2"


def test_close__what_is_bought_and_recycled_at_once__is_the_buyers(market: Market) -> None:
    market.bring(RECYCLER)
    market.bring(BUYER, source="depot")
    assert market.close() == [("CI-25", 1)]
    assert market.found() == [("claimed_elsewhere", '{"claimed_by":"CI-25","group":"goods"}')]


def test_close__what_was_recycled_long_ago__is_not_bought_any_more(market: Market) -> None:
    market.bring(RECYCLER.replace("2023-05-01", "2022-01-01"))
    assert market.close() == [("CI-21", 1)]
    market.bring(BUYER, source="depot")
    assert market.close() == []
    assert market.found() == [("claimed_elsewhere", GOODS)]


CAR = "distance_km=100 energy_kwh=15"


def test_close__one_car_of_two_drivers__counts_once_at_a_time(market: Market) -> None:
    market.bring(
        f"CI-09 ada CAR1 2023-05-01 2023-05-02 {CAR}",
        f"CI-09 bo CAR1 2023-05-01T12:00:00 2023-05-02T12:00:00 {CAR}",
        f"CI-09 bo CAR1 2023-05-03 2023-05-04 {CAR}",
    )
    market.bring("CI-10 carl car1 2023-05-03 2023-05-04 days=1", source="depot")
    closed = market.close()
    assert sum(records for _, records in closed) == 2
    assert market.found() == [("claimed_elsewhere", '{"group":"car"}')] * 2


def test_close__a_car_on_a_later_day__is_another_act(market: Market) -> None:
    market.bring(f"CI-09 ada CAR1 2023-05-01 2023-05-02 {CAR}")
    assert market.close() == [("CI-09", 1)]
    market.bring(
        f"CI-09 ada CAR1 2023-05-01T20:00:00 2023-05-02T20:00:00 {CAR}", f"CI-09 ada CAR1 2023-05-02 2023-05-03 {CAR}"
    )
    assert market.close() == [("CI-09", 1)]


def test_close__a_meeting_while_its_person_travels__brings_nothing(market: Market) -> None:
    market.bring("CI-30 ada MEET 2023-05-01T09:00:00 2023-05-01T11:00:00 participants=3 hours=2 avoided_km=900")
    market.bring("CI-04 ada - 2023-05-01T08:00:00 2023-05-01T12:00:00 distance_km=900")
    assert market.close() == [("CI-04", 1)]
    assert market.found() == [("claimed_elsewhere", '{"claimed_by":"CI-04","group":"trip"}')]


def test_close__own_solar_power_and_a_new_appliance__are_both_of_the_household(market: Market) -> None:
    market.bring(
        "CI-14 ada PV1 2023-05-01 2023-05-02 kwh_generated=12",
        "CI-28 ada FRIDGE 2023-05-01 2023-05-02 kwh_yr_base=300 kwh_yr_actual=200",
        "CI-14 bo PV1 2023-05-01 2023-05-02 kwh_generated=12",
    )
    assert sorted(market.close()) == [("CI-14", 1), ("CI-28", 1)]
    assert market.found() == [("claimed_elsewhere", '{"group":"solar"}')]


def test_bundle__of_acts_that_name_things__does_not_say_which(market: Market) -> None:
    market.bring(ORDER)
    market.close()
    with market.book.database.reading() as connection:
        (batch,) = all_batches(connection)
    bundle = read(market.book.bundle_folder(batch.batch))
    assert "item" not in bundle.records.columns
    stored = market.book.acts.read("CI-26", [batch.day], _committed(market))
    assert stored["item"].to_list() == [bundle.records["record_id"][0].hex()] != ["8801"]


def _committed(market: Market) -> set[str]:
    from oracle.edge.store.files import committed_files

    with market.book.database.reading() as connection:
        return committed_files(connection)


def test_record_id__of_one_order_at_two_installations_of_one_secret__is_one(tmp_path: Path) -> None:
    ids = set()
    for name, source in (("one", "shop"), ("two", "depot")):
        (tmp_path / name).mkdir()
        market = Market(tmp_path / name)
        market.bring(ORDER, source=source)
        market.close()
        with market.book.database.reading() as connection:
            (batch,) = all_batches(connection)
        ids |= set(read(market.book.bundle_folder(batch.batch)).records["record_id"])
    assert len(ids) == 1


def test_close__after_a_batch_was_given_up__its_things_are_free(market: Market) -> None:
    market.bring(ORDER)
    assert market.close() == [("CI-26", 1)]
    assert market.close() == []
    with market.book.database.begin() as connection:
        assert len(connection.execute(select(things)).all()) == 1
        connection.execute(delete(batches))
    market.bring("CI-26 ada 8801 2023-05-02 2023-05-02 orders=1", source="depot")
    assert market.close() == [("CI-26", 1)]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deliveries=st.lists(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.integers(1, 9), st.sampled_from(["CI-25", "CI-21"])),
            min_size=1,
            max_size=4,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_close__whatever_comes_in_whatever_order__no_thing_is_credited_twice(
    deliveries: list[list[tuple[str, int, str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    market = Market(tmp_path_factory.mktemp("market"))
    fields = {"CI-25": "category=phone quantity=1", "CI-21": "kg=0.2"}
    for each in deliveries:
        market.bring(
            *(f"{name} p-{item} {item} 2023-05-0{day} 2023-05-0{day} {fields[name]}" for item, day, name in each),
            source="depot" if len(each) % 2 else "shop",
        )
        market.close()
    with market.book.database.reading() as connection:
        stored = all_batches(connection)
    records = [record for each in stored for record in read(market.book.bundle_folder(each.batch)).records["record_id"]]
    assert len(records) == len(set(records)) == len({item for each in deliveries for item, *_ in each})
