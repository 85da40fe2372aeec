"""F49: no key and no passphrase in anything that a command said or logged."""

from __future__ import annotations

from pathlib import Path

from oracle.edge.keys.keyring import Keyring
from tests.faults.world import World


def leaks(world: World) -> list[str]:
    """File and name of every secret that stands in an output or in the database in the clear.

    The node's own log is left out: a development chain prints the keys of its public mnemonic.
    """
    ring = Keyring(world.home / "keys")
    secrets = {name: ring.secret(name) for name in ring.names()}
    secrets["passphrase"] = bytes.fromhex((world.home / "keys" / "passphrase").read_text().strip())
    said = [*world.outputs(), *world.home.glob("book.sqlite*")]
    return [f"{path.name}: {name}" for path in said for name, secret in secrets.items() if _holds(path, secret)]


def _holds(path: Path, secret: bytes) -> bool:
    content = path.read_bytes()
    return secret in content or secret.hex().encode() in content.lower()
