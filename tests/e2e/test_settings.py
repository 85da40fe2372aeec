"""Settings, keys and files of every kind that a person would leave wrong: exit code 4, one sentence, no traceback."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.installation import Installation
from oracle.model.errors import ConfigError
from tests.e2e.cli import Inside
from tests.e2e.homes import on_a_chain

GOOD = f'[sources.bus-app]\noperator = "0x{"11" * 20}"\n'
TRIPS = "trip_id,rider,mode,start_time,end_time,distance\nt,r,metro,1672876800000,1672878000000,9000\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder without a chain."""
    made = tmp_path / "home"
    keys = Keyring(made / "keys")
    keys.create_passphrase()
    for name in (CUSTODY, RECORDS, "relayer"):
        keys.store(name, random_passphrase=True)
    (made / "config.toml").write_text(GOOD)
    (tmp_path / "trips.csv").write_text(TRIPS)
    return made


def _ends(home: Path, *words: str | Path, code: int = 4) -> str:
    done = Inside(home).run(*words)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (
            '[sources.s]\noperator = "transit"\nzone = "Asia/Shenzen"',
            "sources.s.zone: Value error, 'Asia/Shenzen' is not an IANA",
        ),
        ('[sources.s]\noperator = "transit"\nzone = "../../etc/passwd"', "sources.s.zone"),
        ('[sources.s]\noperator = "transit"\nzone = "Asia"', "sources.s.zone"),
        ('[sources.s]\noperator = "transit"\nzone = ""', "sources.s.zone"),
        ('[sources.s]\noperator = "0x12"', "sources.s.operator: Value error, an account must be 0x and 40 hex digits"),
        ('[sources.s]\noperator = ""', "sources.s.operator"),
        ('[sources.s]\noperator = "transit"\nsigner = "0x12"', "sources.s.signer"),
        ('[sources.s]\noperator = "transit"\ndaily_rows = -1', "sources.s.daily_rows"),
        ('[sources.s]\noperator = "transit"\nresidents = 0', "sources.s.residents"),
        ('[sources.s]\noperator = "transit"\nservice = "steam"', "sources.s.service"),
        ('rpc = "localhost:8545"', "rpc: Value error, a node's address must be http(s)://host:port"),
        ('rpc = "127.0.0.1"', "rpc: Value error, a node's address must be http(s)://host:port"),
        ('witnesses = ["ftp://x"]', "witnesses.0: Value error, a node's address must be"),
        ('proposers = ["me"]', "proposers.0"),
        ('[settlement]\nofficers = ["0x12"]', "settlement.officers.0"),
        ('[signers.a]\nurl = "http://x"\naddress = "0x12"', "signers.a.address"),
        ('home = "elsewhere"', "`home` cannot be set"),
        ("= nothing", "Invalid"),
    ],
)
def test_a_setting_that_is_wrong__is_named(home: Path, config: str, says: str) -> None:
    (home / "config.toml").write_text(config)
    assert says in _ends(home, "status")


@pytest.mark.parametrize("name", ["CARBONBOOK_RPC", "CARBONBOOK_DATABASE"])
def test_a_variable_that_is_wrong__is_as_a_setting(home: Path, name: str) -> None:
    done = Inside(home).run("status", environment={name: "nowhere"})
    assert (done.returncode, done.stderr[:7]) == (4, "Error: ")


def test_a_config_that_is_not_utf8__or_no_file__is_told(home: Path) -> None:
    path = home / "config.toml"
    path.write_bytes('[sources."深圳"]\noperator = "x"\n'.encode("gb18030"))
    assert "config.toml is not UTF-8" in _ends(home, "status")
    path.unlink()
    path.mkdir()
    assert "config.toml cannot be read: Is a directory" in _ends(home, "status")


def _cut(home: Path) -> None:
    path = home / "keys" / "records.json"
    path.write_text(path.read_text()[:100])


def _other_json(home: Path) -> None:
    (home / "keys" / "records.json").write_text("[1]")


def _another_version(home: Path) -> None:
    (home / "keys" / "records.json").write_text('{"version": 9}')


def _folder_for_passphrase(home: Path) -> None:
    path = home / "keys" / "passphrase"
    path.unlink()
    path.mkdir()


def _binary_passphrase(home: Path) -> None:
    (home / "keys" / "passphrase").write_bytes(b"\xff\xfe\x00")


def _folder_for_key(home: Path) -> None:
    path = home / "keys" / "records.json"
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "spoil", [_cut, _other_json, _another_version, _folder_for_passphrase, _binary_passphrase, _folder_for_key]
)
def test_a_key_or_passphrase_that_is_damaged__is_told(
    home: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    words = ("ingest", tmp_path / "trips.csv", "--source", "bus-app")
    passphrase = (home / "keys" / "passphrase").read_text()
    on_a_chain(home)
    spoil(home)
    said = _ends(home, *words)
    assert str(home / "keys") in said
    assert passphrase not in said


def test_a_key_that_is_cut__is_told_where_only_its_address_is_asked(home: Path) -> None:
    (home / "config.toml").write_text('[sources.bus-app]\noperator = "relayer"\n')
    (home / "keys" / "relayer.json").write_text("{")
    with pytest.raises(ConfigError, match=r"relayer.json is not a valid keystore file"):
        Installation.at(home).operators()


@pytest.mark.parametrize("name", ["../keys/relayer", "x" * 300, "relayer\x00", "", ".."])
def test_a_key_by_a_name_that_is_a_path__is_no_key(home: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="No key '"):
        Keyring(home / "keys").address(name)


def test_a_broker_password_that_is_not_there__is_told(home: Path) -> None:
    words = ("serve", "--mqtt", "mqtt://me@127.0.0.1:1")
    command = [*words, "--home", str(home)]
    from tests.e2e.cli import Carbonbook

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CARBONBOOK_MQTT_PASSWORD_FILE", str(home / "nowhere"))
        done = Carbonbook(home).run_plain(*command)
    assert (done.returncode, "nowhere cannot be read: No such file" in done.stderr) == (4, True), done.stderr


def test_everything_that_commands_write__is_its_owners_only(home: Path, tmp_path: Path) -> None:
    """Whatever the umask of whoever types; and what was open to others before is shut when the book is opened."""
    shutil.rmtree(home / "keys")
    for path, mode in ((home, 0o755), (home / "book.sqlite", 0o644)):
        if path != home:
            path.touch()
        path.chmod(mode)
    keys = Keyring(home / "keys")
    keys.create_passphrase()
    for name in (CUSTODY, RECORDS):
        keys.store(name, random_passphrase=True)
    on_a_chain(home)
    (home / "config.toml").chmod(0o600)
    (home / "keys").chmod(0o700)
    Inside(home)("ingest", tmp_path / "trips.csv", "--source", "bus-app")
    modes = {str(path.relative_to(home)): stat.S_IMODE(path.stat().st_mode) for path in (home, *home.rglob("*"))}
    assert len(modes) > 10
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_check__tells_what_others_may_read(home: Path) -> None:
    (home / "config.toml").chmod(0o600)
    (home / "keys").chmod(0o700)
    (home / "old.csv").write_text("x")
    (home / "old.csv").chmod(0o644)
    done = Inside(home).run("check")
    assert done.returncode == 4
    assert "home/old.csv" in done.stdout
    (disk,) = [item for item in json.loads(done.stdout)["checks"] if item["check"] == "disk"]
    assert "others may read 1 files and folders, such as" in disk["found"]
    assert "chmod -R go-rwx" in disk["what_to_do"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"citizen,source,subject,consented,residents\n,s,\xff,yes,1\n", "is neither UTF-8 nor GB18030"),
        (b"citizen,source,subject,consented,residents\n,s,a,yes,1,2\n", "row 1: has more fields than the header"),
        (b"citizen,source,subject,consented,residents\n,s\n", "row 1: has fewer fields than the header"),
        (
            "citizen,source,subject,consented,residents\n,s,a,yes,²\n".encode(),
            "row 1, residents: '²' is not a whole number from 1 to 99",
        ),
        (
            b"citizen,source,subject,consented,residents\n,s,a,yes,99999999999999999999\n",
            "is not a whole number from 1 to 99",
        ),
        (
            b'citizen,source,subject,consented,residents\n,s,"a,yes,1\n',
            "is not a valid CSV file: unexpected end of data",
        ),
        (b"citizen\n", "columns missing in the header: source, subject, consented, residents"),
    ],
)
def test_enrolment__that_is_wrong__is_told_with_its_row(home: Path, tmp_path: Path, content: bytes, says: str) -> None:
    on_a_chain(home)
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    done = Inside(home).run("enrol", path)
    assert (done.returncode, says in done.stderr) == (3, True), done.stderr


def test_enrolment__of_a_folder_or_of_nothing__is_told(home: Path, tmp_path: Path) -> None:
    assert "Is a directory" in _ends(home, "enrol", tmp_path, code=3)
    assert "file not found" in _ends(home, "enrol", tmp_path / "nowhere.csv", code=3)
    assert "File name too long" in _ends(home, "enrol", tmp_path / ("x" * 300), code=3)
