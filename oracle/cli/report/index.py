"""`carbonbook index`: events by account, and trees for proofs, on disk."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from eth_utils.address import is_address, to_canonical_address

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show, tracked
from oracle.edge.store.batches import all_batches
from oracle.installation import Installation
from oracle.measure.evidence.folder import read
from oracle.model.errors import InputError
from oracle.report.index.events import EventIndex
from oracle.report.index.proofs import ProofIndex


@app.command()
def index(
    account: Annotated[str | None, typer.Option(help="Also show every event of this account.")] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read all blocks again from the deployment on.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Update the event index to the head of the chain, and store the Merkle trees for proofs.

    Blocks that the chain replaced are read again. With --account, the events of the account are listed in chain order.

        carbonbook index
        carbonbook index --account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    if account is not None and not is_address(account):
        raise InputError(f"'{account}' is not an account: expected 0x and 40 hex digits", field="--account")
    here = Installation.at(home)
    events = EventIndex(here.chain, here.book.home)
    done = events.rebuild() if rebuild else events.update()
    trees = _keep_trees(here)
    shown: dict[str, Any] = {"head": done.head, "added": done.added, "dropped": done.dropped, "trees": trees}
    if account is None:
        shown["events"] = events.counts()
    else:
        shown["entries"] = [_flat(entry) for entry in events.of_account(to_canonical_address(account))]
    show(shown, json)


def _keep_trees(here: Installation) -> int:
    """Keeps the trees of all bundles; says how many were new."""
    proofs = ProofIndex(here.book.home)
    with here.book.database.reading() as connection:
        missing = [batch.batch for batch in all_batches(connection) if not proofs.has(batch.batch)]
    for batch in tracked(missing, "keeping trees", len(missing)):
        proofs.add(batch, read(here.book.bundle_folder(batch)))
    return len(missing)


def _flat(entry: dict[str, Any]) -> dict[str, object]:
    """One line of the statement: integers as they are, bytes as 0x hex, structs and arrays as lists."""
    return {**entry, "values": {name: _shown(value) for name, value in entry["values"].items()}}


def _shown(value: object) -> object:
    if isinstance(value, tuple | list):
        return [_shown(item) for item in value]
    return "0x" + value.hex() if isinstance(value, bytes) else value
