"""One trip, brought by two sources: a tap, a file of trips, a track."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks.trackmaker import honest
from oracle.config import Source
from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.citizens import Enrolment
from oracle.measure.close.close import close
from oracle.measure.ingest import ingest
from oracle.measure.quantify.library import Library
from oracle.measure.records.meters import Household

LIBRARY = Library.load()
OPERATORS = {name: "0x" + "11" * 20 for name in ("card", "app", "tracker")}
EIGHT = int(datetime(2023, 5, 1, tzinfo=UTC).timestamp())  # 08:00 in Shenzhen


class Desk:
    """A book in which the card A, the rider U7 and the phone P7 are one citizen."""

    def __init__(self, folder: Path):
        keys = Keyring(folder / "keys")
        keys.create_passphrase()
        for name in (CUSTODY, RECORDS):
            keys.store(name, random_passphrase=True)
        self.folder = folder
        self.book = Book(folder, keys)
        names = {"card": "A", "app": "U7", "tracker": "P7"}
        with self.book.database.begin() as connection:
            self.book.register.enrol(connection, [Enrolment("C1", source, name) for source, name in names.items()])

    def bring(self, source: str, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        registered = Source(operator="transit", region="CN-4403")
        done = ingest(self.book, path, source, registered, kind=None, household=Household(), now=EIGHT + 9 * 86_400)
        assert done.file.quarantined == 0, done.findings.to_dicts()

    def tap(self, second: int, card: str = "A") -> None:
        time = datetime.fromtimestamp(EIGHT + 8 * 3600 + second, UTC)
        fields = {
            "card_no": card,
            "deal_date": f"{time:%Y-%m-%d %H:%M:%S}",
            "deal_type": "巴士",
            "equ_no": "1",
            "station": "",
        }
        self.bring("card", f"tap{second}{card}.json", json.dumps({"data": [fields]}, ensure_ascii=False))

    def trip(self, start: int, end: int, mode: str = "bus") -> None:
        row = f"t{start},U7,{mode},{(EIGHT + start) * 1000},{(EIGHT + end) * 1000},6200"
        self.bring("app", f"trip{start}{mode}.csv", f"trip_id,rider,mode,start_time,end_time,distance\n{row}\n")

    def track(self, second: int, mode: str = "bus") -> None:
        made = honest(np.random.default_rng(2), mode)
        places = [[float(e), float(n)] for n, e in zip(made.latitude, made.longitude, strict=True)]
        times = (made.seconds - made.seconds[0] + EIGHT + second).tolist()
        said = {"rider": "P7", "mode": mode, "times": times}
        line = {"type": "LineString", "coordinates": places}
        self.bring(
            "tracker", f"track{second}.json", json.dumps({"type": "Feature", "properties": said, "geometry": line})
        )

    def close(self) -> list[str]:
        return sorted(done.batch.scenario for done in close(self.book, LIBRARY, OPERATORS) for _ in range(done.records))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("second", [-1_700, -60, 0, 120])
def test_close__a_tap_and_a_track_of_its_ride__credit_the_track(desk: Desk, second: int) -> None:
    desk.tap(second)
    desk.track(0)
    assert desk.close() == ["CI-01"]


@pytest.mark.parametrize("second", [-1_900, 7_200])
def test_close__a_tap_of_another_ride__is_credited_beside_the_track(desk: Desk, second: int) -> None:
    desk.tap(second)
    desk.track(0)
    assert desk.close() == ["CI-01", "CI-01-RIDE"]


def test_close__a_tap_and_somebody_elses_trip__are_both_credited(desk: Desk) -> None:
    desk.tap(0, card="B")
    desk.trip(30, 1_200)
    assert desk.close() == ["CI-01", "CI-01-RIDE"]


def test_close__a_tap_and_a_bicycle_from_the_stop__are_two_rides(desk: Desk) -> None:
    desk.tap(0)
    desk.trip(600, 2_200, "bicycle")
    assert desk.close() == ["CI-01-RIDE", "CI-05"]


def test_close__a_track_and_a_trip_file_of_one_ride__credit_one(desk: Desk) -> None:
    desk.track(20)
    desk.trip(0, 1_500)
    assert desk.close() == ["CI-01"]


def test_close__one_ride_by_two_ways_of_travelling__is_one(desk: Desk) -> None:
    desk.track(20)
    desk.trip(0, 1_500, "e_bike")
    assert len(desk.close()) == 1


def test_close__a_trip_after_its_tap_stands_in_a_batch__brings_nothing(desk: Desk) -> None:
    desk.tap(0)
    assert desk.close() == ["CI-01-RIDE"]
    desk.trip(90, 1_500)
    desk.track(60)
    assert desk.close() == []


def test_close__a_tap_after_its_trip_stands_in_a_batch__brings_nothing(desk: Desk) -> None:
    desk.track(60)
    assert desk.close() == ["CI-01"]
    desk.tap(0)
    assert desk.close() == []


def test_close__a_walk_while_on_the_bus__takes_nothing_from_it(desk: Desk) -> None:
    desk.track(0, "walking")
    desk.trip(60, 1_200)
    assert desk.close() == ["CI-01"]
