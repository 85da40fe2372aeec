"""Rests: what the cap of an account's day cut off an entry, and what of it was credited later.

The issuer tells of each rest that it keeps right before the event of the chunk, or of the rests, that it belongs to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from oracle.edge.chain.client import Event
from oracle.report.read.ledger import Ledger

Entry = tuple[str, int]  # batch and index


@dataclass(frozen=True)
class CreditedRest:
    """What one entry got in one `RestsCredited`.

    Attributes:
        place: Block and log index of that event.
        batch, index: The entry.
        account: Its account, checksummed.
        reduction_mg: Milligrams CO2e.
    """

    place: tuple[int, int]
    batch: str
    index: int
    account: str
    reduction_mg: int


@dataclass
class Rests:
    """Every rest up to the ledger's block.

    Attributes:
        credited: What was credited of rests, in chain order.
        waiting: Account and milligrams of rests that were not credited yet.
    """

    credited: list[CreditedRest] = field(default_factory=list)
    waiting: dict[Entry, tuple[str, int]] = field(default_factory=dict)

    def count(self) -> Mapping[str, int]:
        """Waiting rests by batch."""
        return Counter(batch for batch, _ in self.waiting)


def follow_rests(ledger: Ledger) -> Rests:
    """Follows rests from event to event."""
    rests = Rests()
    kept: dict[Entry, tuple[str, int]] = {}
    names = ("RestKept", "ChunkCredited", "RestsCredited")
    events = [event for name in names for event in ledger.events[name]]
    for event in sorted(events, key=lambda event: (event.block, event.index)):
        if event.name == "RestKept":
            entry = _hex(event), event.values["index"]
            kept[entry] = event.values["account"], event.values["restMg"]
            continue
        if event.name == "RestsCredited":
            rests.credited += _credited(rests, event, kept)
        rests.waiting |= kept
        kept = {}
    return rests


def _credited(rests: Rests, event: Event, kept: Mapping[Entry, tuple[str, int]]) -> list[CreditedRest]:
    found, batch = [], _hex(event)
    for index in event.values["indices"]:
        account, before = rests.waiting.pop((batch, index))
        _, left = kept.get((batch, index), (account, 0))
        found.append(CreditedRest((event.block, event.index), batch, index, account, before - left))
    return found


def _hex(event: Event) -> str:
    return "0x" + bytes(event.values["batch"]).hex()
