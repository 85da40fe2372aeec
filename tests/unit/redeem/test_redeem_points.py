"""Points and numbers as people type them: what an order cannot have is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.ledger.redeem.order import number_bytes
from oracle.ledger.redeem.voucher import write_qr
from oracle.model.errors import InputError
from oracle.model.units import MOST_MILLI, milli_points, points


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "0",
        "0.0",
        "-0",
        "1e999999999",
        "-1e999999999",
        "1e-999999999",
        "99999999999999",
        "0.0001",
        "NaN",
        "inf",
        "",
        "x",
        points(MOST_MILLI + 1),
    ],
)
def test_points__that_no_order_can_have__are_refused(text: str) -> None:
    with pytest.raises(InputError):
        milli_points(text, field="--points")


@given(st.integers(1, MOST_MILLI))
def test_points__of_any_order__come_back_as_they_were(milli: int) -> None:
    assert milli_points(points(milli)) == milli


def test_points__of_a_share__may_be_none() -> None:
    assert milli_points("0", least=0) == 0
    with pytest.raises(InputError, match=r"--to-citizen: '-1' points: must be between 0.000 and 72057594037927\.935"):
        milli_points("-1", least=0, field="--to-citizen")


def test_number__empty__is_refused() -> None:
    with pytest.raises(InputError, match="must not be empty"):
        number_bytes("")


@pytest.mark.parametrize("name", ["v.png", "v.svg", "v.txt"])
def test_write_qr__into_a_folder_that_is_not_there__says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        write_qr("CB1:AAAA", tmp_path / "none" / name)
