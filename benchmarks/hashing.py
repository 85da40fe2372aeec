"""Hashing: leaves by the kernels here beside the two keccak libraries of the ecosystem, then leaves, tree and proofs.

python -m benchmarks.hashing [--leaves 1000000]
"""

from __future__ import annotations

import argparse

import numpy as np
from Crypto.Hash import keccak as pycryptodome
from sha3 import keccak_256

from benchmarks.table import Row, print_rows, require, timed
from oracle.measure.evidence import leaf
from oracle.measure.evidence.tree import Tree, verify
from oracle.model import keccak

SAMPLE = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    count = parser.parse_args().leaves
    chance = np.random.default_rng(1)
    ids, commitments = (chance.integers(0, 256, (count, 32), np.uint8) for _ in range(2))
    accounts = chance.integers(0, 256, (count, 20), np.uint8)
    quantities, starts = chance.integers(1, 60_000, count), chance.integers(1_600_000_000, 1_700_000_000, count)

    def leaves(some: slice = slice(None)) -> keccak.Bytes:
        return leaf.record_leaves(
            ids[some], accounts[some], quantities[some], starts[some], starts[some] + 900, commitments[some]
        )

    few = slice(SAMPLE)
    leaves()  # loads and compiles the kernels
    words = leaf_words(ids[few], accounts[few], quantities[few], starts[few], commitments[few])
    columns, hashed = timed(leaves, 3)
    single, one = timed(lambda: b"".join(keccak_256(keccak_256(word).digest()).digest() for word in words), 3)
    default, other = timed(lambda: b"".join(eth_default(eth_default(word)) for word in words))
    require(hashed[few].tobytes() == one == other, "leaves")
    trees, tree = timed(lambda: Tree.build(hashed, sort=True), 3)
    positions = [int(each) for each in chance.integers(0, count, 10_000)]
    proving, proofs = timed(lambda: [tree.proof(position) for position in positions])
    sound = (verify(tree.leaves[at].tobytes(), proof, tree.root) for at, proof in zip(positions, proofs, strict=True))
    require(all(sound), "proofs")
    per_million = 1e6 / count
    single, default = (seconds * count / SAMPLE for seconds in (single, default))
    print_rows(
        [
            Row(
                "record leaves, a million",
                f"{columns * per_million:.2f} s",
                f"safe-pysha3 {single * per_million:.2f} s (of {SAMPLE:,})",
                single / columns,
            ),
            Row(
                "record leaves, a million",
                f"{columns * per_million:.2f} s",
                f"eth-hash's default, pycryptodome {default * per_million:.2f} s (of {SAMPLE:,})",
                default / columns,
            ),
            Row("sorted tree of a million leaves", f"{trees * per_million:.2f} s"),
            Row("proofs from the tree in memory", f"{len(positions) / proving:,.0f} a second"),
        ]
    )


def leaf_words(
    ids: keccak.Bytes, accounts: keccak.Bytes, quantities: leaf.Numbers, starts: leaf.Numbers, commitments: keccak.Bytes
) -> list[bytes]:
    """What a leaf is the double hash of, one by one, written out by hand."""
    columns = zip(ids, accounts, quantities.tolist(), starts.tolist(), commitments, strict=True)
    return [
        id_.tobytes()
        + bytes(12)
        + account.tobytes()
        + b"".join(number.to_bytes(32, "big") for number in (quantity, start, start + 900))
        + commitment.tobytes()
        for id_, account, quantity, start, commitment in columns
    ]


def eth_default(data: bytes) -> bytes:
    """As eth-hash's backend `pycryptodome` does it."""
    digest: bytes = pycryptodome.new(data=data, digest_bits=256, update_after_digest=True).digest()
    return digest


if __name__ == "__main__":
    main()
