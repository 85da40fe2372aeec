"""Meter readings over several files: what a later delivery decides, what a gap spoils, what can be taken back."""

from __future__ import annotations

from calendar import monthrange
from pathlib import Path

import polars as pl
import pytest

from oracle.config import Source
from oracle.edge.keys.custody import citizen_address
from oracle.edge.store.citizens import Enrolment, custody_ref, people
from oracle.edge.store.erasure import citizen_by_tag
from oracle.edge.store.files import finding_counts
from oracle.measure.close.close import close
from oracle.measure.ingest import Ingested, ingest
from oracle.measure.records.meters import Household
from oracle.measure.undo import undo
from oracle.model.errors import InputError
from oracle.model.units import date_of
from tests.unit.pipeline.installation import LIBRARY, OPERATORS, Installation

FILES = Path(__file__).parents[2] / "data" / "readings"
GRID = Source(operator="app-1", region="CN-4403")
NOW = 1_700_000_000
HEADER = "meter,start,end,value,unit\n"


def bring(home: Installation, file: Path, unit: str | None = None) -> Ingested:
    household = Household(unit=unit, meter="flat" if unit else None)
    return ingest(home.book, file, "app-1", GRID, kind=None, household=household, now=NOW)


def bring_days(home: Installation, name: str, values: dict[int, str]) -> Ingested:
    """A file with whole days of March 2023 of one meter."""
    path = home.folder / f"{name}.csv"
    rows = [f"flat,2023-03-{day:02},2023-03-{day + 1:02},{value},kWh\n" for day, value in values.items()]
    path.write_text(HEADER + "".join(rows))
    return bring(home, path)


def credited(home: Installation) -> dict[str, int]:
    """Watt-hours credited by what closing now makes, by date."""
    return {str(done.batch.day - 19_416): done.quantity for done in close(home.book, LIBRARY, OPERATORS)}


def counts(home: Installation) -> dict[str, int]:
    with home.book.database.reading() as connection:
        return finding_counts(connection)


WEEK = dict.fromkeys(range(1, 9), "10.0")


def test_close__a_later_delivery_with_more__is_what_counts(home: Installation) -> None:
    bring(home, FILES / "revised_first.csv")
    bring(home, FILES / "revised_later.csv")
    assert close(home.book, LIBRARY, OPERATORS) == []
    assert counts(home)["corrected"] == 1


def test_close__two_registers_of_a_day__are_one_consumption(home: Installation) -> None:
    bring(home, FILES / "peak_valley.csv")
    assert close(home.book, LIBRARY, OPERATORS) == []


def test_close__a_sum_after_a_gap__is_no_baseline(home: Installation) -> None:
    bring(home, FILES / "lumped_day.csv", "kWh")
    assert close(home.book, LIBRARY, OPERATORS) == []


def test_close__a_sum_after_a_gap_in_files_of_a_day_each__is_no_baseline(home: Installation) -> None:
    for day, value in {1: "10", 3: "20", 4: "10", 5: "10", 6: "10", 7: "10", 8: "10", 9: "10", 10: "10"}.items():
        bring_days(home, f"day-{day}", {day: value})
    assert credited(home) == {}


def test_close__a_file_that_contests_an_earlier_value__leaves_it_uncredited(home: Installation) -> None:
    bring_days(home, "week", WEEK | {9: "6.0"})
    path = home.folder / "twice.csv"
    path.write_text(HEADER + "".join(f"flat,2023-03-09,2023-03-10,{value},kWh\n" for value in ("6.0", "9.0")))
    assert bring(home, path).acts == {}
    assert credited(home) == {}
    assert counts(home) == {"conflict": 3, "no_baseline": 7, "no_reduction": 1}


def test_close__a_delivery_after_the_conflict__decides_it(home: Installation) -> None:
    test_close__a_file_that_contests_an_earlier_value__leaves_it_uncredited(home)
    bring_days(home, "decided", {9: "6.0"})
    assert credited(home) == {"9": 4_000}


def test_close__a_value_on_a_day_of_the_baseline__is_corrected_there_too(home: Installation) -> None:
    bring_days(home, "week", {day: "20.0" for day in range(1, 9)} | {9: "9.0"})
    bring_days(home, "corrected", {day: "10.0" for day in range(1, 9)})
    assert credited(home) == {"9": 1_000}


def test_close__a_value_corrected_after_its_credit__stays_and_is_told(home: Installation) -> None:
    bring_days(home, "week", WEEK | {9: "6.0"})
    assert credited(home) == {"9": 4_000}
    bring_days(home, "corrected", {9: "9.0"})
    assert credited(home) == {}
    assert counts(home)["credited_before"] == 1


@pytest.mark.parametrize("order", [("first", "later"), ("later", "first")])
def test_close__deliveries__count_in_the_order_they_came(home: Installation, order: tuple[str, str]) -> None:
    values = {"first": "6.0", "later": "7.0"}
    bring_days(home, "week", WEEK)
    for name in order:
        bring_days(home, name, {9: values[name]})
    assert credited(home) == {"9": 10_000 - int(float(values[order[-1]]) * 1_000)}


def test_enrol__after_readings__names_the_citizen_of_the_meter_with_its_acts(home: Installation) -> None:
    bring_days(home, "week", WEEK | {9: "6.0"})
    enrol(home, Enrolment("p-late", "app-1", "flat", True, 3))
    ((citizen, consented, residents),) = citizens_of(home)
    assert (consented, residents) == (True, 3)
    assert credited(home) == {"9": 4_000}
    with home.book.database.reading() as connection:
        account = people(connection)["account"][0]
        assert citizen_address(b"\x07" * 32, custody_ref(connection, account) or b"") == account
        assert citizen == people(connection)["citizen"][0]


def test_enrol__a_meter_that_came_first_and_a_known_citizen__moves_it(home: Installation) -> None:
    bring_days(home, "day", {1: "10.0"})
    enrol(home, Enrolment("p", "app-1", "card", True, 2))
    enrol(home, Enrolment("p", "app-1", "flat", True, 2))
    with home.book.database.reading() as connection:
        tags = [home.book.register.tag("app-1", subject) for subject in ("card", "flat")]
        assert citizen_by_tag(connection, tags[0]) == citizen_by_tag(connection, tags[1])


def test_enrol__a_meter_of_another_citizen__is_an_error_and_enrols_nobody(home: Installation) -> None:
    enrol(home, Enrolment("first", "app-1", "flat"))
    with pytest.raises(InputError, match="row 1, subject: the subject is another citizen's already, of account 0x"):
        enrol(home, Enrolment("second", "app-1", "flat", True))
    assert [consented for _, consented, _ in citizens_of(home)] == [False]


def enrol(home: Installation, person: Enrolment) -> None:
    with home.book.database.begin() as connection:
        home.book.register.enrol(connection, [person])


def citizens_of(home: Installation) -> list[tuple[int, bool, int | None]]:
    with home.book.database.reading() as connection:
        return people(connection).select("citizen", "consented", "residents").rows()


def test_undo__a_file_with_the_wrong_unit__is_as_if_it_never_came(home: Installation) -> None:
    file = FILES / "wrong_unit.csv"
    bring(home, file, "Wh")
    assert undo(home.book, str(file)).rows == 9
    assert counts(home) == {}
    bring(home, file, "kWh")
    assert credited(home) == {"9": 1_000}


def test_undo__a_file_that_was_closed__says_which_batches_hold_its_acts(home: Installation) -> None:
    done = bring_days(home, "week", WEEK | {9: "6.0"})
    (made,) = close(home.book, LIBRARY, OPERATORS)
    with pytest.raises(InputError, match=f"close 1 took it in.*{made.batch.batch}.*The authority can revoke"):
        undo(home.book, done.file.sha256[:12])
    assert home.book.acts.read("CI-11", [made.batch.day], {done.file.sha256}).height == 1


def test_undo__a_closed_file_of_no_batch__says_that_the_later_delivery_counts(home: Installation) -> None:
    bring_days(home, "day", {1: "10.0"})
    assert credited(home) == {}
    with pytest.raises(InputError, match="No batch holds its acts, so nothing was credited: bring the readings again"):
        undo(home.book, "day.csv")


def test_undo__a_file_that_a_later_one_rests_on__names_the_later_one(home: Installation) -> None:
    bring_days(home, "first", {1: "10.0"})
    bring_days(home, "both", {1: "10.0", 2: "10.0"})
    with pytest.raises(InputError, match=r"first.csv: later files left rows out .* take back both.csv first"):
        undo(home.book, "first.csv")
    undo(home.book, "both.csv")
    undo(home.book, "first.csv")


def test_undo__a_file_nobody_brought__is_an_error(home: Installation) -> None:
    with pytest.raises(InputError, match=r"nothing\.csv: no such file was ingested"):
        undo(home.book, "nothing.csv")


def test_close__daily_gas_of_a_real_home__is_no_more_than_it_saved_by_months(home: Installation) -> None:
    source = Source(operator="app-1", region="CN-4403", zone="Europe/London", service="gas")
    household = Household(service="gas", unit="m3", meter="home")
    file = FILES / "uk-gas-hdd-only-hourly-sample-0.csv.gz"
    done = ingest(home.book, file, "app-1", source, kind=None, household=household, now=NOW)
    litres = sum(item.quantity for item in close(home.book, LIBRARY, OPERATORS))
    acts = home.book.acts.read("CI-13", home.book.acts.days("CI-13"), {done.file.sha256})
    saved = saved_by_months(acts)
    assert 0 < litres <= saved
    # against single days of the year before, 2,023 m3 were credited
    assert saved < 1_700_000


def saved_by_months(acts: pl.DataFrame) -> int:
    """Litres by which whole months fell against the same months a year earlier, added up apart from the code that credits."""
    months: dict[tuple[int, int], list[int]] = {}
    for day, litres in acts.select("day", "volume_l").iter_rows():
        date = date_of(day)
        months.setdefault((date.year, date.month), []).append(litres)
    whole = {key: (sum(values), len(values)) for key, values in months.items() if len(values) == monthrange(*key)[1]}
    falls = [
        whole[year - 1, month][0] * count // whole[year - 1, month][1] - total
        for (year, month), (total, count) in whole.items()
        if (year - 1, month) in whole
    ]
    return sum(fall for fall in falls if fall > 0)


def test_close__a_month_of_gas_that_comes_day_by_day__counts_once_it_is_whole(home: Installation) -> None:
    for year, litres in ((2022, "2.0"), (2023, "1.5")):
        for part in (range(1, 16), range(16, 32)):
            rows = [f"g,{year}-03-{day:02},{year}-{3 + day // 31:02}-{day % 31 + 1:02},{litres},m3\n" for day in part]
            path = home.folder / f"gas-{year}-{part.start}.csv"
            path.write_text(HEADER + "".join(rows))
            ingest(home.book, path, "app-1", GRID, kind=None, household=Household(service="gas"), now=NOW)
            made = close(home.book, LIBRARY, OPERATORS)
    assert [(item.quantity, item.records) for item in made] == [(31 * 500, 1)]
    assert counts(home)["part_of_month"] == 30 + 30
    assert close(home.book, LIBRARY, OPERATORS) == []
