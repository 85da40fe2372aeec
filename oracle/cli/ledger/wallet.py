"""Who signs for a citizen: the citizen's own key file, or the operator's custody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from eth_account.signers.base import BaseAccount

from oracle.edge.keys.custody import citizen_account
from oracle.edge.keys.keyring import CUSTODY, Keyring
from oracle.edge.store.citizens import custody_ref
from oracle.installation import Installation
from oracle.model.errors import ConfigError

AccountOption = Annotated[str | None, typer.Option(help="Account of a citizen whose key this installation holds.")]
KeyFileOption = Annotated[Path | None, typer.Option(help="Keystore file of the citizen's own key.")]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        help="File with the passphrase of that key.", show_default="file `passphrase` beside it, or asked for"
    ),
]


def citizen_signer(
    here: Installation, account: str | None, key_file: Path | None, passphrase: Path | None
) -> BaseAccount:
    """The key that signs for a citizen: of the file that is named, or derived for an account in custody.

    Raises:
        ConfigError: Neither or both are named, or the account is not in custody here.
    """
    if (account is None) == (key_file is None):
        raise ConfigError(
            "No signer given. Add --account (a key in custody here) or --key-file (the citizen's own key)."
        )
    if key_file is not None:
        return Keyring(key_file.parent, passphrase).account(key_file.stem)
    return custody_signer(here, here.account_of(str(account)))


def custody_signer(here: Installation, account: str) -> BaseAccount:
    """The key of an account in custody.

    Raises:
        ConfigError: It is not in custody here.
    """
    with here.book.database.reading() as connection:
        ref = custody_ref(connection, bytes.fromhex(account[2:]))
    if ref is None:
        raise ConfigError(f"{account} is not in custody here. Its owner must sign: add --key-file.")
    return citizen_account(here.keys.secret(CUSTODY), ref)
