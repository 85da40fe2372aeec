"""Whatever is published, by whomever: it is acknowledged, counted and kept, nothing ends, and the next good reading counts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row

from oracle.edge.keys.keyring import Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.deliveries import readings, refused_count, refused_messages
from oracle.serve.http.signed import SharedSecret
from oracle.serve.intake.meters import TOPIC, payload_of, request_of
from tests.e2e.intake import Intake
from tests.e2e.test_meters import MIDNIGHT, Meters, hours, payload
from tests.services import Mosquitto, until

EXAMPLES = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
NUMBERS = ("1e999", "-1e999", "1E400", "NaN", "Infinity", "-0", "9" * 5000, "1.5", "0x10", "01")
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800")
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
).map(json.dumps)
PARTS = st.one_of(VALUES, st.sampled_from(NUMBERS), st.just('"1700000000"'), st.just("1700000000"))
SIGNATURES = st.one_of(PARTS, st.just(f'"hmac-sha256={"0" * 64}"'), st.just(f'"eip191={"f" * 130}"'))
FIELDS = {"rows": PARTS, "time": PARTS, "signature": SIGNATURES}
ENVELOPES = st.one_of(
    st.lists(st.sampled_from(sorted(FIELDS)).flatmap(lambda name: st.tuples(st.just(name), FIELDS[name])), max_size=5),
    st.tuples(*(st.tuples(st.just(name), part) for name, part in FIELDS.items())),
).map(lambda pairs: "{" + ",".join(f'"{name}":{part}' for name, part in pairs) + "}")
UNSIGNED = st.one_of(ENVELOPES, VALUES, st.sampled_from(["[" * 100_000, '{"a":' * 50_000, "", "\ufeff{}"])).map(
    str.encode
)
ROWS = st.one_of(
    VALUES,
    st.sampled_from(["[]", "{", "[{}]", "[" * 100_000, "\x00", '"', "\ud800"]),
    st.tuples(st.sampled_from(sorted(hours("m")[0])), PARTS).map(lambda item: _with(*item)),
)


def _with(name: str, part: str) -> str:
    """A good row, in which one field is something else: instead, or for a second time."""
    others = ",".join(f'"{key}":{json.dumps(value)}' for key, value in hours("poison")[0].items() if key != name)
    return f'[{{{others},"{name}":{part}}}]'


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path_factory.mktemp("poison") / "broker")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory, broker: Mosquitto) -> Iterator[Intake]:
    made = Intake(tmp_path_factory.mktemp("poison-intake"), "--mqtt", f"mqtt://127.0.0.1:{broker.port}")
    made.service.start()
    yield made
    made.service.stop()


@pytest.fixture(scope="module")
def meters(broker: Mosquitto) -> Iterator[Meters]:
    made = Meters(broker)
    yield made
    made.close()


def _refused(intake: Intake) -> int:
    with (
        closing(Book(intake.home, Keyring(intake.home / "keys")).database) as database,
        database.reading() as connection,
    ):
        return refused_count(connection)


def _rows(intake: Intake) -> list[Row[tuple[object, ...]]]:
    with (
        closing(Book(intake.home, Keyring(intake.home / "keys")).database) as database,
        database.reading() as connection,
    ):
        return list(connection.execute(refused_messages.select().order_by(refused_messages.c.id)))


def _readings(intake: Intake) -> list[Row[tuple[object, ...]]]:
    with (
        closing(Book(intake.home, Keyring(intake.home / "keys")).database) as database,
        database.reading() as connection,
    ):
        return list(connection.execute(readings.select()))


def _is_well(intake: Intake, meters: Meters, meter: str) -> None:
    """The service is the process that was started, and takes a day of readings."""
    before = len(intake.acts())
    meters.publish(payload(intake.secrets["grid"], hours(meter)))
    until(lambda: len(intake.acts()) == before + 1)
    assert intake.service.runs


def test_time__of_an_unsigned_message__that_is_no_number__is_refused_and_kept(intake: Intake, meters: Meters) -> None:
    poison = b'{"rows": "[]", "time": 1e999, "signature": ""}'
    before = _refused(intake)
    meters.publish(poison)
    meters.publish(poison)
    until(lambda: _refused(intake) == before + 2)
    row = _rows(intake)[-1]
    assert (row.times, row.payload, row.topic) == (2, poison, "carbonbook/grid/readings")
    assert row.reason == "The header Carbonbook-Time is missing or does not match [0-9]{1,11}"
    _is_well(intake, meters, "flat-after-poison")


@pytest.mark.parametrize("source", ["nobody", "€", "a" * 65, "grid\\x"])
def test_topic__of_no_source__is_refused(intake: Intake, meters: Meters, source: str) -> None:
    before = _refused(intake)
    meters.publish(payload(SharedSecret(b"x" * 32), hours("m")), source)
    until(lambda: _refused(intake) == before + 1)
    _is_well(intake, meters, f"flat-{len(source)}-{source[0]}")


def test_payload__too_large__is_not_even_parsed(intake: Intake, meters: Meters) -> None:
    before = _refused(intake)
    meters.publish(b" " * ((4 << 20) + 1))
    until(lambda: _refused(intake) == before + 1)
    assert _rows(intake)[-1].reason == "the payload has 4194305 bytes; at most 4194304 are allowed"
    assert len(_rows(intake)[-1].payload) == 4096


def test_messages__that_nobody_signed__whatever_they_hold__are_each_refused(intake: Intake, meters: Meters) -> None:
    sent: list[bytes] = []

    @EXAMPLES
    @given(UNSIGNED | st.binary(max_size=80))
    def publish(poison: bytes) -> None:
        sent.append(poison)
        meters.publish(poison)

    before, acts = _refused(intake), intake.acts()
    publish()
    assert len(sent) > 100
    until(lambda: _refused(intake) == before + len(sent))
    assert intake.acts() == acts
    _is_well(intake, meters, "flat-after-strangers")


def test_messages__signed__whatever_their_rows_hold__are_each_taken_or_refused(intake: Intake, meters: Meters) -> None:
    sent: set[bytes] = set()

    @EXAMPLES
    @given(ROWS)
    def publish(rows: str) -> None:
        request = request_of("grid", MIDNIGHT, rows.encode("utf-8", "replace").decode())
        message = payload_of(rows, MIDNIGHT, intake.secrets["grid"].sign(request.text))
        sent.add(message)
        meters.publish(message)

    publish()
    assert len(sent) > 100
    _is_well(intake, meters, "flat-after-rows")
    refused = {row.sha256: row.reason for row in _rows(intake)}
    topic = TOPIC.format(source="grid").encode() + b"\0"
    taken = [message for message in sent if hashlib.sha256(topic + message).hexdigest() not in refused]
    assert len(taken) < len(sent) / 2
    stored = {(row.meter, row.value, row.unit) for row in _readings(intake)}
    for message in taken:
        (row,) = json.loads(json.loads(message)["rows"], parse_int=str, parse_float=str)
        assert (row["meter"], row["value"], row["unit"]) in stored


@pytest.mark.parametrize("unit", ["furlong", "therm", "kwh"])
def test_reading__in_a_unit_that_nobody_knows__is_refused_and_holds_up_no_file(
    intake: Intake, meters: Meters, unit: str
) -> None:
    before = _refused(intake)
    meters.publish(payload(intake.secrets["grid"], [hours("odd")[0] | {"unit": unit}]))
    until(lambda: _refused(intake) == before + 1)
    assert _rows(intake)[-1].reason == "row 1, unit: unknown unit; supported are MWh, Wh, kWh"
    _is_well(intake, meters, f"flat-after-{unit}")
