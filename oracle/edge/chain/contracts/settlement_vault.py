"""`ISettlementVault`: prices, reserve, payouts."""

from __future__ import annotations

from collections.abc import Sequence

from eth_abi.abi import decode

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, word
from oracle.model.ids import BatchId

NOTHING_DUE = "SettlementVault_NothingDue"
RESERVE_SHORT = "SettlementVault_ReserveShort"
NO_PRICE = "SettlementVault_NoPrice"


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
        """Points of a year that an operator's locked reserve stands for: brought, or still possible in its open batches."""
        return int(self._read("lockedOf", operator, year))

    def locked_for(self, batches: Sequence[BatchId]) -> dict[BatchId, int]:
        """Points that each batch can bring at most; 0 once it is closed or revoked."""
        found = self._read_many("lockedFor", [[word(batch)] for batch in batches])
        return {batch: milli for batch, (milli,) in zip(batches, found, strict=True)}

    def payout_gas(self) -> int:
        """Gas that a batch sets aside for one payout."""
        return int(self._read("PAYOUT_GAS"))

    def day_gas(self) -> int:
        """Gas that a batch sets aside for each day of a payout."""
        return int(self._read("DAY_GAS"))

    def settled_now(self, merchant: str, first_day: int, last_day: int) -> tuple[int, int]:
        """Points and money that `settle` would pay now in a batch, where the vault calls itself; sent by nobody.

        Raises:
            ContractReverted: It would pay nothing, and why.
        """
        call = self._call("settle", merchant, first_day, last_day)
        points_milli, amount = decode(["uint256", "uint256"], self.chain.simulate(call.to, call.data, call.to))
        return points_milli, amount

    def last_day_for_anyone(self) -> int:
        """Last day that anyone can settle: the one before the newest final day, which is each merchant's own."""
        return int(self._read("lastDayForAnyone"))

    def settle_batch(self, merchants: Sequence[str], first_day: int, last_day: int) -> Call:
        """Pays many merchants; what fails stops no other."""
        return self._call("settleBatch", list(merchants), first_day, last_day)

    def set_price(self, year: int, units_per_milli: int) -> Call:
        """Fixes a year's price."""
        return self._call("setPrice", year, units_per_milli)

    def deposit(self, operator: str, amount: int) -> Call:
        """Adds to an operator's free reserve."""
        return self._call("deposit", operator, amount)
