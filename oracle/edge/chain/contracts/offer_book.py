"""`IOfferBook`: what merchants give for points."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, struct


@dataclass(frozen=True)
class OfferTerms:
    """What never changes of an offer but its stock, in the order of `IOfferBook.Terms`."""

    price_milli: int
    stock: int
    per_citizen: int
    from_time: int
    to_time: int
    terms: bytes


@dataclass(frozen=True)
class StoredOffer:
    """An offer; stock 0 if there is none.

    Attributes:
        terms: Its terms.
        taken: Items with citizens.
        ended: Whether the merchant ended it.
    """

    terms: OfferTerms
    taken: int
    ended: bool


class OfferBook(Contract):
    """The book of offers. Numbers are 32 bytes."""

    role = "OfferBook"

    def offer_of(self, merchant: str, number: bytes) -> StoredOffer:
        """An offer."""
        found = self._read("offerOf", merchant, number)
        return StoredOffer(struct(OfferTerms, found.terms), found.taken, found.ended)

    def publish(self, number: bytes, terms: OfferTerms) -> Call:
        """Makes an offer of the sending merchant."""
        return self._call("publish", number, astuple(terms))

    def add_stock(self, number: bytes, items: int) -> Call:
        """Puts up more items."""
        return self._call("addStock", number, items)

    def end(self, number: bytes) -> Call:
        """Ends an offer."""
        return self._call("end", number)
