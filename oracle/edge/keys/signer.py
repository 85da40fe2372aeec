"""External keys: a signer over HTTP that receives the full text of what it signs.

    POST {url}/api/v1/eth1/sign/{identifier}    {"data": "0x..."}  ->  0x and 65 bytes

That is what Web3Signer speaks. The signer gets the whole text of what it signs, not a hash: the bytes of a transaction before signing, or
0x19 0x01 and the two hashes of EIP-712; it hashes with keccak-256 itself. Each answer is checked to be this account's signature over
exactly that text before it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
import rlp
from eth_account.datastructures import SignedMessage, SignedTransaction
from eth_account.messages import SignableMessage
from eth_account.signers.base import BaseAccount
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_typing import ChecksumAddress, Hash32
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError
from hexbytes import HexBytes

from oracle.model.errors import CarbonbookError, ConfigError

_TIMEOUT_SECONDS = 10
_V_OFFSET = 27
_EIP_155_OFFSET = 35
_TYPE_1559 = b"\x02"


class SignerFails(CarbonbookError):
    """An external signer does not answer, or its answer is not a signature of the account."""

    exit_code = 4


class RemoteAccount(BaseAccount):
    """An account whose key an external signer holds.

    Args:
        url: The signer, without a path.
        address: The account.
        identifier: What the signer calls the key: for Web3Signer its public key.
    """

    def __init__(self, url: str, address: str, identifier: str):
        self._url = f"{url.rstrip('/')}/api/v1/eth1/sign/{identifier}"
        self._address = to_checksum_address(address)

    def __repr__(self) -> str:
        return f"RemoteAccount({self._address!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteAccount) and (self._url, self._address) == (other._url, other._address)

    def __hash__(self) -> int:
        return hash((self._url, self._address))

    @property
    def address(self) -> ChecksumAddress:
        """Of the account."""
        return self._address

    def sign_message(self, signable_message: SignableMessage) -> SignedMessage:
        """Signs a message of EIP-191 or EIP-712.

        Raises:
            SignerFails: The signer does not answer as it should.
        """
        text = b"\x19" + signable_message.version + signable_message.header + signable_message.body
        v, r, s, signature = self._signed(text)
        return SignedMessage(
            message_hash=HexBytes(keccak(text)), r=r, s=s, v=v + _V_OFFSET, signature=HexBytes(signature)
        )

    def unsafe_sign_hash(self, message_hash: Hash32) -> SignedMessage:
        """Always refuses: a hash does not show what is signed.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError("An external signer signs messages and transactions, not hashes.")

    def sign_transaction(self, transaction_dict: Mapping[str, Any], blobs: Any = None) -> SignedTransaction:
        """Signs a transaction with EIP-1559 fees, or one with a gas price and EIP-155; errors as in `sign_message`."""
        if "gasPrice" in transaction_dict:
            fields, tail, kind = _legacy(transaction_dict), [transaction_dict["chainId"], 0, 0], b""
        else:
            fields, tail, kind = _with_fees(transaction_dict), [], _TYPE_1559
        parity, r, s, _ = self._signed(kind + rlp.encode([*fields, *tail]))
        v = parity if kind else parity + _EIP_155_OFFSET + 2 * int(transaction_dict["chainId"])
        raw = kind + rlp.encode([*fields, v, r, s])
        return SignedTransaction(raw_transaction=HexBytes(raw), hash=HexBytes(keccak(raw)), r=r, s=s, v=v)

    def _signed(self, text: bytes) -> tuple[int, int, int, bytes]:
        """Parity, r, s and the 65 bytes of the signer's signature over keccak(text)."""
        try:
            answer = requests.post(
                self._url, json={"data": "0x" + text.hex()}, timeout=_TIMEOUT_SECONDS, allow_redirects=False
            )
            answer.raise_for_status()
            raw = bytes.fromhex(answer.text.strip().strip('"').removeprefix("0x"))
            parity = raw[64] - _V_OFFSET if raw[64] >= _V_OFFSET else raw[64]
            signature = Signature(raw[:64] + bytes([parity]))
            signer = signature.recover_public_key_from_msg_hash(keccak(text)).to_checksum_address()
        except requests.exceptions.RequestException as error:
            raise SignerFails(f"The request to the signer of {self._address} failed: {error}") from error
        except (ValueError, IndexError, BadSignature, ValidationError) as error:
            raise SignerFails(f"The signer of {self._address} did not return a signature.") from error
        if signer != self._address or len(raw) != 65:
            raise SignerFails(
                f"The signer of {self._address} signed with the key of {signer}. Check its configuration."
            )
        return parity, signature.r, signature.s, raw[:64] + bytes([parity + _V_OFFSET])


def _legacy(transaction: Mapping[str, Any]) -> list[Any]:
    numbers = [transaction["nonce"], transaction["gasPrice"], transaction["gas"]]
    return [*numbers, *_call(transaction)]


def _with_fees(transaction: Mapping[str, Any]) -> list[Any]:
    fees = [transaction["maxPriorityFeePerGas"], transaction["maxFeePerGas"]]
    head = [transaction["chainId"], transaction["nonce"], *fees, transaction["gas"]]
    return [*head, *_call(transaction), list(transaction.get("accessList", []))]


def _call(transaction: Mapping[str, Any]) -> list[Any]:
    return [HexBytes(transaction["to"]), transaction.get("value", 0), HexBytes(transaction["data"])]
