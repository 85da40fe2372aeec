"""The chain's clock, moved to where a test wants it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from brownie import web3

SECONDS_PER_DAY = 86_400
EPOCH = date(1970, 1, 1)


def day(year: int, month: int, day_of_month: int) -> int:
    """Day number of a civil date."""
    return (date(year, month, day_of_month) - EPOCH).days


def at(year: int, month: int, day_of_month: int, hour: int = 0, minute: int = 0) -> int:
    """UTC seconds of a civil time."""
    return int(datetime(year, month, day_of_month, hour, minute, tzinfo=UTC).timestamp())


def now() -> int:
    """Time of the latest block, UTC seconds."""
    return int(web3.eth.get_block("latest")["timestamp"])


def travel_to(seconds: int) -> None:
    """Moves the clock forward to `seconds` UTC and mines a block there; the clock runs on from it."""
    assert seconds > now(), f"{seconds} is not after {now()}"
    web3.provider.make_request("evm_mine", [seconds])
    assert now() == seconds
