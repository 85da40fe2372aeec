"""A watched folder: files are read and moved; killed in between, they are read again, which changes nothing."""

from __future__ import annotations

import json
import os
import socket
from contextlib import closing
from pathlib import Path

from tests.e2e.intake import Intake, trip_file


def _drop(folder: Path, name: str, body: bytes, source: str = "bus-app") -> Path:
    path = folder / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def test_files__are_read_and_moved__and_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    intake, drop = Intake(tmp_path / "intake"), tmp_path / "drop"
    good = _drop(drop, "good.csv", trip_file(1, 3))
    bad = _drop(drop, "bad.csv", b"PK\x03\x04")
    unfinished = _drop(drop, "late.csv.part", trip_file(5, 1))
    kiosk = [_drop(drop, f"k-{n}.csv", trip_file(100 * n, 4), "kiosk") for n in (1, 2)]
    taken = {item["file"]: item for item in intake.carbonbook("watch", drop, "--once")["files"]}
    assert (taken["good.csv"]["accepted"], taken["good.csv"]["problem"]) == (3, None)
    assert "it is not a valid Excel workbook" in taken["bad.csv"]["problem"]
    assert (good.exists(), bad.exists(), unfinished.exists()) == (False, False, True)
    assert (drop / "bus-app" / "done" / "good.csv").exists()
    assert "Excel" in (drop / "bus-app" / "failed" / "bad.csv.reason.txt").read_text()
    assert taken["k-2.csv"]["waiting"]
    assert [path.exists() for path in kiosk] == [False, True]
    again = intake.carbonbook("watch", drop, "--once")["files"]
    assert [item["file"] for item in again] == ["k-2.csv"]


def test_watch__killed_again_and_again__reads_everything_once(tmp_path: Path) -> None:
    intake, drop = Intake(tmp_path / "intake"), tmp_path / "drop"
    for number in range(30):
        _drop(drop, f"f-{number}.csv", trip_file(1_000 * number, 200))
    for moment in (1.0, 1.3, 1.6, 1.9, 2.2):
        intake.carbonbook.killed("watch", drop, "--once", after=moment)
    intake.carbonbook("watch", drop, "--once")
    assert len(list((drop / "bus-app" / "done").glob("*"))) == 30
    assert intake.rows() == 6_000
    assert len(intake.acts()) == 6_000


def test_links__lead_nowhere__and_nothing_of_what_they_name_is_told(tmp_path: Path) -> None:
    intake, drop = Intake(tmp_path / "intake"), tmp_path / "drop"
    secret = intake.home / "keys" / "passphrase"
    words = secret.read_text()
    good = _drop(drop, "good.csv", trip_file(1, 3))
    folder = good.parent
    (folder / "link.csv").symlink_to(secret)
    (folder / "dangling.csv").symlink_to(tmp_path / "nowhere")
    (folder / "inside.csv").symlink_to(good)
    (folder / "second.csv").hardlink_to(_drop(tmp_path, "elsewhere.csv", trip_file(7, 1)))
    os.mkfifo(folder / "pipe.csv")
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(folder / "socket.csv"))
    (drop / "kiosk").symlink_to(intake.home / "keys")
    done = intake.carbonbook.run("watch", drop, "--once")
    taken = {item["file"]: item for item in json.loads(done.stdout)["files"]}
    assert taken.pop("good.csv")["accepted"] == 3
    assert "the source's folder cannot be opened" in taken.pop("")["problem"]
    assert sorted(taken) == ["dangling.csv", "inside.csv", "link.csv", "pipe.csv", "second.csv", "socket.csv"]
    for item in taken.values():
        assert item["problem"].endswith("it is a link or not a regular file, and is not read; put a plain copy there")
    reasons = "".join(path.read_text() for path in (folder / "failed").glob("*.reason.txt"))
    assert words not in done.stdout + done.stderr + reasons
    assert secret.read_text() == words
    assert intake.rows() == 3


def test_folders_for_what_was_read__that_are_links__are_not_followed(tmp_path: Path) -> None:
    """Else whoever brings files could write anywhere."""
    intake, drop = Intake(tmp_path / "intake"), tmp_path / "drop"
    path = _drop(drop, "good.csv", trip_file(1, 3))
    target = tmp_path / "target"
    target.mkdir()
    (path.parent / "done").symlink_to(target)
    (path.parent / "failed").symlink_to(target)
    _drop(drop, "bad.csv", b"PK\x03\x04")
    taken = {item["file"]: item for item in intake.carbonbook("watch", drop, "--once")["files"]}
    assert {item["problem"] for item in taken.values()} == {"cannot be read or moved: Not a directory"}
    assert list(target.iterdir()) == []
    assert path.exists()


def test_file_that_is_a_secret__brought_as_it_is__is_not_quoted(tmp_path: Path) -> None:
    intake, drop = Intake(tmp_path / "intake"), tmp_path / "drop"
    words = "correct-horse-battery-staple"
    for name, body in (
        ("plain.csv", words),
        ("header.csv", f"start,value,{words}\n1,2,3\n"),
        ("twice.csv", f"{words},{words}\n"),
        ("lacks.csv", f"trip_id,rider,mode,start_time,end_time,{words}\n"),
        ("entity.xml", f'<feed xmlns="http://naesb.org/espi">&{words};</feed>'),
        ("json.json", f"{{{words}"),
    ):
        _drop(drop, name, body.encode())
    done = intake.carbonbook.run("watch", drop, "--once")
    assert len(json.loads(done.stdout)["files"]) == 6
    reasons = [path.read_text() for path in (drop / "bus-app" / "failed").glob("*.reason.txt")]
    assert len(reasons) == 6
    assert words not in done.stdout + done.stderr + "".join(reasons)


def test_names__of_every_kind__stop_nobody(tmp_path: Path) -> None:
    intake, drop = Intake(tmp_path / "intake"), tmp_path / "drop"
    names = {
        "深圳.csv".encode("gb18030"): "深圳.csv",
        b"\xff\xfe.csv": "\\xff\\xfe.csv",
        b"n" * 248 + b".csv": None,
        b"line\nbreak.csv": "line_break.csv",
        b"\x1b[31mred.csv": "_[31mred.csv",
    }
    folder = drop / "bus-app"
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        (folder / os.fsdecode(name)).write_bytes(trip_file(100 * number, 2))
        (folder / os.fsdecode(b"0" + name[1:])).write_bytes(b"PK\x03\x04" + bytes([number]))
    done = intake.carbonbook("watch", drop, "--once")["files"]
    assert [item["accepted"] for item in done if not item["problem"]] == [2] * 5
    assert sum("Excel" in (item["problem"] or "") for item in done) == 5
    shown = {item["file"] for item in done}
    assert {name for name in names.values() if name} <= shown
    assert all(len(name.encode()) <= 200 for name in shown)
    assert sorted(path.name for path in (folder / "done").iterdir()) == sorted(os.fsdecode(name) for name in names)
    assert len(list((folder / "failed").iterdir())) == 10
    again = _drop(drop, os.fsdecode(b"n" * 248 + b".csv"), trip_file(900, 1))
    assert intake.carbonbook("watch", drop, "--once")["files"][0]["accepted"] == 1
    assert not again.exists()
    assert len(list((folder / "done").iterdir())) == 6
    odd = tmp_path / os.fsdecode("水表.csv".encode("gb18030"))
    odd.write_bytes(trip_file(1_000, 1))
    (file,) = intake.carbonbook("ingest", odd, "--source", "bus-app")["files"]
    assert (file["file"], file["accepted"]) == ("水表.csv", 1)
