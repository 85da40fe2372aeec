"""What remains of a buyer's emissions, and what may be said of it: rules B1 to B6. Pure; every figure is exact.

B1  What was reduced in or before the year is in the inventory already: it is shown and never subtracted.
B2  Green power of a year lowers the market-based scope 2 of that year alone, up to the region's consumption; own solar power only with its
    attribute kept.
B3  The location-based scope 2 stands beside, unchanged.
B4  A scheme's cap is a part of its base, rounded down; of what is used, a part must be local, rounded up.
B5  Reductions of an operator inside the buyer's own boundary count for nothing.
B6  "Carbon neutral" may be said only if all that remains in the boundary is retired and a plan of reductions is attached.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from oracle.ledger.buyer.tables import Emission, Power, Saving
from oracle.model.errors import InputError
from oracle.model.units import MG_PER_TONNE, UG_PER_MG

WHOLE_BPS = 10_000
_SCHEMES = Path(__file__).parent / "schemes.toml"
# VCMI, Claims Code of Practice (2023): credits for so much of what remains after the year's own reductions.
TIERS_BPS = {"Silver": 2_000, "Gold": 6_000, "Platinum": 10_000}


@dataclass(frozen=True)
class GreenPower:
    """A contract of the year, and what of it counts.

    Attributes:
        row: The contract.
        counted_wh: Watt-hours that lower scope 2.
        why_not: Why the rest does not; empty if all counts.
    """

    row: Power
    counted_wh: int
    why_not: str


@dataclass(frozen=True)
class Figures:
    """A year in milligrams CO2e.

    Attributes:
        scope2_grid_mg: Market-based scope 2 before green power.
        lowered_mg: What green power takes off it, rounded down.
        power: Contracts of the year.
        savings: Own reductions; those that `in_inventory` marks are in the figures already, forecasts are not counted.
    """

    year: int
    scope1_mg: int
    scope2_location_mg: int
    scope2_grid_mg: int
    lowered_mg: int
    scope3_mg: int
    power: tuple[GreenPower, ...]
    savings: tuple[Saving, ...]

    @property
    def scope2_market_mg(self) -> int:
        """Bought energy at the contracts' factors."""
        return self.scope2_grid_mg - self.lowered_mg

    @property
    def total_location_mg(self) -> int:
        """Everything, bought energy at the grid's factor."""
        return self.scope1_mg + self.scope2_location_mg + self.scope3_mg

    @property
    def total_market_mg(self) -> int:
        """Everything, bought energy at the contracts' factors: what remains to be offset."""
        return self.scope1_mg + self.scope2_market_mg + self.scope3_mg


@dataclass(frozen=True)
class Scheme:
    """A scheme in which credits stand for emissions."""

    code: str
    title: str
    cap_bps: int
    base: tuple[str, ...]
    local_bps: int
    local_region: str
    source: str

    def cap_mg(self, year: Figures) -> int:
        """The most that credits may stand for."""
        bases = {
            "scope 1": year.scope1_mg,
            "scope 2 by location": year.scope2_location_mg,
            "scope 2 by market": year.scope2_market_mg,
            "scope 3": year.scope3_mg,
        }
        return sum(bases[name] for name in self.base) * self.cap_bps // WHOLE_BPS

    def local_mg(self, used_mg: int) -> int:
        """How much of what is used must be local."""
        return _part_up(used_mg, self.local_bps)


@dataclass(frozen=True)
class Standing:
    """What may be said of a year.

    Attributes:
        remains_mg: What is not covered.
        covered_hundredths: Part that is retired, in 1/100 of a percent, rounded down.
        neutral: Whether "carbon neutral" may be said.
        tier: The highest share of VCMI that is reached; empty below all. Its foundational criteria are not judged here.
        next_tier_mg: What that takes in all, and the next one's name; (0, "") at the top.
    """

    remains_mg: int
    covered_hundredths: int
    neutral: bool
    tier: str
    next_tier_mg: tuple[int, str]


def figures_of(year: int, inventory: Iterable[Emission], power: Iterable[Power], savings: Iterable[Saving]) -> Figures:
    """The year's figures (B1, B2, B3).

    Raises:
        InputError: The inventory has no row of the year.
    """
    rows = [row for row in inventory if row.year == year]
    if not rows:
        raise InputError(f"the inventory has no row of {year}")
    bought = [row for row in rows if row.method == "market"]
    used = tuple(_counted(year, bought, list(power)))
    return Figures(
        year=year,
        scope1_mg=_sum(row for row in rows if row.scope == 1),
        scope2_location_mg=_sum(row for row in rows if row.method == "location"),
        scope2_grid_mg=_sum(bought),
        lowered_mg=_lowered(bought, used),
        scope3_mg=_sum(row for row in rows if row.scope == 3),
        power=used,
        savings=tuple(savings),
    )


def standing_of(total_mg: int, retired_mg: int, *, has_plan: bool) -> Standing:
    """What may be said when so much is retired for a year (B6)."""
    least = {tier: _part_up(total_mg, bps) for tier, bps in TIERS_BPS.items()}
    reached = [tier for tier, mg in least.items() if total_mg and retired_mg >= mg]
    above = [(mg, tier) for tier, mg in least.items() if retired_mg < mg]
    return Standing(
        remains_mg=max(0, total_mg - retired_mg),
        covered_hundredths=retired_mg * WHOLE_BPS // total_mg if total_mg else 0,
        neutral=has_plan and total_mg > 0 and retired_mg >= total_mg,
        tier=reached[-1] if reached else "",
        next_tier_mg=above[0] if above else (0, ""),
    )


def is_own(buyer: str, operator: str, boundary_of: Mapping[str, str]) -> bool:
    """Whether an operator's reductions lie inside the buyer's own boundary (B5)."""
    return operator == buyer or boundary_of.get(operator) == buyer


def require_room(scheme: Scheme, year: Figures, used_mg: int, mg: int) -> None:
    """Refuses a use above the cap (B4).

    Raises:
        InputError: With the cap, what is used and what is wanted.
    """
    cap_mg = scheme.cap_mg(year)
    if used_mg + mg > cap_mg:
        raise InputError(
            f"{scheme.code} lets credits stand for {tonnes(cap_mg)} t of {year.year}; {tonnes(used_mg)} t are used, "
            f"{tonnes(mg)} t would go above it"
        )


@cache
def schemes() -> Mapping[str, Scheme]:
    """The schemes by code."""
    data = tomllib.loads(_SCHEMES.read_text(encoding="utf-8"))
    return {code: Scheme(code, **entry | {"base": tuple(entry["base"])}) for code, entry in data.items()}


def scheme_of(code: str) -> Scheme:
    """A scheme.

    Raises:
        InputError: There is none of this code.
    """
    if code not in schemes():
        raise InputError(f"'{code}' is no scheme; there are {', '.join(schemes())}", field="--scheme")
    return schemes()[code]


def tonnes(mg: int) -> str:
    """Exact tonnes, for people."""
    whole, rest = divmod(mg, MG_PER_TONNE)
    return f"{whole:,}" + (f".{rest:09}".rstrip("0") if rest else "")


def percent(hundredths: int) -> str:
    """Percent with two decimals, for people."""
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _counted(year: int, bought: Sequence[Emission], power: Sequence[Power]) -> Iterable[GreenPower]:
    """The year's contracts, each up to what its region's consumption has room for."""
    room = {region: sum(row.quantity or 0 for row in bought if _is_power(row, region)) for region in _regions(bought)}
    for row in power:
        if row.generation_year != year:
            continue
        if row.attribute_kept == "no":
            yield GreenPower(row, 0, "its attribute was not kept")
            continue
        counted = min(row.wh, room.get(row.grid_region, 0))
        room[row.grid_region] = room.get(row.grid_region, 0) - counted
        yield GreenPower(row, counted, "" if counted == row.wh else "above the region's consumption of the year")


def _lowered(bought: Sequence[Emission], power: Sequence[GreenPower]) -> int:
    """What green power takes off: the lowest factors of its region first, so that never too much is taken."""
    lowered = 0
    for region in _regions(bought):
        left = sum(item.counted_wh for item in power if item.row.grid_region == region)
        rows = [row for row in bought if _is_power(row, region)]
        for row in sorted(rows, key=lambda row: row.factor_ug_per_unit or 0):
            taken = min(left, row.quantity or 0)
            lowered += taken * (row.factor_ug_per_unit or 0) // UG_PER_MG
            left -= taken
    return lowered


def _regions(bought: Iterable[Emission]) -> list[str]:
    return sorted({row.grid_region for row in bought if row.grid_region})


def _is_power(row: Emission, region: str) -> bool:
    return row.grid_region == region and row.unit == "Wh"


def _sum(rows: Iterable[Emission]) -> int:
    return sum(row.emissions_mg for row in rows)


def _part_up(mg: int, bps: int) -> int:
    return -(-mg * bps // WHOLE_BPS)
