"""`carbonbook credit`: the accounts of open batches into the citizens' book."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

from oracle.cli import app
from oracle.cli.console import DryRunOption, HomeOption, JsonOption, show, tracked
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.edge.chain.sender import Sent
from oracle.edge.store.batches import StoredBatch, all_batches
from oracle.installation import Installation
from oracle.ledger.credit.push import not_wholly_credited, push_all
from oracle.ledger.credit.rests import Rest, credit_rests, rests_of
from oracle.ledger.credit.unlock import closable_from
from oracle.measure.evidence.accounts import Entries
from oracle.measure.evidence.folder import read_entries
from oracle.model.ids import BatchId
from oracle.model.units import date_of


@app.command()
def credit(home: HomeOption = None, dry_run: DryRunOption = False, json: JsonOption = False) -> None:
    """Credit every open batch, in chunks of accounts.

    A batch opens when its challenge window ends; pending batches are listed with that time. Repeating the command credits nobody twice.
    A person's day cap may leave a remainder. Remainders that fit now are credited too; the others are listed with the time
    until which they can be credited.

        carbonbook credit
    """
    here = Installation.at(home)
    outbox = None if dry_run else here.outbox()
    with here.book.database.reading() as connection:
        stored = all_batches(connection)
    ledger = EvidenceLedger(here.chain)
    phases = ledger.phases_of([batch.batch for batch in stored])
    open_ = [batch for batch in stored if phases[batch.batch].name == "open"]
    window = ledger.challenge_window()
    waiting = [
        {"batch": batch.batch, "opens": _time(phases[batch.batch].attested_at + window)}
        for batch in stored
        if phases[batch.batch].name == "attested"
    ]
    to_push = not_wholly_credited(here.chain, [batch.batch for batch in open_])
    sent = {} if outbox is None else push_all(outbox, _tracked(to_push), partial(_entries, here))
    rests = [] if outbox is None else credit_rests(outbox, _rests(here, open_))
    credited = [_credited(here, batch, sent.get(batch.batch, [])) for batch in open_]
    closed = sum(phase.name == "closed" for phase in phases.values())
    show(
        {
            "credited": credited,
            "waiting": waiting,
            "rests_sent": len(rests),
            "rests": _waiting_rests(here, open_),
            "already_closed": closed,
        },
        json,
    )


def open_batches(here: Installation) -> list[StoredBatch]:
    """The batches here that can be credited now."""
    with here.book.database.reading() as connection:
        stored = all_batches(connection)
    phases = EvidenceLedger(here.chain).phases_of([batch.batch for batch in stored])
    return [batch for batch in stored if phases[batch.batch].name == "open"]


def _rests(here: Installation, open_: list[StoredBatch]) -> list[Rest]:
    progress = PointIssuer(here.chain).progresses_of([batch.batch for batch in open_])
    return [rest for batch in open_ if progress[batch.batch].rests for rest in rests_of(here.chain, batch.batch)]


def _waiting_rests(here: Installation, open_: list[StoredBatch]) -> list[dict[str, object]]:
    """What caps cut off and is not credited yet; null where nobody can say until when."""
    rests = _rests(here, open_)
    until = {batch: closable_from(here.chain, batch) for batch in {rest.batch for rest in rests}}
    return [
        {
            "account": rest.account,
            "reduction_mg": rest.rest_mg,
            "until": None if (seconds := until[rest.batch]) is None else _time(seconds),
            "index": rest.index,
            "batch": rest.batch,
        }
        for rest in rests
    ]


def _tracked(to_push: list[BatchId]) -> Iterable[BatchId]:
    return tracked(to_push, "crediting batches", len(to_push))


def _entries(here: Installation, batch: BatchId) -> Entries:
    return read_entries(here.book.bundle_folder(batch))


def _credited(here: Installation, batch: StoredBatch, sent: list[Sent]) -> dict[str, object]:
    progress = PointIssuer(here.chain).progress_of(batch.batch)
    return {
        "act_date": date_of(batch.day).isoformat(),
        "methodology": batch.methodology,
        "sent": len(sent),
        "accounts": progress.accounts,
        "reduction_mg": progress.reduction_mg,
        "points_milli": progress.points_milli,
        "rests": progress.rests,
        "batch": batch.batch,
    }


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat()
