"""Card taps: rides from pairs, and a finding for every other tap."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from oracle.measure.records.metro import Network
from oracle.measure.records.szt import BUS, ENTRY, EXIT, read_taps
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from oracle.model.findings import counts
from tests.unit.records.record_files import DATA, assert_every_row_once, codes, found, origin, rows_of_acts

SAMPLE = (DATA / "szt_taps_100.json").read_bytes()


def tap(kind: str, time: str, station: str | None = "布吉", card: str = "CARD", gate: str = "1") -> dict[str, str]:
    day = "" if "-" in time else "2018-09-01 "
    fields = {"deal_date": day + time, "card_no": card, "deal_type": kind, "equ_no": gate, "car_no": "x"}
    return fields if station is None else {**fields, "station": station}


def read(*taps: object, zone: str = "Asia/Shanghai") -> Reading:
    reading = read_taps([json.dumps(taps).encode()], origin(zone=zone))
    assert_every_row_once(reading)
    return reading


def test_read__the_first_page_of_the_platform__is_ten_bus_rides_and_ninety_findings() -> None:
    reading = read_taps([SAMPLE], origin("szt_taps_100.json"))
    assert_every_row_once(reading)
    assert {name: acts.height for name, acts in reading.acts.items()} == {"CI-01-RIDE": 10}
    assert counts(reading.findings) == {
        "entry_without_exit": 58,
        "exit_without_entry": 18,
        "same_station": 12,
        "missing_field": 2,
    }
    assert rows_of_acts(reading) == list(range(70, 80))


def test_read__the_first_page__finds_all_its_stations_but_the_two_that_are_missing() -> None:
    assert [row for row, code in codes(read_taps([SAMPLE], origin())) if code == "missing_field"] == [28, 44]
    stations = {row.get("station") for row in json.loads(SAMPLE)["data"] if row["deal_type"] != BUS}
    assert {name for name in stations if name and not Network.load().station(name)} == set()


def test_read__a_bus_tap__is_a_ride_at_that_second_whose_distance_nobody_knows() -> None:
    reading = read(tap(BUS, "05:39:10", "332(观澜)", card="CFBAJECDH", gate="227000010"))
    at = int(datetime(2018, 8, 31, 21, 39, 10, tzinfo=UTC).timestamp())
    assert reading.acts["CI-01-RIDE"].to_dicts() == [
        {
            "record_key": "CFBAJECDH/2018-09-01T05:39:10/227000010",
            "subject": "CFBAJECDH",
            "region": "CN-4403",
            "start": at,
            "end": at,
            "day": 17775,  # 2018-09-01
            "rows": [1],
            "rides": 1,
        }
    ]


def test_read__a_bus_tap_without_a_stop__is_a_ride() -> None:
    assert read(tap(BUS, "05:39:10", None)).acts["CI-01-RIDE"].height == 1


def test_read__an_entry_and_the_next_exit__are_a_ride_by_the_network() -> None:
    reading = read(tap(EXIT, "08:20:00", "福田", gate="9"), tap(ENTRY, "07:50:00", "机场", gate="7"))
    (ride,) = reading.acts["CI-02"].to_dicts()
    assert ride["distance_m"] == 29_481
    assert ride["rows"] == [2, 1]
    assert ride["end"] - ride["start"] == 1_800
    assert ride["record_key"] == "CARD/2018-09-01T07:50:00/7"


def test_read__names_as_gates_write_them__are_the_stations() -> None:
    reading = read(tap(ENTRY, "08:00:00", "深圳大学"), tap(EXIT, "08:30:00", "?I岭"))
    assert reading.acts["CI-02"]["distance_m"].to_list() == [Network.load().distance_m("深大", "孖岭")]


def test_read__a_ride_over_midnight__belongs_to_the_day_it_began() -> None:
    reading = read(
        tap(ENTRY, "2018-08-31 23:50:00", "福田"), tap(EXIT, "2018-09-01 00:20:00", "布吉"), tap(BUS, "00:30:00")
    )
    assert reading.acts["CI-02"]["day"].to_list() == [17774]  # 2018-08-31
    assert reading.acts["CI-01-RIDE"]["day"].to_list() == [17775]


A, B = "福田", "布吉"

# Taps of one card as (kind, time, station), the rows that are rides, and the codes of the other rows.
SEQUENCES = [
    pytest.param([(ENTRY, "08:00:00", A), (EXIT, "11:30:00", B)], [1, 2], {}, id="210 minutes is a ride"),
    pytest.param(
        [(ENTRY, "08:00:00", A), (EXIT, "11:30:01", B)],
        [],
        {1: "entry_without_exit", 2: "exit_without_entry"},
        id="a second more is none",
    ),
    pytest.param(
        [(ENTRY, "08:00:00", A), (ENTRY, "09:00:00", A), (EXIT, "09:30:00", B)],
        [2, 3],
        {1: "entry_without_exit"},
        id="two entries: the later one",
    ),
    pytest.param(
        [(ENTRY, "08:00:00", A), (EXIT, "08:30:00", B), (EXIT, "08:40:00", A)],
        [1, 2],
        {3: "exit_without_entry"},
        id="two exits: the earlier one",
    ),
    pytest.param(
        [(EXIT, "08:00:00", A), (ENTRY, "09:00:00", B)],
        [],
        {1: "exit_without_entry", 2: "entry_without_exit"},
        id="exit first",
    ),
    pytest.param(
        [(ENTRY, "08:00:00", A), (EXIT, "08:20:00", A)], [], {1: "same_station", 2: "same_station"}, id="same station"
    ),
    pytest.param(
        [(ENTRY, "08:00:00", "世界之窗"), (EXIT, "08:20:00", "世界之窗站")],
        [],
        {1: "same_station", 2: "same_station"},
        id="same station by two names",
    ),
    pytest.param(
        [(ENTRY, "08:00:00", A), (EXIT, "08:20:00", "伦敦桥"), (EXIT, "08:40:00", B)],
        [],
        {1: "unknown_station", 2: "unknown_station", 3: "exit_without_entry"},
        id="an entry does not skip an exit at an unknown station",
    ),
    pytest.param(
        [(ENTRY, "08:00:00", None), (EXIT, "08:20:00", B)],
        [],
        {1: "missing_field", 2: "missing_field"},
        id="no station",
    ),
    pytest.param([(ENTRY, "08:00:00", "伦敦桥")], [], {1: "unknown_station"}, id="alone at an unknown station"),
    pytest.param([(ENTRY, "08:00:00", None)], [], {1: "missing_field"}, id="alone and no station"),
    pytest.param(
        [(ENTRY, "07:00:00", A), (ENTRY, "08:00:00", B), (EXIT, "08:00:00", B), (EXIT, "09:00:00", A)],
        [1, 2, 3, 4],
        {},
        id="out and in again in one second",
    ),
    pytest.param(
        [(ENTRY, "08:00:00", A), (BUS, "08:10:00", "M433"), (EXIT, "08:30:00", B)], [1, 2, 3], {}, id="bus in between"
    ),
]


@pytest.mark.parametrize(("taps", "acts", "findings"), SEQUENCES)
def test_read__taps_of_one_card__are_paired_or_found(
    taps: list[tuple[str, str, str | None]], acts: list[int], findings: dict[int, str]
) -> None:
    # a gate for every tap, so that none is a copy of another
    reading = read(*(tap(*each, gate=str(gate)) for gate, each in enumerate(taps)))
    assert rows_of_acts(reading) == acts
    assert dict(codes(reading)) == findings


def test_read__two_cards_at_once__are_not_paired_with_each_other() -> None:
    reading = read(tap(ENTRY, "08:00:00", A, card="X"), tap(EXIT, "08:20:00", B, card="Y"))
    assert codes(reading) == [(1, "entry_without_exit"), (2, "exit_without_entry")]


def test_read__a_copy_of_a_tap__is_a_duplicate_and_does_not_break_the_pair() -> None:
    entry, exit_ = tap(ENTRY, "08:00:00", A), tap(EXIT, "08:20:00", B)
    reading = read(entry, entry, exit_, {**exit_, "station": "南山"})
    assert rows_of_acts(reading) == [1, 3]
    assert found(reading) == [
        (2, "duplicate", {"copy": "identical", "first_row": 1}),
        (4, "duplicate", {"copy": "conflicting", "first_row": 3}),
    ]


BAD = [
    (tap(ENTRY, "08:00:00", card=""), "missing_field", {"field": "card_no"}),
    ({"station": "布吉"}, "missing_field", {"field": "card_no"}),
    ({**tap(ENTRY, "08:00:00"), "deal_date": None}, "missing_field", {"field": "deal_date"}),
    ({**tap(ENTRY, "08:00:00"), "deal_type": " "}, "missing_field", {"field": "deal_type"}),
    (tap(ENTRY, "25:00:00"), "bad_time", {"field": "deal_date", "value": "2018-09-01 25:00:00"}),
    (tap(ENTRY, "1918-09-01 08:00:00"), "bad_time", {"field": "deal_date", "value": "1918-09-01 08:00:00"}),
    (tap(ENTRY, "x" * 99), "bad_time", {"field": "deal_date", "value": ("2018-09-01 " + "x" * 99)[:64]}),
    (tap("轮渡", "08:00:00"), "unknown_kind", {"field": "deal_type", "value": "轮渡"}),
    ("no object", "malformed_row", {}),
    (None, "malformed_row", {}),
    ([tap(ENTRY, "08:00:00")], "malformed_row", {}),
    ({**tap(ENTRY, "08:00:00"), "card_no": {"a": 1}}, "malformed_row", {}),
    ({**tap(ENTRY, "08:00:00"), "card_no": True}, "malformed_row", {}),
    ({**tap(ENTRY, "08:00:00"), "card_no": 1.5}, "malformed_row", {}),
    ({**tap(ENTRY, "08:00:00"), "card_no": "half \ud800 a character"}, "malformed_row", {}),
]


@pytest.mark.parametrize(("bad", "code", "values"), BAD)
def test_read__a_tap_that_cannot_be_used__is_a_finding_and_the_next_is_read(
    bad: object, code: str, values: dict[str, object]
) -> None:
    reading = read(bad, tap(BUS, "09:00:00"))
    assert found(reading) == [(1, code, values)]
    assert rows_of_acts(reading) == [2]


def test_read__numbers_where_the_platform_has_text__are_read_as_text() -> None:
    reading = read({**tap(BUS, "09:00:00"), "card_no": 123, "equ_no": 7})
    assert reading.acts["CI-01-RIDE"]["record_key"].to_list() == ["123/2018-09-01T09:00:00/7"]


def test_read__local_times_that_clocks_skip_or_show_twice__are_bad_times() -> None:
    spring, autumn = tap(BUS, "2018-03-25 01:30:00"), tap(BUS, "2018-10-28 01:30:00")
    assert codes(read(spring, autumn, zone="Europe/London")) == [(1, "bad_time"), (2, "bad_time")]


@pytest.mark.parametrize("file", [b"[]", b'{"data": []}', b'{"total": 0, "data": [], "page": 1, "rows": 0}'])
def test_read__an_empty_page__has_no_rows(file: bytes) -> None:
    reading = read_taps([file], origin())
    assert (reading.rows, reading.acts, reading.findings.height) == (0, {}, 0)


@pytest.mark.parametrize("file", [b'{"error": "rate limit"}', b'[{"a": 1}, {"b": 2}]', b"[1, 2]", b"17"])
def test_read__json_of_something_else__is_an_error_that_says_so(file: bytes) -> None:
    with pytest.raises(InputError, match="file: no row is a tap: none has any of card_no, deal_date"):
        read_taps([file], origin())


def test_read__findings__never_name_the_card() -> None:
    reading = read_taps([SAMPLE], origin())
    cards = {row["card_no"] for row in json.loads(SAMPLE)["data"]}
    assert not [card for card in cards for values in reading.findings["values"] if card in values]


def as_list(taps: list[dict[str, str]]) -> bytes:
    return json.dumps(taps).encode()


def as_page(taps: list[dict[str, str]]) -> bytes:
    return json.dumps({"total": 1_337_000, "data": taps, "page": 1, "rows": 1_000}, ensure_ascii=False).encode()


def as_indented_page(taps: list[dict[str, str]]) -> bytes:
    return json.dumps({"data": taps}, indent=2).encode()


def as_lines(taps: list[dict[str, str]]) -> bytes:
    return b"\r\n".join(json.dumps(tap).encode() for tap in taps)


def as_lines_of_pages(taps: list[dict[str, str]]) -> bytes:
    half = len(taps) // 2
    return b"\n".join(json.dumps({"data": some}).encode() for some in (taps[:half], taps[half:])) + b"\n"


@pytest.mark.parametrize("form", [as_list, as_page, as_indented_page, as_lines, as_lines_of_pages])
def test_read__every_form_of_the_platform__says_the_same(form: Callable[[list[dict[str, str]]], bytes]) -> None:
    taps = json.loads(SAMPLE)["data"]
    reading = read_taps([form(taps)], origin("szt_taps_100.json"))
    expected = read_taps([SAMPLE], origin("szt_taps_100.json"))
    assert reading.findings.equals(expected.findings)
    assert {name: acts.equals(expected.acts[name]) for name, acts in reading.acts.items()} == {"CI-01-RIDE": True}


times = st.integers(0, 6 * 60).map(lambda minute: f"{6 + minute // 60:02}:{minute % 60:02}:00")
some_taps = st.lists(
    st.builds(
        tap,
        st.sampled_from([ENTRY, EXIT, BUS, "轮渡"]),
        times,
        st.sampled_from(["福田", "布吉", "机场站", "伦敦桥", None]),
        st.sampled_from(["X", "Y"]),
        st.sampled_from(["1", "2"]),
    ),
    max_size=14,
)


@given(some_taps)
@settings(max_examples=200, deadline=None)
def test_read__any_taps__every_row_is_in_one_act_or_one_finding(taps: list[dict[str, str]]) -> None:
    reading = read(*taps)
    rides = reading.acts.get("CI-02")
    if rides is not None:
        assert ((rides["end"] - rides["start"]).is_between(1, 210 * 60)).all()
        assert rides["distance_m"].min() > 0


@given(some_taps, st.randoms())
@settings(max_examples=100, deadline=None)
def test_read__taps_in_any_order__are_the_same_rides(taps: list[dict[str, str]], random: Random) -> None:
    # one tap a key, so that no copy depends on the order
    unique = list({(tap["card_no"], tap["deal_date"], tap["equ_no"]): tap for tap in taps}.values())
    shuffled = sorted(unique, key=lambda _: random.random())
    keys = [
        {name: acts.drop("rows").sort("record_key").rows() for name, acts in read(*taps).acts.items()}
        for taps in (unique, shuffled)
    ]
    assert keys[0] == keys[1]


@pytest.mark.parametrize("lines", [False, True], ids=["one document", "a page a line"])
def test_read__a_document_that_says_something_twice__is_findings_and_no_dropped_tap(lines: bool) -> None:
    one, two, three = (json.dumps(tap(BUS, f"05:3{n}:00", card=f"CARD{n}")) for n in range(3))
    pages = (f'{{"data": [{one}], "data": [{two}, {three}]}}', f'{{"data": [{three}]}}')
    text = "\n".join(pages) if lines else pages[0]
    reading = read_taps([text.encode()], origin())
    assert_every_row_once(reading)
    assert codes(reading) == [(row, "malformed_row") for row in (1, 2, 3)]
    assert rows_of_acts(reading) == ([4] if lines else [])


def test_read__a_tap_that_says_a_field_twice__is_a_finding() -> None:
    good = json.dumps(tap(BUS, "05:39:10"))
    twice = good.replace('"card_no": "CARD"', '"card_no": "CARD", "card_no": "OTHER"')
    for text in (
        f"[{twice}, {good}]",
        f"{twice}\n{good}",
        f"[{twice},{good}]",
        twice.replace("card_no", "card_\\u006eo", 1),
    ):
        reading = read_taps([text.encode()], origin())
        assert_every_row_once(reading)
        assert codes(reading) == [(1, "malformed_row")]
        assert rows_of_acts(reading) == ([2] if good in text.replace(twice, "") else [])


def test_read__a_field_twice_that_nobody_reads__changes_nothing() -> None:
    text = json.dumps([tap(BUS, "05:39:10")]).replace('"car_no": "x"', '"car_no": "x", "car_no": "y"')
    assert rows_of_acts(read_taps([text.encode()], origin())) == [1]
