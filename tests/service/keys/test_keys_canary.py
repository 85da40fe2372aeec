"""No key and no secret reaches an output: every command is run, most of them failing, and all they say is searched."""

from __future__ import annotations

import base64
import contextlib
import io
import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from oracle.cli import commands
from oracle.config import Settings
from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.citizens import Register
from oracle.serve.http.signed import SharedSecret

# Each of another byte, so that a hit tells which one it was.
NAMES = (CUSTODY, RECORDS, "relayer", "oracle-1", "transit", "source-bus-app")
SECRETS = {name: bytes([0xC0 + index, 0xDE] * 16) for index, name in enumerate(NAMES)}
CONFIG = """\
rpc = "http://127.0.0.1:1"
committee = ["oracle-1"]
member = "oracle-1"

[sources.bus-app]
operator = "transit"
"""

COMMANDS: list[list[str]] = [
    ["attest"],
    ["attest", "--nodes", "http://127.0.0.1:1"],
    ["close"],
    ["credit"],
    ["enrol", "{csv}"],
    ["erase", "bus-app:rider-1", "--who", "x"],
    ["erase", "nobody", "--who", "x"],
    ["ingest", "{csv}", "--source", "bus-app"],
    ["ingest", "{csv}", "--source", "nobody"],
    ["ingest", "{key}", "--source", "bus-app"],
    ["methodology", "list"],
    ["node", "invite", "oracle-1", "{home}"],
    ["node", "run"],
    ["quarantine", "list"],
    ["quarantine", "show", "x"],
    ["redeem", "{csv}"],
    ["redeem", "{key}"],
    ["report"],
    ["settle"],
    ["settle", "list"],
    ["run", "--rounds", "1", "--port", "0"],
    ["reconcile"],
    ["source", "list"],
    ["source", "secret", "bus-app", "--out", "/nowhere/secret"],
    ["status"],
    ["verify", "0x" + "00" * 32],
    ["verify", "{key}"],
    ["watch", "{home}", "--once"],
]


def forms(secret: bytes) -> list[str]:
    """What a secret may look like in a text."""
    plain = [secret.hex(), secret.hex().upper(), str(int.from_bytes(secret)), repr(secret)[2:-1]]
    return [
        *plain,
        base64.b64encode(secret).decode()[:40],
        " ".join(f"{byte:02x}" for byte in secret),
        str(list(secret)),
    ]


def leaked(text: str, passphrase: str = "") -> list[str]:
    """Names of the secrets in a text."""
    found = [name for name, secret in SECRETS.items() if any(form in text for form in forms(secret))]
    return found + (["passphrase"] if passphrase and passphrase in text else [])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    keys = Keyring(folder / "keys")
    keys.create_passphrase()
    for name, secret in SECRETS.items():
        keys.store(name, secret, random_passphrase=True)
    (folder / "config.toml").write_text(CONFIG)
    return folder


@pytest.fixture
def passphrase(home: Path) -> str:
    return (home / "keys" / "passphrase").read_text()


def _run(words: list[str]) -> str:
    """All that a command says, on every channel; a traceback too, should it end in one."""
    said, logged = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(logged)
    root, level, arguments = logging.getLogger(), logging.getLogger().level, sys.argv
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    sys.argv = ["carbonbook", *words]
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                commands.main()
            except SystemExit as ended:
                said.write(f"\nexit {ended.code}\n")
            except BaseException:
                said.write("\ntraceback\n" + traceback.format_exc())
    finally:
        sys.argv = arguments
        root.removeHandler(handler)
        root.setLevel(level)
    return said.getvalue() + logged.getvalue()


def test_search__finds_a_secret_in_every_form() -> None:
    for name, secret in SECRETS.items():
        assert [leaked(f"x {form} y") for form in forms(secret)] == [[name]] * len(forms(secret))


@pytest.mark.parametrize("name", commands.MODULES)
def test_command__has_a_help_page_of_its_own(name: str) -> None:
    said = _run([name, "--help"])
    assert "No such command" not in said
    assert "\nexit 0\n" in said


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:40])
def test_command__says_no_secret(home: Path, passphrase: str, tmp_path: Path, words: list[str]) -> None:
    csv = tmp_path / "some.csv"
    csv.write_text("citizen,source,subject,consented,residents\na,bus-app,rider-1,maybe,1\n")
    names = {"{csv}": csv, "{home}": home, "{key}": home / "keys" / "relayer.json"}
    said = _run(
        [str(names.get(word, word)) for word in words] + ([] if words[0] == "methodology" else ["--home", str(home)])
    )
    assert leaked(said, passphrase) == []
    assert len(said) > 20
    assert "traceback" not in said
    assert "exit 2" not in said, "the command was typed wrongly"


@pytest.mark.parametrize("broken", ["passphrase", "relayer.json", "custody.json"])
@pytest.mark.parametrize("words", [["credit"], ["redeem", "x.csv"], ["ingest", "{csv}", "--source", "bus-app"]])
def test_command__with_a_damaged_keystore__says_no_secret(
    home: Path, passphrase: str, tmp_path: Path, broken: str, words: list[str]
) -> None:
    path = home / "keys" / broken
    path.write_text(path.read_text()[:-3] + "0}}" if broken.endswith("json") else "wrong")
    csv = tmp_path / "trips.csv"
    csv.write_text("trip_id,rider,mode,start_time,end_time,distance\nt,r,bus,1672876800000,1672878000000,5000\n")
    said = _run([str(csv) if word == "{csv}" else word for word in words] + ["--home", str(home)])
    assert leaked(said, passphrase) == []


def _objects(home: Path) -> Iterator[object]:
    keys = Keyring(home / "keys")
    for name in NAMES:
        keys.secret(name)
    settings = Settings.load(home, {"CARBONBOOK_PASSPHRASE_FILE": str(home / "keys" / "passphrase")})
    book = Book(home, keys)
    yield from (keys, settings, settings.model_dump(), settings.model_dump_json(), book.database, book.register)
    yield from (Register(SECRETS[CUSTODY], SECRETS[RECORDS]), SharedSecret(SECRETS["source-bus-app"]))
    yield keys.account("relayer")
    book.database.close()


def _traceback_with_values(item: object) -> str:
    try:
        raise RuntimeError(item)
    except RuntimeError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def test_objects__printed_or_in_a_traceback_with_their_values__show_no_secret(home: Path, passphrase: str) -> None:
    for item in _objects(home):
        text = _traceback_with_values(item) + repr(item) + str(item) + f"{item}"
        assert leaked(text, passphrase) == [], type(item)
