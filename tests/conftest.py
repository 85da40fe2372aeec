"""Keeps the ids of parametrised tests short: a long text among the parameters does not belong in a name."""

from __future__ import annotations

import pytest

_LONGEST = 24


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """The beginning of a long text; pytest's own way for everything else."""
    if isinstance(val, str) and len(val) > _LONGEST:
        return ascii(val[:_LONGEST])[1:-1] + "..."
    return None
