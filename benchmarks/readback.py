"""Reading back: the statement of an account and the proof of a record, from files of the size of many batches.

The index is made of synthetic transfers of as many accounts as records; both answers are checked against what was written.

    python -m benchmarks.readback [--records 10000000]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.table import Row, print_rows, require, timed
from oracle.evidence.columns import column
from oracle.evidence.folder import RECORDS, ROW_GROUP
from oracle.evidence.keccak import keccak_matrix
from oracle.evidence.leaf import record_leaves
from oracle.evidence.tree import Tree, verify
from oracle.index.segments import SCHEMA, Segment, Segments

ASKED = 20
ACCOUNTS_SHARE = 100  # entries of one account


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000_000)
    count = parser.parse_args().records
    with tempfile.TemporaryDirectory() as temporary:
        rows = [statement(Path(temporary), count), proof(Path(temporary), count)]
    print_rows(rows)


def numbered(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """The hashes of 0, 1, 2 and so on."""
    return keccak_matrix(np.arange(count, dtype=">u8").view(np.uint8).reshape(-1, 8))


def statement(folder: Path, count: int) -> Row:
    """The entries of one account among `count`, in eight segments."""
    people = numbered(count // ACCOUNTS_SHARE)[:, :20].copy()
    segments, size = Segments(folder / "index"), count // 8
    for number in range(8):
        at = np.arange(number * size, (number + 1) * size)
        segments.add(Segment(at[0], at[-1], "0x" + f"{number:064x}"), transfers(people, at))
    chance = np.random.default_rng(3).integers(0, len(people), ASKED)
    seconds = []
    for who in chance:
        account = people[who].tobytes()
        took, found = timed(lambda: segments.rows().filter(pl.col("account") == account).collect())  # noqa: B023 - called at once
        expected = np.arange(who, 8 * size, len(people))
        require(sorted(found["block"].to_list()) == expected.tolist(), "statement")
        seconds.append(took)
    worst = 1000 * max(seconds)
    return Row(
        f"statement of one account of {count:,} entries",
        f"{worst:.0f} ms, worst of {ASKED}",
        "50 ms",
        worst / 50,
        "<= 1",
    )


def transfers(
    people: np.ndarray[tuple[int, int], np.dtype[np.uint8]], at: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> pl.DataFrame:
    """A transfer in each block, to one account after the other."""
    words = np.zeros((len(at), 32), np.uint8)
    return pl.DataFrame(
        {
            "account": column("account", people[at % len(people)]),
            "block": at,
            "log_index": pl.Series([0] * len(at), dtype=pl.Int64),
            "transaction": column("transaction", words),
            "contract": pl.Series(["CarbonPoint"] * len(at)),
            "event": pl.Series(["Transfer"] * len(at)),
            "topics": column("topics", np.hstack([words, words])),
            "data": column("data", words),
        },
        schema=SCHEMA,
    )


def proof(folder: Path, count: int) -> Row:
    """The proof of one record of `count` in one batch: its row, its place in the tree, its siblings."""
    ids = numbered(count)
    ids = ids[np.argsort(ids[:, :8].copy().view(">u8").reshape(-1))]
    accounts, numbers = ids[:, :20].copy(), np.arange(count)
    leaves = record_leaves(ids, accounts, numbers, numbers, numbers, ids)
    tree = Tree.build(leaves, sort=True)
    tree.nodes.tofile(folder / "nodes")
    table = pl.DataFrame(
        [column("record_id", ids), column("account", accounts), pl.Series("quantity", numbers), column("leaf", leaves)]
    )
    table.write_parquet(
        folder / RECORDS, compression="zstd", compression_level=1, statistics=True, row_group_size=ROW_GROUP
    )
    root = tree.root
    wanted = [ids[at].tobytes() for at in np.random.default_rng(4).integers(0, count, ASKED)]
    del table, tree, leaves, ids, accounts, numbers
    seconds = []
    for record_id in wanted:
        took, (leaf, siblings) = timed(lambda: read_proof(folder, record_id))  # noqa: B023 - called at once
        require(verify(leaf, siblings, root), "proof")
        seconds.append(took)
    worst = 1000 * max(seconds)
    return Row(
        f"proof of one record of {count:,} in one batch",
        f"{worst:.0f} ms, worst of {ASKED}",
        "1000 ms",
        worst / 1000,
        "<= 1",
    )


def read_proof(folder: Path, record_id: bytes) -> tuple[bytes, list[bytes]]:
    """As `oracle.index.proofs` does it."""
    row = pl.scan_parquet(folder / RECORDS).filter(pl.col("record_id") == record_id).collect().row(0, named=True)
    tree = Tree(np.memmap(folder / "nodes", np.uint8, "r").reshape(-1, 32))
    return row["leaf"], tree.proof(tree.position(row["leaf"]))


if __name__ == "__main__":
    main()
