"""Base of all contracts: an address, the block to read at, calls to send, events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from eth_utils.crypto import keccak
from web3.types import BlockIdentifier

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain, Event
from oracle.model.ids import Address
from oracle.model.typed_data import Domain

T = TypeVar("T")

_CAPITAL = re.compile("([A-Z])")


class Contract:
    """One contract of a deployment.

    Args:
        chain: The deployment.
        block: The block that every read is of, and the last one that events are of: the latest unless told.
    """

    role: str  # its name in the manifest

    def __init__(self, chain: Chain, block: BlockIdentifier = "latest"):
        self.chain = chain
        self.block = block

    @property
    def address(self) -> Address:
        """Where it is."""
        return Address(self.chain.address(self.role))

    @property
    def domain(self) -> Domain:
        """Where signatures for it are good: its EIP-712 domain."""
        manifest = self.chain.manifest
        return Domain(self.role, manifest.chain_id, self.address, manifest.genesis_hash)

    def events(
        self,
        name: str,
        from_block: int | None = None,
        to_block: int | None = None,
        where: Mapping[str, object] | None = None,
    ) -> Iterator[Event]:
        """Its events of one name; otherwise as `Chain.events`."""
        last = self.block if to_block is None and isinstance(self.block, int) else to_block
        return self.chain.events(self.role, name, from_block, last, where)

    def _read(self, function: str, *args: object) -> Any:
        return self.chain.read(self.role, function, *args, block=self.block)

    def _read_many(self, function: str, arguments: Sequence[Sequence[object]]) -> list[tuple[Any, ...]]:
        return self.chain.read_many(self.role, function, arguments, self.block)

    def _call(self, function: str, *args: object) -> Call:
        data = self.chain.call_data(self.role, function, *args)
        return Call(self.address, data, f"{self.address} {data[:10]} {keccak(text=data)[:8].hex()}")


def struct(kind: type[T], value: Any) -> T:
    """A struct that was read as the dataclass with the same fields, in snake case."""
    return kind(**{_CAPITAL.sub(r"_\1", name).lower(): item for name, item in vars(value).items()})


def word(text: str) -> bytes:
    """32 bytes that are written as 0x hex."""
    return bytes.fromhex(text.removeprefix("0x"))
