"""`carbonbook unlock`: reserve of batches whose credit period is over."""

from __future__ import annotations

from oracle.cli import app
from oracle.cli.console import DryRunOption, HomeOption, JsonOption, show
from oracle.edge.store.batches import all_batches
from oracle.installation import Installation
from oracle.ledger.credit.unlock import close_all, overdue
from oracle.model.units import date_of


@app.command()
def unlock(home: HomeOption = None, dry_run: DryRunOption = False, json: JsonOption = False) -> None:
    """Close open batches whose credit period has ended, and free the reserve that they did not use.

    Uncredited entries and remainders expire. Run `carbonbook credit` first. This cannot be undone.

        carbonbook unlock --dry-run
        carbonbook unlock
    """
    here = Installation.at(home)
    with here.book.database.reading() as connection:
        stored = {batch.batch: batch for batch in all_batches(connection)}
    found = overdue(here.chain, list(stored))
    sent = [] if dry_run else close_all(here.outbox(), found)
    rows = [
        {"act_date": date_of(stored[batch].day).isoformat(), "methodology": stored[batch].methodology, "batch": batch}
        for batch in found
    ]
    show({"overdue": rows, "closed": len(sent)}, json)
