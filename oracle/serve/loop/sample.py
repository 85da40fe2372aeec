"""Reading what the metrics show. All of it is for looking at: nothing here decides what is sent."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from typing import TYPE_CHECKING

from oracle.edge.chain.contracts.evidence_ledger import PHASES, EvidenceLedger
from oracle.edge.chain.contracts.operator_registry import OperatorRegistry
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.edge.chain.contracts.settlement_vault import SettlementVault
from oracle.edge.chain.fees import fees_now
from oracle.edge.store import outbox as rows
from oracle.edge.store.batches import all_batches, taken_in
from oracle.edge.store.files import all_files
from oracle.measure.close.open_days import digests
from oracle.model.units import day_of_time
from oracle.serve.loop.metrics import Metrics

if TYPE_CHECKING:
    from oracle.installation import Installation

_GAS = 1_000_000
_PLENTY = 1_000_000  # transactions that cost nothing


def sample(here: Installation, metrics: Metrics) -> None:
    """Reads everything anew."""
    _sample_book(here, metrics)
    _sample_chain(here, metrics)
    _sample_operators(here, metrics)
    metrics.disk.set(shutil.disk_usage(here.settings.home).free)


def _sample_book(here: Installation, metrics: Metrics) -> None:
    now = int(time.time())
    with here.book.database.reading() as connection:
        files, stored, closed = all_files(connection), all_batches(connection), taken_in(connection)
        states, oldest = rows.counts(connection), rows.oldest_pending(connection)
    latest = {file.source: file.ingested_at for file in files}
    for source in here.settings.sources:
        if source in latest:
            metrics.source_age.labels(source).set(now - latest[source])
    metrics.quarantined.set(sum(file.quarantined for file in files))
    present = digests(here.book.acts, {file.sha256 for file in files})
    metrics.days_to_close.set(sum(closed.get(day) != digest for day, digest in present.items()))
    for state in rows.STATES:
        metrics.transactions.labels(state).set(states.get(state, 0))
    metrics.oldest.set(0 if oldest is None else now - oldest)
    phases = Counter(
        phase.name for phase in EvidenceLedger(here.chain).phases_of([batch.batch for batch in stored]).values()
    )
    for name in PHASES:
        metrics.batches.labels(name).set(phases[name])


def _sample_chain(here: Installation, metrics: Metrics) -> None:
    chain = here.chain
    head = chain.head()
    metrics.head.set(head)
    metrics.head_age.set(int(time.time()) - chain.now(head))
    fees = fees_now(chain)
    balance = chain.balance(here.keys.address(here.settings.relayer))
    metrics.gas_left.set(balance // (_GAS * fees.cap) if fees.cap else _PLENTY)


def _sample_operators(here: Installation, metrics: Metrics) -> None:
    today = day_of_time(here.chain.now(), "UTC")
    for operator in sorted(set(here.operators().values())):
        metrics.reserve.labels(operator).set(SettlementVault(here.chain).free_of(operator))
        limit = OperatorRegistry(here.chain).day_limit_mg_of(operator)
        issued = PointIssuer(here.chain).issued_on(operator, today)
        metrics.allowance.labels(operator).set((limit - issued) / limit if limit else 0)
