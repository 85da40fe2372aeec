"""`carbonbook erase`: forget a person."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Annotated

import polars as pl
import typer
from eth_utils.address import is_address, to_canonical_address, to_checksum_address

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.store import erasure
from oracle.edge.store.batches import all_batches
from oracle.edge.store.citizens import custody_ref
from oracle.edge.store.moves import accounts_left
from oracle.installation import Installation
from oracle.measure.evidence.folder import RECORDS
from oracle.measure.forget import forget
from oracle.model.errors import ConfigError, InputError
from oracle.model.units import points


@app.command()
def erase(
    citizen: Annotated[str, typer.Argument(help="Account (0x...), or SOURCE:SUBJECT, for example szt:CBEHFCFCG.")],
    who: Annotated[str, typer.Option(help="Who requested it; stored in the journal.")],
    forfeit: Annotated[
        bool, typer.Option("--forfeit", help="Continue even if points in custody can then never be spent.")
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Erase a person's data: salt, tags of cards and meters, the seed of the account, the acts, the values of rejected rows,
    and every raw file that names the person. This cannot be undone.

    Totals, trees and proofs do not change. Nobody can open the person's commitments or link the account to the person any more.

        carbonbook erase szt:CBEHFCFCG --who "request 2023-117"
    """
    here = Installation.at(home)
    found = _found(here, citizen)
    held, address = 0, None
    if found.account is not None:
        accounts = {found.account, *found.former}
        held = _points_lost(here, found.account, accounts, found.custody, forfeit)
        address = to_checksum_address(found.account)
    mappings = {name: source.mapping for name, source in here.settings.sources.items() if source.mapping}
    done = forget(here.book, found.citizen, who, int(time.time()), found.tag, mappings)
    show({"erased": True, "account": address, "forfeited_milli": held, **asdict(done)}, json)


@dataclass(frozen=True)
class _Person:
    """Who was named: number, account, those it moved from, whether its key is in custody here; or a name that only rejected rows know."""

    citizen: int | None
    account: bytes | None = None
    former: frozenset[bytes] = frozenset()
    custody: bool = False
    tag: bytes | None = None


def _found(here: Installation, citizen: str) -> _Person:
    source, colon, subject = citizen.partition(":")
    with here.book.database.reading() as connection:
        tag = None
        if is_address(citizen):
            number = erasure.citizen_by_account(connection, to_canonical_address(citizen))
        elif colon:
            tag = here.book.register.tag(source, subject)
            number = erasure.citizen_by_tag(connection, tag)
        else:
            raise InputError("give the person's account (0x...) or SOURCE:SUBJECT")
        if number is not None:
            account = erasure.account_of(connection, number)
            former = frozenset(accounts_left(connection, number))
            return _Person(number, account, former, custody_ref(connection, account) is not None)
        if tag is None or not erasure.is_heard_of(connection, source, subject, tag):
            raise InputError("no such person is known here, or the person was already erased")
        return _Person(None, tag=tag)


def _points_lost(here: Installation, account: bytes, accounts: set[bytes], custody: bool, forfeit: bool) -> int:
    """Thousandths of a point that nobody can spend any more.

    Args:
        accounts: It, and those that its book moved from: earlier batches are theirs.

    Raises:
        ConfigError: Something still needs the person.
    """
    _require_finished(here, accounts, credited=custody and not forfeit)
    balance = CarbonPoint(here.chain).balance_of(to_checksum_address(account)) if custody else 0
    if balance and not forfeit:
        raise ConfigError(
            f"The account holds {points(balance)} points, and its key would be destroyed. Let the person first spend them or move to their "
            "own key, or add --forfeit."
        )
    return balance


def _require_finished(here: Installation, accounts: set[bytes], *, credited: bool) -> None:
    """A batch that nodes still have to recompute needs the salt; one that is not credited yet brings points to the account."""
    with here.book.database.reading() as connection:
        stored = all_batches(connection)
    for batch in stored:
        rows = pl.scan_parquet(here.book.bundle_folder(batch.batch) / RECORDS).filter(
            pl.col("account").is_in(list(accounts))
        )
        if not rows.select(pl.len()).collect().item():
            continue
        phase = EvidenceLedger(here.chain).phase_of(batch.batch).name
        if phase == "none":
            raise ConfigError(
                f"Batch {batch.batch} contains records of the person and is not attested. Run `carbonbook attest` first."
            )
        if credited and phase not in ("closed", "revoked"):
            raise ConfigError(
                f"Batch {batch.batch} contains records of the person and is not credited. Its points could never be spent. Run "
                "`carbonbook credit` first, or add --forfeit."
            )
