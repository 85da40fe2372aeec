"""Test names have at most 80 characters: a name is a sentence that fits a line of a report. Exit code 1 lists longer ones.

python scripts/checks/names.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2] / "tests"
LIMIT = 80
_TEST = re.compile(r"^\s*(?:async )?(?:def|function) ((?:test|invariant|check)\w*)", re.MULTILINE)


def long_names() -> list[str]:
    """The file and name of each test whose name is too long."""
    sources = sorted([*TESTS.rglob("*.py"), *TESTS.rglob("*.sol")])
    return [
        f"{path.relative_to(TESTS.parent)}: {name} has {len(name)} characters"
        for path in sources
        for name in _TEST.findall(path.read_text(encoding="utf-8"))
        if len(name) > LIMIT
    ]


if __name__ == "__main__":
    found = long_names()
    if found:
        sys.exit("\n".join([*found, f"Shorten them to {LIMIT} characters."]))
