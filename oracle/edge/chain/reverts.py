"""Decodes revert data to a named error: every custom error of every ABI, and Solidity's own two."""

from __future__ import annotations

from functools import cache
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple
from eth_utils.crypto import keccak

from oracle.edge.chain.manifest import all_abis
from oracle.model.errors import ContractReverted

REVERTED, OUT_OF_GAS = "Reverted", "OutOfGas"
NAMELESS = (REVERTED, OUT_OF_GAS)  # how calls end without any error of a contract

# https://docs.soliditylang.org/en/v0.8.30/control-structures.html#panic-via-assert-and-error-via-require
_BUILT_IN: list[dict[str, Any]] = [
    {"name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
]


def decode_revert(data: bytes) -> ContractReverted:
    """The error that `data` (selector and arguments) encodes.

    Unknown data is returned as `UnknownError` with its hex.
    """
    entry = _errors().get(data[:4])
    unknown = ContractReverted("UnknownError", {"data": "0x" + data.hex()})
    if entry is None:
        return unknown
    types = [collapse_if_tuple(item) for item in entry["inputs"]]
    try:
        values = decode(types, data[4:])
    except (
        DecodingError,
        ValueError,
    ):  # the first four bytes are ours by chance, or the node cut it: all of it is told
        return unknown
    names = [item["name"] for item in entry["inputs"]]
    return ContractReverted(entry["name"], {k: _plain(v) for k, v in zip(names, values, strict=True)})


@cache
def _errors() -> dict[bytes, dict[str, Any]]:
    found = {}
    for entry in [*_BUILT_IN, *(item for abi in all_abis().values() for item in abi if item["type"] == "error")]:
        signature = f"{entry['name']}({','.join(collapse_if_tuple(item) for item in entry['inputs'])})"
        found[keccak(text=signature)[:4]] = entry
    return found


def _plain(value: object) -> object:
    return "0x" + value.hex() if isinstance(value, bytes) else value
