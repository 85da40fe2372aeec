"""A day of trips, from CSV to signed headers, beside hashing its leaves alone, and beside doing it row by row.

The row-by-row pipeline reads the same format with pandas, hashes with Web3.solidity_keccak, and must end in the same roots; it is run on a
sample, and its time scaled by the number of acts.

    python -m benchmarks.daywork [--acts 3000000] [--sample 3000]
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import resource
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
from eth_account import Account
from web3 import Web3

from benchmarks.table import Row, print_rows, require, timed
from benchmarks.world import OPERATOR, SOURCE, TRIPS_A_DAY, enrol, new_book, write_trips
from oracle.edge.keys.keyring import Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.citizens import people
from oracle.measure.close.close import close
from oracle.measure.evidence import folder
from oracle.measure.evidence.accounts import accounts_of
from oracle.measure.evidence.bundle import Bundle, _leaves
from oracle.measure.evidence.leaf import RECORD_DOMAIN
from oracle.measure.evidence.tree import Tree
from oracle.measure.ingest import _PEPPER_LABEL, ingest
from oracle.measure.quantify.library import Library
from oracle.measure.records.meters import Household
from oracle.model.header import Header
from oracle.model.typed_data import Domain, sign

NOW = 1_700_000_000
LIMIT_MIB = 2048
DOMAIN = Domain("EvidenceLedger", 31337, OPERATOR, "0x" + "11" * 32)


def day(book: Book, csv: Path) -> list[bytes]:
    """The whole way: reads, validates, stores, quantifies, bundles, signs. Returns the signatures."""
    ingest(book, csv, "bus-app", SOURCE, kind="trips", household=Household(), now=NOW)
    closed = close(book, Library.load(), {"bus-app": OPERATOR})
    member = Account.from_key(b"\1" * 32)
    documents = [(book.bundle_folder(each.batch.batch) / folder.DOCUMENT).read_bytes() for each in closed]
    return [sign(member, Header.of_bundle(text).message(DOMAIN, 1)) for text in documents]


def prepared(home: Path, csv: Path, acts: int) -> None:
    """What is there before the day: the register and the file. In a process of its own, so that memory is the day's."""
    write_trips(csv, acts)
    enrol(new_book(home), acts // TRIPS_A_DAY)


def bundles(book: Book) -> list[Path]:
    """Folders of the bundles."""
    return sorted((book.home / "bundles").iterdir())


def hash_alone(records: pl.DataFrame) -> tuple[bytes, bytes]:
    """Leaves and trees of records that are there already: what no pipeline can do without."""
    leaves = Tree.build(_leaves(records), sort=True)
    return leaves.root, accounts_of(records, None).tree.root


def row_by_row(book: Book, csv: Path) -> dict[str, str]:
    """Records roots by methodology, by a loop over the rows of a pandas frame."""
    pepper = hmac.new(book.record_secret, _PEPPER_LABEL + b"bus-app", hashlib.sha256).digest()
    library, leaves = Library.load(), dict[str, list[bytes]]()
    who = _register(book)
    for _, row in pd.read_csv(csv, dtype=str).iterrows():
        scenario, start, end = (
            ("CI-01", "CI-02")[row["mode"] == "metro"],
            *(int(row[f"{at}_time"]) // 1000 for at in ("start", "end")),
        )
        rule = library.rule_for(scenario, SOURCE.region, start // 86_400)
        metres = int(row["distance"])
        if rule is None or not 5 <= metres * 3.6 / (end - start) <= 120:
            continue
        account, salt = who[row["rider"]]
        key = _keccak(["bytes"], [pepper + row["trip_id"].encode()])
        record = _keccak(["bytes32"] * 3, [RECORD_DOMAIN, _keccak(["string"], ["bus-app"]), key])
        word = rule.id.encode().ljust(32, b"\0")
        committed = _keccak(
            ["bytes32", "bytes32", "bytes32", "uint256", "int256"], [salt, record, word, rule.version, metres]
        )
        types = ["bytes32", "uint256", "uint256", "uint256", "uint256", "bytes32"]
        values = [record, int.from_bytes(account), metres, start, end, committed]
        leaves.setdefault(rule.id, []).append(_keccak(["bytes32"], [_keccak(types, values)]))
    return {name: "0x" + _root(sorted(each)).hex() for name, each in leaves.items()}


def _register(book: Book) -> dict[str, tuple[bytes, bytes]]:
    with book.database.reading() as connection:
        known = {row["citizen"]: (row["account"], row["salt"]) for row in people(connection).iter_rows(named=True)}
        names = pl.Series([f"r{n:07}" for n in range(len(known))])
        who = book.register.resolve(connection, "bus-app", names)
    return {name: known[citizen] for name, citizen in who.iter_rows()}


def _root(leaves: list[bytes]) -> bytes:
    nodes = [b""] * (len(leaves) - 1) + leaves[::-1]
    for at in range(len(leaves) - 2, -1, -1):
        pair = sorted(nodes[2 * at + 1 : 2 * at + 3])
        nodes[at] = _keccak(["bytes32", "bytes32"], pair)
    return nodes[0]


def _keccak(types: list[str], values: list[Any]) -> bytes:
    return bytes(Web3.solidity_keccak(types, values))


def sampled(home: Path, acts: int) -> tuple[float, float]:
    """Seconds of the loop and of the pipeline for a sample, whose roots must be the same."""
    book, csv = new_book(home), home / "sample.csv"
    write_trips(csv, acts)
    enrol(book, acts // TRIPS_A_DAY)
    ours, _ = timed(lambda: day(book, csv))
    loop, roots = timed(lambda: row_by_row(book, csv))
    said = [folder._summary(path / folder.DOCUMENT)[1] for path in bundles(book)]
    require(roots == {each["methodology"]: each["recordsRoot"] for each in said}, "row by row")
    return loop, ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--acts", type=int, default=3_000_000)
    parser.add_argument("--sample", type=int, default=3_000)
    options = parser.parse_args()
    acts = options.acts
    with tempfile.TemporaryDirectory() as temporary:
        home, csv = Path(temporary) / "home", Path(temporary) / "trips.csv"
        loop, _ = sampled(Path(temporary) / "sample", options.sample)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as another:
            another.submit(prepared, home, csv, acts).result()
        book = Book(home, Keyring(home / "keys"))
        seconds, signatures = timed(lambda: day(book, csv))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        hashing, found = 0.0, 0
        for path in bundles(book):
            bundle: Bundle = folder.read(path)
            took, roots = timed(lambda records=bundle.records: hash_alone(records), 3)  # type: ignore[misc]  # bound at once
            require(roots[0] == bundle.header.records_root, "hashing alone")
            hashing, found = hashing + took, found + len(bundle.records)
    require(found == acts and len(signatures) == 2, "acts in bundles")
    loop *= acts / options.sample
    rows = [
        Row(
            f"{acts:,} trips, CSV to signed headers",
            f"{seconds:.1f} s",
            f"hashing their leaves and trees alone {hashing:.1f} s",
            seconds / hashing,
            "<= 2",
        ),
        Row(
            f"{acts:,} trips, CSV to signed headers",
            f"{seconds:.1f} s",
            f"pandas and solidity_keccak row by row {loop:.0f} s (of {options.sample:,})",
            loop / seconds,
            ">= 20",
        ),
        Row(f"most memory, {acts:,} trips", f"{memory} MiB", f"limit {LIMIT_MIB} MiB", memory / LIMIT_MIB, "<= 1"),
    ]
    print_rows(rows)


if __name__ == "__main__":
    main()
