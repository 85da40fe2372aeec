"""`carbonbook reconcile`: bring what was sent in line with the chain, and compare the book with it."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.edge.store import outbox as rows
from oracle.installation import Installation
from oracle.model.errors import DifferencesFound


@app.command()
def reconcile(
    accept_rollback: Annotated[
        bool,
        typer.Option("--accept-rollback", help="Continue from the current chain after a rollback past finality."),
    ] = False,
    compare: Annotated[bool, typer.Option(help="Also compare every figure of the book with the chain.")] = True,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Check every pending transaction on chain, resend lost ones, and compare the book with the chain.

    Exit code 8: book and chain differ. Exit code 9: the chain cannot be trusted.

        carbonbook reconcile
        carbonbook reconcile --accept-rollback
    """
    here = Installation.at(home, looks_itself=True)
    outbox = here.sender()
    undone = outbox.accept_rollback() if accept_rollback else 0
    found = outbox.reconcile()
    with here.book.database.reading() as connection:
        states, marked = rows.counts(connection), rows.mark(connection)
    differences = _differences(here) if compare else None
    show(
        {
            "head": here.chain.head(),
            "final_block": marked[0] if marked else None,
            "undone_by_rollback": undone,
            **vars(found),
            "transactions": states,
            "differences": differences,
        },
        json,
    )
    if differences:
        raise DifferencesFound(
            f"Book and chain differ in {differences} places. `carbonbook report reconciliation` lists them."
        )


def _differences(here: Installation) -> int:
    from oracle.report.report import read_report  # pandas takes a second that --no-compare need not wait

    return read_report(here.chain, here.book).differences
