"""Closing as another installation closed, from this node's own copies of the inputs.

    proposal -> own files in the proposed order -> close -> own headers = proposed headers?

Where they are equal the batch is this node's too, and may be signed. Where they are not, nothing of the close counts as settled: this
node's bundle is put aside to be compared, and the close is repeated when it is proposed again, from whatever the inputs are by then. If
the chain has attested the other's batch meanwhile, its bundle is adopted: the chain is the truth, and the next close builds on it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import delete

from oracle.config import Settings
from oracle.edge.store.arrivals import Arrived, add_closing, add_closing_batches, closing_count, forget_since
from oracle.edge.store.batches import StoredBatch, add_batch
from oracle.edge.store.book import Book
from oracle.edge.store.schema import batches
from oracle.measure.close.close import Closed, close_alike
from oracle.measure.evidence.bundle import Bundle
from oracle.measure.evidence.folder import DOCUMENT, read, write
from oracle.measure.ingest import ingest
from oracle.measure.quantify.library import Library, folder_of
from oracle.measure.records.meters import Household
from oracle.model.errors import InputError
from oracle.model.header import Header
from oracle.model.ids import BatchId
from oracle.serve.node.proposal import Proposal

HeaderOnChain = Callable[[BatchId], Header | None]


@dataclass(frozen=True)
class Outcome:
    """What a node says of a close.

    Attributes:
        number: Of the close.
        agreed: Batches it found the same.
        adopted: Batches it found otherwise, and took over because the chain has them.
        differing: Batches it found otherwise, or that only one side has.
        only_here: Batches that only it found, and gave up because the chain has all that were proposed.
        lacking: Files it has no copy of, or cannot read.
        other_bytes: Files of which it has another copy.
    """

    number: int
    agreed: tuple[BatchId, ...]
    adopted: tuple[BatchId, ...] = ()
    differing: tuple[BatchId, ...] = ()
    only_here: tuple[BatchId, ...] = ()
    lacking: tuple[str, ...] = ()
    other_bytes: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether the next close can be looked at."""
        return not self.differing


class _Disputed(Exception):
    """Ends the transaction of a close that is not settled."""

    def __init__(self, outcome: Outcome, mine: dict[BatchId, StoredBatch]):
        super().__init__(outcome.number)
        self.outcome = outcome
        self.mine = mine


class Replay:
    """A node's copy of a book, brought forward close by close.

    Args:
        book: The node's own.
        settings: Its sources.
        library: Its methodologies.
        operators: Address of the operator of each source.
        on_chain: The header of a batch that the chain has, as this node's own RPC tells.
    """

    def __init__(
        self,
        book: Book,
        settings: Settings,
        library: Library,
        operators: Mapping[str, str],
        on_chain: HeaderOnChain,
    ):
        self._book = book
        self._settings = settings
        self._library = library
        self._operators = operators
        self._on_chain = on_chain

    @property
    def settled(self) -> int:
        """Number of the last close that is settled here."""
        with self._book.database.reading() as connection:
            return closing_count(connection)

    def close(self, proposal: Proposal, people: pl.DataFrame) -> Outcome:
        """Looks at the next close.

        Raises:
            InputError: Another close is next.
        """
        with self._book.database.begin() as connection:
            settled = closing_count(connection)
            if proposal.number != settled + 1:
                raise InputError(
                    f"close {proposal.number} is proposed, but {settled + 1} is the next one", field="number"
                )
            forget_since(connection, settled)
        lacking, other = self._take_in(proposal.files)
        try:
            with self._book.database.begin() as connection:
                closed = close_alike(self._book, self._library, self._operators, connection, people)
                mine = {item.batch.batch: item.batch for item in closed}
                outcome = self._judged(proposal, closed, lacking, other)
                if not outcome.settled:
                    raise _Disputed(outcome, mine)
                for batch in (*outcome.adopted, *outcome.only_here):
                    connection.execute(delete(batches).where(batches.c.batch == batch))
                for batch in outcome.adopted:
                    add_batch(connection, self._adopted(batch))
                add_closing(connection, [*outcome.agreed, *outcome.adopted], proposal.number)
                return outcome
        except _Disputed as disputed:
            self._put_aside(disputed.outcome, disputed.mine)
            return disputed.outcome

    def aside(self, batch: BatchId) -> Path:
        """Where this node's own bundle of a disputed batch is."""
        return self._book.home / "disputed" / batch[2:]

    def claim(self, batch: BatchId) -> Path:
        """Where the other's bundle of a disputed batch is."""
        return self._book.home / "claims" / batch[2:]

    def _take_in(self, files: tuple[Arrived, ...]) -> tuple[list[str], list[str]]:
        """Reads this node's own copies; names of those it has not, and of those that have other bytes."""
        lacking, other = [], []
        for file in files:
            source = self._settings.source(file.source)
            arrival = file.arrival
            household = Household(
                source.service or arrival.service, arrival.unit, arrival.meter, source.residents, source.mapping
            )
            path = self._book.home / "inputs" / file.source / file.name
            label = f"{file.source}/{file.name}"
            try:
                done = ingest(
                    self._book,
                    path,
                    file.source,
                    source,
                    kind=arrival.kind,
                    household=household,
                    now=arrival.read_at,
                    documents=folder_of(self._settings),
                )
            except InputError as error:
                lacking.append(f"{label} ({error})" if path.exists() else label)
                continue
            if done.file.sha256 != arrival.sha256:
                other.append(label)
        return lacking, other

    def _judged(self, proposal: Proposal, closed: list[Closed], lacking: list[str], other: list[str]) -> Outcome:
        own = {item.batch.batch: read(self._book.bundle_folder(item.batch.batch)).header for item in closed}
        agreed = [key for key, header in own.items() if header == proposal.headers.get(key)]
        others = sorted((own.keys() | proposal.headers.keys()) - set(agreed))
        adopted = [key for key in others if self._attested(key, proposal.headers.get(key))]
        only_here: list[BatchId] = []
        if all(self._on_chain(key) == header for key, header in proposal.headers.items()):
            only_here = [key for key in others if key not in proposal.headers]
        differing = [key for key in others if key not in adopted and key not in only_here]
        return Outcome(
            proposal.number,
            tuple(sorted(agreed)),
            tuple(sorted(adopted)),
            tuple(sorted(differing)),
            tuple(sorted(only_here)),
            tuple(sorted(lacking)),
            tuple(sorted(other)),
        )

    def _attested(self, batch: BatchId, proposed: Header | None) -> bool:
        """Whether the chain has the other's batch, and its bundle is here and holds."""
        if proposed is None or not (self.claim(batch) / DOCUMENT).exists():
            return False
        return read(self.claim(batch)).header == proposed == self._on_chain(batch)

    def _adopted(self, batch: BatchId) -> StoredBatch:
        bundle = read(self.claim(batch))
        write(self._book.bundle_folder(batch), bundle)
        return _stored(batch, bundle, self._library)

    def _put_aside(self, outcome: Outcome, mine: dict[BatchId, StoredBatch]) -> None:
        for batch in mine:
            if batch in outcome.differing:
                shutil.rmtree(self.aside(batch), ignore_errors=True)
                self.aside(batch).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(self._book.bundle_folder(batch), self.aside(batch))
        agreed = [mine[batch] for batch in outcome.agreed]
        with self._book.database.begin() as connection:
            for stored in agreed:
                add_batch(connection, stored)
            add_closing_batches(connection, outcome.number, list(outcome.agreed))


def _stored(batch: BatchId, bundle: Bundle, library: Library) -> StoredBatch:
    meta = bundle.meta
    rule = library.rule(meta.methodology, meta.version)
    return StoredBatch(
        batch, bundle.header.operator, rule.scenario, meta.methodology, meta.version, meta.day, meta.sequence
    )
