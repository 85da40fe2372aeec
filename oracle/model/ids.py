"""What things are called on chain, and how the name follows from the thing. Twin of the contracts' own keys; parity tests compare them."""

from __future__ import annotations

from typing import NewType

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from oracle.model.errors import InputError

Address = NewType("Address", str)  # checksummed
BatchId = NewType("BatchId", str)  # 0x hex: `IEvidenceLedger.batchIdOf`
OrderKey = NewType("OrderKey", str)  # 0x hex: `IRedemptionDesk.orderKeyOf`

_WORD = 32


def batch_id(operator: str, methodology: bytes, day: int, sequence: int) -> BatchId:
    """Key of a batch: `IEvidenceLedger.batchIdOf`. The methodology is its 32 bytes."""
    types = ["address", "bytes32", "uint32", "uint32"]
    return BatchId("0x" + keccak(encode(types, [operator, methodology, day, sequence])).hex())


def methodology_word(methodology: str) -> bytes:
    """A methodology id as the chain has it: ASCII, padded with zeros to 32 bytes.

    Raises:
        InputError: It is empty, not ASCII, or too long.
    """
    if not (methodology.isascii() and 0 < len(methodology) <= _WORD):
        raise InputError(f"'{methodology}' must have 1 to {_WORD} ASCII characters", field="methodology")
    return methodology.encode("ascii").ljust(_WORD, b"\0")


def methodology_text(word: bytes) -> str:
    """A methodology id as people write it."""
    return word.rstrip(b"\0").decode("ascii")
