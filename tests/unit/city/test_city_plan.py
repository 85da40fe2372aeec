from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from oracle.model.errors import InputError
from oracle.sandbox.city.plan import Cheats, Plan

GOOD: dict[str, Any] = {"seed": 1, "citizens": 10, "first_day": date(2025, 5, 12)}


@pytest.mark.parametrize(
    ("field", "value", "range_told"),
    [
        ("seed", -1, "from 0 to 18446744073709551615"),
        ("seed", 2**64, "from 0 to 18446744073709551615"),
        ("citizens", 0, "from 1 to 10000000"),
        ("citizens", 10_000_001, "from 1 to 10000000"),
        ("citizens", 2.5, "from 1 to 10000000"),
        ("citizens", True, "from 1 to 10000000"),
        ("first_day", date(1991, 4, 14), "from 2000 to 2099"),
        ("first_day", date(2100, 1, 1), "from 2000 to 2099"),
        ("days", 0, "from 1 to 366"),
        ("days", 367, "from 1 to 366"),
        ("citizens_per_shard", 0, "from 1 to 10000000"),
        ("commuters_bps", 10_001, "from 0 to 10000"),
        ("savers_bps", -1, "from 0 to 10000"),
        ("hourly_bps", "500", "from 0 to 10000"),
    ],
)
def test_plan__a_value_out_of_range__is_refused_by_name(field: str, value: object, range_told: str) -> None:
    with pytest.raises(InputError, match=range_told) as caught:
        Plan(**{**GOOD, field: value})
    assert str(caught.value).startswith(field)


@pytest.mark.parametrize("region", ["", "SZ", "CN", "CN-4", "CN-440", "CN-4403000", "cn-4403", "CN-4403\n"])
def test_plan__a_region_that_is_no_code__is_refused(region: str) -> None:
    with pytest.raises(InputError, match=r"region: .* is not CN plus GB/T 2260 digits"):
        Plan(**GOOD, region=region)


@pytest.mark.parametrize("region", ["CN-44", "CN-4403", "CN-440305"])
def test_plan__province_city_and_district__are_regions(region: str) -> None:
    assert Plan(**GOOD, region=region).region == region


def test_plan__more_than_everyone_rides__is_refused() -> None:
    with pytest.raises(InputError, match=r"metro_bps \+ bus_card_bps: 10001 "):
        Plan(**GOOD, metro_bps=6_000, bus_card_bps=4_001)


def test_cheats__a_rate_out_of_range__is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"cheats\.teleport_bps: -1 "):
        Cheats(teleport_bps=-1)


def test_cheats__more_than_half_of_the_acts__is_refused() -> None:
    with pytest.raises(InputError, match="cheats, all together: 5001 "):
        Cheats(**{**dict.fromkeys(Cheats.__dataclass_fields__, 500), "reset_bps": 501})


@pytest.mark.parametrize(("citizens", "per_shard", "shards"), [(1, 10, 1), (10, 10, 1), (11, 10, 2), (100, 10, 10)])
def test_plan__shards__are_as_few_as_hold_everyone(citizens: int, per_shard: int, shards: int) -> None:
    plan = Plan(seed=1, citizens=citizens, first_day=date(2025, 5, 12), citizens_per_shard=per_shard)
    assert plan.shards == shards
