"""`IOracleCommittee`: who attests."""

from __future__ import annotations

from oracle.edge.chain.contracts.base import Contract
from oracle.model.ids import Address


class OracleCommittee(Contract):
    """The committee."""

    role = "OracleCommittee"

    def quorum(self) -> int:
        """Members that must sign."""
        return int(self._read("quorum"))

    def epoch(self) -> int:
        """Number of the present committee; signatures are good for one."""
        return int(self._read("epoch"))

    def members(self) -> frozenset[Address]:
        """Its members."""
        return frozenset(self._read("members"))
