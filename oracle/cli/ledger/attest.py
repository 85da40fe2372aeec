"""`carbonbook attest`: the committee signs bundled batches, and the headers go on chain."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from oracle.cli import app
from oracle.cli.console import DryRunOption, HomeOption, JsonOption, show, tracked
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.edge.store.batches import StoredBatch, all_batches
from oracle.installation import Installation
from oracle.ledger.attest.committee import attest_all
from oracle.ledger.attest.onchain import require_same
from oracle.measure.evidence.folder import read
from oracle.model.errors import VerificationFailed
from oracle.model.units import date_of


@app.command()
def attest(
    nodes: Annotated[
        str | None,
        typer.Option(
            help="URLs of the nodes to ask for signatures, separated by commas.", show_default="sign with the keys here"
        ),
    ] = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Attest every batch that has a bundle and is not on chain yet.

    Each member recomputes the bundle from its records before it signs. Repeating the command sends nothing twice.

    Exit code 8, and nothing is sent, if chain and book have different headers for the same batch.

        carbonbook attest
        carbonbook attest --nodes http://10.0.0.4:8701,http://10.0.0.5:8701
    """
    here = Installation.at(home)
    if nodes is not None:
        _by_nodes(here, nodes.split(","), dry_run, json)
        return
    outbox = None if dry_run else here.outbox()
    with here.book.database.reading() as connection:
        stored = all_batches(connection)
    waiting = _waiting(here, stored)
    bundles = (
        (batch.batch, read(here.book.bundle_folder(batch.batch)))
        for batch in tracked(waiting, "attesting batches", len(waiting))
    )
    done = [] if outbox is None else attest_all(outbox, bundles, here.members())
    rows = [
        {
            "act_date": date_of(item.header.day).isoformat(),
            "methodology": item.header.methodology_name,
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


def _waiting(here: Installation, stored: list[StoredBatch]) -> list[StoredBatch]:
    """Batches that are not on chain.

    Raises:
        DifferencesFound: One is there with another header.
    """
    phases = EvidenceLedger(here.chain).phases_of([batch.batch for batch in stored])
    there = [batch.batch for batch in stored if phases[batch.batch].name != "none"]
    require_same(here.chain, here.book, there)
    return [batch for batch in stored if phases[batch.batch].name == "none"]


def _by_nodes(here: Installation, urls: list[str], dry_run: bool, json: bool) -> None:
    """Proposes every close to the nodes, gathers their signatures, and sends what has a quorum."""
    from oracle.serve.node.client import NodeClient
    from oracle.serve.node.coordinator import bring_forward, gather, submit

    account = here.keys.account(here.settings.relayer)
    clients = [NodeClient(url, account) for url in urls]
    genesis = here.chain.manifest.genesis_hash
    said = [
        item
        for node in tracked(clients, "asking nodes", len(clients))
        for item in bring_forward(here.book, genesis, node)
    ]
    with here.book.database.reading() as connection:
        stored = all_batches(connection)
    waiting = _waiting(here, stored)
    known = {batch.batch: read(here.book.bundle_folder(batch.batch)).header for batch in waiting}
    quorum = OracleCommittee(here.chain).quorum()
    outbox = None if dry_run else here.outbox()
    rows, short = [], 0
    for item in gather(here.chain, clients, known):
        enough = len(item.signatures) >= quorum
        short += not enough
        sent = submit(outbox, item, quorum) if enough and outbox is not None else None
        rows.append(
            {
                "act_date": date_of(item.header.day).isoformat(),
                "batch": item.batch,
                "signatures": len(item.signatures),
                "quorum": quorum,
                "refused": item.refused,
                "transaction": sent.hash if sent else None,
            }
        )
    attested = sum(row["transaction"] is not None for row in rows)
    show({"attested": attested, "short": short, "batches": rows, "nodes": [asdict(item) for item in said]}, json)
    if short:
        raise VerificationFailed(
            f"{short} batches have fewer than {quorum} signatures and were not sent. Start more nodes, then repeat."
        )
