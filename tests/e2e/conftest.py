"""What several test files share: an installation on a real chain, with nothing in it and the clock at 10 January 2023, and an intake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.cli import CHAIN, Carbonbook, free_port
from tests.e2e.intake import Intake

CLOCK = "2023-01-10T08:00:00+08:00"


@pytest.fixture(scope="module")
def carbonbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carbonbook]:
    """The command line in a home of its own, with its chain running."""
    command = Carbonbook(tmp_path_factory.mktemp("installation") / "home")
    command("up", "--chain", CHAIN, "--port", str(free_port()), "--clock", CLOCK)
    yield command
    command("down")


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    """An intake that runs."""
    made = Intake(tmp_path_factory.mktemp("intake"))
    made.service.start()
    yield made
    made.service.stop()
