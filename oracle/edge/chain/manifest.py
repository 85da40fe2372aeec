"""The manifest of a deployment: the only source of addresses for the oracle. `scripts/deploy.py` writes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oracle.model.errors import ConfigError
from oracle.model.machine import blamed

_ABI = Path(__file__).parent / "abi"


@dataclass(frozen=True)
class Deployed:
    """One contract of a deployment.

    Attributes:
        name: Name of the contract that was compiled; its ABI.
        address: Checksummed address.
        code_hash: keccak-256 of the runtime code, as 0x hex.
        block: Block of the deployment; None for a contract that was there before.
    """

    name: str
    address: str
    code_hash: str
    block: int | None


@dataclass(frozen=True)
class Manifest:
    """A deployment as it was made. `functions` maps contract -> selector -> {function, role}; `roles` role -> account -> delay."""

    path: Path
    chain_id: int
    genesis_hash: str
    contracts: dict[str, Deployed]
    roles: dict[str, dict[str, int]]
    functions: dict[str, dict[str, dict[str, str]]]
    committee: dict[str, Any]
    parameters: dict[str, int]

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Reads a manifest.

        Raises:
            ConfigError: The file is missing or is no manifest.
        """
        if not path.exists():
            raise ConfigError(
                f"No deployment manifest at {path}. Start a chain with `carbonbook up`, or deploy and set `manifest` in config.toml."
            )
        try:
            data = json.loads(path.read_text("utf-8"))
            return cls(
                path=path,
                chain_id=data["chainId"],
                genesis_hash=data["genesisHash"],
                contracts={
                    role: Deployed(entry["name"], entry["address"], entry["codeHash"], entry["block"])
                    for role, entry in data["contracts"].items()
                },
                roles=data["roles"],
                functions=data["functions"],
                committee=data["committee"],
                parameters=data["parameters"],
            )
        except OSError as error:
            raise blamed(error, ConfigError(f"{path} cannot be read: {error.strerror}")) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"{path} is not a deployment manifest: {error!r}") from error

    @property
    def identity(self) -> tuple[int, str]:
        """Which chain it is on: id and hash of the genesis block."""
        return self.chain_id, self.genesis_hash

    @property
    def first_block(self) -> int:
        """The block of the first contract; the deployment has no event before it."""
        return min(entry.block for entry in self.contracts.values() if entry.block is not None)


def abi_of(name: str) -> list[dict[str, Any]]:
    """ABI of a contract by the name it was compiled under."""
    abi: list[dict[str, Any]] = json.loads((_ABI / f"{name}.json").read_text())
    return abi


def all_abis() -> dict[str, list[dict[str, Any]]]:
    """Every ABI by contract name."""
    return {path.stem: abi_of(path.stem) for path in sorted(_ABI.glob("*.json"))}
