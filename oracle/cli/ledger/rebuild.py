"""`carbonbook rebuild`: the ledger from the chain's events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.installation import Installation
from oracle.model.errors import DifferencesFound

_FOLDER = "ledger"


@app.command()
def rebuild(
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="ledger in the home folder")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write the ledger from the chain alone, bring back batches that the database lost, and compare both byte for byte.

    For a database that was restored from an old copy: run this, then ingest the files of the days since again; what was credited stays
    credited once. Sends nothing. Exit code 8 if book and chain differ.

        carbonbook rebuild --out ledger
    """
    from oracle.serve.upkeep import rebuild as ledger

    here = Installation.at(home)
    restored = ledger.restore(here)
    folder = out or here.settings.path(_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    chain = {
        "batches.csv": ledger.batches_csv(ledger.chain_batches(here.chain)),
        "accounts.csv": ledger.accounts_csv(ledger.chain_pages(here.chain)),
    }
    for name, content in chain.items():
        (folder / name).write_bytes(content)
    book = {
        "batches.csv": ledger.batches_csv(ledger.book_batches(here)),
        "accounts.csv": ledger.accounts_csv(ledger.book_pages(here)),
    }
    differ = sorted(name for name in chain if chain[name] != book[name])
    show(
        {
            "folder": str(folder),
            "batches": chain["batches.csv"].count(b"\n") - 1,
            "pages": chain["accounts.csv"].count(b"\n") - 1,
            "batches_brought_back": list(restored.added),
            "bundles_missing": list(restored.missing),
            "differ": differ,
        },
        json,
    )
    if differ:
        raise DifferencesFound(
            f"{', '.join(differ)} from the chain and from the book differ; `carbonbook report reconciliation` says where. "
            f"{len(restored.missing)} bundles of attested batches are missing here: copy their folders from another node."
        )
