"""Receipts of orders and their proofs: what a merchant shows to refund, and a citizen to dispute. Twin of `ReceiptLib.sol`.

The desk keeps one root for all orders that one transaction took. Everything a proof needs is in the events of that transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eth_abi.abi import encode

from oracle.edge.chain.client import Event
from oracle.edge.chain.contracts.redemption_desk import Proven
from oracle.model.errors import ChainError
from oracle.model.keccak import keccak

_LEAF = ("address", "address", "bytes32", "bytes32", "(uint256,uint256)[]")


@dataclass(frozen=True)
class Receipt:
    """What was taken, and from which pages: `IRedemptionDesk.Receipt`.

    Attributes:
        citizen: Account that spent.
        merchant: Account that received.
        order_number: The merchant's order number, 32 bytes.
        offer: The merchant's number of the offer, 32 bytes; zero if none.
        parts: Year of the page and milli-points, in the order of the event.
    """

    citizen: str
    merchant: str
    order_number: bytes
    offer: bytes
    parts: tuple[tuple[int, int], ...]

    @property
    def leaf(self) -> bytes:
        """The 32 bytes that stand for it in the tree."""
        values = [self.citizen, self.merchant, self.order_number, self.offer, list(self.parts)]
        return keccak(keccak(encode(_LEAF, values)))

    def encoded(self) -> tuple[object, ...]:
        """The struct as web3 takes it."""
        return self.citizen, self.merchant, self.order_number, self.offer, list(self.parts)


@dataclass(frozen=True)
class ProvenReceipt:
    """A receipt with its proof.

    Attributes:
        receipt: The receipt.
        proof: Siblings from the leaf to the root.
        root: What the desk sealed.
        day: Day number (UTC) on which the order was taken.
    """

    receipt: Receipt
    proof: tuple[bytes, ...]
    root: bytes
    day: int

    def encoded(self) -> Proven:
        """Receipt and proof as the desk takes them."""
        return self.receipt.encoded(), self.proof


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Root over leaves, at least one."""
    return _levels(leaves)[-1][0]


def proof_of(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Siblings from leaf `index` to the root; a node without a neighbour moves up and needs none."""
    siblings = []
    for level in _levels(leaves)[:-1]:
        if (index ^ 1) < len(level):
            siblings.append(level[index ^ 1])
        index //= 2
    return tuple(siblings)


def proven_receipts(redeemed: Iterable[Event], sealed: Iterable[Event]) -> dict[str, ProvenReceipt]:
    """The receipts of orders by order key (0x hex).

    Args:
        redeemed: `OrderRedeemed` events, all of every transaction they are from.
        sealed: `ReceiptsSealed` events of the same transactions.

    Raises:
        ChainError: The events of a transaction do not give the root that it sealed.
    """
    proven: dict[str, ProvenReceipt] = {}
    waiting: list[Event] = []
    for event in sorted([*redeemed, *sealed], key=lambda event: (event.block, event.index)):
        if event.name == "OrderRedeemed":
            waiting.append(event)
            continue
        proven |= _prove(waiting, event)
        waiting = []
    return proven


def _prove(redeemed: Sequence[Event], sealed: Event) -> dict[str, ProvenReceipt]:
    receipts = [_receipt(event) for event in redeemed]
    leaves = [receipt.leaf for receipt in receipts]
    root = bytes(sealed.values["root"])
    if not leaves or root_of(leaves) != root:
        raise ChainError(
            f"The {len(leaves)} orders of transaction {sealed.transaction} do not have the Merkle root {root.hex()} on chain."
        )
    return {
        "0x" + bytes(event.values["key"]).hex(): ProvenReceipt(
            receipt, proof_of(leaves, index), root, sealed.values["day"]
        )
        for index, (event, receipt) in enumerate(zip(redeemed, receipts, strict=True))
    }


def _receipt(event: Event) -> Receipt:
    values = event.values
    return Receipt(
        citizen=values["citizen"],
        merchant=values["merchant"],
        order_number=bytes(values["orderNumber"]),
        offer=bytes(values["offer"]),
        parts=tuple((part.year, part.pointsMilli) for part in values["parts"]),
    )


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [_parent(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
        levels.append(pairs + below[2 * len(pairs) :])
    return levels


def _parent(left: bytes, right: bytes) -> bytes:
    return keccak(min(left, right) + max(left, right))
