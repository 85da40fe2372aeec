"""Batches as the chain has them, and whether a book knows them all: a restored one may not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger, chain_header
from oracle.edge.store.batches import StoredBatch, all_batches, compared_up_to, set_compared_up_to
from oracle.edge.store.book import Book
from oracle.ledger.credit.move import learn_since
from oracle.measure.evidence.folder import document_hash
from oracle.model.errors import DifferencesFound
from oracle.model.header import Header
from oracle.model.ids import BatchId

_SHOWN = 5


@dataclass(frozen=True)
class Behind:
    """A batch in which book and chain differ.

    Attributes:
        batch: Its key.
        why: In what.
    """

    batch: BatchId
    why: str


def attested(chain: Chain, first_block: int | None = None) -> Iterator[tuple[BatchId, Header]]:
    """Every batch that was attested, from a block on, with its header, in the order of the chain."""
    for event in EvidenceLedger(chain).events("BatchAttested", first_block):
        header = chain_header(event.values["header"])
        yield header.batch, header


def require_same(chain: Chain, book: Book, batches: Sequence[BatchId]) -> None:
    """That the book's bundles of batches that are on chain are what was attested.

    Raises:
        DifferencesFound: Some are not, and which.
    """
    behind = [_compared(book, batch, header) for batch, header in EvidenceLedger(chain).headers_of(batches).items()]
    _require_none([each for each in behind if each is not None])


def require_abreast(chain: Chain, book: Book, operators: Collection[str], finality: int) -> None:
    """That the book knows every batch that the chain has of some operators, and has its bundle: a close builds on them.

    Then takes in which books moved to another account, which anybody can bring about. Only blocks since the last time are asked for, and
    those that may have been replaced.

    Args:
        finality: Blocks on top of a block that make it final.

    Raises:
        DifferencesFound: The chain knows more, or a bundle is gone.
    """
    book.database.require_admitted()
    with book.database.reading() as connection:
        known, block = all_batches(connection), compared_up_to(connection)
    head = chain.head()
    since = None if block is None else max(chain.manifest.first_block, block - finality)
    there = {batch: header for batch, header in attested(chain, since) if header.operator in operators}
    behind = {each.batch: each for each in (*_unknown(book, known, there), *_without_bundle(book, known))}
    _require_none(list(behind.values()))
    if block != head:
        with book.database.begin() as connection:
            learn_since(chain, connection, since, head)
            set_compared_up_to(connection, head)


def knows_batches(chain: Chain, operators: Collection[str]) -> int:
    """How many batches the chain has of some operators."""
    return sum(header.operator in operators for _, header in attested(chain))


def _unknown(book: Book, known: Sequence[StoredBatch], there: dict[BatchId, Header]) -> Iterator[Behind]:
    keys = {batch.batch for batch in known}
    for batch, header in there.items():
        found = _compared(book, batch, header)
        if batch not in keys:
            yield Behind(batch, "the chain has it, the book does not know it")
        elif found is not None:
            yield found


def _without_bundle(book: Book, known: Sequence[StoredBatch]) -> Iterator[Behind]:
    for batch in known:
        if not book.has_bundle(batch.batch):
            yield Behind(batch.batch, "the book knows it, its bundle is not here")


def _compared(book: Book, batch: BatchId, header: Header) -> Behind | None:
    here = document_hash(book.bundle_folder(batch))
    if here == header.bundle_hash:
        return None
    has = "no bundle is" if here is None else f"the bundle 0x{here.hex()} is"
    return Behind(batch, f"{has} here, 0x{header.bundle_hash.hex()} was attested")


def _require_none(behind: Sequence[Behind]) -> None:
    if behind:
        told = "; ".join(f"{each.batch}: {each.why}" for each in behind[:_SHOWN])
        more = f"; and {len(behind) - _SHOWN} more" if len(behind) > _SHOWN else ""
        raise DifferencesFound(
            f"Book and chain differ in {len(behind)} batches, so nothing was done. {told}{more}. Run `carbonbook "
            "rebuild`: it restores what "
            "the chain has, or reports what is lost."
        )
