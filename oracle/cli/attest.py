"""`carbonbook attest`: the committee signs bundled batches, and the headers go on chain."""

from __future__ import annotations

from oracle.attest.committee import attest as attest_bundle
from oracle.attest.committee import phase_of
from oracle.cli import app
from oracle.cli.console import DryRunOption, HomeOption, Installation, JsonOption, show, tracked
from oracle.evidence.folder import read
from oracle.store.batches import all_batches
from oracle.units import date_of


@app.command()
def attest(home: HomeOption = None, dry_run: DryRunOption = False, json: JsonOption = False) -> None:
    """Attest every bundled batch that is not on chain yet.

    Each bundle is recomputed from its records before a member signs it. Running it again sends nothing twice.
    """
    here = Installation.at(home)
    with here.book.database.begin() as connection:
        stored = all_batches(connection)
    waiting = [batch for batch in stored if phase_of(here.chain, batch.batch).name == "none"]
    rows = []
    for batch in tracked(waiting, "attesting batches", len(waiting)):
        bundle = read(here.book.bundle_folder(batch.batch))
        sent = None if dry_run else attest_bundle(here.sender(), bundle, here.members())
        rows.append(
            {
                "act_date": date_of(batch.day).isoformat(),
                "methodology": batch.methodology,
                "records": bundle.header.record_count,
                "accounts": bundle.header.account_count,
                "batch": batch.batch,
                "transaction": sent.hash if sent else None,
            }
        )
    show(
        {"attested": 0 if dry_run else len(rows), "already_on_chain": len(stored) - len(waiting), "batches": rows}, json
    )
