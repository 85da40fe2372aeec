"""`carbonbook rebuild`: the ledger from the chain's events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.edge.store.lock import exclusive
from oracle.edge.store.outputs import write_files
from oracle.installation import Installation
from oracle.model.errors import DifferencesFound

_FOLDER = "ledger"


@app.command()
def rebuild(
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="ledger/ in the home folder")
    ] = None,
    nodes: Annotated[
        str | None,
        typer.Option(help="URLs of nodes to ask for missing bundles, separated by commas.", show_default="none"),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Rebuild the ledger from the chain, restore batches and payouts that the database lost, and compare chain and book byte by byte.

    Use it when the database is empty or was restored from an old backup. Then ingest the files since that backup again. What was already
    credited is not credited again. Payouts without a run are added to one; a run created for them needs two approvals. Nothing is sent.
    Exit code 8: a bundle is lost, or book and chain differ. Exit code 10: a service is running on this book.

        carbonbook rebuild
        carbonbook rebuild --nodes http://10.0.0.4:8701,http://10.0.0.5:8701
    """
    from oracle.ledger.settle.found import take_up
    from oracle.serve.node.client import NodeClient
    from oracle.serve.upkeep.restore import restore

    here = Installation.at(home)
    folder = out or here.settings.path(_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)  # what cannot be written there is told before anything is mended
    with exclusive(here.bare_book.database, "run", 0):  # no service works on a book that is being mended
        restored = restore(here, [NodeClient(url) for url in nodes.split(",")] if nodes else [])
        payouts = take_up(here.book.database, here.chain, here.settlements, here.settings.settlement.confirmations)
    batches, pages, differ = _written(here, folder)
    show(
        {
            "folder": str(folder),
            "batches": batches,
            "pages": pages,
            "batches_brought_back": restored.added,
            "bundles_from_nodes": restored.fetched,
            "batches_given_up": restored.given_up,
            "bundles_missing": list(restored.lost),
            "lost": restored.lost_rows(),
            "payouts_found": [vars(payout) for payout in payouts],
            "differ": differ,
        },
        json,
    )
    if restored.lost or differ:
        lost = "".join(f" {batch} is lost: bring its bundle from a backup or a node." for batch in restored.lost)
        raise DifferencesFound(
            f"{' and '.join(differ) or 'nothing'} from the chain and from the book differ; `carbonbook report reconciliation` says "
            f"where.{lost}"
        )


def _written(here: Installation, folder: Path) -> tuple[int, int, list[str]]:
    """Writes the ledger; says how many batches and pages it has, and which of its files the book would write otherwise."""
    from oracle.ledger.attest.onchain import attested
    from oracle.serve.upkeep import rebuild as ledger

    chain = {
        "batches.csv": ledger.batches_csv(attested(here.chain)),
        "accounts.csv": ledger.accounts_csv(ledger.chain_pages(here.chain)),
    }
    write_files(folder, chain)
    book = {
        "batches.csv": ledger.batches_csv(ledger.book_batches(here)),
        "accounts.csv": ledger.accounts_csv(ledger.book_pages(here)),
    }
    batches, pages = (content.count(b"\n") - 1 for content in chain.values())
    return batches, pages, sorted(name for name in chain if chain[name] != book[name])
