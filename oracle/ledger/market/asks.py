"""Asks as buyers see them: what each has left, whether it can be bought now, dearest last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.carbon_credit import CarbonCredit
from oracle.edge.chain.contracts.credit_market import CreditMarket, StoredAsk
from oracle.model.units import SECONDS_PER_DAY

_NOBODY = "0x" + 40 * "0"
_SECONDS_PER_HOUR = 3_600


@dataclass(frozen=True)
class Ask:
    """One ask at a block.

    Attributes:
        number: Its number.
        stored: What the market has of it.
        left_mg: What of it can be bought: of a primary ask no more than the stock has.
        state: `open`, `opens` later, `sold out`, `expired` or `frozen`.
    """

    number: int
    stored: StoredAsk
    left_mg: int
    state: str

    @property
    def opens_at(self) -> int:
        """From when on it can be bought, UTC seconds."""
        return self.stored.opens_hour * _SECONDS_PER_HOUR

    @property
    def only_buyer(self) -> str | None:
        """Who alone may buy; None for anybody."""
        return None if self.stored.only_buyer == _NOBODY else self.stored.only_buyer

    def is_for(self, buyer: str | None) -> bool:
        """Whether a buyer may take it; without one, whether anybody may."""
        return self.only_buyer in (None, buyer) and self.stored.seller != buyer


@dataclass(frozen=True)
class Market:
    """All asks at one block.

    Attributes:
        block: The block.
        time: Its time, UTC seconds.
        asks: By price, then in the order in which they were made.
        stocks: What is for sale of each series that has a primary ask, milligrams.
    """

    block: int
    time: int
    asks: Sequence[Ask]
    stocks: dict[int, int]


def market_of(chain: Chain, block: int | None = None) -> Market:
    """The market at a block, the latest unless told."""
    at = chain.head() if block is None else block
    contract, time = CreditMarket(chain, at), chain.now(at)
    stored = contract.asks_of(range(contract.ask_count()))
    series = sorted({ask.series for ask in stored})
    stocks = {number: contract.stock_of(number).available_mg for number in series}
    frozen = {number for number in series if CarbonCredit(chain, number, at).is_frozen()}
    asks = [_ask(number, ask, stocks[ask.series], ask.series in frozen, time) for number, ask in enumerate(stored)]
    return Market(at, time, sorted(asks, key=lambda ask: (ask.stored.price, ask.number)), stocks)


def issued_series(chain: Chain) -> list[int]:
    """Numbers of the series that were issued so far."""
    return [event.values["series"] for event in CreditMarket(chain).events("SeriesStocked")]


def _ask(number: int, stored: StoredAsk, available_mg: int, frozen: bool, time: int) -> Ask:
    left = stored.left_mg if stored.resale else min(stored.left_mg, available_mg)
    return Ask(number, stored, left, _state(stored, left, frozen, time))


def _state(stored: StoredAsk, left_mg: int, frozen: bool, time: int) -> str:
    if left_mg == 0:
        return "sold out"  # or ended by its seller: the market keeps no difference
    if time // SECONDS_PER_DAY > stored.expiry_day:
        return "expired"
    if frozen:
        return "frozen"
    return "opens" if time < stored.opens_hour * _SECONDS_PER_HOUR else "open"
