"""The code on a printed certificate: `CBR1:` and Base32 of what it takes to ask any node of its chain about it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from oracle.model.errors import InputError

PREFIX = "CBR1:"
_GENESIS, _CONTRACT, _NUMBER, _DIGEST = 4, 20, 12, 8
_BYTES = _GENESIS + _CONTRACT + _NUMBER + _DIGEST


@dataclass(frozen=True)
class Code:
    """What a code says.

    Attributes:
        genesis: First four bytes of the hash of the chain's first block.
        contract: Address of the registry of retirements.
        number: The certificate's number.
        digest: Eight bytes of the hash of what its credential says.
    """

    genesis: bytes
    contract: str
    number: int
    digest: bytes

    @property
    def text(self) -> str:
        """As it is printed: upper case, which codes hold best."""
        raw = self.genesis + bytes.fromhex(self.contract[2:]) + self.number.to_bytes(_NUMBER) + self.digest
        return PREFIX + base64.b32encode(raw).decode().rstrip("=")


def is_code(text: str) -> bool:
    """Whether a text looks like a code."""
    return text.strip().upper().startswith(PREFIX)


def read_code(text: str) -> Code:
    """What a code says.

    Raises:
        InputError: It is cut off or damaged.
    """
    body = text.strip().upper().removeprefix(PREFIX)
    try:
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except (binascii.Error, ValueError) as error:
        raise InputError("the code is damaged: it is not Base32") from error
    if len(raw) != _BYTES:
        raise InputError(f"the code has {len(raw)} bytes, not {_BYTES}: it is cut off, or another kind of code")
    genesis, contract, number = raw[:_GENESIS], raw[_GENESIS : _GENESIS + _CONTRACT], raw[-_NUMBER - _DIGEST : -_DIGEST]
    return Code(genesis, to_checksum_address(contract), int.from_bytes(number), raw[-_DIGEST:])
