"""`carbonbook duplicate`: prove on chain that one record stands in two batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from oracle.cli import app
from oracle.cli.console import DryRunOption, HomeOption, JsonOption, show
from oracle.cli.report.verify import is_file, record_id_of, saved_proof
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.store.batches import all_batches
from oracle.installation import Installation
from oracle.ledger.attest.duplicate import repeats, report
from oracle.measure.evidence.duplicate import sides_of
from oracle.measure.evidence.folder import RECORDS, read, read_table
from oracle.measure.evidence.proof import record_proof


@app.command()
def duplicate(
    records: Annotated[
        list[str], typer.Argument(help="A record id (0x and 64 hex digits), or two proof files of one record.")
    ],
    bundle: Annotated[
        list[Path] | None, typer.Option(help="Folder of another operator's bundle to search; can be repeated.")
    ] = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Report a record that is in two batches. The uncredited part of the later batch is frozen.

    The command searches this installation's bundles and those that --bundle names. `carbonbook verify --save` writes proof files.
    The authority then releases or revokes the frozen batch.

        carbonbook duplicate 0x5b0e... --bundle ../other-operator/bundles/3d7c...
        carbonbook duplicate mine.json theirs.json
    """
    here = Installation.at(home)
    outbox = None if dry_run else here.outbox()
    found = repeats(here.chain, sides_of(_documents(here, records, bundle or [])))
    sent = {} if outbox is None else {repeat.later.batch: done for repeat, done in report(outbox, found)}
    show(
        {
            "record": found[0].later.record_id,
            "earlier": found[0].earlier.batch,
            "later": [
                {
                    "batch": repeat.later.batch,
                    "phase_before": repeat.phase,
                    "phase": EvidenceLedger(here.chain).phase_of(repeat.later.batch).name,
                    "reported": sent.get(repeat.later.batch) is not None,
                }
                for repeat in found
            ],
        },
        json,
    )


def _documents(here: Installation, records: list[str], others: list[Path]) -> Iterator[dict[str, Any]]:
    with here.book.database.reading() as connection:
        folders = [here.book.bundle_folder(batch.batch) for batch in all_batches(connection)] + others
    for text in records:
        if is_file(text):
            yield saved_proof(Path(text))
            continue
        record_id = record_id_of(text)
        for folder in folders:
            if not read_table(folder / RECORDS).filter(pl.col("record_id") == record_id).is_empty():
                yield record_proof(read(folder), record_id, None)
