"""A chain on this machine: anvil, ganache or hardhat as a process of its own that outlives the command that started it.

Its state is written to the home folder after every block's worth of work, so that stopping and starting keeps the book's chain. Hardhat
keeps its state in memory alone: such a chain ends with its process.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from tenacity import retry, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from oracle.edge.chain.client import Translated, connect
from oracle.model.errors import ChainError, ChainUnreachable, ConfigError

# The public mnemonic of anvil and hardhat: everybody has its keys, nothing of value belongs to them.
MNEMONIC = "test test test test test test test test test test test junk"
ACCOUNTS = 20
CHAIN_ID = 31337
BLOCK_GAS_LIMIT = 60_000_000

_PROCESS_FILE = "chain-process.json"
_START_SECONDS = 30


@dataclass(frozen=True)
class Process:
    """A local chain that was started.

    Attributes:
        kind: `anvil`, `ganache` or `hardhat`.
        port: Of its RPC.
        pid: Of its process.
        genesis_time: UTC seconds at which its own clock began.
    """

    kind: str
    port: int
    pid: int
    genesis_time: int

    @property
    def rpc(self) -> str:
        """HTTP address of the node."""
        return f"http://127.0.0.1:{self.port}"


def local_account(index: int) -> LocalAccount:
    """An account of the public mnemonic."""
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return account


def start(home: Path, kind: str, port: int, genesis_time: int) -> Process:
    """Starts a chain whose state lives in `home`, and waits until it answers; one that runs already is left alone.

    A chain that ran before goes on with its state and never with an earlier time than its latest block.

    Args:
        kind: `anvil`, `ganache` or `hardhat`.
        genesis_time: Time of the genesis block of a new chain, UTC seconds.

    Raises:
        ConfigError: The program is not installed, the port is taken, or the home folder has a chain of another kind, or one that is gone.
        ChainError: The chain did not come up; its log says why.
    """
    before = _recorded(home)
    if before is not None and before.kind != kind:
        raise ConfigError(f"The chain in {home} is {before.kind}, not {kind}. Choose another home folder.")
    if before is not None and _alive(before):
        return before
    if before is not None and kind in _FORGETFUL:
        raise ConfigError(f"{kind} kept the chain in {home} in memory, and it ended. Choose another home folder.")
    if before is not None:
        genesis_time = before.genesis_time
    _require_free(port)
    home.mkdir(parents=True, exist_ok=True)
    child = _launch(_COMMANDS[kind](home, port, genesis_time), home)
    process = Process(kind, port, child.pid, genesis_time)
    if not _answers(process.rpc, child):
        child.kill()
        raise ChainError(f"{kind} did not answer on port {port} within {_START_SECONDS} s. See {home / 'chain.log'}.")
    (home / _PROCESS_FILE).write_text(json.dumps(asdict(process)))
    latest = connect(process.rpc).eth.get_block("latest")["timestamp"]
    if latest > genesis_time:  # a restarted chain's clock begins at its genesis again
        advance(process.rpc, latest - genesis_time)
    return process


def running(home: Path) -> Process | None:
    """The chain of a home folder, if its process is alive."""
    process = _recorded(home)
    return process if process is not None and _alive(process) else None


def stop(home: Path) -> bool:
    """Stops the chain of a home folder, letting it write its state; says whether there was one."""
    process = running(home)
    if process is None:
        return False
    os.kill(process.pid, signal.SIGTERM)
    if not _gone(process.pid):
        raise ChainError(f"Process {process.pid} did not stop within {_START_SECONDS} s.")
    return True


def advance(rpc: str, seconds: int) -> int:
    """Moves a local chain's clock forward and mines a block; returns the new time.

    Raises:
        ChainError: The chain is no development chain, and time is not ours to move.
    """
    web3 = connect(rpc)
    with Translated(rpc):
        for method, arguments in (("evm_increaseTime", [seconds]), ("evm_mine", [])):
            answer = web3.provider.make_request(method, arguments)  # type: ignore[arg-type]  # methods of development chains
            if "error" in answer:
                raise ChainError(f"{rpc} is no development chain: {answer['error']}")
        return web3.eth.get_block("latest")["timestamp"]


def mine(rpc: str, blocks: int) -> None:
    """Adds empty blocks to a local chain.

    Raises:
        ChainError: The chain is no development chain.
    """
    web3 = connect(rpc)
    with Translated(rpc):
        for _ in range(blocks):
            answer = web3.provider.make_request("evm_mine", [])  # type: ignore[arg-type]  # a method of development chains
            if "error" in answer:
                raise ChainError(f"{rpc} is no development chain: {answer['error']}")


def _anvil(home: Path, port: int, genesis_time: int) -> list[str]:
    command = ["anvil", "--port", str(port), "--chain-id", str(CHAIN_ID), "--accounts", str(ACCOUNTS)]
    command += ["--mnemonic", MNEMONIC, "--gas-limit", str(BLOCK_GAS_LIMIT), "--timestamp", str(genesis_time)]
    return [*command, "--state", str(home / "chain-state.json"), "--state-interval", "1"]


def _ganache(home: Path, port: int, genesis_time: int) -> list[str]:
    time = datetime.fromtimestamp(genesis_time, tz=UTC).isoformat()
    command = [
        "ganache",
        "--server.port",
        str(port),
        "--chain.chainId",
        str(CHAIN_ID),
        "--chain.networkId",
        str(CHAIN_ID),
    ]
    command += ["--wallet.mnemonic", MNEMONIC, "--wallet.totalAccounts", str(ACCOUNTS), "--chain.hardfork", "shanghai"]
    command += ["--miner.blockGasLimit", str(BLOCK_GAS_LIMIT), "--chain.time", time]
    return [*command, "--database.dbPath", str(home / "chain-state")]


def _hardhat(home: Path, port: int, genesis_time: int) -> list[str]:
    network = {
        "chainId": CHAIN_ID,
        "hardfork": "shanghai",
        "blockGasLimit": BLOCK_GAS_LIMIT,
        "initialDate": datetime.fromtimestamp(genesis_time, tz=UTC).isoformat(),
        "accounts": {"mnemonic": MNEMONIC, "count": ACCOUNTS},
    }
    config = home / "hardhat.config.json"
    config.write_text(json.dumps({"networks": {"hardhat": network}}, indent=2) + "\n")
    return ["hardhat", "--config", str(config), "node", "--hostname", "127.0.0.1", "--port", str(port)]


_COMMANDS = {"anvil": _anvil, "ganache": _ganache, "hardhat": _hardhat}
_FORGETFUL = ("hardhat",)


def _launch(command: list[str], home: Path) -> subprocess.Popen[bytes]:
    program = shutil.which(command[0])
    if program is None:
        raise ConfigError(f"{command[0]} is not on the PATH. `make setup` installs it into node_modules/.bin.")
    # Hardhat wants to be started where it is installed, and asks its user's settings whether it may report: here it has none.
    installed = next((path.parent for path in Path(program).resolve().parents if path.name == "node_modules"), None)
    environment = os.environ | {"HARDHAT_DISABLE_TELEMETRY_PROMPT": "true"}
    environment |= {f"XDG_{kind}_HOME": str(home / "hardhat" / kind.lower()) for kind in ("CONFIG", "DATA", "CACHE")}
    with (home / "chain.log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=installed,
            env=environment,
        )


def _recorded(home: Path) -> Process | None:
    path = home / _PROCESS_FILE
    return Process(**json.loads(path.read_text())) if path.exists() else None


def _alive(process: Process) -> bool:
    command = Path(f"/proc/{process.pid}/cmdline")
    return command.exists() and str(process.port).encode() in command.read_bytes()


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise ConfigError(f"Port {port} is taken by another program. Choose one with --port.")


def _answers(rpc: str, child: subprocess.Popen[bytes]) -> bool:
    @retry(
        retry=retry_if_exception_type(ChainUnreachable) | retry_if_result(lambda answered: answered is None),
        wait=wait_fixed(0.05),
        stop=stop_after_delay(_START_SECONDS),
        retry_error_callback=lambda state: False,
    )
    def ask() -> bool | None:
        if child.poll() is not None:
            return False
        return connect(rpc).eth.chain_id == CHAIN_ID

    return bool(ask())


@retry(
    retry=retry_if_result(lambda gone: not gone),
    wait=wait_fixed(0.05),
    stop=stop_after_delay(_START_SECONDS),
    retry_error_callback=lambda state: False,
)
def _gone(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z"
