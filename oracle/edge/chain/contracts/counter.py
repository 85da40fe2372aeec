"""`ICounter`: claims, and claims with orders, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract
from oracle.edge.chain.contracts.redemption_desk import Encoded


class Counter(Contract):
    """The counter."""

    role = "Counter"

    def claim(self, claims: Sequence[Encoded]) -> Call:
        """Credits leaves by their proofs (`Claim.encoded`)."""
        return self._call("claim", list(claims))

    def serve(self, claims: Sequence[Encoded], orders: Sequence[Encoded], signatures: Sequence[bytes]) -> Call:
        """Credits claims, then takes orders."""
        return self._call("serve", list(claims), list(orders), list(signatures))
