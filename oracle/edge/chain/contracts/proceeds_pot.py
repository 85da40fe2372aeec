"""`IProceedsPot`: rounds of a series' proceeds, and what each citizen is paid of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, struct

NOTHING_DUE = "ProceedsPot_NothingDue"
TOO_EARLY = "ProceedsPot_TooEarly"
TOO_SMALL = "ProceedsPot_TooSmall"
WRONG_ROUND = "ProceedsPot_WrongRound"


@dataclass(frozen=True)
class Head:
    """Rounds and payments of a series.

    Attributes:
        rounds: Rounds opened; round 0 is the empty pot.
        opened_at: When the last was (UTC seconds).
        base_round: The round up to which what nobody had claimed was swept; 0 if never.
        sweeps_at: From when on the announced sweep can be done (UTC seconds); 0 if none is.
        paid_out: What left the pot, or was swept, base units.
    """

    rounds: int
    opened_at: int
    base_round: int
    sweeps_at: int
    paid_out: int


@dataclass(frozen=True)
class ShareProof:
    """One leaf of a shares tree with its proof, in the order of `IProceedsPot.Share`."""

    index: int
    entry: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True)
class Payout:
    """What an account signs to have its share sent elsewhere, in the order of `IProceedsPot.Payout`."""

    series: int
    index: int
    paid_round: int
    to: str
    deadline: int


class ProceedsPot(Contract):
    """The citizens' pot."""

    role = "ProceedsPot"

    def head_of(self, series: int) -> Head:
        """Rounds and payments of a series."""
        return struct(Head, self._read("headOf", series))

    def pot_of(self, series: int, round_: int) -> int:
        """What had come in when a round was opened, base units."""
        return int(self._read("potOf", series, round_))

    def paid_round_of(self, series: int, index: int) -> int:
        """The round up to which a leaf is paid."""
        return int(self._read("paidRoundOf", series, index))

    def paid_rounds_of(self, series: int, count: int) -> list[int]:
        """The rounds up to which the first `count` leaves are paid."""
        return [paid for (paid,) in self._read_many("paidRoundOf", [[series, index] for index in range(count)])]

    def due_of(self, series: int, index: int, mg: int) -> int:
        """What a leaf of `mg` is due now, base units."""
        return int(self._read("dueOf", series, index, mg))

    def dues_of(self, series: int, shares: Sequence[tuple[int, int]]) -> list[int]:
        """What many leaves, each its index and milligrams, are due now."""
        return [due for (due,) in self._read_many("dueOf", [[series, *share] for share in shares])]

    def owed_to(self, account: str) -> int:
        """What waits for an account after a failed transfer."""
        return int(self._read("owedTo", account))

    def public_good(self) -> str:
        """Where sweeps go."""
        return str(self._read("publicGood"))

    def round_growth(self) -> int:
        """Least growth for a round while there is stock, base units."""
        return int(self._read("ROUND_GROWTH"))

    def round_pause(self) -> int:
        """Seconds between two rounds of a series."""
        return int(self._read("ROUND_PAUSE"))

    def claim_period(self) -> int:
        """Seconds after the last round until a sweep can be announced."""
        return int(self._read("CLAIM_PERIOD"))

    def open_round(self, series: int) -> Call:
        """Draws the citizens' share of a series and opens a round."""
        return self._call("openRound", series)

    def claim(self, series: int, first: int, entries: Sequence[int], proof: Sequence[bytes]) -> Call:
        """Pays a chunk of leaves, a power of two, with the proof of their common node."""
        return self._call("claim", series, first, list(entries), list(proof))

    def claim_many(self, series: int, shares: Sequence[ShareProof]) -> Call:
        """Pays leaves here and there."""
        return self._call("claimMany", series, [astuple(share) for share in shares])

    def claim_to(self, payout: Payout, share: ShareProof, signature: bytes) -> Call:
        """Pays one leaf to where its account has signed."""
        return self._call("claimTo", astuple(payout), astuple(share), signature)

    def take_owed(self, account: str) -> Call:
        """Tries again to pay what a transfer failed to."""
        return self._call("takeOwed", account)

    def announce_sweep(self, series: int) -> Call:
        """Announces that what is not claimed will be swept."""
        return self._call("announceSweep", series)

    def sweep(self, series: int) -> Call:
        """Sends what nobody claimed to the public good."""
        return self._call("sweep", series)
