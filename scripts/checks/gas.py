"""Compares the gas of what people pay for with `tests/fuzz/gas/snapshot.json`: exits 1 if a figure rose by more than 2 %.

python scripts/checks/gas.py            compare, and print the table
python scripts/checks/gas.py --write    keep today's figures as the new snapshot

The figures come from the suites tests/fuzz/gas/Gas*.t.sol, which forge runs call by call as transactions of their own. Limits that
must hold whatever the snapshot says are in the suites themselves.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = ROOT / "tests" / "fuzz" / "gas" / "snapshot.json"
MEASURED = ROOT / "build" / "forge" / "gas"
TOLERANCE_PERCENT = 2

Figures = dict[str, int]


def main() -> int:
    """Measures, and compares or writes; returns the exit code."""
    found = measure()
    if "--write" in sys.argv[1:]:
        SNAPSHOT.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
        return 0
    kept: Figures = json.loads(SNAPSHOT.read_text())
    for name in sorted(found.keys() | kept.keys()):
        print(f"{name:30} {kept.get(name, '-'):>10} {found.get(name, '-'):>10}")
    faults = compare(kept, found)
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        print("If that is meant: python scripts/checks/gas.py --write, and commit the snapshot.", file=sys.stderr)
    return 1 if faults else 0


def measure() -> Figures:
    """Runs the suites; gives every figure they note, by `group.name`."""
    shutil.rmtree(MEASURED, ignore_errors=True)
    done = subprocess.run(
        ["forge", "test", "--match-path", "tests/fuzz/gas/Gas*"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    groups = {path.stem: json.loads(path.read_text()) for path in MEASURED.glob("*.json")}
    return {f"{group}.{name}": int(gas) for group, values in groups.items() for name, gas in values.items()}


def compare(kept: Figures, found: Figures) -> list[str]:
    """What rose by more than the tolerance, and what only one side has."""
    faults = [f"{name} is not in the snapshot" for name in sorted(found.keys() - kept.keys())]
    faults += [f"{name} is in the snapshot, but no suite measures it" for name in sorted(kept.keys() - found.keys())]
    for name in sorted(kept.keys() & found.keys()):
        if found[name] * 100 > kept[name] * (100 + TOLERANCE_PERCENT):
            percent = (found[name] - kept[name]) * 100 // kept[name]
            faults.append(f"{name} rose from {kept[name]} to {found[name]} gas, by {percent} %")
    return faults


if __name__ == "__main__":
    sys.exit(main())
