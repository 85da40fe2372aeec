"""After a person is forgotten nothing in the home folder leads from the person to a value: every byte of every file is searched."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from oracle.config import Source
from oracle.edge.store import erasure
from oracle.edge.store.deliveries import MeterReading, RefusedMessage, add_readings, add_refused
from oracle.edge.store.quarantine import cases
from oracle.measure.forget import forget
from oracle.measure.ingest import ingest
from oracle.measure.records.meters import Household
from oracle.measure.records.subjects import subjects
from tests.unit.node.books import NOW, OPERATORS, Place, trip, trips

CARD, OTHER_CARD = "QWERTCARD", "ZXCVBCARD"
RIDER, OTHER_RIDER = "rider-Aa-one", "rider-Bb-two"
METER, OTHER_METER = "meter-Cc-one", "meter-Dd-two"
# What only the person's rows say, in acts, in findings, in quarantine and on the way: distances, seconds, stations, readings.
VALUES = ("8123", "91234", "22:14:57", "会展中心", "77.123", "77123", "66.321", "66321", "55.987")
OTHERS = ("9321", "92345", "22:15:58", "布吉", "44.123")


def _tap(card: str, second: str, station: str) -> dict[str, str]:
    told = {"deal_date": f"2018-08-31 {second}", "deal_type": "地铁出站", "equ_no": "263032105"}
    return {"card_no": card, "station": station, **told}


def _meters(*rows: tuple[str, str]) -> str:
    lines = [f"{meter},2023-01-05T00:00:00+08:00,2023-01-06T00:00:00+08:00,{value},kWh" for meter, value in rows]
    return "\n".join(["meter,start,end,value,unit", *lines, ""])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A book that knows a person from three sources, sound rows and others, and another person alike."""
    made = Place(tmp_path / "home", b"r" * 32)
    made.settings = replace_sources(made)
    drop = tmp_path / "drop"
    sound = (trip(1, RIDER, distance=8_123), trip(2, OTHER_RIDER, distance=9_321))
    fast = (trip(3, RIDER, minute=60, distance=91_234), trip(4, OTHER_RIDER, minute=60, distance=92_345))
    _take(made, trips(drop / "trips.csv", *sound, *fast), "bus-app")
    taps = drop / "taps.json"
    taps.write_text(
        json.dumps([_tap(CARD, "22:14:57", "会展中心"), _tap(OTHER_CARD, "22:15:58", "布吉")], ensure_ascii=False)
    )
    _take(made, taps, "szt")
    packed = drop / "meters.csv.gz"
    packed.write_bytes(gzip.compress(_meters((METER, "77.123"), (OTHER_METER, "44.123")).encode()))
    _take(made, packed, "grid")
    alone = drop / "alone.csv"
    alone.write_text("start,end,value\n2023-01-06T00:00:00+08:00,2023-01-07T00:00:00+08:00,66.321\n")
    _take(made, alone, "grid", Household("electricity", "kWh", METER, 1))
    with made.book.database.begin() as connection:
        add_readings(connection, [MeterReading("d" * 64, 0, "grid", METER, 1, 2, "55.987", "kWh", "")])
        add_refused(connection, RefusedMessage("t", "e" * 64, "unread", f'{{"{METER}": 55.987'.encode()), NOW)
    assert len(made.close()) == 1
    draft = made.book.home / "acts" / "CI-02" / "19362" / "left-by-a-crash.draft"
    shutil.copy(next((made.book.home / "acts" / "CI-02").glob("*/*.parquet")), draft)
    spool = made.book.home / "spool" / "parcels" / "ab"
    spool.mkdir(parents=True)
    shutil.copy(taps, spool / "taps.json")
    os.utime(spool / "taps.json", (1, 1))
    return made


def replace_sources(place: Place) -> object:
    """The place's settings with card taps among the sources."""
    return place.settings.model_copy(
        update={"sources": place.settings.sources | {"szt": Source(operator=OPERATORS["grid"])}}
    )


def _take(place: Place, path: Path, source: str, household: Household | None = None) -> None:
    known = place.settings.source(source)
    household = household or Household(known.service, None, None, known.residents)
    kept = place.book.home / "received" / source / path.name
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, kept)
    ingest(place.book, path, source, known, kind=None, household=household, now=NOW)


def _numbers(place: Place) -> dict[str, int]:
    names = {
        CARD: "szt",
        OTHER_CARD: "szt",
        RIDER: "bus-app",
        OTHER_RIDER: "bus-app",
        METER: "grid",
        OTHER_METER: "grid",
    }
    tags = {name: place.book.register.tag(source, name) for name, source in names.items()}
    with place.book.database.reading() as connection:
        found = {name: erasure.citizen_by_tag(connection, tag) for name, tag in tags.items()}
    return {name: number for name, number in found.items() if number is not None}


def _contents(home: Path, *, bundles: bool, in_hex: bool = False) -> dict[str, str]:
    """Everything in the home folder as text: bytes as they are, and unpacked where something packs them."""
    found = {}
    for path in sorted(home.rglob("*")):
        if not path.is_file() or path.parent.name == "keys" or (not bundles and "bundles" in path.parts):
            continue
        raw = path.read_bytes()
        text = raw.hex() if in_hex else raw.decode("utf-8", "replace")
        if path.suffix in (".parquet", ".draft"):
            text += repr(pl.read_parquet(path).to_dict(as_series=False))
        if path.suffix == ".gz":
            text += gzip.decompress(raw).decode()
        if path.name == "book.sqlite":
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                text += "\n".join(database.iterdump()).lower() if in_hex else ""
        found[str(path.relative_to(home))] = text
    return found


def _where(contents: dict[str, str], words: tuple[str, ...]) -> set[tuple[str, str]]:
    return {(name, word) for name, text in contents.items() for word in words if word in text}


def _forget_all(place: Place) -> None:
    numbers = _numbers(place)
    for name in (RIDER, METER):
        forget(place.book, numbers[name], f"request of {NOW}", NOW)
    assert CARD not in numbers, "a card of which there are rejected rows only is no citizen's"
    forget(place.book, None, "request", NOW, place.book.register.tag("szt", CARD))


def test_forget__names_tags_and_values__are_in_no_byte_of_any_file(place: Place) -> None:
    home = place.book.home
    tags = tuple(place.book.register.tag(*each).hex() for each in (("bus-app", RIDER), ("szt", CARD), ("grid", METER)))
    before = _contents(home, bundles=False)
    assert {word for _, word in _where(before, (CARD, RIDER, METER, *VALUES))} == {CARD, RIDER, METER, *VALUES}
    assert {word for _, word in _where(_contents(home, bundles=True, in_hex=True), tags)} == {*tags}
    _forget_all(place)
    assert _where(_contents(home, bundles=True), (CARD, RIDER, METER)) == set()
    assert _where(_contents(home, bundles=True, in_hex=True), tags) == set()
    after = _contents(home, bundles=False)
    assert _where(after, VALUES) == set()


def test_forget__others__keep_their_acts_and_what_their_rows_showed(place: Place) -> None:
    _forget_all(place)
    left = _contents(place.book.home, bundles=False)
    shown = {word for name, word in _where(left, OTHERS) if name == "book.sqlite"}
    assert shown == {"92345", "22:15:58", "布吉"}
    in_acts = {word for name, word in _where(left, ("9321", "44123")) if name.startswith("acts/")}
    assert in_acts == {"9321", "44123"}
    assert {OTHER_RIDER, OTHER_METER} <= _numbers(place).keys()
    with place.book.database.reading() as connection:
        assert {case.code for case in cases(connection)} == {"implausible_speed", "exit_without_entry"}
        assert len(cases(connection)) == 4, "that rows were kept aside is still told"


def test_forget__killed_before_the_database_knew__is_repeated(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    number = _numbers(place)[RIDER]

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(erasure, "erase", killed)
        with pytest.raises(KeyboardInterrupt):
            forget(place.book, number, "request", NOW)
    assert _numbers(place)[RIDER] == number
    forget(place.book, number, "request", NOW)
    assert _where(_contents(place.book.home, bundles=False), ("8123", "91234", RIDER)) == set()


def test_forget__a_raw_file_that_cannot_be_read__stays_and_is_told(place: Place) -> None:
    (place.book.home / "received" / "grid" / "noise.csv").write_bytes(bytes(range(256)))
    done = forget(place.book, _numbers(place)[RIDER], "request", NOW)
    assert (done.raw_files, done.unreadable) == (1, ("received/grid/noise.csv",))


def test_subjects__of_a_feed__are_its_usage_points() -> None:
    path = Path(__file__).parents[2] / "data"
    feed = next(path.rglob("*.xml"))
    named = subjects(feed, None, Household())
    assert named["row"].is_unique().all()
    assert named["subject"].str.contains("UsagePoint").all()
    assert set(subjects(feed, None, Household(meter="m"))["subject"]) == {"m"}
