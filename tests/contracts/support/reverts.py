"""One way to say that a call must fail, with which error and which values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from brownie.exceptions import VirtualMachineError, decode_typed_error
from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple
from eth_utils.crypto import keccak


def error_data(contract: Any, name: str, *arguments: Any) -> str:
    """Revert data of `contract`'s custom error `name` with `arguments`, as hex."""
    inputs = [entry for entry in contract.abi if entry["type"] == "error" and entry["name"] == name]
    assert inputs, f"{contract._name} has no error {name}"
    types = [collapse_if_tuple(item) for item in inputs[0]["inputs"]]
    values = [plain(kind, value) for kind, value in zip(types, arguments, strict=True)]
    return "0x" + (keccak(text=f"{name}({','.join(types)})")[:4] + encode(types, values)).hex()


def panic_data(code: int) -> str:
    """Revert data of Solidity's `Panic(code)`, as hex."""
    return "0x" + (keccak(text="Panic(uint256)")[:4] + encode(["uint256"], [code])).hex()


@contextmanager
def reverts_with(contract: Any, name: str, *arguments: Any) -> Iterator[None]:
    """The block must revert with `contract`'s error `name` and exactly these values.

    Both sides go through brownie's own rendering, so that addresses and bytes compare by value.
    """
    expected = decode_typed_error(error_data(contract, name, *arguments))
    with _reverting(expected):
        yield


@contextmanager
def panics_with(code: int) -> Iterator[None]:
    """The block must revert with Solidity's `Panic(code)`: 0x11 is an overflow."""
    with _reverting(decode_typed_error(panic_data(code))):
        yield


@contextmanager
def _reverting(expected: str) -> Iterator[None]:
    found = "nothing"
    try:
        yield
    except VirtualMachineError as error:
        found = str(error.revert_msg)
    assert found == expected, f"reverted with {found!r}, not {expected!r}"


def plain(kind: str, value: Any) -> Any:
    """What eth_abi takes for `value`: brownie's accounts and contracts as their address, hex text as bytes."""
    if kind == "address":
        return getattr(value, "address", value)
    if kind.startswith("bytes") and isinstance(value, str):
        return bytes.fromhex(value.removeprefix("0x"))
    return value
