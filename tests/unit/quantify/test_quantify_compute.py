from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.measure.quantify.compute import compute
from oracle.measure.quantify.library import Library
from oracle.model.errors import CarbonbookError, InputError, MethodologyError

LIBRARY = Library.load()
MAY = date(2023, 5, 1)


@pytest.mark.parametrize(
    ("scenario", "record", "region", "when", "identity", "reduction_mg", "points_milli"),
    [
        ("CI-01", {"distance_km": 10}, "SZ", MAY, "CI-01.CN-4403", 269_000, 2_271),
        ("ci-01", {"distance_km": "10"}, "深圳", MAY, "CI-01.CN-4403", 269_000, 2_271),
        ("CI-01", {"distance_km": Decimal("0.3")}, "CN-4403", None, "CI-01.CN-4403", 8_070, 68),
        ("CI-01", {"distance_m": 10_000}, "SZ", MAY, "CI-01.CN-4403", 269_000, 2_271),
        (
            "CI-01",
            {"distance_km": 1.2345, "vehicle_type": "Electric"},
            "SZ",
            MAY,
            "CI-01.CN-4403",
            33_194,
            280,
        ),  # 1234 m
        ("CI-01", {"distance_km": 10, "city": "SZ", "year": 2023}, None, None, "CI-01.CN-4403", 269_000, 2_271),
        ("CI-01", {"distance_km": 10, "date": "2023-05-01"}, "SZ", MAY, "CI-01.CN-4403", 269_000, 2_271),
        ("CI-01", {"rides": 2}, "GD", MAY, "CI-01-RIDE.CN", 300_000, 2_533),
        ("CI-01", {"rides": 1}, "WH", date(2022, 5, 1), "CI-01-RIDE.CN-4201", 105_000, 886),
        ("CI-11", {"kwh_saved": 100}, None, MAY, "CI-11.CN", 53_060_000, 448_062),
        ("CI-11", {"kwh_saved": 10}, "SZ", date(2021, 5, 1), "CI-11.CN-44", 4_715_000, 39_815),
        ("CI-11", {"kwh_day": 6, "residents": 3, "baseline_kwh_day": 7.5}, "SZ", MAY, "CI-11.CN-44", 662_850, 5_597),
        ("CI-12", {"m3_saved": 2}, None, MAY, "CI-12.CN", 388_000, 3_276),
        ("CI-12", {"m3": 9, "residents": 3, "days": 30, "baseline_m3": 11}, None, MAY, "CI-12.CN", 388_000, 3_276),
        ("CI-13", {"m3_saved": 1}, None, MAY, "CI-13.CN", 2_184_000, 18_442),
        ("CI-16", {"mwh": 1, "year": 2022}, None, None, "CI-16.CN", 536_600_000, 4_531_288),
        ("CI-17", {"trees": 1, "years": 1}, None, MAY, "CI-17-TREE.CN", 6_000_000, 50_666),
        ("CI-23", {"kg": 1, "material": "Aluminium"}, None, MAY, "CI-23.CN", 8_120_800, 68_575),
        ("CI-07", {"steps": 7_250}, None, MAY, "CI-07.CN", 145_000, 0),  # growth, not points
    ],
)
def test_compute__record_of_a_person__rule_reduction_points(
    scenario: str,
    record: dict[str, object],
    region: str | None,
    when: date | None,
    identity: str,
    reduction_mg: int,
    points_milli: int,
) -> None:
    result = compute(LIBRARY, scenario, record, region, when)
    assert (result.rule.id, result.reduction_mg, result.points_milli) == (identity, reduction_mg, points_milli)
    assert result.credited_mg == reduction_mg


@pytest.mark.parametrize(
    ("set_name", "identity", "version", "reduction_mg"),
    [
        ("CN2021", "CI-11.CN", 1, 556_800),
        ("gd2022", "CI-11.CN-44", 2, 440_300),
        ("广东2023", "CI-11.CN-44", 3, 441_900),
        ("CN-44-2023", "CI-11.CN-44", 3, 441_900),
    ],
)
def test_compute__region_and_year_as_a_set__that_grid_factor(
    set_name: str, identity: str, version: int, reduction_mg: int
) -> None:
    result = compute(LIBRARY, "CI-11", {"kwh_saved": 1}, set_name=set_name)
    assert (result.rule.id, result.rule.version, result.reduction_mg) == (identity, version, reduction_mg)


@pytest.mark.parametrize(
    ("scenario", "record", "region", "when", "set_name", "error", "says"),
    [
        (
            "CI-99",
            {"distance_km": 1},
            None,
            None,
            None,
            MethodologyError,
            "no scenario 'CI-99'; did you mean CI-",
        ),
        ("bus", {}, None, None, None, MethodologyError, "see 'carbonbook methodology list'"),
        ("CI-01", {"distance_km": -1}, "SZ", None, None, InputError, "distance_km: -1 is negative"),
        (
            "CI-01",
            {},
            "SZ",
            None,
            None,
            InputError,
            "missing: distance_km (distance from boarding to alighting along the route, km)",
        ),
        (
            "CI-01",
            {"distance_kms": 1},
            "SZ",
            None,
            None,
            InputError,
            "'distance_kms' is not a field, did you mean distance_km?",
        ),
        ("CI-01", {"distance_km": "far"}, "SZ", None, None, InputError, "'far' is not a number in km"),
        ("CI-01", {"distance_km": True}, "SZ", None, None, InputError, "True is not a number"),
        ("CI-01", {"distance_km": None}, "SZ", None, None, InputError, "None is not a number"),
        ("CI-01", {"distance_km": "NaN"}, "SZ", None, None, InputError, "too large or too precise for a record"),
        ("CI-01", {"distance_km": "1e99999999"}, "SZ", None, None, InputError, "too large or too precise for a record"),
        (
            "CI-01",
            {"distance_km": 1, "vehicle_type": "steam"},
            "SZ",
            None,
            None,
            InputError,
            "'steam' is not one of electric, diesel",
        ),
        ("CI-01", {"distance_km": 1}, "Atlantis", None, None, InputError, "'Atlantis' is not a region"),
        (
            "CI-01",
            {"distance_km": 1, "city": "BJ"},
            "SZ",
            None,
            None,
            InputError,
            "given twice with different values: CN-11, CN-4403",
        ),
        (
            "CI-01",
            {"distance_km": 1, "year": 2022},
            "SZ",
            MAY,
            None,
            InputError,
            "given twice with different values: 2022-12-31, 2023-05-01",
        ),
        ("CI-01", {"distance_km": 1, "year": "last"}, "SZ", None, None, InputError, "'last' is not a year"),
        ("CI-01", {"distance_km": 1, "date": "1 May"}, "SZ", None, None, InputError, "'1 May' is not a date"),
        (
            "CI-01",
            {"distance_km": 1},
            "WH",
            None,
            None,
            MethodologyError,
            "no rule for CN-4201 武汉 Wuhan; rules exist for: CN-4403 深圳 Shenzhen",
        ),
        (
            "CI-01",
            {"distance_km": 1},
            "SZ",
            date(2017, 5, 1),
            None,
            MethodologyError,
            "no rule of CI-01 applies to CN-4403 深圳 Shenzhen on 2017-05-01",
        ),
        (
            "CI-11",
            {"kwh_saved": 1},
            "SZ",
            date(2020, 5, 1),
            None,
            MethodologyError,
            "CI-11.CN-44 v1 from 2021-01-01 to 2021-12-31",
        ),
        ("CI-11", {"kwh_day": 6}, "SZ", None, None, InputError, "missing: baseline_kwh_day"),
        (
            "CI-19",
            {"area_m2": 1, "years": 1},
            None,
            None,
            None,
            MethodologyError,
            "no annual rate per hectare was located",
        ),
        ("CI-35", {"passages": 1}, None, None, None, MethodologyError, "annex of T/ACEF 108-2023 has not been read"),
        (
            "CI-02",
            {"rides": 1},
            None,
            None,
            "WH2099",
            MethodologyError,
            "CI-02 has no set 'WH2099'; sets: BJ2019, BJ2022",
        ),
        ("CI-11", {"kwh_saved": 1}, None, None, "CN2035", MethodologyError, "CI-11 has no set 'CN2035'"),
        ("EQUIV", {"litres": 1}, None, None, None, InputError, "choose one with --set: EPA-gallon, EPA-car-mile"),
    ],
)
def test_compute__bad_input__sentence_that_says_what_to_do(
    scenario: str,
    record: dict[str, object],
    region: str | None,
    when: date | None,
    set_name: str | None,
    error: type[CarbonbookError],
    says: str,
) -> None:
    with pytest.raises(error, match=re.escape(says)):
        compute(LIBRARY, scenario, record, region, when, set_name)


@pytest.mark.parametrize(
    ("scenario", "record", "region", "set_name", "reduction_mg", "warning"),
    [
        ("CI-01", {"distance_km": 10}, "BJ", None, 520_000, "draft, never credited"),
        ("CI-08", {"shared_km": 20, "detour_km": 2, "passengers": 1}, None, None, 1_600_000, "draft, never credited"),
        ("CI-08", {"shared_km": 20, "detour_km": 6.001, "passengers": 1}, None, None, 0, "draft, never credited"),
        ("CI-01", {"rides": 1}, None, "SZ_news", 700_000, "reference set, never credited"),
        ("CI-11", {"kwh_saved": 4.5}, None, "rice2010", 4_302_000, "known wrong value"),
        ("CI-01", {"distance_km": 61}, "SZ", None, 1_640_900, "outside 0.3 to 60 km"),
    ],
)
def test_compute__what_may_not_be_credited__is_computed_and_says_so(
    scenario: str, record: dict[str, object], region: str | None, set_name: str | None, reduction_mg: int, warning: str
) -> None:
    result = compute(LIBRARY, scenario, record, region, None, set_name)
    assert (result.reduction_mg, result.credited_mg, result.points_milli) == (reduction_mg, 0, 0)
    assert any(warning in said for said in result.warnings)


def test_compute__more_than_the_day_cap__credited_up_to_it() -> None:
    result = compute(LIBRARY, "CI-29", {"sheets_avoided": 20, "documents": 20}, None, MAY)
    assert (result.reduction_mg, result.credited_mg) == (52_000, 52_000)
    capped = compute(LIBRARY, "CI-04", {"distance_km": 3000, "replaced_mode": "car"}, None, MAY)
    assert (capped.reduction_mg, capped.credited_mg) == (388_560_000, 388_560_000)
    solar = compute(LIBRARY, "CI-15", {"area_m2": 10, "days": 31, "replaced": "gas"}, "CN", MAY)
    assert solar.credited_mg == min(solar.reduction_mg, 450_000_000)
    bottles = compute(LIBRARY, "CI-31", {"meals": 3, "type": "vegan", "replaced": "beef"}, None, MAY)
    assert bottles.reduction_mg == 13_290_000


def test_compute__figures_of_another_country__named() -> None:
    result = compute(LIBRARY, "CI-27", {"cups": 1}, None, MAY)
    assert result.warnings == ("figures from TW are used for want of national ones",)


@given(metres=st.integers(0, 200_000))
def test_compute__any_distance__formula_of_the_chain(metres: int) -> None:
    result = compute(LIBRARY, "CI-02", {"distance_km": f"{metres / 1000:.3f}"}, "SZ", MAY)
    assert result.quantity == metres
    assert result.reduction_mg == metres * 46_700 // 1000
    assert 0 <= result.credited_mg <= min(result.reduction_mg, result.rule.day_cap_mg)
