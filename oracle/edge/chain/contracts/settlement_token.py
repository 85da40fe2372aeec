"""The settlement token: an ERC-20; on a local chain one that anybody mints."""

from __future__ import annotations

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract


class SettlementToken(Contract):
    """The token."""

    role = "SettlementToken"

    def balance_of(self, account: str) -> int:
        """Base units of an account."""
        return int(self._read("balanceOf", account))

    def allowance(self, owner: str, spender: str) -> int:
        """Base units that somebody may take of an account."""
        return int(self._read("allowance", owner, spender))

    def symbol(self) -> str:
        """Its symbol."""
        return str(self._read("symbol"))

    def decimals(self) -> int:
        """Its decimals."""
        return int(self._read("decimals"))

    def approve(self, spender: str, amount: int) -> Call:
        """Lets somebody take an amount."""
        return self._call("approve", spender, amount)

    def mint(self, to: str, amount: int) -> Call:
        """Makes test money."""
        return self._call("mint", to, amount)
