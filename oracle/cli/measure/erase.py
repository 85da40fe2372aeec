"""`carbonbook erase`: forget a person."""

from __future__ import annotations

import time
from typing import Annotated

import polars as pl
import typer
from eth_utils.address import is_address, to_checksum_address

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.store import erasure
from oracle.edge.store.batches import all_batches
from oracle.edge.store.citizens import custody_ref
from oracle.installation import Installation
from oracle.measure.evidence.folder import RECORDS
from oracle.model.errors import ConfigError, InputError
from oracle.model.units import points


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
    number, account, custody = _found(here, citizen)
    address = to_checksum_address(account)
    _require_finished(here, account, credited=custody and not forfeit)
    balance = CarbonPoint(here.chain).balance_of(address) if custody else 0
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
    show({"erased": True, "account": address, "forfeited_milli": balance, "raw_files_kept": files}, json)


def _found(here: Installation, citizen: str) -> tuple[int, bytes, bool]:
    """Number, account, and whether its key is in custody here."""
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
        account = erasure.account_of(connection, number)
        return number, account, custody_ref(connection, account) is not None


def _require_finished(here: Installation, account: bytes, *, credited: bool) -> None:
    """A batch that nodes still have to recompute needs the salt; one that is not credited yet brings points to the account."""
    with here.book.database.reading() as connection:
        stored = all_batches(connection)
    for batch in stored:
        rows = pl.scan_parquet(here.book.bundle_folder(batch.batch) / RECORDS).filter(pl.col("account") == account)
        if not rows.select(pl.len()).collect().item():
            continue
        phase = EvidenceLedger(here.chain).phase_of(batch.batch).name
        if phase == "none":
            raise ConfigError(
                f"Batch {batch.batch} holds records of the person and is not attested. Run `carbonbook attest` first."
            )
        if credited and phase not in ("closed", "revoked"):
            raise ConfigError(
                f"Batch {batch.batch} holds records of the person and is not credited yet; its points could never be spent. Run "
                "`carbonbook credit` first, or say --forfeit."
            )
