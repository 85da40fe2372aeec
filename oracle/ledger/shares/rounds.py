"""Rounds: readings of what a series' citizens have coming; and sweeps of what nobody claimed."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.credit_market import CreditMarket
from oracle.edge.chain.contracts.proceeds_pot import TOO_EARLY, TOO_SMALL, Head, ProceedsPot
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.model.errors import ContractReverted, InputError


@dataclass(frozen=True)
class Standing:
    """Where the rounds of a series stand.

    Attributes:
        head: Rounds and payments.
        pot: What came in by the last round, base units.
        waiting: What is due to citizens since and no round has read.
        least: What it takes to open a round now.
        opens_from: From when on the next round can be opened, UTC seconds; 0 for at once.
        now: The chain's time, UTC seconds.
    """

    head: Head
    pot: int
    waiting: int
    least: int
    opens_from: int
    now: int

    @property
    def blocked_by(self) -> list[str]:
        """Why no round can be opened now."""
        early = ["the last round is less than a day ago"] if self.now < self.opens_from else []
        small = [f"{self.waiting} units came in, {self.least} open a round"] if self.waiting < self.least else []
        return early + small


def standing_of(chain: Chain, series: int) -> Standing:
    """Where the rounds of a series stand.

    Raises:
        InputError: The series is not issued.
    """
    pot, market = ProceedsPot(chain), CreditMarket(chain)
    stock, head = market.stock_of(series), pot.head_of(series)
    if stock.quiet_since == 0:
        raise InputError(f"series {series} is not issued")
    due, paid = market.proceeds_of(series)
    return Standing(
        head=head,
        pot=pot.pot_of(series, head.rounds),
        waiting=due.citizens - paid.citizens,
        least=1 if stock.available_mg == 0 else pot.round_growth(),
        opens_from=head.opened_at + pot.round_pause() if head.rounds else 0,
        now=chain.now(),
    )


def open_round(outbox: Outbox, series: int) -> Sent | None:
    """Opens a round; None if it is too early, or too little came in."""
    return _unless_early(outbox, ProceedsPot(outbox.chain).open_round(series))


def sweep(outbox: Outbox, series: int) -> Sent | None:
    """Announces a sweep, or carries out one whose time has come; None if it is too early for either."""
    pot = ProceedsPot(outbox.chain)
    announced = pot.head_of(series).sweeps_at
    return _unless_early(outbox, pot.sweep(series) if announced else pot.announce_sweep(series))


def sweepable_from(chain: Chain, series: int) -> int | None:
    """From when on a sweep can be announced or, if it is, done, UTC seconds; None without a round since the last."""
    pot = ProceedsPot(chain)
    head = pot.head_of(series)
    if head.sweeps_at:
        return head.sweeps_at
    return None if head.rounds == head.base_round else head.opened_at + pot.claim_period()


def _unless_early(outbox: Outbox, call: Call) -> Sent | None:
    try:
        return outbox.send(call)
    except ContractReverted as refusal:
        if refusal.name in (TOO_EARLY, TOO_SMALL):
            return None
        raise
