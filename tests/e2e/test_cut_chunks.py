"""Chunks in which a cap cuts nearly everybody: each cut writes a rest, so that they need more gas than others."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.cli import Carbonbook
from tests.e2e.test_rests import LOW_MG, TRIPS, set_cap

RIDERS = 256
BUS_MG, METRO_MG = 9_000 * 26_900 // 1000, 9_000 * 46_700 // 1000  # of one trip each
HOUR = 3_600_000
FIRST, SECOND = 1_673_136_000_000, 1_673_222_400_000  # 8 and 9 January 2023, 08:00 in Shenzhen


def _trips(path: Path, start: int) -> Path:
    """A bus ride of every rider, and a metro ride two hours later."""
    rows = [
        f"{mode}-{rider}-{start},rider-{rider},{mode},{begin},{begin + HOUR // 3},9000"
        for begin, mode in ((start, "bus"), (start + 2 * HOUR, "metro"))
        for rider in range(RIDERS)
    ]
    path.write_text(TRIPS + "\n".join(rows) + "\n")
    return path


def _attested(carbonbook: Carbonbook, trips: Path) -> None:
    carbonbook("ingest", trips, "--source", "bus-app")
    carbonbook("close")
    assert carbonbook("attest")["attested"] == 2
    carbonbook("clock", "--advance", "1")


def test_credit__a_cap_cuts_all_of_a_chunk__credits_it_in_parts(carbonbook: Carbonbook, tmp_path: Path) -> None:
    set_cap(carbonbook, LOW_MG)
    _attested(carbonbook, _trips(tmp_path / "first.csv", FIRST))
    done = carbonbook("credit")
    assert [each["accounts"] for each in done["credited"]] == [RIDERS, RIDERS]
    assert sum(each["reduction_mg"] for each in done["credited"]) == RIDERS * LOW_MG
    assert sum(rest["reduction_mg"] for rest in done["rests"]) == RIDERS * (BUS_MG + METRO_MG - LOW_MG)


def test_credit__cut_by_the_chunk_before_it__is_credited_in_parts(carbonbook: Carbonbook, tmp_path: Path) -> None:
    """When both are looked at, neither is cut; when the second is mined, it is: it runs out of gas on chain."""
    set_cap(carbonbook, METRO_MG)
    _attested(carbonbook, _trips(tmp_path / "second.csv", SECOND))
    done = carbonbook("credit")
    new = [each for each in done["credited"] if each["act_date"] == "2023-01-09"]
    assert [each["accounts"] for each in new] == [RIDERS, RIDERS]
    assert sum(each["reduction_mg"] for each in new) == RIDERS * METRO_MG
