"""Orders: who spends how many points where, for what, until when. Twin of `IRedemptionDesk.Order`."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from eth_abi.abi import encode
from eth_account.messages import SignableMessage
from eth_utils.crypto import keccak

from oracle.model.errors import InputError
from oracle.model.typed_data import ORDER, Domain, signable

NO_OFFER = bytes(32)
_MOST_DIGITS = 19


@dataclass(frozen=True)
class Order:
    """One exact order, as the citizen signs it.

    Attributes:
        citizen: Account that spends.
        merchant: Account that receives.
        order_number: 32 bytes: the merchant's own number, see `number_bytes`.
        points_milli: Price in thousandths of a point.
        expiry: Last second, UTC, at which the order can be sent.
        terms: 32-byte hash of what is bought.
        offer: 32 bytes: the merchant's number of the offer (`number_bytes`); zero for a free amount at the till.
    """

    citizen: str
    merchant: str
    order_number: bytes
    points_milli: int
    expiry: int
    terms: bytes
    offer: bytes = NO_OFFER

    @property
    def key(self) -> str:
        """Key of the order on chain, 0x hex: keccak of merchant, citizen and number."""
        return key_of(self.merchant, self.citizen, self.order_number)

    def encoded(self) -> tuple[object, ...]:
        """The struct as web3 takes it."""
        return tuple(asdict(self).values())

    def message(self, domain: Domain) -> SignableMessage:
        """What the citizen signs."""
        return signable(domain, "Order", ORDER, dict(zip([name for _, name in ORDER], self.encoded(), strict=True)))


def key_of(merchant: str, citizen: str, order_number: bytes) -> str:
    """Key of a citizen's order at a merchant on chain, 0x hex."""
    return "0x" + keccak(encode(["address", "address", "bytes32"], [merchant, citizen, order_number])).hex()


def number_bytes(text: str) -> bytes:
    """A merchant's order number as 32 bytes: a number of up to 19 digits as it is, other text with what changes most at the end, a
    long text hashed. The desk keeps four neighbours in one word: running numbers cost a quarter of what hashes do.

    Raises:
        InputError: It is empty.
    """
    if not text:
        raise InputError("the number of an order or offer must not be empty")
    if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and str(int(text)) == text:
        return int(text).to_bytes(32)
    raw = text.encode()
    return b"\1" + raw.rjust(31, b"\0") if len(raw) < 32 else keccak(raw)


def number_text(number: bytes) -> str | None:
    """The text that `number_bytes` made a number of; None if it was hashed or made otherwise."""
    if number[0] == 0:
        return str(int.from_bytes(number)) if int.from_bytes(number) < 10**_MOST_DIGITS else None
    try:
        text = number[1:].lstrip(b"\0").decode()
    except UnicodeDecodeError:
        return None
    return text if number[0] == 1 and text and text.isprintable() else None


def terms_bytes(text: str) -> bytes:
    """Hash of what is bought, as merchant and citizen wrote it down."""
    return keccak(text=text)
