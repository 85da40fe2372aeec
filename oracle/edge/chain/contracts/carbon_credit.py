"""`ICarbonCredit`: the credits of one series, a clone whose address follows from the series' number."""

from __future__ import annotations

from web3.types import BlockIdentifier

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.base import Contract
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier


class CarbonCredit(Contract):
    """The credits of a series, whether it is issued or not; reads of one that is not fail."""

    def __init__(self, chain: Chain, series: int, block: BlockIdentifier = "latest"):
        super().__init__(chain, block)
        self.role = f"CarbonCredit {series}"
        chain.know(self.role, "CarbonCredit", ReductionCertifier(chain).token_of(series))

    def balance_of(self, account: str) -> int:
        """Milligrams of an account."""
        return int(self._read("balanceOf", account))

    def total_supply(self) -> int:
        """Milligrams that are neither retired nor cancelled."""
        return int(self._read("totalSupply"))

    def retired_mg(self) -> int:
        """Milligrams retired."""
        return int(self._read("retiredMg"))

    def cancelled_mg(self) -> int:
        """Milligrams cancelled."""
        return int(self._read("cancelledMg"))

    def is_frozen(self) -> bool:
        """Whether nothing of the series moves."""
        return bool(self._read("isFrozen"))

    def name(self) -> str:
        """Its name."""
        return str(self._read("name"))

    def symbol(self) -> str:
        """Its symbol."""
        return str(self._read("symbol"))

    def transfer(self, to: str, mg: int) -> Call:
        """Passes credits of the sender on."""
        return self._call("transfer", to, mg)
