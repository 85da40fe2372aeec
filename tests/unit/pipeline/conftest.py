from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.pipeline.installation import Installation


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    return Installation(tmp_path)
