"""What credits cost at a price, and who gets it. The same rounding as `CreditMarket`, for one purchase."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.model.units import MG_PER_TONNE

_WHOLE_BPS = 10_000


@dataclass(frozen=True)
class Cost:
    """Settlement-token base units: what a buyer pays, and its three parts."""

    units: int
    fee: int
    citizens: int
    operators: int


def cost_of(mg: int, price: int, fee_bps: int, citizens_bps: int) -> Cost:
    """The cost of `mg` milligrams at `price` units per tonne, rounded up; the fee comes first, operators have the rest."""
    units = -(-mg * price // MG_PER_TONNE)
    fee = units * fee_bps // _WHOLE_BPS
    citizens = (units - fee) * citizens_bps // _WHOLE_BPS
    return Cost(units, fee, citizens, units - fee - citizens)
