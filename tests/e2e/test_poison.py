"""Input that could spoil more than itself: one bad row among five hundred, and a file of ten gigabytes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests.e2e.cli import CARBONBOOK, Carbonbook

HEADER = "trip_id,rider,mode,start_time,end_time,trip_distance"
MORNING_MS = 1_672_876_800_000
BAD = 250


def _trip(number: int) -> str:
    distance = "many" if number == BAD else str(9_000 + number)
    start = MORNING_MS + 1_000 * number
    return f"t-{number},rider-{number},metro,{start},{start + 1_200_000},{distance}"


def test_one_bad_row_in_five_hundred__costs_only_itself_up_to_the_chain(carbonbook: Carbonbook, tmp_path: Path) -> None:
    path = tmp_path / "trips.csv"
    path.write_text("\n".join([HEADER, *(_trip(number) for number in range(1, 501)), ""]))
    read = carbonbook("ingest", path, "--source", "bus-app")
    assert (read["rows"], read["accepted"], read["quarantined"]) == (500, 499, 1)
    assert read["findings"] == {"bad_number": 1}
    carbonbook("close")
    carbonbook("attest")
    carbonbook("clock", "--advance", "1")
    (credited,) = carbonbook("credit")["credited"]
    assert credited["accounts"] == 499
    (row,) = carbonbook("report", "issuance")["rows"]
    assert int(row["records"]) == 499
    with closing(sqlite3.connect(carbonbook.home / "book.sqlite")) as book:
        states = dict(book.execute("SELECT status, count(*) FROM transactions GROUP BY status"))
    assert states.keys() == {1}, "no transaction reverted"
    (found,) = carbonbook("report", "findings")["rows"]
    assert (found["code"], int(found["row"]), "many" in found["values"]) == ("bad_number", BAD, True)


def test_a_file_of_ten_gigabytes__is_refused_in_bounded_memory(carbonbook: Carbonbook, tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    path.write_text(HEADER + "\n")
    os.truncate(path, 10 << 30)  # takes no room on the disk
    words = [CARBONBOOK, "ingest", str(path), "--source", "bus-app", "--home", str(carbonbook.home)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    assert (process.returncode, "huge.csv: a line has more than 67108864 bytes" in said) == (3, True), said
    assert used.ru_maxrss < 512 << 10, "KiB"
