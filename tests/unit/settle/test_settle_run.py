"""Runs: states follow from signatures and items, and signatures are over everything that is paid."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from oracle.model.errors import SettlementRefused, VerificationFailed
from oracle.model.settlement_run import (
    Item,
    ItemState,
    Run,
    RunState,
    Signature,
    check_approver,
    check_signed,
    payout_id,
)
from oracle.model.typed_data import Domain, sign

DOMAIN = Domain("SettlementVault", 31337, "0x" + "11" * 20, "0x" + "22" * 32)
W, S, P, F, C = ItemState.WAITING, ItemState.SENT, ItemState.PAID, ItemState.FAILED, ItemState.CHANGED


def officer(number: int) -> LocalAccount:
    account: LocalAccount = Account.from_key(keccak(text=f"carbonbook test key of officer {number}"))
    return account


def merchant(number: int) -> str:
    return officer(100 + number).address


ONE, TWO = officer(1), officer(2)
OFFICERS = [ONE.address, TWO.address]
ITEMS = tuple(Item(merchant(n), merchant(n + 10), 1_000 * (n + 1), 50_000 * (n + 1)) for n in range(3))
RUN = Run("2023-01.1", 19_358, 19_388, 77, ITEMS)


def signed_by(run: Run, *people: LocalAccount) -> Run:
    """The run, proposed by the first and approved by the second."""
    signatures = [Signature(who.address, sign(who, run.message(DOMAIN)), 1_675_000_000) for who in people]
    return replace(run, **dict(zip(("proposed", "approved"), signatures, strict=False)))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((W, W, W), RunState.APPROVED),
        ((F, W, C), RunState.APPROVED),
        ((P, W, W), RunState.SENT),
        ((S, P, P), RunState.SENT),
        ((P, P, F), RunState.SENT),
        ((P, P, P), RunState.CONFIRMED),
        ((P, C, P), RunState.CONFIRMED),
        ((C, C, C), RunState.LAPSED),
    ],
)
def test_state__follows_from_items(states: tuple[ItemState, ...], expected: RunState) -> None:
    run = signed_by(RUN, ONE, TWO)
    items = [replace(item, state=state) for item, state in zip(ITEMS, states, strict=True)]
    assert run.with_items(items).state is expected
    assert [item.state for item in run.with_items(items).open_items] == [each for each in states if each in (W, F)]


def test_state__paid_and_signed_by_nobody__is_found_until_the_first_signs() -> None:
    found = RUN.with_items([replace(item, state=P, transaction="0x" + "ab" * 32) for item in ITEMS])
    assert (found.state, found.is_found, RUN.is_found) == (RunState.FOUND, True, False)
    assert [signed_by(found, ONE).state, signed_by(found, ONE, TWO).state] == [RunState.PROPOSED, RunState.CONFIRMED]


@given(
    transactions=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4, unique=True),
    merchants=st.lists(st.binary(min_size=20, max_size=20), min_size=1, max_size=4, unique=True),
    days=st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), min_size=1, max_size=4, unique=True),
)
def test_payout_id__another_transaction_merchant_or_days__is_another(
    transactions: list[bytes], merchants: list[bytes], days: list[tuple[int, int]]
) -> None:
    names = {
        payout_id(f"0x{transaction.hex()}", f"0x{who.hex()}", first, last)
        for transaction in transactions
        for who in merchants
        for first, last in days
    }
    assert len(names) == len(transactions) * len(merchants) * len(days)


def test_state__cancelled__unless_something_was_paid() -> None:
    run = replace(signed_by(RUN, ONE, TWO), cancelled=True)
    assert run.state is RunState.CANCELLED
    assert run.with_items([replace(ITEMS[0], state=P)]).state is RunState.SENT
    assert replace(RUN, cancelled=True).state is RunState.CANCELLED


def test_check_signed__two_officers__passes() -> None:
    check_signed(signed_by(RUN, ONE, TWO), DOMAIN, OFFICERS)


@pytest.mark.parametrize("people", [(), (ONE,)])
def test_check_signed__fewer_than_two__is_refused(people: tuple[LocalAccount, ...]) -> None:
    with pytest.raises(SettlementRefused, match="A second person must approve it before it is sent"):
        check_signed(signed_by(RUN, *people), DOMAIN, OFFICERS)


def test_check_signed__one_person_twice_or_a_stranger__is_refused() -> None:
    with pytest.raises(SettlementRefused, match="was proposed and approved by the same person"):
        check_signed(signed_by(RUN, ONE, ONE), DOMAIN, OFFICERS)
    with pytest.raises(SettlementRefused, match=f"{officer(3).address} is not a settlement officer"):
        check_signed(signed_by(RUN, ONE, officer(3)), DOMAIN, OFFICERS)


@pytest.mark.parametrize(
    "altered",
    [
        {"name": "2023-01.2"},
        {"first_day": RUN.first_day - 1},
        {"last_day": RUN.last_day + 1},
        {"items": ITEMS[:2]},
        {"items": (replace(ITEMS[0], merchant=merchant(7)), *ITEMS[1:])},
        {"items": (replace(ITEMS[0], payout=merchant(7)), *ITEMS[1:])},
        {"items": (replace(ITEMS[0], points_milli=1_001), *ITEMS[1:])},
        {"items": (replace(ITEMS[0], amount=50_001), *ITEMS[1:])},
        {"items": (replace(ITEMS[0], amount=100_000), replace(ITEMS[1], amount=50_000), ITEMS[2])},
    ],
)
def test_check_signed__anything_altered_after__does_not_hold(altered: dict[str, object]) -> None:
    run = replace(signed_by(RUN, ONE, TWO), **altered)  # type: ignore[arg-type]
    with pytest.raises(VerificationFailed, match="was changed after it was signed"):
        check_signed(run, DOMAIN, OFFICERS)


def test_check_signed__what_became_of_items__is_not_part_of_what_was_signed() -> None:
    run = signed_by(RUN, ONE, TWO)
    check_signed(run.with_items([replace(ITEMS[0], state=P, transaction="0xab")]), DOMAIN, OFFICERS)


def test_check_signed__signatures_of_another_chain__do_not_hold() -> None:
    elsewhere = replace(DOMAIN, genesis_hash="0x" + "33" * 32)
    with pytest.raises(VerificationFailed, match="was changed after it was signed"):
        check_signed(signed_by(RUN, ONE, TWO), elsewhere, OFFICERS)


def test_check_signed__a_signature_that_no_key_made__does_not_hold() -> None:
    run = signed_by(RUN, ONE, TWO)
    assert run.approved is not None
    for nonsense in (bytes(65), b"\xff" * 65, b"\1" * 64):
        broken = replace(run, approved=replace(run.approved, signature=nonsense))
        with pytest.raises(VerificationFailed, match="was changed after it was signed"):
            check_signed(broken, DOMAIN, OFFICERS)


def test_check_approver__second_officer_only__and_only_once() -> None:
    proposed = signed_by(RUN, ONE)
    check_approver(proposed, TWO.address, OFFICERS)
    for who, why in ((ONE.address, "another person must approve it"), (merchant(0), "is not a settlement officer")):
        with pytest.raises(SettlementRefused, match=why):
            check_approver(proposed, who, OFFICERS)
    with pytest.raises(SettlementRefused, match="is approved; only a proposed run can be approved"):
        check_approver(signed_by(RUN, ONE, TWO), TWO.address, OFFICERS)
