"""`IOperatorRegistry`: operators and merchants."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract
from oracle.model.ids import Address

STANDINGS = ("none", "active", "suspended")


@dataclass(frozen=True)
class Merchant:
    """A merchant.

    Attributes:
        standing: One of `STANDINGS`.
        sponsor: The operator that admitted it.
        order_milli, day_milli: Most points of an order and of a day, in thousandths.
        payout: Where its money goes.
    """

    standing: str
    sponsor: Address
    order_milli: int
    day_milli: int
    payout: Address


class OperatorRegistry(Contract):
    """The registry."""

    role = "OperatorRegistry"

    def standing_of(self, operator: str) -> str:
        """An operator's standing: one of `STANDINGS`."""
        return STANDINGS[self._read("operatorOf", operator).standing]

    def day_limit_mg_of(self, operator: str) -> int:
        """Most milligrams that an operator's batches may bring on a day."""
        return int(self._read("dayLimitMgOf", operator))

    def merchant_of(self, merchant: str) -> Merchant:
        """A merchant; standing `none` if it was never admitted."""
        found = self._read("merchantOf", merchant)
        limits = found.limits
        return Merchant(STANDINGS[found.standing], found.sponsor, limits.orderMilli, limits.dayMilli, found.payout)

    def license_operator(self, operator: str, day_limit_mg: int, licence: bytes) -> Call:
        """Licenses an operator, by the hash of its licence."""
        return self._call("licenseOperator", operator, day_limit_mg, licence)

    def admit_merchant(self, merchant: str, payout: str, deadline: int, signature: bytes) -> Call:
        """Admits a merchant under the sending operator; the merchant signed, and its signature is good through `deadline`."""
        return self._call("admitMerchant", merchant, payout, deadline, signature)
