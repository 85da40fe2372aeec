"""Runs slither over the contracts and compares what it finds with the triage file beside this one.

    make slither                              sets up slither in its own environment and runs this
    build/tools/slither/bin/python scripts/checks/slither.py

`slither.toml` explains in one line why a finding is accepted; its key is what is printed: detector, contract, function. Exit codes: 0 if
every finding of high, medium and low impact is explained and every explanation is still needed; 1 if not; 2 if slither could
not run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TRIAGE = Path(__file__).with_name("slither.toml")
OUTPUT = ROOT / "build" / "slither.json"
IMPACTS = ("High", "Medium", "Low")


def findings() -> list[dict[str, Any]]:
    """What slither says of our own contracts; mocks and packages are left out."""
    OUTPUT.unlink(missing_ok=True)
    command = [
        str(Path(sys.executable).with_name("slither")),
        ".",
        "--filter-paths=node_modules|contracts/mocks|tests/",
        "--exclude-informational",
        "--exclude-optimization",
        "--foundry-out-directory=build/forge/out",
        f"--json={OUTPUT}",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if not OUTPUT.exists():
        sys.stderr.write(done.stderr)
        sys.exit(2)
    result = json.loads(OUTPUT.read_text())
    if not result["success"]:
        sys.stderr.write(str(result["error"]))
        sys.exit(2)
    return [found for found in result["results"].get("detectors", []) if found["impact"] in IMPACTS]


def key_of(found: dict[str, Any]) -> str:
    """Detector, contract and function: stays the same when lines move."""
    for element in found["elements"]:
        if element["type"] == "function":
            contract = element["type_specific_fields"]["parent"]["name"]
            return f"{found['check']}:{contract}.{element['name']}"
    names = [element["name"] for element in found["elements"] if element["type"] in ("variable", "contract", "event")]
    return f"{found['check']}:{names[0] if names else found['id'][:12]}"


def _general(key: str, item: dict[str, Any], explained: dict[str, str]) -> str:
    every = f"{item['check']}:*"
    return every if item["impact"] == "Low" and every in explained and key not in explained else key


def main() -> int:
    """Entry point."""
    explained: dict[str, str] = tomllib.loads(TRIAGE.read_text())["accepted"]
    found = {key_of(item): item for item in findings()}
    found = {_general(key, item, explained): item for key, item in found.items()}
    new = sorted(set(found) - set(explained))
    stale = sorted(set(explained) - set(found))
    for key in new:
        item = found[key]
        print(f"not explained: {key} ({item['impact']}): {item['description'].splitlines()[0].strip()}")
    for key in stale:
        print(f"no longer found, remove from slither.toml: {key}")
    counted = ", ".join(
        f"{sum(found[key]['impact'] == impact for key in new)} of {sum(item['impact'] == impact for item in found.values())} {impact}"
        for impact in IMPACTS
    )
    print(f"slither: {counted} not explained")
    return int(bool(new or stale))


if __name__ == "__main__":
    sys.exit(main())
