"""The ledger from the chain alone, and the same from the book.

Batches come from their events; accounts from the calldata that credited them, with the pages the contract holds. Nothing of it is taken
from the book, so that the two can be compared byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from eth_utils.address import to_checksum_address

from oracle.edge.chain.client import Chain, Event
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.edge.store.batches import all_batches
from oracle.ledger.attest.onchain import attested
from oracle.measure.evidence.folder import read
from oracle.measure.evidence.leaf import ACCOUNT_SHIFT
from oracle.model.errors import InputError
from oracle.model.header import Header
from oracle.model.ids import BatchId
from oracle.model.units import date_of, year_of

if TYPE_CHECKING:
    from oracle.installation import Installation

_BATCHES = "batch,operator,methodology,version,act_date,sequence,records,accounts,quantity"
_ACCOUNTS = "account,year,points_milli,reduction_mg"

Pages = Mapping[tuple[str, int], tuple[int, int]]  # account and year -> points and reduction


def batches_csv(headers: Iterable[tuple[BatchId, Header]]) -> bytes:
    """Batches with their headers, by key."""
    rows = [
        f"{batch},{header.operator},{header.methodology_name},{header.version},{date_of(header.day)},"
        f"{header.sequence},{header.record_count},{header.account_count},{header.total_quantity}"
        for batch, header in sorted(headers, key=lambda item: item[0])
    ]
    return _lines(_BATCHES, rows)


def accounts_csv(pages: Pages) -> bytes:
    """Pages by account and year."""
    rows = [f"{account},{year},{points},{mg}" for (account, year), (points, mg) in sorted(pages.items())]
    return _lines(_ACCOUNTS, rows)


def chain_pages(chain: Chain) -> Pages:
    """Every account's pages: who was credited is in the calldata and the transfers, how much is in the contract."""
    headers, book = dict(attested(chain)), CarbonPoint(chain)
    keys = set()
    for event in PointIssuer(chain).events("ChunkCredited"):
        year = year_of(headers[BatchId("0x" + event.values["batch"].hex())].day)
        keys |= {(account, year) for account in _credited(chain, event)}
    years = sorted({year for _, year in keys})
    for event in book.events("AccountMoved"):
        keys |= {(event.values["to"], year) for year in years}
    ordered = sorted(keys)
    found = zip(ordered, book.pages_of(ordered), strict=True)
    pages = {key: (page.points_milli, page.reduction_mg) for key, page in found}
    return {key: page for key, page in pages.items() if page != (0, 0)}


def book_pages(here: Installation) -> Pages:
    """The same from the book: its bundles, and what became of their points since."""
    from oracle.report.report import read_report

    turned = read_report(here.chain, here.bare_book).pages.of
    pages = {
        (account, year): (page.points_milli, page.reduction_mg)
        for account, years in turned.items()
        for year, page in years.items()
    }
    return {key: page for key, page in pages.items() if page != (0, 0)}


def book_batches(here: Installation) -> list[tuple[BatchId, Header]]:
    """Batches of the database that the chain has, with the headers that their records give; those without a bundle are left out."""
    there = {batch for batch, _ in attested(here.chain)}
    book = here.bare_book
    with book.database.reading() as connection:
        stored = [batch.batch for batch in all_batches(connection)]
    return [
        (batch, read(book.bundle_folder(batch)).header) for batch in stored if batch in there and book.has_bundle(batch)
    ]


def _credited(chain: Chain, event: Event) -> Iterable[str]:
    """Accounts of a chunk or of claims, from the transaction that credited them.

    Raises:
        InputError: It was sent through a contract that the manifest does not have.
    """
    (answer,) = chain.batch("eth_getTransactionByHash", [[event.transaction]])
    call = chain.decode_call(answer["result"]["to"], answer["result"]["input"])
    if call is None:
        raise InputError(
            f"was credited through the contract {answer['result']['to']}, which is not in the manifest",
            file=event.transaction,
        )
    entries = call["entries"] if "entries" in call else [claim["entry"] for claim in call["claims"]]
    return {to_checksum_address(f"0x{entry >> ACCOUNT_SHIFT:040x}") for entry in entries if entry}


def _lines(head: str, rows: list[str]) -> bytes:
    return ("\n".join([head, *rows]) + "\n").encode()
