"""`carbonbook credit`: the accounts of open batches into the citizens' book."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from oracle.cli import app
from oracle.cli.console import DryRunOption, HomeOption, Installation, JsonOption, show, tracked
from oracle.edge.chain.sender import Sent
from oracle.edge.store.batches import StoredBatch, all_batches
from oracle.ledger.attest.committee import phases_of
from oracle.ledger.credit.push import push_all
from oracle.measure.evidence.folder import read_entries
from oracle.model.units import date_of


@app.command()
def credit(home: HomeOption = None, dry_run: DryRunOption = False, json: JsonOption = False) -> None:
    """Credit every open batch, chunk by chunk.

    Batches open when their challenge window is over; those that wait are listed with the time. Running it again credits nobody twice.
    """
    here = Installation.at(home)
    outbox = None if dry_run else here.outbox()
    with here.book.database.reading() as connection:
        stored = all_batches(connection)
    phases = phases_of(here.chain, [batch.batch for batch in stored])
    open_ = [batch for batch in stored if phases[batch.batch].name == "open"]
    window = here.chain.read("EvidenceLedger", "challengeWindow")
    waiting = [
        {"batch": batch.batch, "opens": _time(phases[batch.batch].attested_at + window)}
        for batch in stored
        if phases[batch.batch].name == "attested"
    ]
    entries = ((batch.batch, read_entries(here.book.bundle_folder(batch.batch))) for batch in _tracked(open_))
    sent = {} if outbox is None else push_all(outbox, entries)
    credited = [_credited(here, batch, sent.get(batch.batch, [])) for batch in open_]
    closed = sum(phase.name == "closed" for phase in phases.values())
    show({"credited": credited, "waiting": waiting, "already_closed": closed}, json)


def open_batches(here: Installation) -> list[StoredBatch]:
    """The batches here that can be credited now."""
    with here.book.database.reading() as connection:
        stored = all_batches(connection)
    phases = phases_of(here.chain, [batch.batch for batch in stored])
    return [batch for batch in stored if phases[batch.batch].name == "open"]


def _tracked(open_: list[StoredBatch]) -> Iterable[StoredBatch]:
    return tracked(open_, "crediting batches", len(open_))


def _credited(here: Installation, batch: StoredBatch, sent: list[Sent]) -> dict[str, object]:
    progress = here.chain.read("PointIssuer", "progressOf", bytes.fromhex(batch.batch[2:]))
    return {
        "act_date": date_of(batch.day).isoformat(),
        "methodology": batch.methodology,
        "sent": len(sent),
        "accounts": progress.accounts,
        "reduction_mg": progress.reductionMg,
        "points_milli": progress.pointsMilli,
        "batch": batch.batch,
    }


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat()
