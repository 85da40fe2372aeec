"""From an issued series on: asks, quotes, purchases, retirements, certificates, shares, by commands on a real chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from eth_utils.address import to_checksum_address

from tests.e2e.cli import CHAIN, Carbonbook, Inside, free_port
from tests.series import Founder, citizens_of, write_citizens

CLOCK = "2023-01-10T08:00:00+08:00"


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A series, and two buyers with money."""
    folder: Path = tmp_path_factory.mktemp("credits")
    carbonbook = Inside(folder / "home")
    Carbonbook(carbonbook.home)("up", "--chain", CHAIN, "--port", str(free_port()), "--clock", CLOCK)
    write_citizens(folder / "citizens.csv")
    carbonbook("enrol", folder / "citizens.csv")
    founder = Founder(carbonbook.home)
    citizens = [to_checksum_address(account) for account in citizens_of(carbonbook.home)]
    series = founder.issue(citizens)
    for buyer in ("buyer-1", "buyer-2"):
        founder.fund(buyer)
    yield SimpleNamespace(run=carbonbook, founder=founder, series=series, citizens=citizens, folder=folder)
    carbonbook("down")


def test_series__is_stocked(flow: SimpleNamespace) -> None:
    assert flow.run("market", "buffer", "1")["buffer_mg"] == "2250000000"
