"""Nothing is claimed twice: what closing makes of a household whose electricity comes by the day and by the bill."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from oracle.config import Source
from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.schema import findings
from oracle.measure.close.close import close
from oracle.measure.ingest import ingest
from oracle.measure.quantify.library import Library
from oracle.measure.records.meters import Household

LIBRARY = Library.load()
GRID = Source(operator="living", region="CN-4403")
OPERATORS = {"grid": "0x" + "11" * 20}
HOME = Household(service="electricity", unit="kWh")
NOW = 1_700_000_000
WEEK = [9] * 7 + [6]  # a week at 9 kWh, then a day of 6


class City:
    """A book in a folder, and the meter files brought to it."""

    def __init__(self, folder: Path):
        keys = Keyring(folder / "keys")
        keys.create_passphrase()
        for name in (CUSTODY, RECORDS):
            keys.store(name, random_passphrase=True)
        self.folder = folder
        self.book = Book(folder, keys)
        self._files = 0

    def bring(self, *readings: tuple[str, date, int, int]) -> None:
        """Ingests one file: meter, first day, days, kilowatt-hours."""
        self._files += 1
        path = self.folder / f"file-{self._files}.csv"
        lines = [f"{meter},{first},{first + timedelta(days=days)},{kwh}" for meter, first, days, kwh in readings]
        path.write_text("\n".join(["meter,start,end,value", *lines]))
        done = ingest(self.book, path, "grid", GRID, kind="meters", household=HOME, now=NOW)
        assert done.file.accepted == len(readings), done.findings

    def days(self, first: date, meter: str = "flat-1") -> None:
        """Eight days of readings; the last saves three kilowatt-hours."""
        self.bring(*((meter, first + timedelta(days=at), 1, kwh) for at, kwh in enumerate(WEEK)))

    def bill(self, first: date, days: int, kwh: int, meter: str = "flat-1") -> None:
        """One bill."""
        self.bring((meter, first, days, kwh))

    def close(self) -> list[tuple[str, int]]:
        """Scenario and quantity of each batch that closing makes."""
        return [(closed.batch.scenario, closed.quantity) for closed in close(self.book, LIBRARY, OPERATORS)]

    def found(self, code: str) -> list[str]:
        """Values of the findings of a code."""
        with self.book.database.begin() as connection:
            return list(connection.execute(select(findings.c["values"]).where(findings.c.code == code)).scalars())


@pytest.fixture
def city(tmp_path: Path) -> City:
    return City(tmp_path)


BY_THE_DAY = '{"claimed_by":"CI-11","group":"household-energy"}'
BY_THE_BILL = '{"claimed_by":"CI-11-BILL","group":"household-energy"}'


def test_close__bill_alone__credits_what_it_saves_against_the_year_before(city: City) -> None:
    city.bill(date(2022, 1, 1), 31, 400)
    city.bill(date(2023, 1, 1), 31, 300)
    assert city.close() == [("CI-11-BILL", 100_000)]
    assert city.found("claimed_elsewhere") == []


def test_close__days_and_the_bill_over_them__the_days_stay(city: City) -> None:
    city.bill(date(2022, 1, 1), 31, 400)
    city.bill(date(2023, 1, 1), 31, 300)
    city.days(date(2023, 1, 10))
    assert city.close() == [("CI-11", 3_000)]
    assert city.found("claimed_elsewhere") == [BY_THE_DAY]


def test_close__bill_that_comes_after_its_days_were_closed__is_excluded_all_the_same(city: City) -> None:
    city.bill(date(2022, 1, 1), 31, 400)
    city.days(date(2023, 1, 10))
    assert city.close() == [("CI-11", 3_000)]
    city.bill(date(2023, 1, 1), 31, 300)
    assert city.close() == []
    assert city.found("claimed_elsewhere") == [BY_THE_DAY]


def test_close__days_that_come_after_their_bundled_bill__the_bill_keeps_its_claim(city: City) -> None:
    city.bill(date(2022, 1, 1), 31, 400)
    city.bill(date(2023, 1, 1), 31, 300)
    assert city.close() == [("CI-11-BILL", 100_000)]
    city.days(date(2023, 1, 10))
    assert city.close() == []
    assert city.found("claimed_elsewhere") == [BY_THE_BILL] * len(WEEK)


@pytest.mark.parametrize(("first", "meter"), [(date(2023, 2, 1), "flat-1"), (date(2023, 1, 10), "flat-2")])
def test_close__days_after_the_bill_or_of_another_household__both_stay(city: City, first: date, meter: str) -> None:
    city.bill(date(2022, 1, 1), 31, 400)
    city.bill(date(2023, 1, 1), 31, 300)
    city.days(first, meter)
    assert sorted(city.close()) == [("CI-11", 3_000), ("CI-11-BILL", 100_000)]
    assert city.found("claimed_elsewhere") == []


def test_close__second_bill_over_days_that_a_bundled_bill_covers__not_credited(city: City) -> None:
    city.bill(date(2022, 1, 1), 31, 400)
    city.bill(date(2023, 1, 1), 31, 300)
    assert city.close() == [("CI-11-BILL", 100_000)]
    city.bill(date(2023, 1, 15), 30, 290)
    assert city.close() == []
    assert city.found("overlap") == ['{"reason":"two records of one household for one time"}']
