"""Signed requests: who sends, when, and exactly which bytes.

What is signed is one text of seven lines: a label, the method, the path with its query, the sender's name, UTC seconds, the idempotency
key, the body's SHA-256 in hex. The signature goes in the header `Carbonbook-Signature`, one of two kinds:

    hmac-sha256=<64 hex digits>      by a secret of 32 bytes that both sides hold
    eip191=<130 hex digits>          by an account's key (personal_sign); the other side knows the address only

The signature is checked before a byte of the body is read, the body against its digest when it has arrived. A request is good for five
minutes; within them the idempotency key makes a repetition harmless.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.base import BaseAccount
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.exceptions import ValidationError

from oracle.model.errors import CarbonbookError

SENDER, TIME, KEY, DIGEST, SIGNATURE = (
    "Carbonbook-Sender",
    "Carbonbook-Time",
    "Idempotency-Key",
    "Carbonbook-Sha256",
    "Carbonbook-Signature",
)
GOOD_FOR_SECONDS = 300

_LABEL = "carbonbook/request/1"
# What each header looks like, whole.
FORMS = {
    SENDER: re.compile(r"[0-9A-Za-z_.-]{1,64}"),
    TIME: re.compile("[0-9]{1,11}"),
    KEY: re.compile(r"[0-9A-Za-z_.:-]{1,128}"),
    DIGEST: re.compile("[0-9a-f]{64}"),
    SIGNATURE: re.compile("hmac-sha256=[0-9a-f]{64}|eip191=[0-9a-f]{130}"),
}


class NotAuthentic(CarbonbookError):
    """A request is not signed as it should be."""

    exit_code = 7


@dataclass(frozen=True)
class Request:
    """What is signed of a request.

    Attributes:
        method: GET, PUT or POST.
        path: Path with its query.
        sender: Name of the source, or address of the account.
        time: UTC seconds.
        key: Idempotency key.
        sha256: Of the body, hex.
    """

    method: str
    path: str
    sender: str
    time: int
    key: str
    sha256: str

    @property
    def text(self) -> bytes:
        """The bytes that are signed."""
        lines = (_LABEL, self.method, self.path, self.sender, str(self.time), self.key, self.sha256)
        return "\n".join(lines).encode()

    def headers(self, signature: str) -> dict[str, str]:
        """The request's headers."""
        return {
            SENDER: self.sender,
            TIME: str(self.time),
            KEY: self.key,
            DIGEST: self.sha256,
            SIGNATURE: signature,
        }


class Verifier(Protocol):
    """Says whether a signature is a sender's."""

    def holds(self, text: bytes, signature: str) -> bool:
        """Whether `signature` is the sender's over `text`."""


class SharedSecret:
    """A sender whose secret both sides hold."""

    def __init__(self, secret: bytes):
        self._secret = secret

    def __repr__(self) -> str:
        return "SharedSecret()"

    def sign(self, text: bytes) -> str:
        """Signature over `text`."""
        return "hmac-sha256=" + hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    def holds(self, text: bytes, signature: str) -> bool:
        """Whether the signature was made with the secret."""
        return hmac.compare_digest(self.sign(text), signature)


@dataclass(frozen=True)
class ByAddress:
    """A sender known by its account."""

    address: str

    def holds(self, text: bytes, signature: str) -> bool:
        """Whether the account's key made the signature."""
        if not signature.startswith("eip191="):
            return False
        try:
            signer = Account.recover_message(encode_defunct(text), signature=bytes.fromhex(signature[7:]))
        except (ValueError, BadSignature, ValidationError):  # no point of the curve
            return False
        return to_checksum_address(signer) == to_checksum_address(self.address)


def sign_by_account(account: BaseAccount, text: bytes) -> str:
    """An account's signature over `text`."""
    return "eip191=" + bytes(account.sign_message(encode_defunct(text)).signature).hex()


def signed_part(method: str, path: str, fields: Mapping[str, object]) -> tuple[Request, str]:
    """The signed part of what came, by HTTP or by MQTT, and its signature, not checked yet.

    Args:
        fields: What came, by the names of `FORMS`. Nothing is converted before it has its form: anybody can send anything.

    Raises:
        NotAuthentic: A field is missing or malformed.
    """
    texts: dict[str, str] = {}
    for name, form in FORMS.items():
        value = fields.get(name)
        if not isinstance(value, str) or not form.fullmatch(value):
            raise NotAuthentic(f"The header {name} is missing or does not match {form.pattern}")
        texts[name] = value
    return Request(method, path, texts[SENDER], int(texts[TIME]), texts[KEY], texts[DIGEST]), texts[SIGNATURE]


def parse(method: str, path: str, headers: Mapping[str, str], now: int) -> tuple[Request, str]:
    """The signed part of an HTTP request, and its signature, not checked yet.

    Raises:
        NotAuthentic: A header is missing or malformed, or the request is too old or from the future.
    """
    request, signature = signed_part(method, path, {name: headers.get(name) for name in FORMS})
    if abs(now - request.time) > GOOD_FOR_SECONDS:
        raise NotAuthentic(
            f"The request was signed at {request.time}, and it is now {now}: more than {GOOD_FOR_SECONDS} s "
            "apart. Check the clock and sign again."
        )
    return request, signature


def require(request: Request, signature: str, verifier: Verifier) -> None:
    """Raises unless the sender signed the request.

    Raises:
        NotAuthentic: It did not.
    """
    if not verifier.holds(request.text, signature):
        raise NotAuthentic(f"The signature is not a valid signature of {request.sender} for this request.")
