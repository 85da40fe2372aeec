"""Libraries on an EVM, for comparing Solidity with Python: compiled with the project's settings, called on an anvil of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import requests
from eth_abi.abi import encode
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from oracle.model.canonical import hexed
from oracle.model.keccak import keccak
from tests.e2e.cli import free_port

COMPILER = Path(__file__).with_name("runtime.cjs")
PLACE = "0x" + "ca" * 20
GAS = 2_000_000_000


@dataclass(frozen=True)
class Harness:
    """A contract that shows a library's functions.

    Attributes:
        source: Its Solidity.
        contract: Its name.
    """

    source: str
    contract: str

    def run(self, calls: Sequence[str]) -> list[str]:
        """What each call returns, in hex."""
        with anvil() as rpc:
            return [self._answer(rpc, data) for data in calls]

    @cached_property
    def code(self) -> str:
        """Its runtime bytecode."""
        asked = json.dumps({"source": self.source, "contract": self.contract})
        done = subprocess.run(["node", str(COMPILER)], input=asked, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _answer(self, rpc: str, data: str) -> str:
        """What a call returns with the code put at an address for this call only."""
        parameters = [{"to": PLACE, "data": data, "gas": hex(GAS)}, "latest", {PLACE: {"code": self.code}}]
        answer = ask(rpc, "eth_call", parameters)
        assert "result" in answer, answer
        return str(answer["result"])


@contextmanager
def anvil() -> Iterator[str]:
    """The RPC address of a chain that lives as long as the block."""
    port = free_port()
    command = ["anvil", "--port", str(port), "--gas-limit", str(GAS), "--accounts", "1", "--silent"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    rpc = f"http://127.0.0.1:{port}"
    try:
        wait = retry(
            retry=retry_if_exception_type(requests.exceptions.ConnectionError),
            wait=wait_fixed(0.05),
            stop=stop_after_delay(30),
        )
        wait(ask)(rpc, "eth_chainId", [])
        yield rpc
    finally:
        process.terminate()
        process.wait()


def ask(rpc: str, method: str, parameters: list[object]) -> dict[str, object]:
    """The node's answer to one request."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    found: dict[str, object] = requests.post(rpc, json=request, timeout=120).json()
    return found


def call(signature: str, types: list[str], values: list[object]) -> str:
    """Calldata in hex."""
    return hexed(keccak(signature.encode())[:4] + encode(types, values))
