"""What `carbonbook --help` and the help of each command show."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import pytest
from typer.main import get_command

from oracle.cli import app
from oracle.cli.commands import GROUPS, MODULES, load, presented


def _leaves(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield words, command
    for name, each in inner.items():
        yield from _leaves(each, (*words, name))


@pytest.fixture(scope="module")
def tree() -> Any:
    load(list(MODULES.values()))
    return presented(get_command(app))


def test_help__of_every_command__has_an_example_on_a_line_of_its_own(tree: Any) -> None:
    without = []
    for words, command in _leaves(tree, ("carbonbook",)):
        blocks = re.findall(r"```text\n(.*?)\n```", command.help or "", re.S)
        examples = [line for block in blocks for line in block.split("\n")]
        if not any(line.startswith(" ".join(words)) for line in examples):
            without.append(" ".join(words))
    assert without == []


def test_help__lists_every_command_under_its_heading_in_order(tree: Any) -> None:
    shown: dict[str, list[str]] = {}
    for name, command in tree.commands.items():
        shown.setdefault(command.rich_help_panel, []).append(name)
    assert shown == {heading: list(commands) for heading, commands in GROUPS.items()}


def test_version__is_that_of_the_package() -> None:
    words = [sys.executable, "-c", "from oracle.cli.commands import main; main()", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"carbonbook {metadata.version('carbonbook')}\n")
