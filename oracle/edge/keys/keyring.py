"""Keys: encrypted keystore files (Web3 Secret Storage, version 3), one per name, opened with a passphrase from a file or a prompt.

A key never appears in a configuration, log or repr. The same kind of file holds the two secrets that are not accounts: `custody`, from
which citizens' keys
are derived, and `records`, with which record ids and subjects are hashed.
"""

from __future__ import annotations

import getpass
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.base import BaseAccount
from eth_account.signers.local import LocalAccount
from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json
from eth_utils.address import to_checksum_address

from oracle.model.errors import ConfigError
from oracle.model.machine import blamed

CUSTODY = "custody"
RECORDS = "records"
_NAME = re.compile(
    r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}"
)  # of a key, and so of a file: a table from elsewhere may name one
_PASSPHRASE = "passphrase"  # noqa: S105  # the name of a file

_SCRYPT_N = 1 << 18
# A passphrase of 128 random bits cannot be guessed: slow hashing would protect nothing, and every command would wait for it.
_SCRYPT_N_RANDOM = 1 << 10


@dataclass(frozen=True)
class Elsewhere:
    """A key that an external signer holds.

    Attributes:
        url: The signer, without a path.
        address: The account.
        identifier: What the signer calls the key.
    """

    url: str
    address: str
    identifier: str


class Keyring:
    """The keystore files of one folder, and keys that external signers hold.

    Args:
        folder: Where the files are.
        elsewhere: Keys of external signers by name; they go before files of the same name.
        passphrase_file: File with the passphrase; None to take `passphrase` in the folder if there is one, else to ask.
    """

    def __init__(
        self, folder: Path, passphrase_file: Path | None = None, elsewhere: Mapping[str, Elsewhere] | None = None
    ):
        self._folder = folder
        self._elsewhere = dict(elsewhere or {})
        self._passphrase_file = passphrase_file or folder / _PASSPHRASE
        self._opened: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"Keyring({str(self._folder)!r}, {len(self.names())} keys)"

    def names(self) -> list[str]:
        """Names of the keys there are."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def account(self, name: str) -> BaseAccount:
        """The account of a key, here or at an external signer.

        Raises:
            ConfigError: There is no such key, or the passphrase is wrong.
        """
        if name in self._elsewhere:
            from oracle.edge.keys.signer import RemoteAccount

            return RemoteAccount(**vars(self._elsewhere[name]))
        account: LocalAccount = Account.from_key(self.secret(name))
        return account

    def address(self, name: str) -> str:
        """Checksummed address of a key, read without opening it."""
        if name in self._elsewhere:
            return to_checksum_address(self._elsewhere[name].address)
        path = self._path(name)
        try:
            return to_checksum_address(_document(path)["address"])
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(
                f"{path} is not a valid keystore file. It is damaged or truncated: restore it from a backup."
            ) from error

    def secret(self, name: str) -> bytes:
        """The 32 bytes of a key; errors as in `account`."""
        if name not in self._opened:
            path = self._path(name)
            try:
                self._opened[name] = bytes(decode_keyfile_json(_document(path), self._passphrase()))
            except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
                raise ConfigError(f"The passphrase does not open {path}, or the file is damaged.") from error
        return self._opened[name]

    def store(self, name: str, secret: bytes | None = None, *, random_passphrase: bool = False) -> None:
        """Writes a key, a fresh random one unless given; a key that is there already stays.

        Args:
            random_passphrase: `create_passphrase` made the passphrase, so it needs no slow hashing.
        """
        path = self._folder / f"{name}.json"
        if path.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        rounds = _SCRYPT_N_RANDOM if random_passphrase else _SCRYPT_N
        keyfile = create_keyfile_json(
            secret or secrets.token_bytes(32), self._passphrase(), version=3, kdf="scrypt", iterations=rounds
        )
        write_private(path, json.dumps(keyfile))

    def create_passphrase(self) -> None:
        """Writes a random passphrase file, readable by its owner only, unless there is one."""
        if not self._passphrase_file.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            write_private(self._passphrase_file, secrets.token_hex(16))

    @property
    def has_random_passphrase(self) -> bool:
        """Whether `create_passphrase` made the passphrase: 32 hex digits in the folder itself."""
        own = self._passphrase_file == self._folder / _PASSPHRASE
        return own and self._passphrase_file.exists() and len(text_of(self._passphrase_file)) == 32

    def _path(self, name: str) -> Path:
        path = self._folder / f"{name}.json"
        if not _NAME.fullmatch(name) or not path.exists():
            known = ", ".join(self.names()) or "none"
            raise ConfigError(f"No key '{name}' in {self._folder}. Existing keys: {known}.")
        return path

    def _passphrase(self) -> str:
        if self._passphrase_file.exists():
            return text_of(self._passphrase_file)
        if not os.isatty(0):
            raise ConfigError(
                f"No passphrase: {self._passphrase_file} is missing and there is no terminal to ask at. "
                "Name a file with CARBONBOOK_PASSPHRASE_FILE."
            )
        return getpass.getpass("Passphrase of the keystore: ")


def text_of(path: Path) -> str:
    """The text of a secret's file, without blanks around it.

    Raises:
        ConfigError: It cannot be read, or is no text; says nothing of what is in it.
    """
    try:
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise blamed(error, ConfigError(f"{path} cannot be read: {error.strerror}")) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text.") from error


def _document(path: Path) -> Any:
    return json.loads(text_of(path))


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
