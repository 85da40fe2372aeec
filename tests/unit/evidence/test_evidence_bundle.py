"""The bundle: known hash, shuffled input gives the same, every value is covered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.measure.evidence.bundle import Bundle, Meta, assemble
from oracle.measure.evidence.leaf import record_leaf
from oracle.model.errors import InputError
from oracle.model.findings import empty_findings
from oracle.model.keccak import keccak
from tests.unit.evidence.evidence_batches import FINDINGS, LAW, META, bundle_of, rides

ROWS = rides(30)
BUNDLE = assemble(ROWS, FINDINGS, META)


def hash_of(rows: pl.DataFrame = ROWS, findings: pl.DataFrame = FINDINGS, meta: Meta = META) -> bytes:
    """Bundle hash of a batch."""
    return assemble(rows, findings, meta).header.bundle_hash


def in_row(row: int, name: str, value: object) -> pl.DataFrame:
    """The sample rows with one value replaced."""
    here = pl.int_range(pl.len()) == row
    return ROWS.with_columns(pl.when(here).then(pl.lit(value, dtype=ROWS.schema[name])).otherwise(name).alias(name))


def test_document__three_records__literal_content_and_hash() -> None:
    rows = pl.DataFrame(
        {
            "record_id": [bytes([n] * 32) for n in (3, 1, 2)],
            "account": [bytes([n] * 20) for n in (0xA, 0xB, 0xA)],
            "quantity": [12_000, 8_000, 9_000],
            "start": [1_535_760_000, 1_535_761_000, 1_535_762_000],
            "end": [1_535_761_200, 1_535_761_900, 1_535_762_900],
            "commitment": [bytes([0x10 + n] * 32) for n in (3, 1, 2)],
            "consented": [True, False, True],
            "distance_m": [12_000, 8_000, 9_000],
            "line": ["1", "4", None],
        }
    )
    bundle = assemble(rows, FINDINGS, replace(META, quantity_limit=20_000))
    assert json.loads(bundle.document) == {
        "accountCount": "2",
        "accountsRoot": "0x35cd63ccaac82d67950c5cb4970af4dfa72a43634575ebf1d51697a45b587845",
        "columnDigests": {
            "consented": "0xc150aa78b9aa76fd175a1f57ebb6f729b1a9a56fd54ccec6ec8a180b474c1f33",
            "distance_m": "0xb3a7d3cb78fc2b84d744dc3076a7dd151f26296e86e69c46746c3d98feea0774",
            "line": "0xe5492d210508b84db5980056df6c096d9aea204465626324609ac4e842519784",
        },
        "consentedQuantity": "20000",
        "cutQuantity": "1000",
        "day": "17774",
        "documentHash": "0xec879939e4f7652890982e27bbfef86d499f1e0d360c7019e15bee16b8df060a",
        "factorUg": "26900",
        "fields": ["distance_m"],
        "findingCounts": {"bad_time": "1", "duplicate": "2", "same_station": "1"},
        "findingsDigest": "0xa2bda8de4a6aa52dc4cc30597c43fac7953d1134bcbfedb1e19b75f01219385d",
        "methodology": "CI-02.CN-4403",
        "operator": "0x5b38da6a701c568545dcfcb03fcb875f56beddc4",
        "quantityLimit": "20000",
        "recordCount": "3",
        "recordsRoot": "0xf61c4fe5c1f8f115a6d5c04de6ec2acfdba0edf8be586f8b6c4f2e123b53497c",
        "region": "CN-4403",
        "schema": "carbonbook/bundle/1",
        "sequence": "0",
        "totalQuantity": "28000",
        "version": "1",
    }
    assert keccak(bundle.document).hex() == "c8ef73d0db5198c606283c69e622f156f67771ca3889e322a543aaeeaeafd96c"
    assert bundle.header.bundle_hash == keccak(bundle.document)


def test_records__sample_batch__sorted_with_leaves_and_columns_in_canonical_order() -> None:
    assert BUNDLE.records.columns == [
        *("record_id", "account", "quantity", "start", "end", "commitment", "consented"),
        *("distance_m", "baseline_mg", "entry", "leaf"),
    ]
    ids = BUNDLE.records["record_id"].to_list()
    assert ids == sorted(ROWS["record_id"].to_list())
    for row in BUNDLE.records.iter_rows(named=True):
        names = ("record_id", "account", "quantity", "start", "end", "commitment")
        assert row["leaf"] == record_leaf(*(row[name] for name in names))
    assert [leaf.tobytes() for leaf in BUNDLE.tree.leaves] == sorted(BUNDLE.records["leaf"].to_list())


def test_records__many_explaining_columns__by_name_whatever_their_order() -> None:
    names = [f"factor_{letter}" for letter in "qwertzuiopasdfgh"]
    rows = ROWS.with_columns(pl.lit(1).cast(pl.Int64).alias(name) for name in names)
    assert assemble(rows, FINDINGS, META).records.columns[8:-1] == ["baseline_mg", "entry", *sorted(names)]


def test_header__sample_batch__what_the_rows_say() -> None:
    header = BUNDLE.header
    assert header.operator == "0x5B38Da6a701c568545dCfcB03FcB875f56beddC4"
    assert (header.day, header.sequence, header.version) == (17_774, 0, 1)
    assert header.methodology == b"CI-02.CN-4403".ljust(32, b"\0")
    assert (header.record_count, header.account_count) == (30, ROWS["account"].n_unique())
    assert header.total_quantity == ROWS["quantity"].sum()
    assert header.consented_quantity == ROWS.filter("consented")["quantity"].sum()
    assert (header.records_root, header.accounts_root) == (BUNDLE.tree.root, BUNDLE.accounts.tree.root)


def test_header__limit__total_is_what_is_credited() -> None:
    bundle = bundle_of(30, quantity_limit=50_000)
    assert bundle.header.total_quantity + int(bundle.summary["cutQuantity"]) == ROWS["quantity"].sum()
    assert int(bundle.summary["cutQuantity"]) > 0


@LAW
@given(st.permutations(range(30)), st.permutations(range(4)), st.permutations(ROWS.columns))
def test_assemble__rows_findings_columns_shuffled__same_bundle(
    rows: list[int], findings: list[int], columns: list[str]
) -> None:
    shuffled = assemble(ROWS[rows].select(columns), FINDINGS[findings], META)
    assert shuffled.document == BUNDLE.document
    assert shuffled.records.equals(BUNDLE.records)
    assert shuffled.accounts.table.equals(BUNDLE.accounts.table)
    assert shuffled.findings.equals(BUNDLE.findings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("record_id", b"\1" * 32),
        ("account", b"\1" * 20),
        ("quantity", 1),
        ("start", 1),
        ("end", 1),
        ("commitment", b"\1" * 32),
        ("consented", None),
        ("distance_m", 1),
        ("baseline_mg", 1),
        ("baseline_mg", None),
        ("entry", "elsewhere"),
        ("entry", None),
    ],
)
def test_hash__one_value_of_one_record_changed__other_hash(name: str, value: object) -> None:
    changed = in_row(4, name, not ROWS["consented"][4] if name == "consented" else value)
    assert hash_of(changed) != hash_of()


@pytest.mark.parametrize(
    "change",
    [
        {"operator": "0x" + "11" * 20},
        {"methodology": "CI-02"},
        {"version": 2},
        {"document_hash": bytes(32)},
        {"region": "CN-44"},
        {"day": 17_775},
        {"sequence": 1},
        {"factor_ug": 26_901},
        {"quantity_limit": 10**12},
        {"fields": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_hash__one_entry_of_the_meta_changed__other_hash(change: dict[str, Any]) -> None:
    assert hash_of(meta=replace(META, **change)) != hash_of()


def test_hash__finding_added_changed_or_gone__other_hash() -> None:
    others = [
        empty_findings(),
        FINDINGS[1:],
        pl.concat([FINDINGS, FINDINGS[:1]]),
        FINDINGS.with_columns(row=pl.lit(8, dtype=pl.Int64)),
        FINDINGS.with_columns(file=pl.lit("other.json")),
        FINDINGS.with_columns(values=pl.lit('{"a":1}')),
        FINDINGS.with_columns(code=pl.lit("duplicate")),
    ]
    assert len({hash_of(), *(hash_of(findings=other) for other in others)}) == 8


def test_hash__record_added_or_gone__other_hash() -> None:
    assert len({hash_of(), hash_of(ROWS[1:]), hash_of(pl.concat([ROWS, rides(31)[30:]]))}) == 3


def test_hash__explaining_column_renamed__other_hash() -> None:
    assert hash_of(ROWS.rename({"entry": "exit"})) != hash_of()


def test_hash__checksum_of_the_operator__does_not_matter() -> None:
    assert hash_of(meta=replace(META, operator=META.operator.lower())) == hash_of()


def test_summary__every_number__is_text() -> None:
    def numbers(value: object) -> list[object]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return [value] if isinstance(value, int | float) else [n for part in inner for n in numbers(part)]

    assert numbers(json.loads(BUNDLE.document)) == []


def test_meta__to_json_and_back__same() -> None:
    for meta in (META, replace(META, quantity_limit=5)):
        assert replace(Meta.from_json(meta.to_json()), operator=meta.operator) == meta


@pytest.mark.parametrize("name", [*META.to_json()])
def test_meta__entry_missing__refused(name: str) -> None:
    document = META.to_json()
    del document[name]
    with pytest.raises(InputError, match=f"the description of the batch is invalid: KeyError\\('{name}'\\)"):
        Meta.from_json(document)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"operator": "0x12"}, "operator: '0x12' does not match"),
        ({"document_hash": b"\1" * 31}, "documentHash: '0x0101"),
        ({"methodology": "碳"}, "methodology: '碳' must have 1 to 32 ASCII"),
    ],
)
def test_meta__malformed__refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        replace(META, **change)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (ROWS.drop("account"), "account: the column has type None instead of Binary"),
        (ROWS.drop("distance_m"), "distance_m: the column has type None instead of Int64"),
        (ROWS.cast({"quantity": pl.Float64}), "quantity: the column has type Float64 instead of Int64"),
        (ROWS.cast({"distance_m": pl.Int32}), "distance_m: the column has type Int32 instead of Int64"),
        (in_row(3, "start", None), "row 4, start: a value is missing"),
        (in_row(3, "start", -1), "row 4, start: the time is before 1970"),
        (in_row(3, "end", -1), "row 4, end: the time is before 1970"),
        (in_row(3, "distance_m", None), "row 4, distance_m: a value is missing"),
        (in_row(3, "record_id", b"\1" * 31), "row 4, record_id: a value is not 32 bytes long"),
        (in_row(3, "commitment", b"\1" * 31), "row 4, commitment: a value is not 32 bytes long"),
        (in_row(3, "quantity", 0), "row 4, quantity: the quantity is not positive"),
        (in_row(3, "quantity", -7), "row 4, quantity: the quantity is not positive"),
        (ROWS.with_columns(subject=pl.lit("685844013")), "subject: this column identifies a person"),
        (ROWS.with_columns(record_key=pl.lit("1")), "record_key: this column identifies a person"),
        (ROWS[:0], "a batch needs at least one record"),
    ],
)
def test_assemble__unsound_rows__refused_with_the_field(rows: pl.DataFrame, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        assemble(rows, FINDINGS, META)


def test_assemble__explaining_column_is_a_float__refused() -> None:
    with pytest.raises(InputError, match="speed: columns of type Float64 are not supported"):
        assemble(ROWS.with_columns(speed=pl.lit(1.5)), FINDINGS, META)


def test_assemble__record_id_twice__named() -> None:
    twice = ROWS["record_id"][8]
    with pytest.raises(InputError, match=f"record_id: the record id 0x{twice.hex()} occurs twice"):
        assemble(in_row(2, "record_id", twice), FINDINGS, META)


def test_assemble__one_record__a_whole_batch() -> None:
    bundle: Bundle = bundle_of(1)
    assert (bundle.header.record_count, bundle.accounts.chunk) == (1, 1)
    assert bundle.header.records_root == bundle.records["leaf"][0]
