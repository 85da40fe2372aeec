"""The intake over HTTP, as a process: signed, idempotent, bounded; killed in the middle, nothing is lost or doubled."""

from __future__ import annotations

import gzip
import hashlib
import random
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from oracle.serve.http.signed import SharedSecret
from tests.e2e.intake import Intake, acts_of, trip_file
from tests.services import until

KILL_SEED = 7


def test_file__signed_by_secret__is_taken_once(intake: Intake) -> None:
    body = trip_file(1, 3)
    first = intake.put("one.csv", body)
    assert (first.status_code, first.json()["accepted"], first.json()["before"]) == (200, 3, False)
    again = intake.put("one.csv", body)
    assert (again.status_code, again.json()["accepted"], again.json()["before"]) == (200, 3, True)
    anew = intake.put("one.csv", body, key="another-key")
    assert (anew.status_code, anew.json()["before"]) == (200, True)


def test_secret__given_out_by_the_command__is_the_one_that_counts(intake: Intake, tmp_path: Path) -> None:
    out = tmp_path / "bus-app.secret"
    said = intake.carbonbook.run("source", "secret", "bus-app", "--out", out)
    secret = out.read_text().strip()
    assert (said.returncode, out.stat().st_mode & 0o777) == (0, 0o600)
    assert SharedSecret(bytes.fromhex(secret)).sign(b"x") == intake.secrets["bus-app"].sign(b"x")
    assert secret not in said.stdout + said.stderr


def test_file__signed_by_account__is_taken(intake: Intake) -> None:
    answer = intake.put("two.csv", trip_file(10, 2), "ride-app")
    assert (answer.status_code, answer.json()["accepted"]) == (200, 2)


def test_key__used_for_other_bytes__is_refused(intake: Intake) -> None:
    assert intake.put("three.csv", trip_file(20, 1), key="k-3").status_code == 200
    other = intake.put("four.csv", trip_file(21, 1), key="k-3")
    assert (other.status_code, other.json()["error"]) == (409, "Refused")
    assert "was already used for another file" in other.json()["detail"]


def test_name__used_for_other_bytes__is_refused(intake: Intake) -> None:
    assert intake.put("five.csv", trip_file(30, 1)).status_code == 200
    other = intake.put("five.csv", trip_file(31, 1))
    assert (other.status_code, "Use another name" in other.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        ({"Carbonbook-Signature": "hmac-sha256=" + "0" * 64}, "The signature is not a valid signature of bus-app"),
        ({"Carbonbook-Signature": "eip191=" + "1" * 130}, "The signature is not a valid signature of bus-app"),
        ({"Carbonbook-Signature": "none"}, "The header Carbonbook-Signature is missing or does not match"),
        ({"Idempotency-Key": "other"}, "The signature is not a valid signature of bus-app"),
        ({"Carbonbook-Sender": "kiosk"}, "kiosk may not send for source 'bus-app'"),
        ({"Carbonbook-Time": "x"}, "The header Carbonbook-Time is missing or does not match"),
        ({"Carbonbook-Sha256": "0" * 64}, "The signature is not a valid signature of bus-app"),
    ],
)
def test_request__altered__is_not_authentic(intake: Intake, tamper: dict[str, str], sentence: str) -> None:
    before = intake.rows()
    answer = intake.put("bad.csv", trip_file(40, 1), tamper=tamper)
    assert answer.status_code == 401
    assert sentence in answer.json()["detail"]
    assert intake.rows() == before


@pytest.mark.parametrize(
    "digits", ["f" * 128 + "1b", "0" * 128 + "1b", "0" * 63 + "1" + "f" * 64 + "1c", "1" * 130, "1" * 128 + "05"]
)
def test_request__whose_signature_no_account_can_make__is_not_authentic(intake: Intake, digits: str) -> None:
    answer = intake.put("bad.csv", trip_file(40, 1), "ride-app", tamper={"Carbonbook-Signature": "eip191=" + digits})
    assert (answer.status_code, "is not a valid signature of ride-app" in answer.json()["detail"]) == (401, True)


def test_request__too_old__is_not_authentic(intake: Intake) -> None:
    answer = intake.put("old.csv", trip_file(41, 1), at=int(time.time()) - 301)
    assert (answer.status_code, "more than 300 s apart" in answer.json()["detail"]) == (401, True)


def test_source__that_is_not_registered__cannot_be_told_from_one_without_secret(intake: Intake) -> None:
    answers = {intake.put("x.csv", trip_file(42, 1), source).json()["detail"] for source in ("nobody", "somebody")}
    assert answers == {f"No key is registered for source '{name}'." for name in ("nobody", "somebody")}


def test_body__that_is_not_the_signed_one__is_not_authentic(intake: Intake) -> None:
    answer = intake.put("swapped.csv", trip_file(43, 1), sha256=hashlib.sha256(b"other").hexdigest())
    assert (answer.status_code, "was signed" in answer.json()["detail"]) == (401, True)


def test_allowance__used_up__says_when_to_come_again_and_leaves_others_alone(intake: Intake) -> None:
    assert intake.put("k1.csv", trip_file(50, 4), "kiosk").status_code == 200
    answer = intake.put("k2.csv", trip_file(60, 2), "kiosk")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 86_400
    assert intake.put("k3.csv", trip_file(70, 1), "kiosk").status_code == 200
    too_many = intake.put("k4.csv", trip_file(80, 6), "kiosk")
    assert (too_many.status_code, "Split the file" in too_many.json()["detail"]) == (422, True)
    assert intake.put("b1.csv", trip_file(90, 50)).status_code == 200


XXE = b'<?xml version="1.0"?><!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><f xmlns="http://naesb.org/espi">&x;</f>'
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE f [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><f xmlns="http://naesb.org/espi">&b;</f>'


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("xxe.xml", XXE),
        ("laughs.xml", LAUGHS),
        ("book.xlsx", b"PK\x03\x04" + b"\0" * 100),
        ("cut.csv.gz", gzip.compress(trip_file(1, 50))[:-20]),
        ("empty.csv", b""),
        ("deep.json", b"[" * 200_000),
        ("words.csv", b"a,b\n1,2\n"),
    ],
)
def test_file__that_is_harmful_or_none__is_refused_with_a_sentence(intake: Intake, name: str, body: bytes) -> None:
    before = intake.rows()
    answer = intake.put(name, body)
    assert answer.status_code == 422, answer.text
    assert len(answer.json()["detail"]) > 20
    assert "root:" not in answer.text
    assert intake.rows() == before


@pytest.mark.parametrize("name", ["..%2Fconfig.toml", ".hidden", "%3Cb%3E"])
def test_name__that_is_a_path_or_markup__is_refused(intake: Intake, name: str) -> None:
    answer = intake.put(name, trip_file(1, 1))
    assert answer.status_code in (404, 422)
    assert not list(intake.home.glob("*.csv"))


def test_bomb__of_a_thousandfold__is_refused_in_bounded_memory(intake: Intake) -> None:
    packed = gzip.compress(trip_file(1, 1) + (b"," * 1023 + b"\n") * (400 << 10), 1)
    assert len(packed) < 4 << 20
    answer = intake.put("bomb.csv.gz", packed)
    assert (answer.status_code, "bytes unpacked" in answer.json()["detail"]) == (422, True)
    xml = b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi">' + b" " * (400 << 20)
    answer = intake.put("bomb.xml.gz", gzip.compress(xml, 1))
    assert (answer.status_code, "bytes unpacked" in answer.json()["detail"]) == (422, True)
    assert intake.service.memory_peak < 1 << 30


def test_name__that_no_disk_takes__is_refused_with_a_sentence(intake: Intake) -> None:
    answer = intake.put(quote("深" * 100) + ".csv", trip_file(46, 1))
    assert (answer.status_code, "has 304 bytes; at most 200 are allowed" in answer.json()["detail"]) == (422, True)
    assert intake.put(quote("深圳" * 30) + ".csv", trip_file(47, 1)).status_code == 200


def test_body__without_end__is_cut_off_in_bounded_memory(intake: Intake) -> None:
    before, piece = intake.service.memory_peak, b"x" * (1 << 20)
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1024):
            sent += len(piece)
            yield piece

    with suppress(requests.exceptions.ConnectionError):  # it may hang up while we are sending
        assert intake.put("endless.csv", endless(), sha256="0" * 64).status_code == 413
    assert sent < 1 << 30
    assert intake.service.memory_peak - before < 64 << 20


def test_places__all_taken__says_come_again_and_then_takes(intake: Intake) -> None:
    with _slow_senders(intake, 8):
        until(lambda: _free(intake) == 24)
        other = intake.put("other.csv", trip_file(2_500, 1), "ride-app")
        ninth = intake.put("ninth.csv", trip_file(2_000, 1))
    assert other.status_code == 200, "places are each source's own"
    assert (ninth.status_code, ninth.headers["Retry-After"]) == (503, "2")
    assert intake.put("ninth.csv", trip_file(2_000, 1)).status_code == 200


def test_health__asked_all_the_time__turns_nobody_away_from_the_last_place(intake: Intake) -> None:
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            assert _health(intake) == 200

    with _slow_senders(intake, 7), ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        try:
            answers = [intake.put(f"last-{n}.csv", trip_file(3_000 + n, 1)).status_code for n in range(30)]
        finally:
            done.set()
        for item in asking:
            item.result()
    assert answers == [200] * 30


@contextmanager
def _slow_senders(intake: Intake, count: int) -> Iterator[None]:
    """So many senders hold their connections open in the middle of a file; in the end every file is taken."""
    going_on, begun = threading.Event(), threading.Semaphore(0)
    bodies = [trip_file(1_000 + 100 * count + 10 * n, 5) for n in range(count)]

    def slowly(body: bytes) -> Iterator[bytes]:
        yield body[:50]
        begun.release()
        going_on.wait(60)
        yield body[50:]

    with ThreadPoolExecutor(count) as pool:
        sent = [
            pool.submit(intake.put, f"slow-{count}-{n}.csv", slowly(body), sha256=hashlib.sha256(body).hexdigest())
            for n, body in enumerate(bodies)
        ]
        try:
            for _ in bodies:
                assert begun.acquire(timeout=60)
            yield
        finally:
            going_on.set()
        assert [item.result().status_code for item in sent] == [200] * count


def _free(intake: Intake) -> int:
    return int(requests.get(f"{intake.service.url}/v1/health", timeout=60).json()["free_places"])


def _health(intake: Intake) -> int:
    return requests.get(f"{intake.service.url}/v1/health", timeout=60).status_code


def test_openapi__names_the_headers_and_the_kinds(intake: Intake) -> None:
    document = requests.get(f"{intake.service.url}/openapi.json", timeout=60).json()
    operation = document["paths"]["/v1/sources/{source}/files/{name}"]["put"]
    assert {"Carbonbook-Signature", "Idempotency-Key"} <= {item["name"] for item in operation["parameters"]}
    kind = next(item for item in operation["parameters"] if item["name"] == "kind")
    assert re.search("szt.trips.tracks.meters.greenbutton.acts", str(kind["schema"]))


def test_service__killed_again_and_again__loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Four senders repeat what was not answered, while the service is killed at four random moments.

    They send new files until the last kill, so that a fast machine is not done before it.
    """
    moments = random.Random(KILL_SEED)
    killed = Intake(tmp_path / "killed")
    files: dict[str, bytes] = {}
    waiting: list[str] = []
    lock, kills = threading.Lock(), 0

    def send() -> None:
        while True:
            with lock:
                if not waiting and kills == 4:
                    return
                if not waiting:
                    waiting.append(f"f-{len(files)}.csv")
                    files[waiting[0]] = trip_file(100 * len(files), 40)
                name = waiting.pop()
            try:
                answer = killed.put(name, files[name])
                assert answer.status_code in (200, 503), answer.text
                done = answer.status_code == 200
            except requests.exceptions.RequestException:
                done = False
            if not done:
                with lock:
                    waiting.append(name)
                time.sleep(0.05)

    killed.service.start()
    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(send) for _ in range(4)]
        while kills < 4:
            time.sleep(moments.uniform(0.05, 1.0))
            killed.service.kill()
            kills += 1
            killed.service.start()
        for sender in senders:
            sender.result(300)
    killed.service.stop()
    plain = Intake(tmp_path / "plain")
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    plain.carbonbook("ingest", *(tmp_path / name for name in files), "--source", "bus-app")
    assert killed.rows() == 40 * len(files)
    assert len(acts_of(killed.home)) == 40 * len(files)
    assert _without_ids(killed) == _without_ids(plain)
    assert not list((killed.home / "spool" / "parcels").glob("*/*"))


def _without_ids(intake: Intake) -> list[tuple[object, ...]]:
    """Acts without record ids, which each book's own secret makes."""
    return sorted((tuple(v for v in row if not isinstance(v, bytes)) for row in intake.acts()), key=repr)
