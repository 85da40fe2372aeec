"""Ledgers made of events as the contracts would tell them, for tests of statements and flags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oracle.edge.chain.client import Event
from oracle.edge.chain.contracts.told import CONTRACT_OF
from oracle.report.read.ledger import NOBODY, Block, Ledger

START = 1_672_531_200  # 2023-01-01T00:00:00Z
DAY = 86_400
MERCHANTS = ["0x" + f"{number:040x}" for number in range(1, 4)]
OPERATOR = "0x" + "ee" * 20


def citizen(number: int) -> str:
    """An account that is nobody else's."""
    return "0x" + f"{0xC0000 + number:040x}"


class Told:
    """Events in the order they are told; a block is a second."""

    def __init__(self) -> None:
        self._events: dict[str, list[Event]] = {name: [] for name in CONTRACT_OF}
        self._times: dict[int, int] = {}
        self._index = 0
        for merchant in MERCHANTS:
            self.tell(0, "MerchantAdmitted", merchant=merchant, sponsor=OPERATOR, payout=merchant)
        self.tell(0, "OperatorLicensed", operator=OPERATOR, dayLimitMg=1, licence=bytes(32))

    def tell(self, seconds: int, event: str, **values: Any) -> None:
        """One event, so many seconds after the start."""
        self._times[seconds] = START + seconds
        transaction = "0x" + f"{seconds:064x}"
        self._events[event].append(Event(CONTRACT_OF[event].role, event, seconds, transaction, self._index, values))
        self._index += 1

    def credit(self, seconds: int, account: str, milli: int) -> None:
        """Points come into being."""
        self.tell(seconds, "Transfer", **{"from": NOBODY, "to": account, "value": milli})

    def order(self, seconds: int, who: str, merchant: str, milli: int, key: int, value: int | None = None) -> None:
        """An order, with the transfer right before it."""
        self.tell(seconds, "Transfer", **{"from": who, "to": merchant, "value": milli})
        parts = {"key": key.to_bytes(32), "citizen": who, "merchant": merchant, "orderNumber": key.to_bytes(32)}
        money = milli * 50 if value is None else value
        none = {"terms": bytes(32), "offer": bytes(32), "parts": []}
        self.tell(seconds, "OrderRedeemed", **parts, pointsMilli=milli, value=money, **none)

    def back(
        self, seconds: int, who: str, merchant: str, milli: int, key: int, due_day: int, value: int | None = None
    ) -> None:
        """A refund; out of a dispute if `due_day` is 0."""
        money = milli * 50 if value is None else value
        parts = {"key": key.to_bytes(32), "citizen": who, "merchant": merchant}
        self.tell(seconds, "OrderRefunded", **parts, pointsMilli=milli, value=money, dueDay=due_day)

    def paid(self, seconds: int, merchant: str, milli: int, amount: int) -> None:
        """A payout."""
        self.tell(
            seconds,
            "MerchantSettled",
            merchant=merchant,
            payout=merchant,
            fromDay=0,
            throughDay=1,
            pointsMilli=milli,
            amount=amount,
        )

    def ledger(self) -> Ledger:
        """The ledger of what was told."""
        last = max(self._times)
        ordered: Iterable[str] = self._events
        return Ledger(
            Block(last, "0x" + "ab" * 32, START + last),
            {name: tuple(self._events[name]) for name in ordered},
            self._times,
        )
