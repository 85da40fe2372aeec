"""`carbonbook status`: where everything stands."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.chain.contracts.evidence_ledger import PHASES, EvidenceLedger
from oracle.edge.chain.contracts.operator_registry import OperatorRegistry
from oracle.edge.chain.contracts.settlement_vault import SettlementVault
from oracle.edge.store import outbox as rows
from oracle.edge.store.batches import StoredBatch, all_batches, taken_in
from oracle.edge.store.book import Book
from oracle.edge.store.deliveries import refused_count
from oracle.edge.store.files import StoredFile, all_files
from oracle.installation import Installation
from oracle.measure.close.open_days import digests
from oracle.model.units import points


@app.command()
def status(home: HomeOption = None, json: JsonOption = False) -> None:
    """Show files, acts, batches by phase, points, reserve, and the age of the chain's head.

    `head age` is the difference between this machine's clock and the time of the latest block. It is large if a local chain's clock was
    moved, or if the chain has stopped.

        carbonbook status
    """
    here = Installation.at(home)
    with here.book.database.reading() as connection:
        files, batches, closed = all_files(connection), all_batches(connection), taken_in(connection)
        states, oldest = rows.counts(connection), rows.oldest_pending(connection)
        refused = refused_count(connection)
    committed = {file.sha256 for file in files}
    present = digests(here.book.acts, committed)
    head = here.chain.head()
    show(
        {
            **_chain(here.chain, head),
            **_files(files),
            "messages_refused": refused,
            "acts": dict(_acts(here.book, committed)),
            "days_to_close": sum(closed.get(day) != digest for day, digest in present.items()),
            "batches": _phases(here.chain, batches, head),
            "transactions": states,
            "oldest_pending_seconds": 0 if oldest is None else int(time.time()) - oldest,
            "points_in_circulation": points(CarbonPoint(here.chain, head).total_supply()),
            "free_reserve_units": dict(_reserve(here.chain, head)),
        },
        json,
        names=here.names,
    )


def _chain(chain: Chain, head: int) -> dict[str, Any]:
    made = chain.now(head)
    return {
        "rpc": chain.rpc,
        "chain_id": chain.manifest.chain_id,
        "head": head,
        "head_time": datetime.fromtimestamp(made, tz=UTC).isoformat(),
        "head_age_seconds": int(time.time()) - made,
    }


def _files(files: list[StoredFile]) -> dict[str, int]:
    return {
        "files": len(files),
        "rows": sum(file.rows for file in files),
        "rows_accepted": sum(file.accepted for file in files),
        "rows_quarantined": sum(file.quarantined for file in files),
    }


def _acts(book: Book, committed: set[str]) -> Iterator[tuple[str, int]]:
    """Acts by scenario, one day in memory at a time."""
    for scenario in book.acts.scenarios():
        yield scenario, sum(len(book.acts.read(scenario, [day], committed)) for day in book.acts.days(scenario))


def _phases(chain: Chain, batches: list[StoredBatch], head: int) -> dict[str, int]:
    """Batches by phase; `none` is bundled here and not attested yet."""
    found = EvidenceLedger(chain, head).phases_of([batch.batch for batch in batches])
    counted = Counter(phase.name for phase in found.values())
    return {phase: counted[phase] for phase in PHASES if counted[phase]}


def _reserve(chain: Chain, head: int) -> Iterator[tuple[str, int]]:
    for event in OperatorRegistry(chain, head).events("OperatorLicensed"):
        operator = event.values["operator"]
        yield operator, SettlementVault(chain, head).free_of(operator)
