"""`carbonbook erase`: forget a person."""

from __future__ import annotations

import time
from typing import Annotated

import polars as pl
import typer
from eth_utils.address import is_address

from oracle.attest.committee import phase_of
from oracle.cli import app
from oracle.cli.console import HomeOption, Installation, JsonOption, show
from oracle.errors import ConfigError, InputError
from oracle.evidence.folder import RECORDS
from oracle.store import erasure
from oracle.store.batches import all_batches
from oracle.units import points


@app.command()
def erase(
    citizen: Annotated[str, typer.Argument(help="Account (0x...), or SOURCE:SUBJECT such as szt:CBEHFCFCG.")],
    who: Annotated[str, typer.Option(help="On whose word; goes into the journal.")],
    forfeit: Annotated[
        bool, typer.Option("--forfeit", help="Even if points in custody can then never be spent.")
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Forget a person: destroy the salt, the cards' and meters' tags, and what the account was derived from. This cannot be undone.

    Totals, trees and proofs stay as they are; no commitment of the person can be opened, and nobody can tell whose the account was.

        carbonbook erase szt:CBEHFCFCG --who "request 2023-117"
    """
    here = Installation.at(home)
    number, account = _found(here, citizen)
    _require_attested(here, account)
    balance = here.chain.read("CarbonPoint", "balanceOf", "0x" + account.hex())
    if balance and not forfeit:
        raise ConfigError(
            f"The account has {points(balance)} points, whose key would be destroyed. Let the person spend them, or move to an "
            "own key, first; or say --forfeit."
        )
    register = here.book.register
    with here.book.database.begin() as connection:
        erasure.erase(connection, number, register.tag, who, int(time.time()))
    here.book.database.scrub()
    kept = here.settings.path("received")
    files = sum(1 for path in kept.rglob("*") if path.is_file()) if kept.exists() else 0
    show({"erased": True, "account": "0x" + account.hex(), "forfeited_milli": balance, "raw_files_kept": files}, json)


def _found(here: Installation, citizen: str) -> tuple[int, bytes]:
    source, colon, subject = citizen.partition(":")
    with here.book.database.reading() as connection:
        if is_address(citizen):
            number = erasure.citizen_by_account(connection, bytes.fromhex(citizen[2:]))
        elif colon:
            number = erasure.citizen_by_tag(connection, here.book.register.tag(source, subject))
        else:
            raise InputError("name the person by account (0x...) or as SOURCE:SUBJECT")
        if number is None:
            raise InputError("nobody here is known by that name, or was forgotten already")
        return number, erasure.account_of(connection, number)


def _require_attested(here: Installation, account: bytes) -> None:
    """A batch that nodes still have to recompute needs the salt."""
    with here.book.database.reading() as connection:
        stored = all_batches(connection)
    for batch in stored:
        rows = pl.scan_parquet(here.book.bundle_folder(batch.batch) / RECORDS).filter(pl.col("account") == account)
        if rows.select(pl.len()).collect().item() and phase_of(here.chain, batch.batch).name == "none":
            raise ConfigError(
                f"Batch {batch.batch} holds records of the person and is not attested. Run `carbonbook attest` first."
            )
