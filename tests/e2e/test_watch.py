"""A watched folder: files are read and moved; killed in between, they are read again, which changes nothing."""

from __future__ import annotations

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
    assert "it is an Excel workbook or a zip archive" in taken["bad.csv"]["problem"]
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
