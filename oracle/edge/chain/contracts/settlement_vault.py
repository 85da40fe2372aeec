"""`ISettlementVault`: prices, reserve, payouts."""

from __future__ import annotations

from collections.abc import Sequence

from eth_abi.abi import decode

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract

NOTHING_DUE = "SettlementVault_NothingDue"


class SettlementVault(Contract):
    """The vault. Money is in settlement token base units, points are in thousandths."""

    role = "SettlementVault"

    def price_of(self, year: int) -> int:
        """Base units per thousandth of a year's points; 0 if it is not fixed."""
        return int(self._read("priceOf", year))

    def free_of(self, operator: str) -> int:
        """An operator's free reserve."""
        return int(self._read("freeOf", operator))

    def locked_of(self, operator: str, year: int) -> int:
        """Points of a year that an operator's locked reserve stands for."""
        return int(self._read("lockedOf", operator, year))

    def payout_gas(self) -> int:
        """Gas that a batch sets aside for one payout."""
        return int(self._read("PAYOUT_GAS"))

    def day_gas(self) -> int:
        """Gas that a batch sets aside for each day of a payout."""
        return int(self._read("DAY_GAS"))

    def settled_now(self, merchant: str, first_day: int, last_day: int) -> tuple[int, int]:
        """Points and money that `settle` would pay now: asked as the merchant, sent by nobody.

        Raises:
            ContractReverted: It would pay nothing, and why.
        """
        call = self._call("settle", merchant, first_day, last_day)
        points_milli, amount = decode(["uint256", "uint256"], self.chain.simulate(call.to, call.data, merchant))
        return points_milli, amount

    def settle_batch(self, merchants: Sequence[str], first_day: int, last_day: int) -> Call:
        """Pays many merchants; what fails stops no other."""
        return self._call("settleBatch", list(merchants), first_day, last_day)

    def set_price(self, year: int, units_per_milli: int) -> Call:
        """Fixes a year's price."""
        return self._call("setPrice", year, units_per_milli)

    def deposit(self, operator: str, amount: int) -> Call:
        """Adds to an operator's free reserve."""
        return self._call("deposit", operator, amount)
