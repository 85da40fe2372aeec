"""Bundles on disk: the same bytes from shuffled input, and every change of a file is found and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from oracle.measure.evidence.accounts import tree_of
from oracle.measure.evidence.bundle import assemble
from oracle.measure.evidence.folder import document_hash, read, read_entries, write
from oracle.model.canonical import canonical_json, hexed
from oracle.model.errors import InputError, StoreError, VerificationFailed
from tests.unit.evidence.evidence_batches import FINDINGS, META, bundle_of, rides

ROWS = rides(40)
FILES = ("accounts.parquet", "bundle.json", "findings.parquet", "records.parquet")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A written bundle of forty rides."""
    write(tmp_path / "batch", bundle_of(40))
    return tmp_path / "batch"


def rewrite(path: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Changes a Parquet file in place."""
    change(pl.read_parquet(path)).write_parquet(path)


def set_at(row: int, name: str, value: object) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Replaces one value of a table."""

    def change(table: pl.DataFrame) -> pl.DataFrame:
        values = table[name].to_list()
        values[row] = value
        return table.with_columns(pl.Series(name, values, dtype=table.schema[name]))

    return change


def restate(folder: Path, **entries: Any) -> None:
    """Changes entries of bundle.json, in canonical form."""
    path = folder / "bundle.json"
    path.write_bytes(canonical_json({**json.loads(path.read_bytes()), **entries}))


def test_write__folder__four_files_and_nothing_unfinished(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


def test_write__rows_and_findings_shuffled_and_in_chunks__same_bytes(folder: Path, tmp_path: Path) -> None:
    shuffled = ROWS.sample(fraction=1, shuffle=True, seed=3)
    parts = pl.concat([shuffled[:7], shuffled[7:29], shuffled[29:]], rechunk=False)
    write(tmp_path / "again", assemble(parts, FINDINGS[::-1], META))
    assert [(folder / name).read_bytes() for name in FILES] == [
        (tmp_path / "again" / name).read_bytes() for name in FILES
    ]


def test_write__tables_in_several_chunks__same_bytes(folder: Path, tmp_path: Path) -> None:
    bundle = bundle_of(40)
    records = pl.concat([bundle.records[:7], bundle.records[7:29], bundle.records[29:]], rechunk=False)
    write(tmp_path / "again", replace(bundle, records=records))
    assert [(folder / name).read_bytes() for name in FILES] == [
        (tmp_path / "again" / name).read_bytes() for name in FILES
    ]


def test_write__over_an_interrupted_write__whole(folder: Path) -> None:
    (folder / "bundle.json").unlink()
    (folder / "records.parquet").write_bytes(b"half")
    write(folder, bundle_of(40))
    assert read(folder).document == bundle_of(40).document


def test_write__fails_half_way_over_another_bundle__folder_does_not_pass_for_whole(folder: Path) -> None:
    (folder / "accounts.parquet.part").mkdir()
    with pytest.raises(StoreError, match=r"accounts.parquet.part"):
        write(folder, bundle_of(39))
    assert not (folder / "bundle.json").exists()


def test_read__what_was_written__same_bundle(folder: Path) -> None:
    written, found = bundle_of(40), read(folder)
    assert found.records.equals(written.records)
    assert found.findings.equals(written.findings)
    assert found.header == written.header
    assert found.meta.fields == ("distance_m",)


def test_read__with_limit__same_header(tmp_path: Path) -> None:
    write(tmp_path, bundle_of(40, quantity_limit=50_000))
    assert read(tmp_path).header == bundle_of(40, quantity_limit=50_000).header


@pytest.mark.parametrize("name", ["account", "quantity", "start", "end", "commitment"])
def test_read__one_leaf_value_changed__names_the_record(folder: Path, name: str) -> None:
    record = pl.read_parquet(folder / "records.parquet").row(11, named=True)
    value = record[name][::-1] if isinstance(record[name], bytes) else record[name] + 1
    rewrite(folder / "records.parquet", set_at(11, name, value))
    with pytest.raises(
        VerificationFailed,
        match=f"record 0x{record['record_id'].hex()} does not match its leaf: stored is 0x{record['leaf'].hex()}",
    ):
        read(folder)


def test_read__record_id_changed__names_the_record_as_it_is_now(folder: Path) -> None:
    rewrite(folder / "records.parquet", set_at(11, "record_id", b"\x7f" * 32))
    with pytest.raises(VerificationFailed, match=f"record 0x{'7f' * 32} does not match its leaf"):
        read(folder)


def test_read__record_and_its_leaf_changed__root_named(folder: Path) -> None:
    changed = assemble(set_at(5, "start", 1_535_700_001)(ROWS), FINDINGS, META)
    changed.records.write_parquet(folder / "records.parquet")
    with pytest.raises(
        VerificationFailed, match=r"bundle.json: recordsRoot is 0x\w{64}, but the records give 0x\w{64}$"
    ):
        read(folder)


@pytest.mark.parametrize(
    ("name", "value"), [("distance_m", 77), ("baseline_mg", 77), ("entry", "x"), ("baseline_mg", None)]
)
def test_read__field_or_explanation_changed__names_the_column(folder: Path, name: str, value: object) -> None:
    rewrite(folder / "records.parquet", set_at(11, name, value))
    with pytest.raises(VerificationFailed, match=f"bundle.json: columnDigests.{name} is 0x"):
        read(folder)


def test_read__record_gone__names_an_account(folder: Path) -> None:
    rewrite(folder / "records.parquet", lambda table: table[1:])
    with pytest.raises(VerificationFailed, match=r"accounts.parquet: row \d, 0x\w{40}, \d+, \w+ should be \d, 0x"):
        read(folder)


def test_read__record_gone_from_all_tables__names_counts_and_roots(folder: Path) -> None:
    smaller = assemble(ROWS[1:], FINDINGS, META)
    smaller.records.write_parquet(folder / "records.parquet")
    smaller.accounts.table.write_parquet(folder / "accounts.parquet")
    with pytest.raises(
        VerificationFailed, match=r"accountsRoot is .*recordCount is 40, but the records give 39; recordsRoot is"
    ):
        read(folder)


def test_read__record_twice__named(folder: Path) -> None:
    rewrite(folder / "records.parquet", lambda table: pl.concat([table, table[:1]]))
    with pytest.raises(VerificationFailed, match=r"record_id: the record id 0x[0-9a-f]{64} occurs twice"):
        read(folder)


@pytest.mark.parametrize(
    ("name", "value"), [("quantity", 1), ("account", b"\1" * 20), ("consented", None), ("index", 9)]
)
def test_read__account_changed__names_both_rows(folder: Path, name: str, value: object) -> None:
    row = pl.read_parquet(folder / "accounts.parquet").row(2)
    rewrite(folder / "accounts.parquet", set_at(2, name, value))
    with pytest.raises(
        VerificationFailed, match=f"accounts.parquet: row .* should be 2, 0x{row[1].hex()}, {row[2]}, {row[3]}"
    ):
        read(folder)


@pytest.mark.parametrize(
    "change", [lambda t: t[1:], lambda t: t.drop("consented"), lambda t: t.cast({"quantity": pl.Int32})]
)
def test_read__accounts_of_another_shape__refused(folder: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    rewrite(folder / "accounts.parquet", change)
    with pytest.raises(VerificationFailed, match=r"accounts.parquet does not have the 5 rows"):
        read(folder)


def test_read__finding_gone__digest_and_count_named(folder: Path) -> None:
    rewrite(folder / "findings.parquet", lambda table: table[:-1])
    with pytest.raises(
        VerificationFailed, match=r"findingCounts.same_station is 1, but the records give None; findingsDigest is 0x"
    ):
        read(folder)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("recordsRoot", "0x00"),
        ("totalQuantity", "1"),
        ("recordCount", "41"),
        ("findingsDigest", "0x"),
        ("surplus", "1"),
        ("cutQuantity", None),
    ],
)
def test_read__entry_of_the_document_changed__named(folder: Path, entry: str, value: object) -> None:
    restate(folder, **{entry: value})
    with pytest.raises(VerificationFailed, match=f"bundle.json: {entry} is {value}, but the records give"):
        read(folder)


@pytest.mark.parametrize(
    "sloppy", [lambda text: text + b"\n", lambda text: text.replace(b",", b", "), lambda text: text[:-1]]
)
def test_read__document_not_canonical__refused(folder: Path, sloppy: Callable[[bytes], bytes]) -> None:
    path = folder / "bundle.json"
    path.write_bytes(sloppy(path.read_bytes()))
    with pytest.raises(VerificationFailed, match="not in the canonical form"):
        read(folder)


def test_read__no_leaves__refused(folder: Path) -> None:
    rewrite(folder / "records.parquet", lambda table: table.drop("leaf"))
    with pytest.raises(VerificationFailed, match=r"records.parquet has no column `leaf`"):
        read(folder)


@pytest.mark.parametrize("name", FILES)
def test_read__file_missing__named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"{name}: (is not a valid|cannot be read: No such file)"):
        read(folder)


@pytest.mark.parametrize("name", FILES)
def test_read__file_broken__named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\x00nonsense")
    with pytest.raises(InputError, match=f"{name}: is not a valid"):
        read(folder)


@pytest.mark.parametrize("text", [b"[]", b'{"schema":"carbonbook/bundle/2"}'])
def test_read__other_schema__refused(folder: Path, text: bytes) -> None:
    (folder / "bundle.json").write_bytes(text)
    with pytest.raises(InputError, match=r"bundle.json, schema: the schema is not carbonbook/bundle/1"):
        read(folder)


def test_read__findings_without_their_columns__refused(folder: Path) -> None:
    rewrite(folder / "findings.parquet", lambda table: table.drop("values"))
    with pytest.raises(VerificationFailed, match="findings: the columns are"):
        read(folder)


def test_read__batch_not_described__refused(folder: Path) -> None:
    restate(folder, day="someday")
    with pytest.raises(InputError, match="the description of the batch is invalid"):
        read(folder)


def test_read_entries__of_a_bundle__are_its_accounts(folder: Path) -> None:
    entries, whole = read_entries(folder), read(folder).accounts
    assert entries.table.equals(whole.table)
    assert (entries.chunk, entries.tree.root) == (whole.chunk, whole.tree.root)
    assert entries.words(0, entries.chunk) == whole.words(0, whole.chunk)


@pytest.mark.parametrize(("name", "value"), [("quantity", 1), ("account", b"\1" * 20), ("consented", None)])
def test_read_entries__a_changed_account__is_found(folder: Path, name: str, value: object) -> None:
    before = pl.read_parquet(folder / "accounts.parquet")
    changed = not before[name][0] if value is None else value
    rewrite(folder / "accounts.parquet", set_at(0, name, changed))
    with pytest.raises(
        VerificationFailed, match=r"accounts\.parquet has the root 0x[0-9a-f]{64}, but bundle\.json says 0x[0-9a-f]{64}"
    ):
        read_entries(folder)


def test_read_entries__other_columns__are_refused(folder: Path) -> None:
    rewrite(folder / "accounts.parquet", lambda table: table.drop("consented"))
    with pytest.raises(VerificationFailed, match="has the columns"):
        read_entries(folder)


def test_read_entries__an_account_twice_or_out_of_order__is_refused(folder: Path) -> None:
    table = pl.read_parquet(folder / "accounts.parquet")
    twice = pl.concat([table, table.tail(1)]).with_columns(index=pl.int_range(pl.len(), dtype=pl.Int64))
    backwards = table.reverse().with_columns(index=pl.int_range(pl.len(), dtype=pl.Int64))
    for wrong in (twice, backwards):
        wrong.write_parquet(folder / "accounts.parquet")
        restate(folder, accountsRoot=hexed(tree_of(wrong).root))
        with pytest.raises(VerificationFailed, match="unique and in ascending order"):
            read_entries(folder)
        with pytest.raises(VerificationFailed):
            read(folder)


def test_write__another_bundle_where_one_is__keeps_the_first_beside(tmp_path: Path) -> None:
    folder, first, second = tmp_path / "bundles" / "batch", bundle_of(40), bundle_of(39)
    assert document_hash(folder) is None
    for bundle in (first, second, second, first, second):
        write(folder, bundle)
        assert document_hash(folder) == bundle.header.bundle_hash
    kept = sorted((tmp_path / "bundles-replaced").iterdir())
    assert [read(each).header for each in kept] == [
        bundle.header for bundle in sorted((first, first, second), key=lambda each: each.header.bundle_hash)
    ]


def test_write__what_a_crash_left__is_overwritten(folder: Path) -> None:
    (folder / "bundle.json").unlink()
    write(folder, bundle_of(39))
    assert read(folder).header == bundle_of(39).header
    assert not folder.parent.with_name(f"{folder.parent.name}-replaced").exists()


def test_write__dies_while_it_puts_a_bundle_aside__is_done_again_and_keeps_all_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(folder).header
    with monkeypatch.context() as patched:
        replace_ = Path.replace

        def dies(path: Path, target: Path) -> Path:
            if path.name == "findings.parquet":
                raise OSError("the disk is gone")
            return replace_(path, target)

        patched.setattr(Path, "replace", dies)
        with pytest.raises(StoreError, match="the disk is gone"):
            write(folder, bundle_of(39))
    write(folder, bundle_of(39))
    (kept,) = folder.parent.with_name(f"{folder.parent.name}-replaced").iterdir()
    assert (read(kept).header, read(folder).header) == (first, bundle_of(39).header)
