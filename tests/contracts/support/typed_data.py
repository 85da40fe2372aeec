"""EIP-712 messages of the system, written out by hand for eth_account: nothing here asks a contract for a digest."""

from __future__ import annotations

from typing import Any

from brownie import web3
from eth_account import Account
from eth_account.signers.local import LocalAccount

_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1

DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
    {"name": "salt", "type": "bytes32"},
]

TYPES = {
    "Attestation": (
        "uint64 epoch,address operator,uint32 day,uint32 sequence,uint32 version,bytes32 methodology,"
        "uint32 recordCount,uint32 accountCount,uint64 totalQuantity,uint64 consentedQuantity,"
        "bytes32 recordsRoot,bytes32 accountsRoot,bytes32 bundleHash"
    ),
    "Order": (
        "address citizen,address merchant,bytes32 orderNumber,uint256 pointsMilli,uint256 expiry,bytes32 terms,bytes32 offer"
    ),
    "Admission": "address operator,address merchant,address payout,uint256 deadline",
    "Cancel": "address citizen,address merchant,bytes32 orderNumber",
    "Dispute": "address citizen,address merchant,bytes32 orderNumber,bytes32 reason,uint256 expiry",
    "Frame": (
        "uint64 epoch,uint256 claim,bytes32 batchesHash,uint32 batchCount,uint32 accountCount,uint64 recordCount,"
        "uint64 recordQuantity,uint64 reductionMg,bytes32 sharesRoot,bytes32 reportHash,bytes32 declarationsHash"
    ),
    "Reversal": "uint64 epoch,uint256 series,bytes32 batch,uint64 mg",
    "Payout": "uint256 series,uint256 index,uint256 paidRound,address to,uint256 deadline",
    "Inventory": (
        "address buyer,uint16 year,uint256 number,uint64 scope1Mg,uint64 scope2LocationMg,uint64 scope2MarketMg,"
        "uint64 scope3Mg,bytes32 reportHash"
    ),
    "Move": "address from,address to,uint256 nonce,uint256 deadline",
    "CancelMove": "address from,address to,uint256 nonce",
}

NAMES = {
    "Attestation": "Carbonbook EvidenceLedger",
    "Order": "Carbonbook RedemptionDesk",
    "Admission": "Carbonbook OperatorRegistry",
    "Cancel": "Carbonbook RedemptionDesk",
    "Dispute": "Carbonbook RedemptionDesk",
    "Move": "Carbonbook CarbonPoint",
    "Frame": "Carbonbook ReductionCertifier",
    "Reversal": "Carbonbook ReversalDesk",
    "Payout": "Carbonbook ProceedsPot",
    "Inventory": "Carbonbook InventoryRegistry",
    "CancelMove": "Carbonbook CarbonPoint",
}


def domain(kind: str, contract: Any, **changed: Any) -> dict[str, Any]:
    """The domain of `contract`'s messages of `kind`, on the active chain."""
    return {
        "name": NAMES[kind],
        "version": "1",
        "chainId": web3.eth.chain_id,
        "verifyingContract": contract.address,
        "salt": bytes(web3.eth.get_block(0).hash),
    } | changed


def document(kind: str, contract: Any, values: tuple[Any, ...], **changed: Any) -> dict[str, Any]:
    """The whole message; `values` are in the order of the type, `changed` replaces parts of the domain."""
    fields = [dict(zip(("type", "name"), field.split(), strict=True)) for field in TYPES[kind].split(",")]
    return {
        "types": {"EIP712Domain": DOMAIN, kind: fields},
        "primaryType": kind,
        "domain": domain(kind, contract, **changed),
        "message": {field["name"]: value for field, value in zip(fields, values, strict=True)},
    }


def sign(signer: Any, kind: str, contract: Any, *values: Any, **changed: Any) -> bytes:
    """`signer`'s 65-byte signature over the message: of a key of the test's, or of an account whose key the node holds."""
    message = document(kind, contract, values, **changed)
    if isinstance(signer, LocalAccount):
        return bytes(Account.sign_typed_data(signer.key, full_message=message).signature)
    answer = web3.provider.make_request("eth_signTypedData_v4", [signer.address, _as_json(message)])
    return bytes.fromhex(answer["result"][2:])


def malleable(signature: bytes) -> bytes:
    """The other signature of the same key over the same digest, which contracts do not take."""
    s, v = int.from_bytes(signature[32:64]), signature[64]
    return signature[:32] + (_CURVE_ORDER - s).to_bytes(32) + bytes([55 - v])


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return "0x" + value.hex() if isinstance(value, bytes) else value
