"""Raw logs of a deployment, by JSON-RPC, with nothing but Python's own library: Keccak-256 for topics, words for values."""

from __future__ import annotations

import json
import urllib.request
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

RANGE = 2_000  # blocks at once
_LANES = [(x, y) for y in range(5) for x in range(5)]
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Log:
    """One log: the indexed values and the data, as numbers of 256 bits; addresses are numbers, too."""

    address: int
    topics: list[int]
    words: list[int]

    def items(self, place: int) -> list[int]:
        """The array whose offset stands at a place of the data."""
        start = self.words[place] // 32
        return self.words[start + 1 : start + 1 + self.words[start]]


class Logs:
    """All logs of some contracts, by contract and event.

    Args:
        rpc: Address of a node.
        addresses: Of contracts, by name.
        last: Last block.
    """

    def __init__(self, rpc: str, addresses: dict[str, str], last: int):
        self._rpc, self._last = rpc, last
        self._found: dict[tuple[int, int], list[Log]] = defaultdict(list)
        self.addresses = {name: int(address, 16) for name, address in addresses.items()}
        self.read(addresses.values())

    def read(self, addresses: Iterable[str]) -> None:
        """Adds the logs of more contracts."""
        asked = list(addresses)
        for first in range(0, self._last + 1, RANGE):
            last = min(first + RANGE - 1, self._last)
            bounds = {"fromBlock": hex(first), "toBlock": hex(last), "address": asked}
            for log in ask(self._rpc, "eth_getLogs", bounds) if asked else ():
                topics = [int(topic, 16) for topic in log["topics"]]
                data = bytes.fromhex(log["data"][2:])
                words = [int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32)]
                address = int(log["address"], 16)
                self._found[address, topics[0]].append(Log(address, topics[1:], words))

    def of(self, contract: str | int, signature: str) -> list[Log]:
        """Logs of an event, in the order of the chain."""
        address = contract if isinstance(contract, int) else self.addresses[contract]
        return self._found[address, int.from_bytes(keccak(signature.encode()), "big")]


def ask(rpc: str, method: str, *parameters: object) -> Any:
    """A node's answer."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
    request = urllib.request.Request(rpc, body, {"Content-Type": "application/json"})  # the caller's node
    with urllib.request.urlopen(request, timeout=120) as answer:
        said = json.load(answer)
    if "error" in said:
        raise SystemExit(f"{method}: {said['error']}")
    return said["result"]


def keccak(data: bytes) -> bytes:
    """Keccak-256, as Ethereum has it."""
    state = [[0] * 5 for _ in range(5)]
    rate = 136
    padded = data + b"\1" + b"\0" * (-(len(data) + 1) % rate)
    padded = padded[:-1] + bytes([padded[-1] | 0x80])
    for start in range(0, len(padded), rate):
        for at, (x, y) in enumerate(_LANES[: rate // 8]):
            state[x][y] ^= int.from_bytes(padded[start + 8 * at : start + 8 * at + 8], "little")
        _permute(state)
    return b"".join(state[x][y].to_bytes(8, "little") for x, y in _LANES[:4])


def _permute(state: list[list[int]]) -> None:
    """Keccak-f[1600]."""
    constant = 1
    for _ in range(24):
        parity = [state[x][0] ^ state[x][1] ^ state[x][2] ^ state[x][3] ^ state[x][4] for x in range(5)]
        for x in range(5):
            mixed = parity[x - 1] ^ _turned(parity[(x + 1) % 5], 1)
            for y in range(5):
                state[x][y] ^= mixed
        x, y, lane = 1, 0, state[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            lane, state[x][y] = state[x][y], _turned(lane, (step + 1) * (step + 2) // 2 % 64)
        for y in range(5):
            row = [state[x][y] for x in range(5)]
            for x in range(5):
                state[x][y] = row[x] ^ (~row[(x + 1) % 5] & _MASK & row[(x + 2) % 5])
        for bit in range(7):
            if constant & 1:
                state[0][0] ^= 1 << ((1 << bit) - 1)
            constant = constant << 1 ^ (0x171 if constant & 0x80 else 0)


def _turned(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _MASK if by else lane
