"""Offers of merchants, as the chain has them. Twin of `IOfferBook`."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.offer_book import OfferBook
from oracle.ledger.redeem.order import NO_OFFER as NO_OFFER
from oracle.ledger.redeem.order import number_text
from oracle.model.errors import InputError


@dataclass(frozen=True)
class Offer:
    """One offer.

    Attributes:
        merchant: Whose it is.
        number: The merchant's number of it, 32 bytes.
        price_milli: Exact price in thousandths of a point.
        stock: Items put up.
        taken: Items with citizens.
        per_citizen: Most items per citizen; 0 means no limit.
        from_time, to_time: First and last second (UTC) at which it can be taken.
        terms: Hash of what is offered.
        ended: Whether the merchant ended it.
    """

    merchant: str
    number: bytes
    price_milli: int
    stock: int
    taken: int
    per_citizen: int
    from_time: int
    to_time: int
    terms: bytes
    ended: bool

    @property
    def left(self) -> int:
        """Items that can still be taken."""
        return 0 if self.ended else self.stock - self.taken

    @property
    def name(self) -> str:
        """Its number as people write it."""
        return number_text(self.number) or "0x" + self.number.hex()


def offer_of(chain: Chain, merchant: str, number: bytes) -> Offer:
    """An offer.

    Raises:
        InputError: The merchant has none of this number.
    """
    found = OfferBook(chain).offer_of(merchant, number)
    terms = found.terms
    if terms.stock == 0:
        raise InputError(f"{merchant} has no offer {number_text(number) or '0x' + number.hex()}")
    return Offer(
        merchant=merchant,
        number=number,
        price_milli=terms.price_milli,
        stock=terms.stock,
        taken=found.taken,
        per_citizen=terms.per_citizen,
        from_time=terms.from_time,
        to_time=terms.to_time,
        terms=terms.terms,
        ended=found.ended,
    )


def all_offers(chain: Chain) -> list[Offer]:
    """Every offer ever made, oldest first."""
    events = OfferBook(chain).events("OfferPublished")
    return [offer_of(chain, event.values["merchant"], bytes(event.values["number"])) for event in events]
