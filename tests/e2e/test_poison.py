"""Input that could spoil more than itself: one bad row among five hundred, and a file of ten gigabytes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.e2e.cli import Carbonbook

HEADER = "trip_id,rider,mode,start_time,end_time,trip_distance"
MORNING_MS = 1_672_876_800_000
BAD = 250
# The command, and the most memory that its own image had: what the system tells its parent counts the parent's before it, too.
TELLING_MEMORY = """
import pathlib, sys
from oracle.cli.commands import main
try:
    main()
finally:
    print(next(line for line in pathlib.Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


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
    words = ["ingest", str(path), "--source", "bus-app", "--home", str(carbonbook.home)]
    done = subprocess.run([sys.executable, "-c", TELLING_MEMORY, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, "huge.csv: a line has more than 67108864 bytes" in done.stderr) == (3, True), done.stderr
    assert int(done.stdout.split()[-2]) < 512 << 10, "KiB"
