"""One call that is to be sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One call to be sent.

    Made by the classes of `oracle.edge.chain.contracts`; `replace` gives one another act or a gas limit.

    Attributes:
        to: Contract.
        data: Calldata, 0x hex.
        act: What it is for. While a transaction for the same act is on its way, no second one is made.
        gas: Gas limit; None to have the node estimate it.
        told_by: Contract and first topics of the one event that a successful transaction of this act emits; None to go by the receipt.
            For transactions with hundreds of events besides: their receipts take longer to read than they took to send.
    """

    to: str
    data: str
    act: str
    gas: int | None = None
    told_by: tuple[str, tuple[str, ...]] | None = None
