"""One call that is to be sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One call to be sent.

    Attributes:
        to: Contract.
        data: Calldata, 0x hex.
        act: What it is for. While a transaction for the same act is on its way, no second one is made.
        gas: Gas limit; None to have the node estimate it.
    """

    to: str
    data: str
    act: str
    gas: int | None = None
