"""What a batch brings to a claim: laws over random batches, and reports and submissions that somebody changed."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.ledger.certify.credited import asked_mg
from oracle.ledger.certify.frame import claimed_records, portion_of
from oracle.ledger.certify.report import require_same
from oracle.ledger.certify.submission import Submission
from oracle.measure.evidence.bundle import Bundle
from oracle.model.errors import InputError, VerificationFailed
from tests.unit.evidence.evidence_batches import bundle_of

sizes = st.integers(1, 60)


@st.composite
def batches(draw: st.DrawFn) -> tuple[Bundle, pl.Series, set[bytes]]:
    """A batch, what its entries were credited, and who withdrew."""
    bundle = bundle_of(draw(sizes))
    table = bundle.accounts.table
    credited = draw(st.lists(st.integers(0, 10**12), min_size=len(table), max_size=len(table)))
    withdrawn = {account for account in table["account"] if draw(st.booleans())}
    return bundle, pl.Series(credited, dtype=pl.Int64), withdrawn


@settings(max_examples=60)
@given(batches())
def test_any_batch__its_portion__is_what_consenting_accounts_were_credited(
    case: tuple[Bundle, pl.Series, set[bytes]],
) -> None:
    bundle, credited, withdrawn = case
    portion = portion_of(bundle, credited, withdrawn)
    consenting = bundle.accounts.table.with_columns(mg=credited).filter("consented")
    assert portion.mg + portion.left_out_mg == consenting["mg"].sum()
    assert not withdrawn & set(portion.shares["account"])
    assert portion.shares["mg"].min() is None or portion.shares["mg"].min() > 0  # type: ignore[operator]  # Int64
    records = claimed_records(bundle, portion.shares)
    assert (len(records), int(records["quantity"].sum())) == (portion.records, portion.quantity)
    assert set(records["account"]) == set(portion.shares["account"])
    assert records["record_id"].to_list() == [
        key for key in bundle.records["record_id"] if key in set(records["record_id"])
    ]


@given(st.integers(1, 2**62), st.integers(1, 2**60), st.integers(1, 10**12))
def test_any_entry__asked__is_quantity_times_factor_cut_by_the_cap(quantity: int, factor: int, cap: int) -> None:
    asked = asked_mg(pl.Series([quantity], dtype=pl.Int64), factor, cap)
    assert asked.to_list() == [min(quantity * factor // 1000, cap)]


def test_reports_that_differ__when_compared__say_where() -> None:
    require_same({"a": {"b": ["1", "2"]}}, {"a": {"b": ["1", "2"]}})
    with pytest.raises(VerificationFailed, match=r"in 2 places: a\.b\[1\] is 2 here, 3 there; c is None here, 4 there"):
        require_same({"a": {"b": ["1", "2"]}}, {"a": {"b": ["1", "3"]}, "c": "4"})


def test_submission__when_written__is_read_back_alike() -> None:
    made = Submission(7, (), {"declarations": {"a": "b"}, "totals": {"records": "3"}})
    assert Submission.parse(made.document()) == made


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"", "JSON"),
        (b"[]", "the schema is not carbonbook/claim-submission/1"),
        (b'{"schema":"carbonbook/claim-submission/1"}', "withdrawn"),
        (b'{"schema":"carbonbook/claim-submission/1","withdrawn":["0x12"],"report":{}}', "no list of accounts"),
        (b'{"schema":"carbonbook/claim-submission/1","withdrawn":[],"report":{"declarations":1}}', "no declarations"),
        (b'{"schema":"carbonbook/claim-submission/1","schema":"x"}', "a key"),
        (b'{"schema":"carbonbook/claim-submission/1","withdrawn":[],"report":{"declarations":{}},"claim":"x"}', "x"),
    ],
)
def test_something_else__when_read_as_a_submission__is_refused(document: bytes, said: str) -> None:
    with pytest.raises(InputError, match="not a claim as it is submitted") as refusal:
        Submission.parse(document)
    assert said in str(refusal.value)
