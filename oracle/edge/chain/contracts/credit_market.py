"""`ICreditMarket`: stock and asks of every series, purchases, and what is due of their proceeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from eth_utils.address import to_checksum_address

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, struct
from oracle.edge.chain.contracts.retirement_registry import RetirementTerms
from oracle.edge.chain.contracts.settlement_token import parts_of
from oracle.model.ids import Address

KINDS = ("fee", "operator", "citizens", "owed")
NOTHING_DUE = "CreditMarket_NothingDue"
CLOSED = "CreditMarket_Closed"


@dataclass(frozen=True)
class SeriesTerms:
    """Under which terms a series is sold; 100 % are 10,000 bps.

    Attributes:
        citizens_bps: Citizens' part of the proceeds after the fee.
        fee_bps: The fee.
        buffer_bps: Part of the series that is not for sale.
        floor_price: Lowest price of a primary ask, base units per tonne.
    """

    citizens_bps: int
    fee_bps: int
    buffer_bps: int
    floor_price: int


@dataclass(frozen=True)
class Stock:
    """What the market has of a series.

    Attributes:
        available_mg: Milligrams for sale.
        buffer_mg: Milligrams held against reversals.
        gross: Primary proceeds so far, base units.
        terms_id: Number of its terms.
        quiet_since: When it was issued, or last reversed (UTC seconds); 0 if it is not issued.
    """

    available_mg: int
    buffer_mg: int
    gross: int
    terms_id: int
    quiet_since: int


@dataclass(frozen=True)
class StoredAsk:
    """An ask.

    Attributes:
        only_buyer: The only buyer that may take it; zero for anybody.
        left_mg: Milligrams it has left.
        resale: Whether its credits are kept by the market for it.
        series: The series; 0 if there is no such ask.
        seller: The operator, or who resells.
        price: Base units per tonne.
        opens_hour: Hours since 1970.
        expiry_day: Its last day: days since 1970, UTC.
    """

    only_buyer: Address
    left_mg: int
    resale: bool
    series: int
    seller: Address
    price: int
    opens_hour: int
    expiry_day: int


@dataclass(frozen=True)
class Fill:
    """What a buyer wants of one ask: all or none, in the order of `ICreditMarket.Fill`."""

    ask: int
    mg: int
    max_price: int


@dataclass(frozen=True)
class Split:
    """Parts of a series' gross proceeds, base units."""

    fee: int
    operator: int
    citizens: int


class CreditMarket(Contract):
    """The market."""

    role = "CreditMarket"

    def stock_of(self, series: int) -> Stock:
        """Stock of a series; all zero if it is not issued."""
        return struct(Stock, self._read("stockOf", series))

    def ask_count(self) -> int:
        """Asks made so far; they are numbered from 0 on."""
        return int(self._read("askCount"))

    def ask_of(self, ask: int) -> StoredAsk:
        """An ask; all zero if there is none."""
        return struct(StoredAsk, self._read("askOf", ask))

    def asks_of(self, asks: Sequence[int]) -> list[StoredAsk]:
        """Many asks."""
        found = (ask for (ask,) in self._read_many("askOf", [[ask] for ask in asks]))
        return [
            StoredAsk(_account(only_buyer), left, resale, series, _account(seller), *rest)
            for only_buyer, left, resale, series, seller, *rest in found
        ]

    def terms_of(self, terms_id: int) -> SeriesTerms:
        """Terms by number."""
        return struct(SeriesTerms, self._read("termsOf", terms_id))

    def present_terms_id(self) -> int:
        """Number of the terms of the next series."""
        return int(self._read("presentTermsId"))

    def proceeds_of(self, series: int) -> tuple[Split, Split]:
        """The parts of a series' proceeds so far, and what of them was paid."""
        due, paid = self._read("proceedsOf", series)
        return struct(Split, due), struct(Split, paid)

    def owed_to(self, account: str) -> int:
        """What an account is owed of resales, base units."""
        return int(self._read("owedTo", account))

    def fee_receiver(self) -> Address:
        """Where fees go."""
        return Address(self._read("feeReceiver"))

    def buffer_period(self) -> int:
        """Seconds without a reversal after which a buffer can be released."""
        return int(self._read("BUFFER_PERIOD"))

    def list_(self, series: int, mg: int, price: int, expiry_day: int, only_buyer: str) -> Call:
        """Offers up to `mg` of the sending operator's series from its stock."""
        return self._call("list", series, mg, price, expiry_day, only_buyer)

    def resell(self, series: int, mg: int, price: int, expiry_day: int) -> Call:
        """Offers the sender's own credits."""
        return self._call("resell", series, mg, price, expiry_day)

    def cancel_ask(self, ask: int) -> Call:
        """Ends an ask of the sender."""
        return self._call("cancelAsk", ask)

    def buy(self, fills: Sequence[Fill], cost: int, deadline: int, permit: bytes) -> Call:
        """Buys of one or more asks, all or none, with the buyer's permit for exactly the cost."""
        return self._call("buy", [astuple(fill) for fill in fills], cost, (deadline, *parts_of(permit)))

    def buy_and_retire(self, fill: Fill, cost: int, deadline: int, permit: bytes, terms: RetirementTerms) -> Call:
        """Buys of one ask and retires it at once; otherwise as `buy`."""
        return self._call("buyAndRetire", astuple(fill), cost, (deadline, *parts_of(permit)), astuple(terms))

    def draw_operator(self, series: int) -> Call:
        """Pays the operator what it is due of a series."""
        return self._call("drawOperator", series)

    def draw_fee(self, series: int) -> Call:
        """Pays the fee's receiver what it is due of a series."""
        return self._call("drawFee", series)

    def draw_owed(self) -> Call:
        """Pays the sender what it is owed of resales."""
        return self._call("drawOwed")

    def release_buffer(self, series: int) -> Call:
        """Puts the buffer of a series into its stock."""
        return self._call("releaseBuffer", series)


def _account(text: str) -> Address:
    return Address(to_checksum_address(text))
