"""From a fitted number of kilowatt-hours to whole watt-hours, once; the fit itself is `make weather`."""

from __future__ import annotations

import importlib.util
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SCRIPT = Path(__file__).parents[3] / "scripts" / "weather" / "expect.py"


def script() -> ModuleType:
    """The script as a module; it asks for OpenDSM only when it fits."""
    spec = importlib.util.spec_from_file_location("expect", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXPECT = script()


@pytest.mark.parametrize(
    ("fitted", "watt_hours"),
    [(7.5, 7_500), (4.35, 4_350), (0.0019999, 1), (32.752525, 32_752), (-0.1, 0), (0.0, 0), (1e-9, 0)],
)
def test_whole_wh__of_a_fit__rounded_down_as_it_is_printed(fitted: float, watt_hours: int) -> None:
    assert EXPECT.whole_wh(fitted) == watt_hours


@settings(deadline=None)
@given(fitted=st.floats(0, 10_000))
def test_whole_wh__any_fit__never_more_than_the_fit_and_less_than_a_watt_hour_below(fitted: float) -> None:
    printed = Fraction(repr(fitted)) * 1000
    assert 0 <= printed - EXPECT.whole_wh(fitted) < 1


@pytest.mark.parametrize("fitted", [float("nan"), float("inf")])
def test_whole_wh__no_number__refused(fitted: float) -> None:
    with pytest.raises((ValueError, OverflowError), match="cannot convert"):
        EXPECT.whole_wh(fitted)
