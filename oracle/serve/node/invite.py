"""The home folder of a node: what a member gets from the installation whose closes it will look at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from eth_utils.address import to_checksum_address

from oracle.config import Settings
from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.model.errors import ConfigError


def invite(settings: Settings, keys: Keyring, member: str, folder: Path, rpc: str, operators: dict[str, str]) -> None:
    """Writes a node's home folder: config, manifest, the records secret, and the member's key if it is here.

    Its custody secret is a fresh one: a node has people's accounts from the proposer and keys of nobody.

    Raises:
        ConfigError: The folder is there already.
    """
    if folder.exists():
        raise ConfigError(f"{folder} already exists. Choose a new folder.")
    folder.mkdir(parents=True)
    shutil.copy(settings.path(settings.manifest), folder / "deployment.json")
    theirs = Keyring(folder / "keys")
    theirs.create_passphrase()
    theirs.store(RECORDS, keys.secret(RECORDS), random_passphrase=True)
    theirs.store(CUSTODY, random_passphrase=True)
    if member in keys.names():
        theirs.store(member, keys.secret(member), random_passphrase=True)
    proposer = to_checksum_address(keys.address(settings.relayer))
    (folder / "config.toml").write_text(_config(settings, rpc, member, proposer, operators))
    for name in settings.sources:
        (folder / "inputs" / name).mkdir(parents=True)


def _config(settings: Settings, rpc: str, member: str, proposer: str, operators: dict[str, str]) -> str:
    lines = [f"rpc = {json.dumps(rpc)}", f"member = {json.dumps(member)}", f"proposers = [{json.dumps(proposer)}]", ""]
    for name, source in settings.sources.items():
        lines.append(f"[sources.{json.dumps(name)}]")
        values = source.model_dump(exclude_defaults=True) | {"operator": operators[name]}
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
        lines.append("")
    return "\n".join(lines)
