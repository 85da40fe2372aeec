"""Reading back from disk: the statement of an account and the proof of a record, from files of the size of many batches.

The files are what `oracle.report.index` reads, with drawn records in batches of a city's day and drawn transfers in eight segments; both
answers are checked against what was written. Cold is asked by a new process, with nothing of the files in the page cache; warm by
one that has asked before. Memory while writing is that of a batch or a segment; disk is some 200 bytes a record.

    python -m benchmarks.readback [--records 10000000] [--what statement proof] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from eth_utils.address import to_checksum_address

from benchmarks.table import Row, print_rows, require, timed
from oracle.measure.evidence.folder import DOCUMENT, RECORDS, ROW_GROUP
from oracle.measure.evidence.leaf import record_leaves
from oracle.measure.evidence.tree import Tree
from oracle.model.columns import column
from oracle.model.ids import BatchId
from oracle.model.keccak import Bytes, keccak_matrix
from oracle.report.index.events import kinds_of
from oracle.report.index.proofs import ProofIndex
from oracle.report.index.segments import SCHEMA, Segment, Segments

ASKED = 20
COLD = 3
SEGMENTS = 8
ENTRIES = 100  # of one account
BATCH = 3_000_000  # records of a city's day


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--what", nargs="+", choices=["statement", "proof"], default=["statement", "proof"])
    parser.add_argument("--folder", help="where to write; the default temporary folder unless told")
    parser.add_argument("--ask", nargs=3, metavar=("WHAT", "HOME", "HEX"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        what, home, asked = options.ask
        print(json.dumps({"statement": entries_of, "proof": proof_of}[what](Path(home), bytes.fromhex(asked))))
        return
    rows: list[Row] = []
    for what in options.what:
        with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
            rows += {"statement": statement, "proof": proof}[what](Path(temporary), options.records)
    print_rows(rows)


def entries_of(home: Path, account: bytes) -> list[int]:
    """Blocks of the entries of one account, which are decoded as `carbonbook index --account` does it."""
    [transfer] = (kind for kind in kinds_of("CarbonPoint", "CarbonPoint") if kind.event == "Transfer")
    entries = [transfer.decoded(row) for row in Segments(home / "index").of_account(account).iter_rows(named=True)]
    require(all(entry["values"]["to"] == "0x" + account.hex() for entry in entries), "statement of an account")
    return [entry["block"] for entry in entries]


def proof_of(home: Path, record_id: bytes) -> dict[str, Any]:
    """The proof of one record, as `carbonbook verify` has it before it asks the chain."""
    proofs, folders = (
        ProofIndex(home),
        {BatchId(f"0x{folder.name}"): folder for folder in sorted((home / "bundles").iterdir())},
    )
    found = proofs.find(folders, record_id)
    if found is None:
        sys.exit(f"record 0x{record_id.hex()} is not found")
    return proofs.proof(found[0], folders[found[0]], record_id, None)


def statement(home: Path, count: int) -> list[Row]:
    """The entries of one account among `count`."""
    people, size = numbered(count // ENTRIES)[:, :20].copy(), count // SEGMENTS
    segments = Segments(home / "index")
    for number in range(SEGMENTS):
        at = np.arange(number * size, (number + 1) * size)
        segments.add(Segment(int(at[0]), int(at[-1]), "0x" + f"{number:064x}"), transfers(people, at))
    wanted = np.random.default_rng(3).integers(0, len(people), ASKED)

    def right(who: int, blocks: Any) -> bool:
        return bool(blocks == np.arange(who, SEGMENTS * size, len(people)).tolist())

    what = f"statement of one account of {SEGMENTS * size:,} entries"
    cold, warm = asked_twice(home, "statement", [people[who].tobytes() for who in wanted])
    require(all(right(int(who), blocks) for who, (_, blocks) in zip(wanted, warm, strict=True)), "statement")
    require(all(right(int(who), blocks) for who, (_, blocks) in zip(wanted, cold, strict=False)), "statement, cold")
    return [told(what, warm, "warm", 50), told(what, cold, "cold, with the start of the process")]


def proof(home: Path, count: int) -> list[Row]:
    """The proof of one record of `count` in batches of a city's day: which batch, its row, its place in the tree, its siblings."""
    draw, wanted, roots = np.random.default_rng(4), [], {}
    batches = -(-count // BATCH)
    for number in range(batches):
        ids, root = write_batch(home, number, min(BATCH, count - number * BATCH), draw)
        for each in ids[draw.integers(0, len(ids), -(-ASKED // batches))]:
            wanted.append(each.tobytes())
            roots[each.tobytes()] = "0x" + root.hex()
    draw.shuffle(wanted)
    cold, warm = asked_twice(home, "proof", wanted[:ASKED])
    for answers in (cold, warm):
        for asked, (_, said) in zip(wanted, answers, strict=False):
            require(said["record"]["recordId"] == "0x" + asked.hex() and said["root"] == roots[asked], "proof")
    what = f"proof of one record of {count:,} in {batches} batches"
    return [told(what, warm, "warm"), told(what, cold, "cold, with the start of the process", 1000)]


Answers = list[tuple[float, Any]]


def asked_twice(home: Path, what: str, wanted: list[bytes]) -> tuple[Answers, Answers]:
    """Seconds and answers to the first few, each from a new process and from disk, and to all from this process."""
    cold: Answers = []
    for asked in wanted[:COLD]:
        forget(home)
        command = [sys.executable, "-m", "benchmarks.readback", "--ask", what, str(home), asked.hex()]
        seconds, done = timed(lambda: subprocess.run(command, stdout=subprocess.PIPE, check=True))  # noqa: B023 - called at once
        cold.append((seconds, json.loads(done.stdout)))
    answer = {"statement": entries_of, "proof": proof_of}[what]
    answer(home, wanted[0])
    return cold, [timed(lambda: answer(home, asked)) for asked in wanted]  # noqa: B023 - called at once


def forget(home: Path) -> None:
    """Takes every file out of the page cache."""
    for path in files(home):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def files(home: Path) -> Iterator[Path]:
    """All files below a folder."""
    return (path for path in home.rglob("*") if path.is_file())


def told(what: str, answers: Answers, how: str, limit_ms: int = 0) -> Row:
    """The worst of some answers, beside a limit if there is one."""
    worst = 1000 * max(seconds for seconds, _ in answers)
    reached = f"{worst:.0f} ms, worst of {len(answers)}"
    if not limit_ms:
        return Row(f"{what}, {how}", reached)
    return Row(f"{what}, {how}", reached, f"{limit_ms} ms", worst / limit_ms, "<= 1")


def numbered(count: int) -> Bytes:
    """The hashes of 0, 1, 2 and so on."""
    return keccak_matrix(np.arange(count, dtype=">u8").view(np.uint8).reshape(-1, 8))


def transfers(people: Bytes, at: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pl.DataFrame:
    """A transfer in each block, to one account after the other, 256 by a transaction."""
    accounts = people[at % len(people)]
    topics, data = np.zeros((len(at), 64), np.uint8), np.zeros((len(at), 32), np.uint8)
    topics[:, 44:] = accounts
    data[:, 28:] = (at * 7_919 % 50_000).astype(">u4").view(np.uint8).reshape(-1, 4)
    return pl.DataFrame(
        {
            "account": column("account", accounts),
            "block": at,
            "log_index": pl.repeat(0, len(at), dtype=pl.Int64, eager=True),
            "transaction": column("transaction", numbered(int(at[-1]) // 256 + 1)[at // 256]),
            "contract": pl.repeat("CarbonPoint", len(at), eager=True),
            "event": pl.repeat("Transfer", len(at), eager=True),
            "topics": column("topics", topics),
            "data": column("data", data),
        },
        schema=SCHEMA,
    )


def write_batch(home: Path, number: int, count: int, draw: np.random.Generator) -> tuple[Bytes, bytes]:
    """One batch of drawn records as a bundle and its tree lie on disk; gives their ids and the root."""
    batch = f"{number:064x}"
    bundle, trees = home / "bundles" / batch, home / "index" / "trees"
    bundle.mkdir(parents=True)
    trees.mkdir(parents=True, exist_ok=True)
    ids, commitments = (np.frombuffer(draw.bytes(32 * count), np.uint8).reshape(-1, 32) for _ in range(2))
    ids = ids[np.argsort(ids[:, :8].copy().view(">u8").reshape(-1))]
    accounts, quantities = np.frombuffer(draw.bytes(20 * count), np.uint8).reshape(-1, 20), np.arange(count)
    starts = 1_672_848_000 + np.arange(count) % 86_400
    leaves = record_leaves(ids, accounts, quantities, starts, starts + 900, commitments)
    tree = Tree.build(leaves, sort=True)
    tree.nodes.tofile(trees / f"{batch}.nodes")
    ids[:, :8].copy().view(">u8").astype("<u8").tofile(trees / f"{batch}.ids")
    pl.DataFrame(
        [
            column("record_id", ids),
            column("account", accounts),
            pl.Series("quantity", quantities),
            pl.Series("start", starts),
            pl.Series("end", starts + 900),
            column("commitment", commitments),
            column("leaf", leaves),
        ]
    ).write_parquet(
        bundle / RECORDS, compression="zstd", compression_level=1, statistics=True, row_group_size=ROW_GROUP
    )
    said = {
        "operator": to_checksum_address(bytes(19) + b"\1"),
        "day": str(number),
        "sequence": "0",
        "version": "1",
        "methodology": "CI-02",
        "recordCount": str(count),
        "accountCount": str(count),
        "totalQuantity": "0",
        "consentedQuantity": "0",
        "recordsRoot": "0x" + tree.root.hex(),
        "accountsRoot": "0x" + bytes(32).hex(),
        "fields": [],
    }
    (bundle / DOCUMENT).write_text(json.dumps(said))
    return ids, tree.root


if __name__ == "__main__":
    main()
