"""The standard tree: every proof, no other proof, subtrees as the contract hashes them, saved trees."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.measure.evidence.leaf import account_leaves
from oracle.measure.evidence.tree import ACCOUNT_ENCODING, RECORD_ENCODING, Tree, steps, verify
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.keccak import Bytes, keccak
from tests.unit.evidence.evidence_batches import LAW, bundle_of, subtree_root, words_of

# The example of the JavaScript library's README, with the root it prints there.
README: dict[str, Any] = {
    "format": "standard-v1",
    "leafEncoding": ["address", "uint256"],
    "tree": [
        "0xd4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77",
        "0xeb02c421cfa48976e66dfb29120745909ea3a0f843456c263cf8f1253483e283",
        "0xb92c48e9d7abe27fd8dfd6b5dfdbfb1c9a463f80c712b66f3a5180a090cccafc",
    ],
    "values": [
        {"value": ["0x1111111111111111111111111111111111111111", "5000000000000000000"], "treeIndex": 1},
        {"value": ["0x2222222222222222222222222222222222222222", "2500000000000000000"], "treeIndex": 2},
    ],
}


def leaves_of(count: int) -> Bytes:
    """Distinct leaves."""
    return np.frombuffer(b"".join(keccak(b"leaf %d" % n) for n in range(count)), np.uint8).reshape(count, 32)


def naive_root(nodes: list[bytes], at: int = 0) -> bytes:
    """Root of the tree over leaves in reverse order, from its definition: the children of node i are 2i + 1 and 2i + 2."""
    count = len(nodes)
    if at >= count - 1:
        return nodes[2 * count - 2 - at]
    children = naive_root(nodes, 2 * at + 1), naive_root(nodes, 2 * at + 2)
    return keccak(min(children) + max(children))


@pytest.mark.parametrize("sort", [True, False])
@pytest.mark.parametrize("count", [*range(1, 34), 1000, 4097])
def test_build__any_count__root_by_definition(count: int, sort: bool) -> None:
    leaves = [leaf.tobytes() for leaf in leaves_of(count)]
    assert Tree.build(leaves_of(count), sort=sort).root == naive_root(sorted(leaves) if sort else leaves)


def test_build__fixed_leaves__root_that_the_javascript_library_prints() -> None:
    """`SimpleMerkleTree.of(leaves, { sortLeaves })` of @openzeppelin/merkle-tree 1.0.8."""
    assert (
        Tree.build(leaves_of(5), sort=True).root.hex()
        == "f66f6ddc972ac66a65d266e2bc038e42f13e3df1b1f967b3d084e2822deffb0a"
    )
    assert (
        Tree.build(leaves_of(5), sort=False).root.hex()
        == "27468f77d9677584fc7b8f29449957119cb531b1036f9f9ba09aa6725b0c55d7"
    )


def test_build__one_leaf__is_the_root() -> None:
    tree = Tree.build(leaves_of(1), sort=True)
    assert (tree.root, len(tree), tree.proof(0)) == (keccak(b"leaf 0"), 1, [])


def test_build__no_leaf__refused() -> None:
    with pytest.raises(ValueError, match="a tree needs at least one leaf"):
        Tree.build(leaves_of(0), sort=True)


@LAW
@given(st.permutations(range(13)))
def test_build__sorted_and_shuffled__same_nodes(order: list[int]) -> None:
    assert (
        Tree.build(leaves_of(13)[order], sort=True).nodes.tobytes()
        == Tree.build(leaves_of(13), sort=True).nodes.tobytes()
    )


def test_build__result__cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Tree.build(leaves_of(3), sort=True).nodes[0] = 0


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 64, 70])
def test_proof__every_leaf__holds_and_for_no_other(count: int) -> None:
    tree = Tree.build(leaves_of(count), sort=True)
    for position in range(count):
        proof = tree.proof(position)
        assert [at for at, leaf in enumerate(tree.leaves) if verify(leaf.tobytes(), proof, tree.root)] == [position]


@LAW
@given(st.integers(1, 200), st.data())
def test_proof__one_bit_flipped__refused(count: int, data: st.DataObject) -> None:
    tree = Tree.build(leaves_of(count), sort=True)
    position = data.draw(st.integers(0, count - 1))
    parts = [tree.leaves[position].tobytes(), *tree.proof(position), tree.root]
    part, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
    parts[part] = (int.from_bytes(parts[part]) ^ 1 << bit).to_bytes(32)
    assert not verify(parts[0], parts[1:-1], parts[-1])


def test_proof__shortened_or_prolonged__refused() -> None:
    tree = Tree.build(leaves_of(16), sort=True)
    leaf, proof = tree.leaves[3].tobytes(), tree.proof(3)
    assert verify(leaf, proof, tree.root)
    for wrong in (proof[1:], proof[:-1], [*proof, proof[0]], [leaf, *proof], proof[::-1]):
        assert not verify(leaf, wrong, tree.root)


@pytest.mark.parametrize("position", [-1, 5, 6, 100])
def test_proof__no_such_leaf__refused(position: int) -> None:
    with pytest.raises(ValueError, match="are not the leaves of one node"):
        Tree.build(leaves_of(5), sort=True).proof(position)


def test_second_preimage__inner_node_as_a_record__not_a_leaf() -> None:
    """The 64 bytes under an inner node, hashed as leaves are (twice), never give the inner node."""
    tree = Tree.build(leaves_of(4), sort=True)
    children = tree.nodes[3:5]
    preimage = b"".join(sorted(child.tobytes() for child in children))
    assert keccak(preimage) == tree.nodes[1].tobytes()
    assert not verify(keccak(keccak(preimage)), [tree.nodes[2].tobytes()], tree.root)


@LAW
@given(st.integers(0, 9), st.integers(1, 9), st.data())
def test_subtree_proof__any_aligned_run__leads_from_the_contracts_subtree_root(
    log: int, runs: int, data: st.DataObject
) -> None:
    count = 1 << log
    size = count * runs
    entries = [((n + 1) << 96) | ((n % 2) << 95) | n * 7 for n in range(size)]
    accounts = np.array([list((n + 1).to_bytes(20)) for n in range(size)], np.uint8)
    numbers = np.arange(size)
    tree = Tree.build(account_leaves(accounts, numbers * 7, numbers % 2 == 1), sort=False)
    first = count * data.draw(st.integers(0, runs - 1))
    root = subtree_root(first, entries[first : first + count])
    assert verify(root, tree.subtree_proof(first, count), tree.root)


@pytest.mark.parametrize(
    ("first", "count", "size"), [(1, 2, 8), (0, 3, 9), (0, 0, 8), (8, 4, 8), (0, 4, 6), (-4, 4, 8), (0, 16, 8)]
)
def test_subtree_proof__run_is_not_one_node__refused(first: int, count: int, size: int) -> None:
    with pytest.raises(ValueError, match="are not the leaves of one node"):
        Tree.build(leaves_of(size), sort=False).subtree_proof(first, count)


def test_subtree_proof__accounts_of_a_batch__every_chunk_leads_to_the_root() -> None:
    accounts = bundle_of(60).accounts
    assert accounts.chunk == 8
    for first in range(0, len(accounts.tree), accounts.chunk):
        entries = words_of(accounts.words(first, accounts.chunk))
        proof = accounts.tree.subtree_proof(first, accounts.chunk)
        assert verify(subtree_root(first, entries), proof, accounts.tree.root)


@pytest.mark.parametrize("count", [1, 2, 3, 70])
def test_position__every_leaf__found_where_it_stands(count: int) -> None:
    tree = Tree.build(leaves_of(count), sort=True)
    assert [tree.position(leaf.tobytes()) for leaf in tree.leaves] == list(range(count))


@pytest.mark.parametrize("leaf", [bytes(32), b"\xff" * 32, keccak(b"another")])
def test_position__leaf_not_in_the_tree__says_so(leaf: bytes) -> None:
    with pytest.raises(InputError, match=f"leaf 0x{leaf.hex()} is not in the tree"):
        Tree.build(leaves_of(9), sort=True).position(leaf)


def test_steps__proof_of_two__each_hash_on_the_way() -> None:
    a, b, c = (keccak(name) for name in (b"a", b"b", b"c"))
    first = keccak(min(a, b) + max(a, b))
    assert steps(a, [b, c]) == [first, keccak(min(first, c) + max(first, c))]


def test_load__example_of_the_library__its_printed_root() -> None:
    assert Tree.load(README).root.hex() == "d4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77"


def test_dump__records__loads_to_the_same_nodes() -> None:
    bundle = bundle_of(21)
    names = ("record_id", "account", "quantity", "start", "end", "commitment")
    ranked = sorted(bundle.records.iter_rows(named=True), key=lambda row: row["leaf"])
    saved = json.loads(json.dumps(bundle.tree.dump(RECORD_ENCODING, [[row[name] for name in names] for row in ranked])))
    assert Tree.load(saved).nodes.tobytes() == bundle.tree.nodes.tobytes()


def test_dump__accounts_with_padding__loads_to_the_same_nodes() -> None:
    accounts = bundle_of(21).accounts
    values = [list(row) for row in accounts.table.iter_rows()]
    values += [[index, bytes(20), 0, False] for index in range(len(values), len(accounts.tree))]
    saved = json.loads(json.dumps(accounts.tree.dump(ACCOUNT_ENCODING, values)))
    assert saved["values"][0]["treeIndex"] == 2 * len(accounts.tree) - 2
    assert Tree.load(saved).root == accounts.tree.root


@pytest.mark.parametrize("node", [0, 1, 2])
def test_load__saved_node_altered__named(node: int) -> None:
    saved = copy.deepcopy(README)
    saved["tree"][node] = "0x" + "00" * 32
    with pytest.raises(VerificationFailed, match=f"node {node} of the saved tree is 0x0000"):
        Tree.load(saved)


def test_load__saved_value_altered__found_at_the_root() -> None:
    saved: dict[str, Any] = copy.deepcopy(README)
    saved["values"][1]["value"][1] = "2500000000000000001"
    with pytest.raises(VerificationFailed, match="node 0 of the saved tree"):
        Tree.load(saved)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d.update(format="simple-v1"), "format: the format is 'simple-v1'"),
        (lambda d: d.pop("leafEncoding"), "leafEncoding"),
        (lambda d: d["values"][0].pop("treeIndex"), "treeIndex"),
        (lambda d: d["values"][0].update(treeIndex=2), "a tree of"),
        (lambda d: d["values"][0].update(treeIndex=0), "a tree of"),
        (lambda d: d.update(values=[]), "a tree of 3 nodes cannot have 0 values"),
        (lambda d: d["tree"].append(d["tree"][0]), "a tree of 4 nodes cannot have 2 values"),
        (lambda d: d["values"][0]["value"].pop(), "not a saved standard tree"),
        (lambda d: d["values"][0].update(value=["0x11", "5"]), "not a saved standard tree"),
        (lambda d: d["values"][0].update(value=["0x" + "11" * 20, "-5"]), "not a saved standard tree"),
        (lambda d: d.update(leafEncoding=["address", "uint257"]), "not a saved standard tree"),
        (lambda d: d.update(values=None), "not a saved standard tree"),
    ],
)
def test_load__not_a_saved_tree__says_what_is_wrong(change: Any, problem: str) -> None:
    saved = copy.deepcopy(README)
    change(saved)
    with pytest.raises(InputError, match=problem):
        Tree.load(saved)
