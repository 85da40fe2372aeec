"""Record proofs: what they say, that all of it is recomputed, and where an altered one breaks."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.measure.evidence.bundle import assemble
from oracle.measure.evidence.leaf import commitments
from oracle.measure.evidence.proof import check_proof, record_proof, require_proof
from oracle.model.canonical import canonical_json
from oracle.model.columns import column, matrix
from oracle.model.errors import InputError, VerificationFailed
from tests.unit.evidence.evidence_batches import FINDINGS, LAW, META, bundle_of, rides, salts_of

BUNDLE = bundle_of(40)
RECORD = rides(40).row(6, named=True)
SALT = salts_of(40)[6].tobytes()
PROOF = record_proof(BUNDLE, RECORD["record_id"], SALT)


def altered(path: tuple[Any, ...], value: object) -> dict[str, Any]:
    """The sample proof with one entry replaced, or removed if the value is `...`."""
    proof: Any = copy.deepcopy(PROOF)
    part = proof
    for key in path[:-1]:
        part = part[key]
    if value is ...:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return proof  # type: ignore[no-any-return]  # a copy of PROOF


def other_hex(text: str) -> str:
    """The same length of hex, with the last bit flipped."""
    return f"0x{int(text, 16) ^ 1:0{len(text) - 2}x}"


def test_record_proof__sample__says_what_the_record_is() -> None:
    assert PROOF["record"] == {
        "recordId": "0x" + RECORD["record_id"].hex(),
        "account": "0x" + RECORD["account"].hex(),
        "quantity": str(RECORD["quantity"]),
        "startTime": str(RECORD["start"]),
        "endTime": str(RECORD["end"]),
        "recordCommitment": "0x" + RECORD["commitment"].hex(),
    }
    assert PROOF["opening"] == {"salt": "0x" + SALT.hex(), "fields": [str(RECORD["distance_m"])]}
    assert PROOF["header"]["operator"] == META.operator
    assert PROOF["header"]["methodology"] == "0x43492d30322e434e2d34343033" + 19 * "00"
    assert PROOF["header"]["totalQuantity"] == str(BUNDLE.header.total_quantity)
    assert PROOF["header"]["bundleHash"] == "0x" + BUNDLE.header.bundle_hash.hex()
    assert PROOF["root"] == PROOF["header"]["recordsRoot"] == "0x" + BUNDLE.tree.root.hex()


def test_check_proof__sample__every_check_holds() -> None:
    checks = check_proof(PROOF)
    count = len(PROOF["steps"])
    names = ["commitment", "leaf", *(f"step {n + 1} of {count}" for n in range(count)), "root", "root in the header"]
    assert [check.what for check in checks] == names
    assert all(check.holds for check in checks)
    assert checks[-2].found == PROOF["root"]


@pytest.mark.parametrize("count", [1, 2, 3, 8, 40])
def test_require_proof__every_record_of_a_batch__holds_after_a_round_trip(count: int) -> None:
    bundle = bundle_of(count)
    for row, record_id in enumerate(rides(count)["record_id"]):
        for salt in (None, salts_of(count)[row].tobytes()):
            require_proof(json.loads(canonical_json(record_proof(bundle, record_id, salt))))


@pytest.mark.parametrize("name", [*PROOF["record"]])
def test_require_proof__record_value_altered__breaks_at_the_leaf(name: str) -> None:
    value = PROOF["record"][name]
    wrong = other_hex(value) if value.startswith("0x") else str(int(value) + 1)
    without_opening = {**altered(("record", name), wrong), "opening": None}
    with pytest.raises(VerificationFailed, match=f"^leaf: the proof says {PROOF['leaf']}, but its values give 0x"):
        require_proof(without_opening)


def test_check_proof__record_value_altered__nothing_above_it_holds_either() -> None:
    """Every step is taken from what the values give, not from the leaf that the document names."""
    checks = check_proof(altered(("record", "quantity"), "1"))
    assert [check.what for check in checks if check.holds] == ["commitment"]


@pytest.mark.parametrize("step", range(len(PROOF["steps"])))
@pytest.mark.parametrize("part", ["sibling", "result"])
def test_require_proof__step_altered__breaks_at_that_step(step: int, part: str) -> None:
    wrong = altered(("steps", step, part), other_hex(PROOF["steps"][step][part]))
    with pytest.raises(VerificationFailed, match=f"^step {step + 1} of {len(PROOF['steps'])}: the proof says"):
        require_proof(wrong)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (("leaf",), "leaf"),
        (("root",), "root"),
        (("header", "recordsRoot"), "root in the header"),
        (("opening", "salt"), "commitment"),
    ],
)
def test_require_proof__hash_altered__breaks_there(path: tuple[str, ...], what: str) -> None:
    value = PROOF
    for key in path:
        value = value[key]
    with pytest.raises(VerificationFailed, match=f"^{what}: the proof says"):
        require_proof(altered(path, other_hex(str(value))))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("opening", "fields"), ["1"]),
        (("opening", "fields"), []),
        (("header", "version"), "2"),
        (("header", "methodology"), "0x43492d3033" + 27 * "00"),
    ],
)
def test_require_proof__opening_says_something_else__breaks_at_the_commitment(
    path: tuple[str, ...], value: object
) -> None:
    with pytest.raises(VerificationFailed, match=r"^commitment: the proof says"):
        require_proof(altered(path, value))


def test_require_proof__steps_dropped__breaks_at_the_root() -> None:
    with pytest.raises(VerificationFailed, match=r"^root: the proof says"):
        require_proof(altered(("steps",), PROOF["steps"][:-1]))


def test_require_proof__inner_node_passed_off_as_a_leaf__refused() -> None:
    """A shorter path from a node above the leaf is a true path, but the record's values do not hash to that node."""
    shorter = {
        **copy.deepcopy(PROOF),
        "opening": None,
        "leaf": PROOF["steps"][0]["result"],
        "steps": PROOF["steps"][1:],
    }
    with pytest.raises(VerificationFailed, match=r"^leaf: the proof says"):
        require_proof(shorter)


@LAW
@given(st.integers(0, 39), st.integers(0, 39))
def test_require_proof__record_of_one_with_the_path_of_another__refused(one: int, other: int) -> None:
    ids = rides(40)["record_id"]
    a, b = (record_proof(BUNDLE, ids[row], None) for row in (one, other))
    mixed = {**a, "steps": b["steps"]}
    if one == other:
        require_proof(mixed)
    else:
        with pytest.raises(VerificationFailed, match=r"^(step|root)"):
            require_proof(mixed)


def test_record_proof__record_not_in_the_bundle__refused() -> None:
    with pytest.raises(InputError, match=f"record 0x{'00' * 32} is not in the bundle"):
        record_proof(BUNDLE, bytes(32), None)


def test_record_proof__without_salt__tells_no_field() -> None:
    closed = record_proof(BUNDLE, RECORD["record_id"], None)
    assert closed["opening"] is None
    assert closed["steps"] == PROOF["steps"]


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("schema",), "carbonbook/record-proof/2", "schema"),
        (("schema",), ..., "schema"),
        (("record",), ..., "record"),
        (("record",), [], "record"),
        (("record", "account"), ..., "account"),
        (("record", "account"), "0x12", "account"),
        (("record", "account"), 12, "account"),
        (("record", "recordId"), "11" * 32, "recordId"),
        (("record", "quantity"), 5, "quantity"),
        (("record", "quantity"), "-1", "quantity"),
        (("record", "quantity"), "5.0", "quantity"),
        (("record", "quantity"), "٥", "quantity"),
        (("record", "quantity"), str(1 << 63), "quantity"),
        (("record", "startTime"), "", "startTime"),
        (("leaf",), "0x", "leaf"),
        (("steps",), ..., "steps"),
        (("steps", 0), "0x", "sibling"),
        (("steps", 0, "result"), ..., "result"),
        (("root",), None, "root"),
        (("header",), ..., "header"),
        (("header", "recordsRoot"), "0xzz", "recordsRoot"),
        (("header", "version"), -1, "version"),
        (("header", "version"), "-1", "version"),
        (("header", "methodology"), 3, "methodology"),
        (("header", "methodology"), "0x" + 32 * "ff", "methodology"),
        (("header", "operator"), "0x" + 32 * "11", "operator"),
        (("header", "day"), ..., "day"),
        (("opening", "salt"), "0x01", "salt"),
        (("opening", "fields"), "12", "fields"),
        (("opening", "fields"), [12], "fields"),
        (("opening", "fields"), [str(-(1 << 63) - 1)], "fields"),
        (("opening",), "0x", "opening"),
    ],
)
def test_check_proof__not_a_proof__names_the_field(path: tuple[Any, ...], value: object, field: str) -> None:
    with pytest.raises(InputError, match=f"^{field}: "):
        check_proof(altered(path, value))


def test_check_proof__list_instead_of_a_document__refused() -> None:
    with pytest.raises(InputError, match=r"^schema: missing"):
        check_proof([])  # type: ignore[arg-type]  # what a JSON file may hold


def test_require_proof__negative_field__opens() -> None:
    """Fields are signed: a day's electricity that a house gave to the grid is below zero."""
    distance = np.array([[-5], [7]])
    ids = matrix(rides(2)["record_id"], 32)
    committed = column("commitment", commitments(salts_of(2), ids, META.methodology, 1, distance))
    rows = rides(2).with_columns(committed, distance_m=pl.Series(distance[:, 0]))
    proof = record_proof(assemble(rows, FINDINGS, META), rows["record_id"][0], salts_of(2)[0].tobytes())
    assert proof["opening"]["fields"] == ["-5"]
    require_proof(proof)
