"""Orders: who spends how many points where, for what, until when. Twin of `IRedemptionDesk.Order`."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from eth_abi.abi import encode
from eth_account.messages import SignableMessage
from eth_utils.crypto import keccak

from oracle.attest.typed_data import ORDER, Domain, signable


@dataclass(frozen=True)
class Order:
    """One exact order, as the citizen signs it.

    Attributes:
        citizen: Account that spends.
        merchant: Account that receives.
        order_number: 32 bytes: the merchant's own number, hashed unless it fits (`number_bytes`).
        points_milli: Price in thousandths of a point.
        expiry: Last second, UTC, at which the order can be sent.
        terms: 32-byte hash of what is bought.
    """

    citizen: str
    merchant: str
    order_number: bytes
    points_milli: int
    expiry: int
    terms: bytes

    @property
    def key(self) -> str:
        """Key of the order on chain, 0x hex: keccak of merchant and number."""
        return "0x" + keccak(encode(["address", "bytes32"], [self.merchant, self.order_number])).hex()

    def encoded(self) -> tuple[object, ...]:
        """The struct as web3 takes it."""
        return tuple(asdict(self).values())

    def message(self, domain: Domain) -> SignableMessage:
        """What the citizen signs."""
        return signable(domain, "Order", ORDER, dict(zip([name for _, name in ORDER], self.encoded(), strict=True)))


def number_bytes(text: str) -> bytes:
    """A merchant's order number as 32 bytes: its UTF-8 if it fits, else the keccak-256 of it."""
    raw = text.encode()
    return raw.ljust(32, b"\0") if len(raw) <= 32 else keccak(raw)


def terms_bytes(text: str) -> bytes:
    """Hash of what is bought, as merchant and citizen wrote it down."""
    return keccak(text=text)
