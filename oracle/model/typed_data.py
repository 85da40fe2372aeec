"""EIP-712: the messages that committee members, citizens and verifiers sign, with the genesis hash as the domain's salt.

Twin of `contracts/libraries/SaltedDomain.sol`; a parity test compares every digest with the contract's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.base import BaseAccount
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

_SIGNATURE_BYTES = 65
_HALF_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2  # of secp256k1


@dataclass(frozen=True)
class Domain:
    """Where a signature is good: one contract on one chain with one genesis block.

    Attributes:
        contract: Name of the contract as its domain says, without the prefix.
        chain_id: EIP-155 chain id.
        address: Address of the contract.
        genesis_hash: Hash of block 0, 0x hex.
    """

    contract: str
    chain_id: int
    address: str
    genesis_hash: str

    def fields(self) -> dict[str, Any]:
        """The EIP712Domain value."""
        return {
            "name": f"Carbonbook {self.contract}",
            "version": "1",
            "chainId": self.chain_id,
            "verifyingContract": self.address,
            "salt": bytes.fromhex(self.genesis_hash[2:]),
        }


ATTESTATION = (
    ("uint64", "epoch"),
    ("address", "operator"),
    ("uint32", "day"),
    ("uint32", "sequence"),
    ("uint32", "version"),
    ("bytes32", "methodology"),
    ("uint32", "recordCount"),
    ("uint32", "accountCount"),
    ("uint64", "totalQuantity"),
    ("uint64", "consentedQuantity"),
    ("bytes32", "recordsRoot"),
    ("bytes32", "accountsRoot"),
    ("bytes32", "bundleHash"),
)

ORDER = (
    ("address", "citizen"),
    ("address", "merchant"),
    ("bytes32", "orderNumber"),
    ("uint256", "pointsMilli"),
    ("uint256", "expiry"),
    ("bytes32", "terms"),
    ("bytes32", "offer"),
)

CANCEL = (("address", "citizen"), ("address", "merchant"), ("bytes32", "orderNumber"))

DISPUTE = (
    ("address", "citizen"),
    ("address", "merchant"),
    ("bytes32", "orderNumber"),
    ("bytes32", "reason"),
    ("uint256", "expiry"),
)

ADMISSION = (("address", "operator"), ("address", "merchant"), ("address", "payout"), ("uint256", "deadline"))

MOVE = (("address", "from"), ("address", "to"), ("uint256", "nonce"), ("uint256", "deadline"))

CANCEL_MOVE = (("address", "from"), ("address", "to"), ("uint256", "nonce"))

INVENTORY = (
    ("address", "buyer"),
    ("uint16", "year"),
    ("uint256", "number"),
    ("uint64", "scope1Mg"),
    ("uint64", "scope2LocationMg"),
    ("uint64", "scope2MarketMg"),
    ("uint64", "scope3Mg"),
    ("bytes32", "reportHash"),
)


FRAME = (
    ("uint64", "epoch"),
    ("uint256", "claim"),
    ("bytes32", "batchesHash"),
    ("uint32", "batchCount"),
    ("uint32", "accountCount"),
    ("uint64", "recordCount"),
    ("uint64", "recordQuantity"),
    ("uint64", "reductionMg"),
    ("bytes32", "sharesRoot"),
    ("bytes32", "reportHash"),
    ("bytes32", "declarationsHash"),
)

REVERSAL = (("uint64", "epoch"), ("uint256", "series"), ("bytes32", "batch"), ("uint64", "mg"))

PAYOUT = (
    ("uint256", "series"),
    ("uint256", "index"),
    ("uint256", "paidRound"),
    ("address", "to"),
    ("uint256", "deadline"),
)

PERMIT = (
    ("address", "owner"),
    ("address", "spender"),
    ("uint256", "value"),
    ("uint256", "nonce"),
    ("uint256", "deadline"),
)

_TOKEN_DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]

_DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
    {"name": "salt", "type": "bytes32"},
]


def signable(
    domain: Domain, name: str, fields: tuple[tuple[str, str], ...], message: dict[str, Any]
) -> SignableMessage:
    """The message as it is signed."""
    return encode_typed_data(
        full_message={
            "types": {"EIP712Domain": _DOMAIN_TYPE, name: [{"type": kind, "name": field} for kind, field in fields]},
            "primaryType": name,
            "domain": domain.fields(),
            "message": message,
        }
    )


def signable_permit(token: str, name: str, version: str, chain_id: int, message: dict[str, Any]) -> SignableMessage:
    """The ERC-2612 permit of a token, whose domain has no salt, as it is signed."""
    domain = {"name": name, "version": version, "chainId": chain_id, "verifyingContract": token}
    fields = [{"type": kind, "name": field} for kind, field in PERMIT]
    return encode_typed_data(
        full_message={
            "types": {"EIP712Domain": _TOKEN_DOMAIN_TYPE, "Permit": fields},
            "primaryType": "Permit",
            "domain": domain,
            "message": message,
        }
    )


def digest(message: SignableMessage) -> bytes:
    """The 32 bytes that the signature is over."""
    return keccak(b"\x19" + message.version + message.header + message.body)


def signer_of(message: SignableMessage, signature: bytes) -> str | None:
    """Account whose key made a signature over a message; None if no key did, or contracts would not read it.

    Anyone can make others out of a signature, which the same key seems to have made. Contracts take one form: v is 27 or 28, s in the lower
    half.
    """
    if len(signature) != _SIGNATURE_BYTES or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return None
    try:
        signer: str = Account.recover_message(message, signature=signature)
    except (ValueError, BadSignature, ValidationError):
        return None
    return signer


def sign(account: BaseAccount, message: SignableMessage) -> bytes:
    """The 65-byte signature r || s || v."""
    return bytes(account.sign_message(message).signature)
