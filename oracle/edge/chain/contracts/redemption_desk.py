"""`IRedemptionDesk`: orders, refunds, disputes, and what is due for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract

ORDER_PHASES = ("none", "held", "final", "refunded", "disputed")

Encoded = tuple[object, ...]  # a struct as web3 takes it
Proven = tuple[Encoded, Sequence[bytes]]  # a receipt and its proof


@dataclass(frozen=True)
class OrderState:
    """Where an order stands.

    Attributes:
        phase: One of `ORDER_PHASES`.
        points_milli: What was spent, in thousandths.
        refunded_milli: What was given back.
    """

    phase: str
    points_milli: int
    refunded_milli: int


class RedemptionDesk(Contract):
    """The desk. Receipts come with their proofs (`ProvenReceipt.encoded`)."""

    role = "RedemptionDesk"

    def is_used(self, merchant: str, citizen: str, order_number: bytes) -> bool:
        """Whether a citizen's order with this number was taken or cancelled."""
        return bool(self._read("isUsed", merchant, citizen, order_number))

    def order_of(self, proven: Proven) -> OrderState:
        """Where an order stands."""
        state = self._read("orderOf", *proven)
        return OrderState(ORDER_PHASES[state.phase], state.pointsMilli, state.refundedMilli)

    def due_of(self, merchant: str, day: int) -> tuple[int, int]:
        """Points (thousandths) and money (base units) of a merchant's day that are not collected."""
        points_milli, value = self._read("dueOf", merchant, day)
        return points_milli, value

    def disputed_of(self, merchant: str) -> tuple[int, int]:
        """Points and money of a merchant's disputed orders."""
        points_milli, value = self._read("disputedOf", merchant)
        return points_milli, value

    def last_final_day(self) -> int:
        """Last day whose orders can no longer be refunded."""
        return int(self._read("lastFinalDay"))

    def order_gas(self) -> int:
        """Gas that a batch sets aside for one order."""
        return int(self._read("ORDER_GAS"))

    def redeem_batch(self, orders: Sequence[Encoded], signatures: Sequence[bytes]) -> Call:
        """Takes orders; what fails stops no other."""
        return self._call("redeemBatch", list(orders), list(signatures))

    def cancel_order(self, citizen: str, merchant: str, order_number: bytes, signature: bytes) -> Call:
        """Cancels an order that was not taken; the citizen signed."""
        return self._call("cancelOrder", citizen, merchant, order_number, signature)

    def refund(self, proven: Proven, points_milli: int) -> Call:
        """Gives points of a held order back."""
        return self._call("refund", *proven, points_milli)

    def refund_final(self, proven: Proven, points_milli: int, due_day: int) -> Call:
        """Gives points of a final order back, netted against a day's dues."""
        return self._call("refundFinal", *proven, points_milli, due_day)

    def dispute(self, proven: Proven, reason: bytes, expiry: int, signature: bytes) -> Call:
        """Disputes what is left of a held order; the citizen signed."""
        return self._call("dispute", *proven, reason, expiry, signature)

    def resolve_dispute(self, proven: Proven, to_citizen_milli: int) -> Call:
        """Decides a dispute."""
        return self._call("resolveDispute", *proven, to_citizen_milli)

    def lapse_dispute(self, proven: Proven) -> Call:
        """Ends a dispute that nobody decided in time."""
        return self._call("lapseDispute", *proven)
