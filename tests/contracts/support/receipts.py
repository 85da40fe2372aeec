"""Receipts of orders and their proofs, out of a brownie transaction."""

from __future__ import annotations

from typing import Any

from oracle.ledger.redeem.receipt import Receipt, proof_of

from .values import bare, events


def receipts_in(transaction: Any) -> list[Receipt]:
    """The receipts of all orders that a transaction took, in order."""
    return [
        Receipt(
            event["citizen"], event["merchant"], _bytes(event["orderNumber"]), _bytes(event["offer"]), event["parts"]
        )
        for event in events(transaction, "OrderRedeemed")
    ]


def receipt_in(transaction: Any, number: int = 0) -> tuple[tuple[Any, ...], list[bytes]]:
    """One of them as the contract takes it, with its proof."""
    receipts = receipts_in(transaction)
    proof = proof_of([receipt.leaf for receipt in receipts], number)
    return bare(receipts[number].encoded()), list(proof)


def _bytes(value: Any) -> bytes:
    return bytes.fromhex(str(value).removeprefix("0x"))
