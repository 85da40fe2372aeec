"""Restores a database to the state on chain: batches and their bundles come from this home folder or from nodes, or are reported as lost.

The chain is authoritative. A bundle here that differs from the attested one is replaced by the attested one and
kept aside. The days of restored batches are closed again, so that acts of a batch that was never attested get into a new one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from oracle.edge.store.arrivals import add_closing_batches, advance_closing, closing_count, write_people
from oracle.edge.store.batches import (
    StoredBatch,
    add_batch,
    all_batches,
    drop_batch,
    reopen,
    set_compared_up_to,
)
from oracle.edge.store.citizens import people
from oracle.ledger.attest.onchain import attested
from oracle.measure.evidence.folder import read, write
from oracle.model.errors import InputError, MethodologyError, VerificationFailed
from oracle.model.header import Header
from oracle.model.ids import BatchId
from oracle.model.units import date_of
from oracle.serve.node.archive import unpack
from oracle.serve.node.client import NodeClient, NodeFails
from oracle.serve.node.service import MOST_BYTES

if TYPE_CHECKING:
    from oracle.installation import Installation


@dataclass
class Restored:
    """What became of the book.

    Attributes:
        added: Batches that the database did not know of, and whose bundle is here now.
        fetched: Batches whose bundle a node gave.
        given_up: Batches that the database knew, whose bundle is nowhere and that the chain has not: they were never attested.
        lost: Why a batch's bundle could not be brought back, by batch, with its header.
    """

    added: list[BatchId] = field(default_factory=list)
    fetched: list[BatchId] = field(default_factory=list)
    given_up: list[BatchId] = field(default_factory=list)
    lost: dict[BatchId, tuple[Header, str]] = field(default_factory=dict)

    def lost_rows(self) -> list[dict[str, object]]:
        """What is lost, for people and for JSON."""
        return [
            {
                "batch": batch,
                "operator": header.operator,
                "methodology": header.methodology_name,
                "act_date": date_of(header.day).isoformat(),
                "sequence": header.sequence,
                "why": why,
            }
            for batch, (header, why) in self.lost.items()
        ]


def restore(here: Installation, nodes: Sequence[NodeClient]) -> Restored:
    """Restores the batches on chain, from the bundles here or from nodes."""
    book = here.bare_book
    book.open_for_writing(*here.manifest.identity)
    with book.database.reading() as connection:
        known = {batch.batch: batch for batch in all_batches(connection)}
    there, done = dict(attested(here.chain)), Restored()
    for batch, header in there.items():
        why = _brought_back(here, nodes, batch, header, done)
        if why is not None:
            done.lost[batch] = header, why
        elif batch not in known:
            done.added.append(batch)
    gone = [stored for batch, stored in known.items() if batch not in there and not book.has_bundle(batch)]
    done.given_up = [stored.batch for stored in gone]
    _store(here, there, done, gone, max([book.last_people_file(), *(node.settled() for node in nodes)]))
    return done


def _brought_back(
    here: Installation, nodes: Sequence[NodeClient], batch: BatchId, header: Header, done: Restored
) -> str | None:
    """Makes sure that a batch's bundle is here; returns the reason if that fails."""
    try:
        here_is = read(here.bare_book.bundle_folder(batch)).header
        why = "the bundle here is a different one"
    except (InputError, VerificationFailed) as error:
        here_is, why = None, f"no valid bundle is here ({error})"
    if here_is == header:
        return None
    for node in nodes:
        try:
            _fetch(here, node, batch, header)
        except (NodeFails, InputError, VerificationFailed) as error:
            why += f"; {node.url}: {error}"
        else:
            done.fetched.append(batch)
            return None
    return why


def _fetch(here: Installation, node: NodeClient, batch: BatchId, header: Header) -> None:
    """Fetches a bundle from a node, if it matches the attested header."""
    with tempfile.TemporaryDirectory(dir=here.settings.home) as folder:
        archive, unpacked = Path(folder) / "bundle.tar", Path(folder) / "bundle"
        node.bundle(batch, archive, MOST_BYTES)
        unpack(archive, unpacked, MOST_BYTES)
        bundle = read(unpacked)
        if bundle.header != header:
            raise VerificationFailed("its bundle does not match the attested header")
        write(here.bare_book.bundle_folder(batch), bundle)


def _store(
    here: Installation, there: Mapping[BatchId, Header], done: Restored, gone: Sequence[StoredBatch], closings: int
) -> None:
    """Stores restored batches and removes those that were never attested, in one transaction."""
    scenarios = {rule.id: rule.scenario for rule in here.library.rules()}
    book = here.bare_book
    with book.database.begin() as connection:
        for stored in gone:
            drop_batch(connection, stored)
        for batch in done.added:
            add_batch(connection, _stored(batch, there[batch], scenarios))
        # What is lost now may lie here when the next close looks.
        for batch in {*done.added, *done.fetched, *done.lost}:
            if (scenario := scenarios.get(there[batch].methodology_name)) is not None:
                reopen(connection, scenario, there[batch].day)
        number = max(closings, closing_count(connection) + bool(done.added))
        added = advance_closing(connection, number, done.added)
        if done.added and not added:
            add_closing_batches(connection, number, done.added)
        for each in added:
            if not book.people_file(each).exists():
                write_people(people(connection), book.people_file(each))
        set_compared_up_to(connection, None)


def _stored(batch: BatchId, header: Header, scenarios: Mapping[str, str]) -> StoredBatch:
    methodology = header.methodology_name
    if methodology not in scenarios:
        raise MethodologyError(
            f"Batch {batch} is of {methodology}, which the library of this installation does not have."
        )
    return StoredBatch(
        batch, header.operator, scenarios[methodology], methodology, header.version, header.day, header.sequence
    )
