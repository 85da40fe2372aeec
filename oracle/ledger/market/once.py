"""Orders: what an account does once under a number of its own, however often it asks and wherever it was interrupted.

The number is part of the name of each transaction in the outbox. Whoever asks again finds the transaction that was made, waits for one
that is on its way, or makes the one that is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from oracle.edge.chain.call import Call
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.model.errors import InputError

_MOST_CHARACTERS = 64


@dataclass(frozen=True)
class Order:
    """One order, held by one process at a time.

    Attributes:
        outbox: Of the account whose order it is.
        kind: What is done.
        number: The account's own number of it.
    """

    outbox: Outbox
    kind: str
    number: str

    def part(self, number: int, make: Callable[[], Call]) -> Sent:
        """The transaction of one part of the order: the one that did it, else the one that `make` gives."""
        act = f"{self.kind} {self.number} {number}"
        return self.outbox.result(act) or self.outbox.send(replace(make(), act=act))

    def done(self, number: int) -> Sent | None:
        """The transaction that did a part; None if none did."""
        return self.outbox.result(f"{self.kind} {self.number} {number}")


@contextmanager
def order(outbox: Outbox, kind: str, number: str) -> Iterator[Order]:
    """Takes up an order; other orders of the account wait.

    Raises:
        InputError: The number is empty, too long, or has characters that cannot be seen.
        Busy: Another process has an order of this account in hand.
    """
    if not 0 < len(number) <= _MOST_CHARACTERS or not number.isprintable():
        raise InputError(
            f"a number of an order has 1 to {_MOST_CHARACTERS} characters that can be seen", field="--order"
        )
    with outbox.alone("orders"):
        yield Order(outbox, kind, number)
