"""Every command that a page of the documentation shows exists, with the options it shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from oracle.cli import app
from oracle.cli.commands import MODULES, load

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.md", "docs/**/*.md", "contracts/*.md", "reports/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"  # it tells what was
)
_SHOWN = re.compile(r"carbonbook ((?:[^`\n|]|\|(?= ))+)")


@pytest.fixture(scope="module")
def tree() -> Any:
    load(list(MODULES.values()))
    return get_command(app)


def _problem(tree: Any, shown: str) -> str | None:
    words = shown.split(" #")[0].split(" && ")[0].split()
    command = tree
    while words and hasattr(command, "commands"):
        name = words[0].rstrip(".,;:)")
        if name not in command.commands:
            return None if name.startswith(("-", "…")) else f"no command '{name}'"
        command = command.commands[name]
        words = words[1:]
    known = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
    unknown = [word for word in re.findall(r"(?<!\S)--[a-z][a-z-]*", " ".join(words)) if word not in known | {"--help"}]
    return f"no option {', '.join(unknown)}" if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_page__shows_only_commands_that_exist(tree: Any, page: Path) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = [part for match in _SHOWN.finditer(text) for part in _alternatives(match[1])]
    assert {each: problem for each in shown if (problem := _problem(tree, each))} == {}


def _alternatives(shown: str) -> list[str]:
    """`methodology propose | notice | activate` shows three commands."""
    head, *others = re.split(r" \| ", shown)
    words = head.split()
    return [head, *(" ".join([*words[:1], other]) for other in others if len(words) > 1)]
