from __future__ import annotations

import pytest

from oracle.sandbox.city.generate import generate
from tests.unit.city.small_city import PLAN, City, truth_of


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("city")
    manifest = generate(PLAN, folder)
    return City(folder, manifest, truth_of(folder))
