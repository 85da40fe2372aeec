"""Merkle trees in the layout of OpenZeppelin's standard tree, so that anyone can check a proof with the JavaScript library or a contract.

A tree of n leaves is one array of 2n - 1 nodes, the root first: leaf i stands at 2n - 2 - i, the parent of node i at (i - 1) // 2, and a
parent is the hash of its two children, the smaller first. Source: npm package @openzeppelin/merkle-tree 1.0.8, `core.ts`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError, ParseError

from oracle.model.columns import order
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.keccak import Bytes, keccak, keccak_pairs

FORMAT = "standard-v1"

RECORD_ENCODING = ("bytes32", "address", "uint256", "uint256", "uint256", "bytes32")
ACCOUNT_ENCODING = ("uint256", "address", "uint256", "bool")


@dataclass(frozen=True, eq=False)
class Tree:
    """A Merkle tree.

    Attributes:
        nodes: All nodes (2n - 1, 32), the root first.
    """

    nodes: Bytes

    @classmethod
    def build(cls, leaves: Bytes, *, sort: bool) -> Tree:
        """The tree over `leaves` (n, 32).

        Args:
            sort: Whether leaves stand in the order of their hashes (records) or as they come (accounts).

        Raises:
            ValueError: There is no leaf.
        """
        count = len(leaves)
        if count == 0:
            raise ValueError("a tree needs at least one leaf")
        nodes = np.empty((2 * count - 1, 32), np.uint8)
        nodes[count - 1 :] = (leaves.take(order(leaves), axis=0) if sort else leaves)[::-1]
        end = count - 1
        while end > 0:
            start = (1 << end.bit_length() - 1) - 1
            nodes[start:end] = keccak_pairs(nodes[2 * start + 1 : 2 * end + 1])
            end = start
        nodes.flags.writeable = False
        return cls(nodes)

    def __len__(self) -> int:
        return (len(self.nodes) + 1) // 2

    @property
    def root(self) -> bytes:
        """The root."""
        return bytes(self.nodes[0])

    @property
    def leaves(self) -> Bytes:
        """The leaves (n, 32) in the order of their positions."""
        return self.nodes[len(self) - 1 :][::-1]

    def proof(self, position: int) -> list[bytes]:
        """Siblings on the way from the leaf at `position` to the root, lowest first."""
        return self.subtree_proof(position, 1)

    def subtree_proof(self, first: int, count: int) -> list[bytes]:
        """Siblings on the way to the root from the common node of the leaves `first` to `first + count - 1`.

        Raises:
            ValueError: `count` is no power of two, or `first` or the number of leaves is no multiple of it, or no such leaves exist.
        """
        size = len(self)
        if count < 1 or count & (count - 1) or first % count or size % count or not 0 <= first < size:
            raise ValueError(f"leaves {first} to {first + count - 1} of {size} are not the leaves of one node")
        node = (2 * size - 1 - first) // count - 1
        siblings = []
        while node > 0:
            siblings.append(self.nodes[node - 1 if node % 2 == 0 else node + 1].tobytes())
            node = (node - 1) // 2
        return siblings

    def position(self, leaf: bytes) -> int:
        """Position of a leaf in a sorted tree.

        Raises:
            InputError: The leaf is not in the tree.
        """
        leaves = self.leaves
        found = bisect_left(range(len(leaves)), leaf, key=lambda position: leaves[position].tobytes())
        if found == len(leaves) or leaves[found].tobytes() != leaf:
            raise InputError(f"leaf 0x{leaf.hex()} is not in the tree with root 0x{self.root.hex()}")
        return found

    def dump(self, encoding: Sequence[str], values: Sequence[Sequence[object]]) -> dict[str, Any]:
        """The tree as the JavaScript library saves it; value i is what the leaf at position i encodes, numbers as text."""
        last = len(self.nodes) - 1
        return {
            "format": FORMAT,
            "leafEncoding": list(encoding),
            "tree": ["0x" + node.tobytes().hex() for node in self.nodes],
            "values": [
                {"value": [_to_json(field) for field in value], "treeIndex": last - position}
                for position, value in enumerate(values)
            ],
        }

    @classmethod
    def load(cls, document: dict[str, Any]) -> Tree:
        """Rebuilds a saved tree from its values and compares; a saved node is never taken on trust.

        Raises:
            InputError: The document is not a saved standard tree.
            VerificationFailed: The values do not give the saved nodes; names the first node.
        """
        leaves = _leaves_of(document)
        tree = cls.build(leaves, sort=False)
        for index, (found, saved) in enumerate(zip(tree.nodes, document["tree"], strict=True)):
            if "0x" + found.tobytes().hex() != saved:
                raise VerificationFailed(
                    f"node {index} of the saved tree is {saved}, but its values give 0x{found.tobytes().hex()}"
                )
        return tree


def steps(leaf: bytes, proof: Sequence[bytes]) -> list[bytes]:
    """Hash after each step from `leaf` upwards: `MerkleProof.processProof`, with what lies between."""
    nodes, node = [], leaf
    for sibling in proof:
        node = keccak(min(node, sibling) + max(node, sibling))
        nodes.append(node)
    return nodes


def verify(leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` leads from `leaf` to `root`."""
    return [leaf, *steps(leaf, proof)][-1] == root


def _to_json(field: object) -> object:
    if isinstance(field, bytes):
        return "0x" + field.hex()
    return str(field) if isinstance(field, int) and not isinstance(field, bool) else field


def _from_json(kind: str, field: Any) -> Any:
    if kind.startswith("bytes"):
        return bytes.fromhex(field.removeprefix("0x"))
    return int(field) if kind.startswith(("uint", "int")) else field


def _leaves_of(document: dict[str, Any]) -> Bytes:
    try:
        if document["format"] != FORMAT:
            raise InputError(f"the format is '{document['format']}', not '{FORMAT}'", field="format")
        encoding, last = document["leafEncoding"], len(document["tree"]) - 1
        leaves = {
            last - entry["treeIndex"]: keccak(keccak(encode(encoding, list(map(_from_json, encoding, entry["value"])))))
            for entry in document["values"]
        }
    except (KeyError, TypeError, AttributeError, ValueError, EncodingError, ParseError) as error:
        raise InputError(f"is is not a saved standard tree: {error!r}") from error
    if not leaves or last != 2 * len(document["values"]) - 2 or sorted(leaves) != list(range(len(document["values"]))):
        raise InputError(f"a tree of {last + 1} nodes cannot have {len(document['values'])} values", field="treeIndex")
    return np.frombuffer(b"".join(leaves[position] for position in range(len(leaves))), np.uint8).reshape(-1, 32)
