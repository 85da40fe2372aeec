"""Readings from a broker that is reached over TLS: by certificate, by password, and not at all when either is another's."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from oracle.serve.intake.meters import TOPIC
from tests.e2e.intake import SUBSCRIBED, Intake
from tests.e2e.test_meters import hours, payload
from tests.services import Mosquitto, until

PASSWORD = "correct horse"


@dataclass(frozen=True)
class Named:
    """A certificate and its key."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates, with a key of its own that lasts as long as the test."""

    def __init__(self, folder: Path):
        folder.mkdir(mode=0o755)
        self._folder = folder
        self._own = self._made("authority", "-addext", "keyUsage=keyCertSign")
        self.file = self._own.certificate

    def named(self, name: str) -> Named:
        """A certificate for a name, good for this machine's address."""
        signer = ("-CA", str(self._own.certificate), "-CAkey", str(self._own.key))
        return self._made(name, *signer, "-addext", "subjectAltName=IP:127.0.0.1")

    def _made(self, name: str, *words: str) -> Named:
        made = Named(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
        files = ("-keyout", str(made.key), "-out", str(made.certificate), "-subj", f"/CN={name}")
        subprocess.run(["openssl", "req", *kind, *files, *words], check=True, capture_output=True)
        made.key.chmod(0o644)  # the broker is another user
        return made


@dataclass(frozen=True)
class Guarded:
    """A broker that lets only some in.

    Attributes:
        broker: The broker.
        authority: Who signed its certificate.
        book: What the intake shows; None where a password counts.
        meters: What a meter shows; None where a password counts.
    """

    broker: Mosquitto
    authority: Authority
    book: Named | None
    meters: Named | None

    def intake(self, folder: Path, authority: Path, book: Named | None) -> Intake:
        """An intake that listens to it."""
        words = ["--mqtt", f"mqtts://book@127.0.0.1:{self.broker.port}", "--mqtt-authority", str(authority)]
        if book is not None:
            words += ["--mqtt-certificate", str(book.certificate), "--mqtt-key", str(book.key)]
        return Intake(folder, *words)

    def publish(self, content: bytes) -> None:
        """A meter's message, until the broker has it."""
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="meters")
        shown = (None, None) if self.meters is None else (str(self.meters.certificate), str(self.meters.key))
        client.tls_set(str(self.authority.file), *shown)
        client.username_pw_set("meters", PASSWORD)
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        sent = client.publish(TOPIC.format(source="grid"), content, qos=1)
        sent.wait_for_publish(30)
        client.disconnect()
        client.loop_stop()
        assert sent.is_published()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture(params=["certificate", "password"])
def guarded(
    request: pytest.FixtureRequest, tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Guarded]:
    """A broker of either kind, and the intake's password in its file."""
    (tmp_path / "password").write_text(PASSWORD + "\n")
    monkeypatch.setenv("CARBONBOOK_MQTT_PASSWORD_FILE", str(tmp_path / "password"))
    server, by_password = authority.named("broker"), request.param == "password"
    access = f"certfile {server.certificate}\nkeyfile {server.key}\nuser {getpass.getuser()}\n"
    if by_password:
        access += f"allow_anonymous false\npassword_file {_passwords(tmp_path)}"
    else:
        access += f"cafile {authority.file}\nrequire_certificate true\nuse_identity_as_username true"
    broker = Mosquitto(tmp_path / "broker", access)
    broker.start()
    shown = (None, None) if by_password else (authority.named("book"), authority.named("meters"))
    yield Guarded(broker, authority, *shown)
    broker.stop()


def _passwords(folder: Path) -> Path:
    """The broker's file of users."""
    path = folder / "users"
    path.touch(mode=0o600)
    for user in ("book", "meters"):
        subprocess.run(["mosquitto_passwd", "-b", str(path), user, PASSWORD], check=True, capture_output=True)
    return path


def test_hours_of_a_day__over_tls__make_one_act(guarded: Guarded, tmp_path: Path) -> None:
    intake = guarded.intake(tmp_path / "intake", guarded.authority.file, guarded.book)
    intake.service.start()
    intake.service.until_said(SUBSCRIBED)
    guarded.publish(payload(intake.secrets["grid"], hours("flat-1")))
    until(lambda: len(intake.acts()) == 1)
    intake.service.stop()
    assert 6_000 in intake.acts()[0]


def test_broker__whose_certificate_another_authority_signed__gets_no_password(guarded: Guarded, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other").file
    _is_told(guarded.intake(tmp_path / "intake", other, guarded.book), "certificate verify failed")


@pytest.mark.parametrize("guarded", ["certificate"], indirect=True)
def test_intake__without_a_certificate__is_refused_and_told(guarded: Guarded, tmp_path: Path) -> None:
    _is_told(guarded.intake(tmp_path / "intake", guarded.authority.file, None), "the broker ended the connection")


@pytest.mark.parametrize("guarded", ["password"], indirect=True)
def test_intake__with_another_password__is_refused_and_told(guarded: Guarded, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("another\n")
    _is_told(guarded.intake(tmp_path / "intake", guarded.authority.file, None), "the broker refuses: Not authorized")


def test_certificate__that_is_no_file__ends_the_command_with_a_sentence(tmp_path: Path) -> None:
    intake = Intake(tmp_path)
    words = ("serve", "--port", "0", "--mqtt", "mqtts://127.0.0.1", "--mqtt-authority", tmp_path / "none.pem")
    ended = intake.carbonbook.run_plain(*words, "--home", intake.home)
    assert (ended.returncode, "The certificates for the broker cannot be used" in ended.stderr) == (4, True), ended


def _is_told(intake: Intake, said: str) -> None:
    intake.service.start()
    try:
        until(lambda: said in intake.service.log.read_text())
    finally:
        intake.service.stop()
    assert PASSWORD not in intake.service.log.read_text()
