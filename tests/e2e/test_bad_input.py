"""Input of every kind that a person would try: a clear error and an untouched book, or findings that account for every row."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from oracle.sandbox import local
from tests.e2e.cli import CHAIN, DATA, Carbonbook, counts, free_port

METER = "meter,start,end,value,unit\n"
TRIP = "trip_id,rider,mode,start_time,end_time,trip_distance\n"
READING = "2023-01-{day:02}T00:00:00+08:00,2023-01-{next:02}T00:00:00+08:00,{value},kWh\n"
TAPS = DATA / "szt_taps_100.json"

# name of the file, its bytes, source, what the error says
UNREADABLE: list[tuple[str, bytes, str, str]] = [
    ("empty.csv", b"", "grid", "empty.csv: the file is empty"),
    (
        "columns.csv",
        b"foo,bar\n1,2\n",
        "grid",
        "columns.csv: cannot tell what kind of file this is: found a first line",
    ),
    ("cut.json", TAPS.read_bytes()[:5000], "szt", "cut.json: not valid JSON, or cut off: Expecting"),
    ("book.xlsx", b"PK\x03\x04" + bytes(40), "grid", "book.xlsx: it is not a valid Excel workbook"),
    ("noise.csv", bytes(range(256)), "grid", "noise.csv: it is a binary file, not text"),
    ("page.html", b"<html><body>404</body></html>", "grid", "found XML that is neither an ESPI feed nor GPX"),
    (
        "unit.csv",
        b"meter,start,value\nm,2023-01-05,5\n",
        "grid",
        "neither a column 'unit' nor the caller says the unit",
    ),
]


def _reading(meter: str, day: int, value: str) -> str:
    return f"{meter}," + READING.format(day=day, next=day + 1, value=value)


# name of the file, its text, its encoding, source, accepted rows, findings
FOUND: list[tuple[str, str, str, str, int, dict[str, int]]] = [
    ("bom.csv", METER + _reading("m-1", 5, "4.5"), "utf-8-sig", "grid", 1, {}),
    ("gb18030.csv", METER + _reading("电表一号", 5, "4.5"), "gb18030", "grid", 1, {}),
    (
        "negative.csv",
        METER + _reading("m-2", 5, "-4.5") + _reading("m-2", 6, "4.5"),
        "utf-8",
        "grid",
        1,
        {"negative": 1},
    ),
    (
        "backwards.csv",
        TRIP + "t-1,r-1,metro,1672880400000,1672876800000,9000\n",
        "utf-8",
        "ride-app",
        0,
        {"end_before_start": 1},
    ),
    ("word.csv", METER + _reading("m-3", 5, "many"), "utf-8", "grid", 0, {"bad_number": 1}),
]


@pytest.fixture(scope="module")
def before(carbonbook: Carbonbook) -> dict[str, Any]:
    """The book with the real taps in it, closed."""
    carbonbook("ingest", TAPS, "--source", "szt")
    carbonbook("close")
    return counts(carbonbook("status"))


@pytest.mark.parametrize(("name", "content", "source", "said"), UNREADABLE, ids=[case[0] for case in UNREADABLE])
def test_a_file_that_cannot_be_read__is_an_error_and_changes_nothing(
    carbonbook: Carbonbook,
    before: dict[str, Any],
    tmp_path: Path,
    name: str,
    content: bytes,
    source: str,
    said: str,
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    done = carbonbook.run("ingest", path, "--source", source)
    assert (done.returncode, done.stdout) == (3, "")
    assert said in done.stderr
    assert counts(carbonbook("status")) == before


@pytest.mark.parametrize(
    ("name", "text", "encoding", "source", "accepted", "findings"), FOUND, ids=[case[0] for case in FOUND]
)
def test_a_row_that_cannot_be_believed__is_a_finding_and_the_others_go_on(
    tmp_path: Path,
    carbonbook: Carbonbook,
    name: str,
    text: str,
    encoding: str,
    source: str,
    accepted: int,
    findings: dict[str, int],
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    done = carbonbook("ingest", path, "--source", source)
    assert done["findings"] == findings
    assert (done["rows"], done["accepted"]) == (accepted + sum(findings.values()), accepted)


def test_a_file_ingested_twice__under_another_name__is_taken_once(
    carbonbook: Carbonbook, before: dict[str, Any], tmp_path: Path
) -> None:
    held = counts(carbonbook("status"))
    copy = tmp_path / "renamed.json"
    shutil.copy(TAPS, copy)
    done = carbonbook("ingest", copy, "--source", "szt")
    assert done["files"][0]["ingested_before"] is True
    assert counts(carbonbook("status")) == held


def test_a_station_nobody_knows__is_a_finding(carbonbook: Carbonbook, tmp_path: Path) -> None:
    taps = json.loads(TAPS.read_text(encoding="utf-8"))
    entry = next(tap for tap in taps["data"] if tap["deal_type"] == "地铁入站")
    trip = [
        entry | {"card_no": "EFCHBDCFE", "station": "会展中心", "deal_date": "2018-09-01 08:00:00"},
        entry
        | {"card_no": "EFCHBDCFE", "station": "无此站", "deal_date": "2018-09-01 08:30:00", "deal_type": "地铁出站"},
    ]
    path = tmp_path / "unknown.json"
    path.write_text(json.dumps({"data": trip}, ensure_ascii=False), encoding="utf-8")
    done = carbonbook("ingest", path, "--source", "szt")
    assert (done["rows"], done["accepted"], done["findings"]) == (2, 0, {"unknown_station": 2})


def test_a_source_nobody_registered__names_those_that_are(carbonbook: Carbonbook) -> None:
    done = carbonbook.run("ingest", TAPS, "--source", "nosuch")
    assert (done.returncode, done.stdout) == (4, "")
    assert (
        "Source 'nosuch' is not registered. Registered sources: bus-app, gas, green-button, green-life" in done.stderr
    )


def test_a_key_that_is_missing__is_named_and_nothing_is_sent(carbonbook: Carbonbook, before: dict[str, Any]) -> None:
    key = carbonbook.home / "keys" / "oracle-2.json"
    away = key.with_suffix(".away")
    head = carbonbook("status")["head"]
    key.rename(away)
    try:
        done = carbonbook.run("attest")
    finally:
        away.rename(key)
    assert (done.returncode, done.stdout) == (4, "")
    assert f"No key 'oracle-2' in {key.parent}" in done.stderr
    assert carbonbook("status")["head"] == head


def test_another_chain__is_refused_before_anything_is_sent(
    carbonbook: Carbonbook, before: dict[str, Any], tmp_path: Path
) -> None:
    port = free_port()
    start = (
        "import sys; from pathlib import Path; from oracle.sandbox import local;"
        "local.start(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), 0)"
    )
    subprocess.run([sys.executable, "-c", start, str(tmp_path), CHAIN, str(port)], check=True)
    try:
        done = carbonbook.run("attest", environment={"CARBONBOOK_RPC": f"http://127.0.0.1:{port}"})
    finally:
        local.stop(tmp_path)
    assert (done.returncode, done.stdout) == (6, "")
    assert f"http://127.0.0.1:{port} is chain 31337 with genesis 0x" in done.stderr
    assert "Set `rpc` to the right node, or deploy again." in done.stderr


def test_no_chain__is_an_error_and_the_work_goes_on_when_it_is_back(
    carbonbook: Carbonbook, before: dict[str, Any]
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    done = carbonbook.run("attest", environment={"CARBONBOOK_RPC": nowhere})
    assert (done.returncode, done.stdout) == (6, "")
    assert f"No answer from the chain at {nowhere}. Is it running?" in done.stderr
    assert carbonbook("attest")["attested"] == sum(before["batches"].values())
