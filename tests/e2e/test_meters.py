"""Readings of meters through a real broker: acknowledged when committed; nothing lost, nothing doubled."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from oracle.edge.keys.keyring import Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.deliveries import readings, refused_messages
from oracle.serve.http.signed import SharedSecret
from oracle.serve.intake.meters import TOPIC, payload_of, request_of
from tests.e2e.intake import SUBSCRIBED, Intake
from tests.services import Mosquitto, until

# Yesterday's in Shenzhen: its hours are over, and nobody gives up waiting for them yet.
MIDNIGHT = (int(time.time()) + 8 * 3600) // 86_400 * 86_400 - 8 * 3600 - 86_400
KILL_SEED = 11


class Meters:
    """Meters that publish, each message until the broker has it."""

    def __init__(self, broker: Mosquitto):
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="meters")
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def publish(self, payload: bytes, source: str = "grid") -> None:
        """Publishes with quality of service 1 and waits until the broker has it."""
        sent = self._client.publish(TOPIC.format(source=source), payload, qos=1)
        sent.wait_for_publish(30)
        assert sent.is_published()

    def close(self) -> None:
        """Disconnects."""
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path / "broker")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def intake(tmp_path: Path, broker: Mosquitto) -> Iterator[Intake]:
    made = Intake(tmp_path / "intake", "--mqtt", f"mqtt://127.0.0.1:{broker.port}")
    made.service.start()
    made.service.until_said(SUBSCRIBED)
    yield made
    made.service.stop()


@pytest.fixture
def meters(broker: Mosquitto) -> Iterator[Meters]:
    made = Meters(broker)
    yield made
    made.close()


def hours(meter: str, day: int = 0, watt_hours: int = 250) -> list[dict[str, str]]:
    starts = [MIDNIGHT + 86_400 * day + 3600 * hour for hour in range(24)]
    return [
        {"meter": meter, "start": _iso(start), "end": _iso(start + 3600), "value": str(watt_hours), "unit": "Wh"}
        for start in starts
    ]


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def payload(secret: SharedSecret, rows: object, source: str = "grid") -> bytes:
    text = json.dumps(rows)
    request = request_of(source, MIDNIGHT, text)
    return payload_of(text, MIDNIGHT, secret.sign(request.text))


def _count(intake: Intake, table: object) -> int:
    from sqlalchemy import func, select

    book = Book(intake.home, Keyring(intake.home / "keys"))
    with book.database.reading() as connection:
        found = connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]
    book.database.close()
    return int(found)


def test_hours_of_a_day__make_one_act(intake: Intake, meters: Meters) -> None:
    for row in hours("flat-1"):
        meters.publish(payload(intake.secrets["grid"], [row]))
    until(lambda: len(intake.acts()) == 1)
    (act,) = intake.acts()
    assert act[0] == "CI-11"
    assert 6_000 in act


def test_readings__sent_twice__count_once(intake: Intake, meters: Meters) -> None:
    for _ in range(2):
        meters.publish(payload(intake.secrets["grid"], hours("flat-1")))
    until(lambda: len(intake.acts()) == 1)
    meters.publish(payload(intake.secrets["grid"], hours("flat-1")))
    meters.publish(payload(intake.secrets["grid"], hours("flat-2")))
    until(lambda: len(intake.acts()) == 2)
    assert _count(intake, readings) == 48
    assert intake.findings() == {}


def test_day__that_is_not_whole_yet__waits(intake: Intake, meters: Meters) -> None:
    meters.publish(payload(intake.secrets["grid"], hours("flat-1")[:-1]))
    meters.publish(payload(intake.secrets["grid"], hours("flat-2", -1)))
    until(lambda: len(intake.acts()) == 1)
    assert _count(intake, readings) == 47
    assert intake.rows() == 24


def test_day__with_an_hour_missing_for_good__goes_to_quarantine(intake: Intake, meters: Meters) -> None:
    meters.publish(payload(intake.secrets["grid"], hours("flat-1", -10)[:-1]))
    until(lambda: intake.rows() == 23)
    assert intake.findings() == {"incomplete_day": 23}


@pytest.mark.parametrize(
    ("useless", "reason"),
    [
        (b"\xff", "the payload must be an object"),
        (b"[1]", "the payload must be an object"),
        (payload(SharedSecret(b"x" * 32), hours("m")), "is not a valid signature of grid"),
        (payload(SharedSecret(b"x" * 32), hours("m"), "kiosk"), "is not a valid signature of grid"),
    ],
    ids=["no text", "a list", "another's secret", "another's name"],
)
def test_message__of_no_use__is_written_down_and_spoils_no_other(
    intake: Intake, meters: Meters, useless: bytes, reason: str
) -> None:
    meters.publish(useless)
    meters.publish(payload(intake.secrets["grid"], hours("flat-1")))
    until(lambda: len(intake.acts()) == 1)
    book = Book(intake.home, Keyring(intake.home / "keys"))
    with book.database.reading() as connection:
        (row,) = connection.execute(refused_messages.select())
    book.database.close()
    assert reason in row.reason


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "1e3"},
        {"value": "=1"},
        {"end": _iso(MIDNIGHT)},
        {"start": "2023-01-05"},
        {"meter": "a,b"},
        {"unit": ""},
    ],
)
def test_reading__that_is_none__is_refused_with_its_field(
    intake: Intake, meters: Meters, wrong: dict[str, str]
) -> None:
    meters.publish(payload(intake.secrets["grid"], [hours("m")[0] | wrong]))
    until(lambda: _count(intake, refused_messages) == 1)
    assert _count(intake, readings) == 0


def test_service_and_broker__killed_and_restarted__every_reading_counts_once(
    intake: Intake, meters: Meters, broker: Mosquitto
) -> None:
    moments = random.Random(KILL_SEED)
    rows = [row for number in range(40) for row in hours(f"flat-{number}", watt_hours=100 + number)]
    moments.shuffle(rows)
    kills = 0
    for first in range(0, len(rows), 8):
        meters.publish(payload(intake.secrets["grid"], rows[first : first + 8]))
        if first % 192 == 96:
            intake.service.kill()
            kills += 1
            meters.publish(payload(intake.secrets["grid"], rows[first : first + 8]))  # while nobody listens
            intake.service.start()
    until(lambda: len(intake.acts()) == 40, 120)
    assert kills == 5
    assert _count(intake, readings) == 40 * 24
    assert sorted(
        value for act in intake.acts() for value in act if isinstance(value, int) and 2_400 <= value <= 3_400
    ) == [24 * (100 + number) for number in range(40)]
    assert intake.findings() == {}
