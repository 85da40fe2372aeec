"""`carbonbook attest`: the committee signs bundled batches, and the headers go on chain."""

from __future__ import annotations

from oracle.attest.committee import attest_all, phases_of
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
    outbox = None if dry_run else here.outbox()
    with here.book.database.begin() as connection:
        stored = all_batches(connection)
    phases = phases_of(here.chain, [batch.batch for batch in stored])
    waiting = [batch for batch in stored if phases[batch.batch].name == "none"]
    bundles = (
        (batch.batch, read(here.book.bundle_folder(batch.batch)))
        for batch in tracked(waiting, "attesting batches", len(waiting))
    )
    done = [] if outbox is None else attest_all(outbox, bundles, here.members())
    rows = [
        {
            "act_date": date_of(item.header.day).isoformat(),
            "methodology": item.header.methodology.rstrip(b"\0").decode(),
            "records": item.header.record_count,
            "accounts": item.header.account_count,
            "batch": item.batch,
            "transaction": item.sent.hash if item.sent else None,
        }
        for item in done
    ]
    show(
        {
            "attested": len(rows),
            "to_attest": len(waiting) - len(rows),
            "already_on_chain": len(stored) - len(waiting),
            "batches": rows,
        },
        json,
    )
