"""The ledger from the chain alone, and a database that lost days brought back to what the chain has.

Batches come from their events; accounts from the calldata that credited them, with the pages the contract holds. Nothing of it is taken
from the book, so that the two can be compared byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oracle.edge.chain.client import Chain, Event
from oracle.edge.store.batches import StoredBatch, add_batch, all_batches
from oracle.measure.evidence.folder import read
from oracle.measure.evidence.leaf import ACCOUNT_SHIFT
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.header import Header
from oracle.model.units import date_of, year_of

if TYPE_CHECKING:
    from oracle.cli.console import Installation

_BATCHES = "batch,operator,methodology,version,act_date,sequence,records,accounts,quantity"
_ACCOUNTS = "account,year,points_milli,reduction_mg"

Pages = Mapping[tuple[str, int], tuple[int, int]]  # account and year -> points and reduction


@dataclass(frozen=True)
class Restored:
    """What became of the database.

    Attributes:
        added: Batches that it did not know of, and whose bundle is here.
        missing: Batches on chain whose bundle is not here, or is another.
    """

    added: tuple[str, ...]
    missing: tuple[str, ...]


def restore(here: Installation) -> Restored:
    """Writes batches that the chain has and the database has not, if their bundles are here and are what was attested."""
    scenarios = {rule.id: rule.scenario for rule in here.library.rules()}
    with here.book.database.reading() as connection:
        known = {batch.batch for batch in all_batches(connection)}
    added, missing = [], []
    for event in here.chain.events("EvidenceLedger", "BatchAttested"):
        batch, header = "0x" + event.values["batch"].hex(), event.values["header"]
        methodology = header.methodology.rstrip(b"\0").decode("ascii")
        if batch in known:
            continue
        if not _is_here(here, batch, header):
            missing.append(batch)
            continue
        stored = StoredBatch(
            batch, header.operator, scenarios[methodology], methodology, header.version, header.day, header.sequence
        )
        with here.book.database.begin() as connection:
            add_batch(connection, stored)
        added.append(batch)
    return Restored(tuple(added), tuple(missing))


def batches_csv(headers: Iterable[tuple[str, Any]]) -> bytes:
    """Batches with their headers, by key."""
    rows = [
        f"{batch},{header.operator},{header.methodology.rstrip(bytes(1)).decode('ascii')},{header.version},{date_of(header.day)},"
        f"{header.sequence},{_of(header, 'recordCount')},{_of(header, 'accountCount')},{_of(header, 'totalQuantity')}"
        for batch, header in sorted(headers)
    ]
    return _lines(_BATCHES, rows)


def accounts_csv(pages: Pages) -> bytes:
    """Pages by account and year."""
    rows = [f"{account},{year},{points},{mg}" for (account, year), (points, mg) in sorted(pages.items())]
    return _lines(_ACCOUNTS, rows)


def chain_batches(chain: Chain) -> list[tuple[str, Any]]:
    """Every batch and its header, from the events."""
    return [
        ("0x" + event.values["batch"].hex(), event.values["header"])
        for event in chain.events("EvidenceLedger", "BatchAttested")
    ]


def chain_pages(chain: Chain) -> Pages:
    """Every account's pages: who was credited is in the calldata and the transfers, how much is in the contract."""
    days = {
        event.values["batch"]: event.values["header"].day for event in chain.events("EvidenceLedger", "BatchAttested")
    }
    keys = set()
    for event in chain.events("PointIssuer", "ChunkCredited"):
        year = year_of(days[event.values["batch"]])
        keys |= {(account, year) for account in _credited(chain, event)}
    years = sorted({year for _, year in keys})
    for event in chain.events("CarbonPoint", "AccountMoved"):
        keys |= {(event.values["to"], year) for year in years}
    ordered = sorted(keys)
    found = chain.read_many("CarbonPoint", "pageOf", [list(key) for key in ordered])
    pages = {key: (page[0][0], page[0][1]) for key, page in zip(ordered, found, strict=True)}
    return {key: page for key, page in pages.items() if page != (0, 0)}


def book_pages(here: Installation) -> Pages:
    """The same from the book: its bundles, and what became of their points since."""
    from oracle.report.report import read_report

    turned = read_report(here.chain, here.book).pages.of
    pages = {
        (account, year): (page.points_milli, page.reduction_mg)
        for account, years in turned.items()
        for year, page in years.items()
    }
    return {key: page for key, page in pages.items() if page != (0, 0)}


def book_batches(here: Installation) -> list[tuple[str, Header]]:
    """Batches of the database that the chain has, with the headers that their records give."""
    attested = {batch for batch, _ in chain_batches(here.chain)}
    with here.book.database.reading() as connection:
        stored = [batch.batch for batch in all_batches(connection)]
    return [(batch, read(here.book.bundle_folder(batch)).header) for batch in stored if batch in attested]


def _is_here(here: Installation, batch: str, header: Any) -> bool:
    try:
        own = read(here.book.bundle_folder(batch)).header
    except (InputError, VerificationFailed):
        return False
    return (own.records_root, own.accounts_root, own.bundle_hash) == (
        header.recordsRoot,
        header.accountsRoot,
        header.bundleHash,
    )


def _credited(chain: Chain, event: Event) -> Iterable[str]:
    """Accounts of a chunk or of claims, from the transaction that credited them.

    Raises:
        InputError: It was sent through a contract that the manifest does not have.
    """
    (answer,) = chain.batch("eth_getTransactionByHash", [[event.transaction]])
    call = chain.decode_call(answer["result"]["to"], answer["result"]["input"])
    if call is None:
        raise InputError(f"was credited through {answer['result']['to']}, which is not ours", file=event.transaction)
    entries = call["entries"] if "entries" in call else [claim["entry"] for claim in call["claims"]]
    return {chain.web3.to_checksum_address(f"0x{entry >> ACCOUNT_SHIFT:040x}") for entry in entries if entry}


_NAMES = {"recordCount": "record_count", "accountCount": "account_count", "totalQuantity": "total_quantity"}


def _of(header: Any, name: str) -> int:
    """A number of a header as events have it, or as bundles have it."""
    return int(getattr(header, name) if hasattr(header, name) else getattr(header, _NAMES[name]))


def _lines(head: str, rows: list[str]) -> bytes:
    return ("\n".join([head, *rows]) + "\n").encode()
