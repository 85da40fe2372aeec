"""One installation on a real chain that several test files share: nothing in it, the clock at 10 January 2023."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.cli import CHAIN, Carbonbook, free_port

CLOCK = "2023-01-10T08:00:00+08:00"


@pytest.fixture(scope="module")
def carbonbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carbonbook]:
    """The command line in a home of its own, with its chain running."""
    command = Carbonbook(tmp_path_factory.mktemp("installation") / "home")
    command("up", "--chain", CHAIN, "--port", str(free_port()), "--clock", CLOCK)
    yield command
    command("down")
