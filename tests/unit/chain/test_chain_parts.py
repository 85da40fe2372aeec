"""How many requests go in one body."""

from __future__ import annotations

import pytest

from oracle.edge.chain.client import _BATCH_CHARACTERS, _parts

LONG = "0x" + "ab" * (_BATCH_CHARACTERS // 8)  # a quarter of what one body takes


@pytest.mark.parametrize(
    "request_of",
    [
        pytest.param(lambda text: [text], id="text"),
        pytest.param(lambda text: [{"to": "0x1", "data": text}, "latest"], id="call"),
    ],
)
def test_parts__of_long_requests__stay_below_what_a_body_takes(request_of) -> None:  # type: ignore[no-untyped-def]
    asked = [request_of(LONG + f"{number:02}") for number in range(10)]
    parts = list(_parts(asked, 1_000))
    assert [len(part) for part in parts] == [3, 3, 3, 1]
    assert [item for part in parts for item in part] == asked


def test_parts__of_short_requests__hold_as_many_as_they_may() -> None:
    assert [len(part) for part in _parts([["0x1"]] * 40, 16)] == [16, 16, 8]


def test_parts__of_a_request_that_is_too_long__hold_it_alone() -> None:
    assert [len(part) for part in _parts([["0x1"], [LONG * 5], ["0x1"]], 1_000)] == [1, 1, 1]
