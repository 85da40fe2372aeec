"""Everything that is measured, as one table: `make bench`. Results are kept with the commit under benchmarks/results.

    python -m benchmarks.run [--scale 1.0] [--only hashing daywork ...]

Each benchmark is a process of its own, checks its result before it tells a time, and compares with a baseline of the same run: on a busy
machine the figures are worse, and the ratios are not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.table import Row, shown

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"

# What to run, and the option that says how much with its size at scale 1.
BENCHMARKS: dict[str, tuple[str, int]] = {
    "hashing": ("--leaves", 1_000_000),
    "records": ("--acts", 500_000),
    "daywork": ("--acts", 3_000_000),
    "quantify": ("--records", 1_000_000),
    "readback": ("--records", 10_000_000),
    "parts": ("--acts", 600_000),
    "chain": ("--accounts", 102_400),
    "tracks": ("--tracks", 400),
    "gas": ("", 0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is a city's day; smaller is quicker")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS))
    options = parser.parse_args()
    rows: list[Row] = []
    seconds: dict[str, float] = {}
    for name in options.only:
        sys.stderr.write(f"{name} ...\n")
        begun = perf_counter()
        rows += measured(name, options.scale)
        seconds[name] = round(perf_counter() - begun, 1)
    print(shown(rows))
    print(f"\nkept in {kept(rows, seconds, options.scale)}")


def measured(name: str, scale: float) -> list[Row]:
    """Runs one benchmark.

    Raises:
        SystemExit: It failed, or its result was wrong.
    """
    option, size = BENCHMARKS[name]
    command = [sys.executable, "-m", f"benchmarks.{name}", *([option, str(int(size * scale))] if option else [])]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"benchmark {name} failed; see above")
    found = json.loads(done.stdout)
    return quantified(found) if name == "quantify" else [Row(**row) for row in found]


def quantified(found: dict[str, float]) -> list[Row]:
    """The rows of `quantify.py`, whose figures have names of their own."""
    what = f"quantify {found['records']:,.0f} records, {found['methodologies']:.0f} methodologies"
    reached = f"{found['quantify_s']:.2f} s"
    return [
        Row(what, reached, f"reading them from CSV {found['read_s']:.2f} s", found["quantify_to_read"]),
        Row(what, reached, f"a loop over pandas rows {found['pandas_loop_s']:.0f} s", found["loop_to_quantify"]),
    ]


def kept(rows: list[Row], seconds: dict[str, float], scale: float) -> Path:
    """Writes the result beside the earlier ones."""
    said = circumstances()
    moment = datetime.fromisoformat(said["time"])
    name = f"{moment:%Y%m%dT%H%M%S}-{said['commit'][:12]}.json"
    result = {"scale": scale, "seconds": seconds, "rows": [{**vars(row), "met": row.met} for row in rows]}
    return write_result(name, said | result)


def write_result(name: str, result: dict[str, Any]) -> Path:
    """Keeps a result; gives its place in the repository."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(json.dumps(result, indent=1) + "\n")
    return (RESULTS / name).relative_to(ROOT)


def circumstances() -> dict[str, Any]:
    """What a result is kept with: the commit, the time, and the machine with what it else had to do."""
    commit = _said("git", "rev-parse", "--short=12", "HEAD")
    changed = bool(_said("git", "status", "--porcelain", "--untracked-files=no"))
    return {
        "commit": commit + ("+changes" if changed else ""),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()},
    }


def _said(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
