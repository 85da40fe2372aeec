"""What remains of a buyer's emissions and what may be said: the enterprise's figures, rule by rule."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.ledger.buyer.cost import cost_of
from oracle.ledger.buyer.rules import Figures, figures_of, is_own, require_room, scheme_of, standing_of, tonnes
from oracle.ledger.buyer.tables import Emission, Power, Saving, read_table
from oracle.measure.records.content import text_blocks
from oracle.model.errors import InputError
from oracle.model.units import MG_PER_TONNE

DATA = Path(__file__).parents[2] / "data" / "buyer"
TONNE = MG_PER_TONNE


def rows(kind: str) -> list[Emission | Power | Saving]:
    table = read_table(text_blocks(DATA / f"{kind}.csv"), f"{kind}.csv")
    assert table.findings.is_empty()
    return list(table.good)


def enterprise(year: int) -> Figures:
    return figures_of(year, rows("inventory"), rows("power"), rows("reductions"))  # type: ignore[arg-type]  # by kind


def test_year_2021__has_the_published_total_and_no_green_power() -> None:
    year = enterprise(2021)
    assert (year.scope1_mg, year.scope2_location_mg, year.scope3_mg) == (
        19_000 * TONNE,
        2_349_000 * TONNE,
        2_743_000 * TONNE,
    )
    assert (year.power, year.lowered_mg) == ((), 0)
    assert year.total_market_mg == year.total_location_mg == 5_111_000 * TONNE


def test_year_2022__green_power_lowers_the_market_figure_alone() -> None:
    """B2 and B3: 504 GWh at the nation's factor of 2021; a 2022 whose inventory otherwise equals 2021's."""
    year = enterprise(2022)
    assert tonnes(year.lowered_mg) == "280,627.2"
    assert tonnes(year.scope2_market_mg) == "2,068,372.8"
    assert tonnes(year.total_market_mg) == "4,830,372.8"
    assert year.scope2_location_mg == 2_349_000 * TONNE


@pytest.mark.parametrize(
    ("factor_ug", "lowered", "total"),
    [(471_500, "237,636", "4,873,364"), (609_600, "307,238.4", "4,803,761.6")],
)
def test_green_power__at_other_factors(factor_ug: int, lowered: str, total: str) -> None:
    """Guangdong's factor of 2021 and the residual mix of 2023; the rest of the inventory as published."""
    power = Power("c", "ppa", "", "", 504 * 10**9, "CN", 2022, "p", "yes")
    quantity = 504 * 10**9  # as much at that factor as the contracts cover
    bought = Emission(2022, "e", 2, "electricity", "s", quantity, "Wh", factor_ug, "f", 2021, 0, "market", "CN")
    assert tonnes(figures_of(2022, [bought], [power], []).lowered_mg) == lowered
    assert tonnes(5_111_000 * TONNE - figures_of(2022, [bought], [power], []).lowered_mg) == total


def test_savings__are_shown_and_never_subtracted() -> None:
    """B1: the retrofit of 2020 is in the inventory, 0.053 % of it was saved before; solar power is a forecast."""
    year = enterprise(2021)
    assert [(row.basis, tonnes(row.saved_mg)) for row in year.savings] == [
        ("in_inventory", "2,690"),
        ("forecast", "44,544"),
    ]
    assert year.savings[0].saved_mg * 1_000_000 // year.total_market_mg == 526  # ppm


def test_case_39__cap_of_ten_percent__is_filled_and_not_passed() -> None:
    scheme, year = scheme_of("GD-PHCER"), enterprise(2021)
    assert scheme.cap_mg(year) == 511_100 * TONNE
    assert scheme.local_mg(511_100 * TONNE) == 357_770 * TONNE
    assert scheme_of("CCER").cap_mg(year) == 255_550 * TONNE
    require_room(scheme, year, 0, 511_100 * TONNE)
    with pytest.raises(InputError, match=r"stand for 511,100 t of 2021; 511,100 t are used, 0\.000000001 t"):
        require_room(scheme, year, 511_100 * TONNE, 1)


def test_case_39__own_boundary__is_refused_for_every_purpose() -> None:
    assert is_own("buyer", "buyer", {})
    assert is_own("buyer", "fleet", {"fleet": "buyer"})
    assert not is_own("buyer", "fleet", {"fleet": "another"})
    assert not is_own("buyer", "transit", {"fleet": "buyer"})


def test_standing__of_both_years__is_below_silver() -> None:
    """B6 with 511,100 t retired: 10.00 % of 2021, 10.58 % of a 2022 with green power."""
    first = standing_of(5_111_000 * TONNE, 511_100 * TONNE, has_plan=True)
    assert (tonnes(first.remains_mg), first.covered_hundredths) == ("4,599,900", 1_000)
    assert (tonnes(first.next_tier_mg[0]), first.next_tier_mg[1]) == ("1,022,200", "Silver")
    second = standing_of(enterprise(2022).total_market_mg, 511_100 * TONNE, has_plan=True)
    assert (tonnes(second.remains_mg), second.covered_hundredths) == ("4,319,272.8", 1_058)
    assert tonnes(second.next_tier_mg[0]) == "966,074.56"
    for standing in (first, second):
        assert (standing.neutral, standing.tier) == (False, "")


def test_standing__all_retired__is_neutral_only_with_a_plan() -> None:
    assert standing_of(10, 10, has_plan=True).neutral
    assert not standing_of(10, 10, has_plan=False).neutral
    assert not standing_of(10, 9, has_plan=True).neutral
    assert not standing_of(0, 0, has_plan=True).neutral


def test_cost__of_the_cap_at_sixty_yuan__is_split_in_three() -> None:
    cost = cost_of(511_100 * TONNE, 60_000_000, 100, 6_000)
    assert (cost.units, cost.fee, cost.citizens, cost.operators) == (
        30_666_000_000_000,
        306_660_000_000,
        18_215_604_000_000,
        12_143_736_000_000,
    )
    assert 511_100 * TONNE // 100_000_000 == 5_111_000  # citizens who saved 100 kg each


@pytest.mark.parametrize(("mg", "units"), [(1, 1), (16, 1), (17, 2), (123_456_789, 7_407_408)])
def test_case_20__small_amounts__round_up(mg: int, units: int) -> None:
    assert cost_of(mg, 60_000_000, 100, 6_000).units == units


def test_solar_power__without_its_attribute__counts_for_nothing() -> None:
    year = figures_of(2022, [bought(10)], [own_pv("no", 4), own_pv("yes", 4)], [])
    assert [item.counted_wh for item in year.power] == [0, 4]


def bought(wh: int) -> Emission:
    return Emission(2022, "e", 2, "electricity", "s", wh, "Wh", 1_000, "f", 2021, wh, "market", "CN")


def own_pv(kept: str, wh: int, year: int = 2022) -> Power:
    return Power("c", "own_pv", "", "", wh, "CN", year, "roof", kept)


@given(
    consumption=st.integers(0, 10**15),
    factor_ug=st.integers(0, 10**7),
    contracts=st.lists(st.tuples(st.integers(0, 10**15), st.integers(2021, 2023)), max_size=5),
    other=st.integers(0, 10**15),
)
def test_green_power__never_takes_more_than_is_there(
    consumption: int, factor_ug: int, contracts: list[tuple[int, int]], other: int
) -> None:
    emitted = -(-consumption * factor_ug // 1_000)
    row = Emission(2022, "e", 2, "electricity", "s", consumption, "Wh", factor_ug, "f", 2021, emitted, "market", "CN")
    apart = Emission(2022, "e", 2, "heat", "s", None, "", None, "f", None, other, "market", "")
    year = figures_of(2022, [row, apart], [own_pv("yes", wh, at) for wh, at in contracts], [])
    counted = sum(item.counted_wh for item in year.power)
    assert counted == min(consumption, sum(wh for wh, at in contracts if at == 2022))
    assert year.lowered_mg == counted * factor_ug // 1_000 <= emitted
    assert year.scope2_market_mg >= other
