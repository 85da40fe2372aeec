"""Senders that never finish: they hold places of their own only, and not for long; whoever is not authentic holds none."""

from __future__ import annotations

import hashlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import requests

from oracle.serve.http.server import BODY_SECONDS, HEAD_SECONDS
from oracle.serve.http.signed import Request
from tests.e2e.intake import Intake, trip_file
from tests.services import until

EACH, ALL = 8, 32
SLACK = 30  # seconds, on a busy machine


@pytest.fixture(scope="module", autouse=True)
def quick(intake: Intake) -> None:
    """The first answer of a service takes longer than any other."""
    assert intake.put("warm.csv", trip_file(9_000, 1)).status_code == 200


def _health(intake: Intake) -> dict[str, Any]:
    answer = requests.get(f"{intake.service.url}/v1/health", timeout=5)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _head(intake: Intake, name: str, *, key: str | None = None, forged: bool = False, age: int = 0) -> bytes:
    """A request's head, signed by bus-app, for a body of a thousand bytes."""
    path, digest = f"/v1/sources/bus-app/files/{name}", hashlib.sha256(name.encode()).hexdigest()
    request = Request("PUT", path, "bus-app", int(time.time()) - age, key or digest[:16], digest)
    signature = intake.secrets["kiosk" if forged else "bus-app"].sign(request.text)
    headers = request.headers(signature) | {"Host": "x", "Content-Length": "1000"}
    lines = [f"PUT {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


@contextmanager
def _connections(intake: Intake, beginnings: list[bytes]) -> Iterator[list[socket.socket]]:
    """Connections on which so much has been sent."""
    opened = [
        socket.create_connection(("127.0.0.1", intake.service.port), timeout=BODY_SECONDS + SLACK) for _ in beginnings
    ]
    try:
        for each, beginning in zip(opened, beginnings, strict=True):
            each.sendall(beginning)
        yield opened
    finally:
        for each in opened:
            each.close()


def _answer(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    pieces = []
    try:
        while piece := connection.recv(4096):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def _trickled(connection: socket.socket) -> None:
    """Sends a byte now and then, until the other side has closed."""
    with suppress(OSError):
        while True:
            connection.sendall(b"x")
            time.sleep(0.2)  # how fast a slow sender is


def test_bodies__that_never_end__leave_room_for_others_and_are_given_up(intake: Intake) -> None:
    heads = [_head(intake, f"never-{n}.csv") + b"trip_id" for n in range(EACH + 4)]
    with _connections(intake, heads) as opened:
        begun = time.monotonic()
        trickling = threading.Thread(target=_trickled, args=(opened[0],))
        trickling.start()
        until(lambda: _health(intake)["free_places"] == ALL - EACH)
        assert intake.put("another.csv", trip_file(1, 1), "ride-app").status_code == 200
        own = intake.put("own.csv", trip_file(2, 1))
        assert (own.status_code, own.headers["Retry-After"]) == (503, "2")
        assert "8 files of bus-app are being received" in own.json()["detail"]
        answers = [_answer(connection)[9:12] for connection in opened[1:]]
        trickling.join(SLACK)
        assert not trickling.is_alive()
        assert BODY_SECONDS / 2 < time.monotonic() - begun < BODY_SECONDS + SLACK
    assert answers.count(b"408") >= EACH - 1
    assert set(answers) == {b"408", b"503"}
    until(lambda: _health(intake)["free_places"] == ALL)
    assert intake.put("own.csv", trip_file(2, 1)).status_code == 200


def test_head__that_never_ends__is_given_up(intake: Intake) -> None:
    beginnings = [b"", b"PUT /v1/sources/bus-app/files/x.csv HT", _head(intake, "x.csv")[:-2]]
    with _connections(intake, beginnings) as opened:
        begun = time.monotonic()
        answers = [_answer(connection) for connection in opened]
        assert HEAD_SECONDS / 2 < time.monotonic() - begun < HEAD_SECONDS + SLACK
    assert [answer[9:12] for answer in answers] == [b"408"] * 3


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"forged": True}, b"401"), ({"age": 301}, b"401"), ({"key": "used-before"}, b"200")],
    ids=["not signed", "too old", "used before"],
)
def test_head__that_is_not_signed_fresh_and_unused__takes_no_place(
    intake: Intake, changes: dict[str, Any], status: bytes
) -> None:
    name = f"held-{status.decode()}-{len(changes)}.csv"
    if status == b"200":
        body = name.encode()
        path = f"/v1/sources/bus-app/files/{name}"
        assert intake.put(name, trip_file(70, 1), key="used-before").status_code == 200, (path, body)
        digest = hashlib.sha256(trip_file(70, 1)).hexdigest()
        request = Request("PUT", path, "bus-app", int(time.time()), "used-before", digest)
        headers = request.headers(intake.secrets["bus-app"].sign(request.text)) | {
            "Host": "x",
            "Content-Length": "1000",
        }
        head = "\r\n".join([f"PUT {path} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items()), "", ""]).encode()
    else:
        head = _head(intake, name, **changes)
    with _connections(intake, [head + b"some"] * 12) as opened:
        for connection in opened:
            assert connection.recv(12)[9:] == status
            assert _health(intake)["free_places"] == ALL


def test_head__sent_again_and_again__takes_one_place(intake: Intake) -> None:
    """Whoever saw a head on its way can repeat it, and no more."""
    with _connections(intake, [_head(intake, "replayed.csv") + b"some"] * 12) as opened:
        until(lambda: _health(intake)["free_places"] == ALL - 1)
        assert intake.put("other.csv", trip_file(80, 1)).status_code == 200
        waiting, answered = set(opened), 0
        while answered < 11:
            readable, _, _ = select.select(waiting, [], [], SLACK)
            assert readable, f"{answered} of 11 were answered"
            for connection in readable:
                assert connection.recv(4096)[9:12] == b"503"
                waiting.remove(connection)
                answered += 1
    until(lambda: _health(intake)["free_places"] == ALL)
