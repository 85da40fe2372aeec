"""Our trees and OpenZeppelin's JavaScript library: same roots, same saved trees, each accepts the other's proofs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oracle.measure.evidence.leaf import account_leaf, account_leaves, record_leaf, record_leaves
from oracle.measure.evidence.tree import ACCOUNT_ENCODING, RECORD_ENCODING, Tree, verify
from oracle.model.canonical import hexed
from oracle.model.keccak import Bytes, keccak

SCRIPT = Path(__file__).with_name("merkle_tree.cjs")
COUNTS = (*range(1, 71), 513, 1024)


def ask(**question: Any) -> dict[str, Any]:
    """The library's answer."""
    done = subprocess.run(["node", str(SCRIPT)], input=json.dumps(question), capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def record(number: int) -> tuple[bytes, bytes, int, int, int, bytes]:
    """Values of one record leaf."""
    account = keccak(b"account %d" % (number // 3))[:20]
    return (
        keccak(b"id %d" % number),
        account,
        1 + number * 997,
        1_535_760_000 + number,
        1_535_760_900 + number,
        keccak(b"%d" % number),
    )


def account(index: int) -> tuple[int, bytes, int, bool]:
    """Values of one account leaf; every fifth is padding."""
    return (
        (index, bytes(20), 0, False)
        if index % 5 == 4
        else (index, keccak(b"%d" % index)[:20], index * 31, index % 2 == 0)
    )


def as_json(values: tuple[Any, ...]) -> list[Any]:
    """Values as the library takes them."""
    return [hexed(v) if isinstance(v, bytes) else v if isinstance(v, bool) else str(v) for v in values]


def columns(values: list[tuple[Any, ...]]) -> list[np.ndarray]:
    """Rows as the arrays that the columnar functions take."""
    return [
        np.frombuffer(b"".join(column), np.uint8).reshape(len(values), -1)
        if isinstance(column[0], bytes)
        else np.array(column)
        for column in zip(*values, strict=True)
    ]


def leaves_of(kind: str, count: int) -> tuple[list[tuple[Any, ...]], Bytes]:
    """Values and leaves of a records or an accounts tree."""
    if kind == "records":
        records = [record(number) for number in range(count)]
        return list(records), record_leaves(*columns(list(records)))
    accounts = [account(index) for index in range(count)]
    _, addresses, quantities, consented = columns(list(accounts))
    return list(accounts), account_leaves(addresses, quantities, consented)


ENCODINGS = {"records": RECORD_ENCODING, "accounts": ACCOUNT_ENCODING}
LEAF: dict[str, Callable[..., bytes]] = {"records": record_leaf, "accounts": account_leaf}


Case = tuple[list[tuple[Any, ...]], dict[str, Any], Tree]


@pytest.fixture(scope="module", params=["records", "accounts"])
def both(request: pytest.FixtureRequest) -> tuple[str, list[Case]]:
    """Kind, and for every count the values, the library's tree and ours."""
    kind = str(request.param)
    sort = kind == "records"
    ours = [leaves_of(kind, count) for count in COUNTS]
    wanted = [
        {"encoding": ENCODINGS[kind], "values": [as_json(value) for value in values], "sort": sort}
        for values, _ in ours
    ]
    answers = ask(trees=wanted)["trees"]
    trees = [Tree.build(leaves, sort=sort) for _, leaves in ours]
    return kind, [(values, answer, tree) for (values, _), answer, tree in zip(ours, answers, trees, strict=True)]


def test_root__every_count__same_as_the_library(both: tuple[str, list[Case]]) -> None:
    _, cases = both
    assert [hexed(tree.root) for _, _, tree in cases] == [answer["root"] for _, answer, _ in cases]


def test_nodes__every_count__same_as_the_library(both: tuple[str, list[Case]]) -> None:
    _, cases = both
    for _, answer, tree in cases:
        assert [hexed(node.tobytes()) for node in tree.nodes] == answer["saved"]["tree"]


def test_proofs__every_leaf__same_and_the_librarys_accepted(both: tuple[str, list[Case]]) -> None:
    kind, cases = both
    for values, answer, tree in cases:
        for index, (value, proof) in enumerate(zip(values, answer["proofs"], strict=True)):
            leaf = LEAF[kind](*value)
            position = tree.position(leaf) if kind == "records" else index
            assert [hexed(sibling) for sibling in tree.proof(position)] == proof
            assert verify(leaf, [bytes.fromhex(sibling[2:]) for sibling in proof], tree.root)


def test_proofs__ours__accepted_by_the_library_and_wrong_ones_refused(
    both: tuple[str, list[Case]],
) -> None:
    kind, cases = both
    questions, expected = [], []
    for values, _, tree in cases:
        for index in range(0, len(values), 1 + len(values) // 8):
            position = tree.position(LEAF[kind](*values[index])) if kind == "records" else index
            proof = [hexed(sibling) for sibling in tree.proof(position)]
            for other in {index, (index + 1) % len(values)}:
                value = as_json(values[other])
                questions.append(
                    {"root": hexed(tree.root), "encoding": ENCODINGS[kind], "value": value, "proof": proof}
                )
                expected.append(other == index)
    assert ask(proofs=questions)["proofs"] == expected
    assert expected.count(True) > 400
    assert expected.count(False) > 400


def test_load__trees_saved_by_the_library__same_root(both: tuple[str, list[Case]]) -> None:
    _, cases = both
    for _, answer, tree in cases:
        assert Tree.load(answer["saved"]).root == tree.root


def test_dump__trees_saved_by_us__library_loads_them(both: tuple[str, list[Case]]) -> None:
    kind, cases = both
    saved = []
    for values, _, tree in cases:
        ranked = sorted(values, key=lambda value: LEAF[kind](*value)) if kind == "records" else values
        saved.append(tree.dump(ENCODINGS[kind], ranked))
    assert ask(saved=saved)["saved"] == [hexed(tree.root) for _, _, tree in cases]
