"""Leaves and subtree roots: Python and `LeafLib.sol`, compiled with the project's settings and run on an EVM, give the same bytes."""

from __future__ import annotations

import numpy as np
from eth_abi.abi import encode

from oracle.measure.evidence.leaf import QUANTITY_LIMIT, account_leaves, pack_entries, pack_entry, record_leaf
from oracle.measure.evidence.tree import Tree
from oracle.model.canonical import hexed
from oracle.model.keccak import keccak
from tests.parity.evm import Harness, call

LEAVES = Harness(
    """
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;
import {LeafLib} from "contracts/libraries/LeafLib.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
contract Leaves {
    function recordLeaf(LeafLib.Record calldata r) external pure returns (bytes32) {
        return LeafLib.recordLeaf(r);
    }
    function subtreeRoot(uint256 first, uint256[] calldata entries) external pure returns (bytes32) {
        return LeafLib.subtreeRoot(first, entries);
    }
    function verify(bytes32[] calldata proof, bytes32 treeRoot, bytes32 leaf) external pure returns (bool) {
        return MerkleProof.verifyCalldata(proof, treeRoot, leaf);
    }
}
""",
    "Leaves",
)
RECORD = "(bytes32,address,uint256,uint256,uint256,bytes32)"
CHUNKS = (1, 2, 4, 8, 64, 512)
SUBTREE = "subtreeRoot(uint256,uint256[])"
VERIFY = "verify(bytes32[],bytes32,bytes32)"


def records() -> list[tuple[bytes, bytes, int, int, int, bytes]]:
    """Ordinary records and the extremes of every field."""
    ordinary = [
        (keccak(b"%d" % n), keccak(b"a%d" % n)[:20], n * 7919, n, n + 900, keccak(b"c%d" % n)) for n in range(20)
    ]
    most = (1 << 63) - 1
    return [
        *ordinary,
        (bytes(32), bytes(20), 0, 0, 0, bytes(32)),
        (b"\xff" * 32, b"\xff" * 20, most, most, most, b"\xff" * 32),
    ]


def test_record_leaf__records__same_as_the_contract() -> None:
    calls = [call(f"recordLeaf({RECORD})", [RECORD], [record]) for record in records()]
    assert LEAVES.run(calls) == [hexed(record_leaf(*record)) for record in records()]


def accounts_tree(size: int) -> tuple[list[int], Tree]:
    """Packed entries of `size` accounts, the last two padding, and their tree."""
    numbers = np.arange(size)
    accounts = np.frombuffer(b"".join(keccak(b"%d" % n)[:20] for n in numbers), np.uint8).reshape(size, 20).copy()
    quantities, consented = numbers * 104_729 + 1, numbers % 3 == 0
    accounts[-2:], quantities[-2:], consented[-2:] = 0, 0, False
    tree = Tree.build(account_leaves(accounts, quantities, consented), sort=False)
    packed = pack_entries(accounts, consented, quantities)
    return [int.from_bytes(packed[at : at + 32]) for at in range(0, len(packed), 32)], tree


def test_subtree_root__chunks_anywhere_in_a_tree__are_nodes_of_our_tree() -> None:
    calls, expected = [], []
    for count in CHUNKS:
        entries, tree = accounts_tree(3 * count)
        for first in range(0, 3 * count, count):
            node = tree.nodes[(6 * count - 1 - first) // count - 1].tobytes()
            calls.append(call(SUBTREE, ["uint256", "uint256[]"], [first, entries[first : first + count]]))
            expected.append(hexed(node))
            proof = tree.subtree_proof(first, count)
            for start, holds in ((node, 1), (keccak(node), 0)):
                calls.append(call(VERIFY, ["bytes32[]", "bytes32", "bytes32"], [proof, tree.root, start]))
                expected.append(hexed(holds.to_bytes(32)))
    assert LEAVES.run(calls) == expected


def test_subtree_root__single_leaf_with_the_largest_fields__same_as_the_contract() -> None:
    entry = pack_entry(b"\xff" * 20, True, QUANTITY_LIMIT - 1)
    [root] = LEAVES.run([call(SUBTREE, ["uint256", "uint256[]"], [(1 << 32) - 1, [entry]])])
    types = ["uint256", "address", "uint256", "bool"]
    assert root == hexed(keccak(keccak(encode(types, [(1 << 32) - 1, b"\xff" * 20, QUANTITY_LIMIT - 1, True]))))
