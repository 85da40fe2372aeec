"""Cancellation of orders that were not taken; refunds and disputes of those that were.

Receipt and proof of one that was taken come from the events of its transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_account.signers.base import BaseAccount
from eth_utils.crypto import keccak

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
from oracle.edge.chain.sender import Sender, Sent
from oracle.ledger.redeem.order import key_of
from oracle.ledger.redeem.receipt import ProvenReceipt, proven_receipts
from oracle.model.errors import InputError
from oracle.model.typed_data import CANCEL, DISPUTE, sign, signable
from oracle.model.units import SECONDS_PER_DAY, points


@dataclass(frozen=True)
class TakenOrder:
    """An order that was taken, as it stands now.

    Attributes:
        key: Its key, 0x hex.
        proven: Receipt and proof.
        phase: One of `ORDER_PHASES`.
        points_milli: What was spent.
        refunded_milli: What was given back.
    """

    key: str
    proven: ProvenReceipt
    phase: str
    points_milli: int
    refunded_milli: int

    @property
    def left_milli(self) -> int:
        """What is left of it."""
        return self.points_milli - self.refunded_milli


def taken_order(chain: Chain, key: str) -> TakenOrder:
    """An order by its key.

    Raises:
        InputError: No order with this key was taken.
    """
    desk = RedemptionDesk(chain)
    found = next(desk.events("OrderRedeemed", where={"key": bytes.fromhex(key[2:])}), None)
    if found is None:
        raise InputError(f"no order with key {key} on chain")
    redeemed, sealed = (
        [event for event in desk.events(name, found.block, found.block) if event.transaction == found.transaction]
        for name in ("OrderRedeemed", "ReceiptsSealed")
    )
    proven = proven_receipts(redeemed, sealed)[key]
    return TakenOrder(key, proven, **vars(desk.order_of(proven.encoded())))


def order_at(chain: Chain, merchant: str, order_number: bytes, citizen: str | None = None) -> TakenOrder:
    """An order by its merchant's number.

    Args:
        citizen: Whose order; can be left out where one citizen's only has this number.

    Raises:
        InputError: No such order was taken, or several citizens' were.
    """
    if citizen is not None:
        return taken_order(chain, key_of(merchant, citizen, order_number))
    events = RedemptionDesk(chain).events("OrderRedeemed", where={"merchant": merchant})
    found = [event.values for event in events if event.values["orderNumber"] == order_number]
    if len(found) > 1:
        citizens = ", ".join(values["citizen"] for values in found)
        raise InputError(
            f"orders of {len(found)} citizens have this number; choose one with --citizen: {citizens}",
            field="--citizen",
        )
    if not found:
        raise InputError(f"{merchant} has no order with number 0x{order_number.hex()}")
    return taken_order(chain, "0x" + found[0]["key"].hex())


def cancel(relayer: Sender, citizen: BaseAccount, merchant: str, order_number: bytes) -> Sent:
    """Cancels an order that was not taken: nothing of this citizen's is taken under that number any more. Anyone relays.

    Raises:
        ContractReverted: It was taken or cancelled before.
    """
    values = {"citizen": citizen.address, "merchant": merchant, "orderNumber": order_number}
    desk = RedemptionDesk(relayer.chain)
    signature = sign(citizen, signable(desk.domain, "Cancel", CANCEL, values))
    return relayer.send(desk.cancel_order(citizen.address, merchant, order_number, signature))


def refund(merchant: Sender, order: TakenOrder, points_milli: int, due_day: int | None = None) -> Sent:
    """Gives points of an order back: within its window, or after it netted against the merchant's final dues of `due_day`."""
    desk, proven = RedemptionDesk(merchant.chain), order.proven.encoded()
    if due_day is None:
        return merchant.send(desk.refund(proven, points_milli))
    return merchant.send(desk.refund_final(proven, points_milli, due_day))


def day_to_net(chain: Chain, merchant: str, points_milli: int) -> int:
    """The earliest final day whose bucket of a merchant holds so many points and is not collected.

    Raises:
        InputError: There is none.
    """
    desk = RedemptionDesk(chain)
    last = desk.last_final_day()
    events = [
        *desk.events("OrderRedeemed", where={"merchant": merchant}),
        *desk.events("DisputeEnded", where={"merchant": merchant}),
    ]
    days = sorted({chain.now(event.block) // SECONDS_PER_DAY for event in events})
    for day in days:
        if day <= last and desk.due_of(merchant, day)[0] >= points_milli:
            return day
    raise InputError(
        f"{merchant} has no final, unpaid day with at least {points(points_milli)} points from which the "
        "refund could be deducted"
    )


def dispute(relayer: Sender, citizen: BaseAccount, order: TakenOrder, reason: str, expiry: int) -> Sent:
    """Disputes what is left of a held order; whoever has the citizen's book now signs, anyone relays."""
    receipt = order.proven.receipt
    values = {
        "citizen": receipt.citizen,
        "merchant": receipt.merchant,
        "orderNumber": receipt.order_number,
        "reason": keccak(text=reason),
        "expiry": expiry,
    }
    desk = RedemptionDesk(relayer.chain)
    signature = sign(citizen, signable(desk.domain, "Dispute", DISPUTE, values))
    return relayer.send(desk.dispute(order.proven.encoded(), keccak(text=reason), expiry, signature))


def resolve(authority: Sender, order: TakenOrder, to_citizen_milli: int) -> Sent:
    """Decides a dispute: so much goes back to the citizen, the rest to the merchant."""
    return authority.send(RedemptionDesk(authority.chain).resolve_dispute(order.proven.encoded(), to_citizen_milli))


def lapse(relayer: Sender, order: TakenOrder) -> Sent:
    """Ends a dispute that nobody decided in time."""
    return relayer.send(RedemptionDesk(relayer.chain).lapse_dispute(order.proven.encoded()))
