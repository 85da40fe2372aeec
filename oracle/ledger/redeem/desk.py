"""Redeeming: relays signed orders in batches and returns the result of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from eth_utils.crypto import keccak

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.counter import Counter
from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.reverts import decode_revert
from oracle.ledger.credit.claim import Claim, act_of, send_claims
from oracle.ledger.redeem.order import Order
from oracle.ledger.redeem.receipt import ProvenReceipt

PER_TRANSACTION = 32  # with as many claims within 30 M gas, a block of most chains
_GAS_BASE = 300_000
_GAS_BESIDE_ORDER = 40_000  # what telling a refusal takes
_GAS_PER_CLAIM = 160_000
_ORDER_USED = "RedemptionDesk_OrderUsed"


@dataclass(frozen=True)
class SignedOrder:
    """An order with the citizen's signature."""

    order: Order
    signature: bytes


@dataclass(frozen=True)
class Outcome:
    """What became of an order.

    Attributes:
        order: The order.
        taken: Whether points changed hands, now or before.
        fresh: Whether they changed hands now, with what was sent here.
        reason: Why not, or that it was taken before.
        transaction: The transaction that decided it; None if none was sent.
    """

    order: Order
    taken: bool
    fresh: bool
    reason: str
    transaction: str | None


def is_used(chain: Chain, order: Order) -> bool:
    """Whether the citizen's order with this number was taken or cancelled."""
    return RedemptionDesk(chain).is_used(order.merchant, order.citizen, order.order_number)


def phase_of(chain: Chain, proven: ProvenReceipt) -> str:
    """Where an order stands on chain."""
    return RedemptionDesk(chain).order_of(proven.encoded()).phase


def redeem(outbox: Outbox, orders: Sequence[SignedOrder], claims: Iterable[Claim] = ()) -> Iterator[Outcome]:
    """Relays orders; those that were taken before are passed over, those that cannot be taken do not stop the others.

    Args:
        claims: Open claims of the citizens; each is credited in the call that takes its citizen's first order.
    """
    waiting = _by_account(claims)
    fresh: dict[str, SignedOrder] = {}
    again = []
    for signed in orders:
        if is_used(outbox.chain, signed.order):
            yield _before(outbox.chain, signed.order)
        elif signed.order.key in fresh:  # a batch tells refusals by key: it must hold each once
            again.append(signed)
        else:
            fresh[signed.order.key] = signed
    sending = list(fresh.values())
    for start in range(0, len(sending), PER_TRANSACTION):
        group = sending[start : start + PER_TRANSACTION]
        brought = [claim for signed in group for claim in waiting.pop(signed.order.citizen, [])]
        # What does not fit beside the orders goes before them.
        send_claims(outbox, brought[PER_TRANSACTION:])
        yield from _relay(outbox, group, brought[:PER_TRANSACTION])
    if again:
        yield from redeem(outbox, again)


def _before(chain: Chain, order: Order) -> Outcome:
    """What became of an order that was used: it was taken, or cancelled, or another one of this citizen's under its number was taken."""
    event = next(RedemptionDesk(chain).events("OrderRedeemed", where={"key": bytes.fromhex(order.key[2:])}), None)
    if event is None:
        return Outcome(order, False, False, "the citizen cancelled it", None)
    names = ("citizen", "merchant", "orderNumber", "pointsMilli", "terms", "offer")
    asked = (order.citizen, order.merchant, order.order_number, order.points_milli, order.terms, order.offer)
    same = tuple(event.values[name] for name in names) == asked
    reason = "already taken" if same else "this citizen already used the order number for another order"
    return Outcome(order, same, False, reason, event.transaction if same else None)


def _by_account(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim.account, []).append(claim)
    return found


def _relay(outbox: Outbox, orders: list[SignedOrder], claims: list[Claim]) -> Iterator[Outcome]:
    desk = RedemptionDesk(outbox.chain)
    signed_orders = [signed.order.encoded() for signed in orders], [signed.signature for signed in orders]
    keys = keccak(b"".join(bytes.fromhex(signed.order.key[2:]) for signed in orders))
    act = f"redeem {len(orders)} 0x{keys.hex()}"
    # Told, not estimated: a node would search for it by running the whole batch some twenty times.
    each = desk.order_gas() + _GAS_BESIDE_ORDER
    gas = _GAS_BASE + each * len(orders) + _GAS_PER_CLAIM * len(claims)
    if claims:
        call = Counter(outbox.chain).serve([claim.encoded() for claim in claims], *signed_orders)
        act = f"{act} {act_of(claims)}"
    else:
        call = desk.redeem_batch(*signed_orders)
    sent = outbox.send(replace(call, act=act, gas=gas))
    refusals = {
        "0x" + event.values["key"].hex(): str(decode_revert(event.values["reason"]))
        for event in desk.events("OrderRefused", sent.block, sent.block)
        if event.transaction == sent.hash
    }
    for signed in orders:
        reason = refusals.get(signed.order.key)
        if reason is not None and reason.startswith(_ORDER_USED):
            # Somebody was faster: to send this order, or to cancel it.
            yield _before(outbox.chain, signed.order)
        else:
            yield Outcome(signed.order, reason is None, reason is None, reason or "", sent.hash)
