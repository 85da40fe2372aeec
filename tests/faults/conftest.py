"""One world for all tests that need one: making it takes longer than most of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world. Its steps are gone back to from the last to the first: the order of the tests is part of them."""
    made = World(tmp_path_factory.mktemp("faults") / "world")
    yield made
    made.close()
