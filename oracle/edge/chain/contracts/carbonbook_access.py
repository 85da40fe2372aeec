"""`CarbonbookAccess`: OpenZeppelin's access manager, whose delayed roles announce a call before they make it."""

from __future__ import annotations

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract


class CarbonbookAccess(Contract):
    """The access manager. An announcement is of a caller and one exact call."""

    role = "CarbonbookAccess"

    def executable_from(self, caller: str, call: Call) -> int:
        """From when on an announced call can be made, UTC seconds; 0 if it is not announced, was made, or was left for too long."""
        return int(self._read("getSchedule", self._read("hashOperation", caller, call.to, call.data)))

    def delay_of(self, caller: str, call: Call) -> int | None:
        """Seconds between announcing a call and making it; None if the caller may not make it at all."""
        selector = bytes.fromhex(call.data[2:10])
        at_once, delay = self._read("canCall", caller, call.to, selector)
        return int(delay) if at_once or delay else None

    def announce(self, call: Call) -> Call:
        """Announces a call of the sender, for the earliest moment its delay allows."""
        return self._call("schedule", call.to, call.data, 0)
