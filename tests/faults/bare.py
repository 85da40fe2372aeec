"""A chain with nothing on it, and an outbox: for what does not depend on our contracts."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

from eth_utils.address import to_checksum_address
from sqlalchemy import text
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain, connect
from oracle.edge.chain.manifest import Manifest
from oracle.edge.chain.outbox import Outbox, Pace
from oracle.edge.store.database import Database
from oracle.model.errors import ChainUnreachable
from oracle.sandbox import local
from tests.e2e.cli import free_port

SOMEBODY = to_checksum_address("0x" + "c0ffee".zfill(40))
PACE = Pace(finality=5, wait_seconds=10, patience_seconds=0.2, lock_seconds=5, window=8)


@dataclass
class Bare:
    """An outbox on a chain.

    Attributes:
        chain: The chain.
        database: Of the outbox.
        outbox: Its sender is the first account of the public mnemonic.
    """

    chain: Chain
    database: Database
    outbox: Outbox
    pid: int

    def again(self, pace: Pace = PACE) -> Outbox:
        """The outbox as another process finds it."""
        return Outbox(self.chain, self.outbox.account, self.database, pace)

    def rpc(self, method: str, *arguments: object) -> Any:
        """A call that only development chains know."""
        answer = self.chain.web3.provider.make_request(method, list(arguments))  # type: ignore[arg-type]  # not in web3's list
        assert "error" not in answer, answer
        return answer["result"]

    def pool(self) -> list[str]:
        """Hashes of the transactions that wait."""
        senders = self.rpc("txpool_content")["pending"].values()
        return sorted(transaction["hash"] for sender in senders for transaction in sender.values())

    def nonce(self) -> int:
        """Mined transactions of the sender."""
        return int(self.rpc("eth_getTransactionCount", self.outbox.account.address, "latest"), 16)

    def rows(self, columns: str) -> list[tuple[Any, ...]]:
        """Columns of all rows, in their order."""
        with self.database.reading() as connection:
            return [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM transactions ORDER BY id"))]

    def stop_answering(self) -> None:
        """SIGSTOP."""
        os.kill(self.pid, signal.SIGSTOP)

    def answer(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)


def calls(*names: str, gas: int | None = 100_000) -> list[Call]:
    """Calls to nobody's account, each for an act of its own."""
    return [Call(SOMEBODY, "0x" + name.encode().hex(), name, gas) for name in names]


@contextmanager
def anvil(*options: str) -> Iterator[tuple[str, int]]:
    """An anvil of its own: its address and its process; with the id that every development chain has."""
    port = free_port()
    node = Popen(["anvil", "--port", str(port), "--silent", *options], stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}", node.pid
    finally:
        node.kill()
        node.wait()


@contextmanager
def bare(folder: Path, *options: str, timeout_seconds: float = 5) -> Iterator[Bare]:
    """Starts an anvil of its own, with an empty database beside it."""
    with anvil(*options) as (rpc, pid):
        manifest = Manifest(folder / "none", 31337, genesis(rpc), {}, {}, {}, {}, {})
        chain = Chain(rpc, manifest, (), timeout_seconds)
        database = Database(folder / "book.sqlite")
        yield Bare(chain, database, Outbox(chain, local.local_account(0), database, PACE), pid)
        database.close()


@retry(
    retry=retry_if_exception_type(ChainUnreachable),
    wait=wait_fixed(0.05),
    stop=stop_after_delay(30),
)
def genesis(rpc: str) -> str:
    """Hash of the genesis block, as soon as the node answers."""
    return connect(rpc).eth.get_block(0)["hash"].to_0x_hex()
