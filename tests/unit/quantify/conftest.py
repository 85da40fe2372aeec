from __future__ import annotations

import pytest

from oracle.measure.quantify.library import Library


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.load()
