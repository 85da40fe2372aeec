"""One payout on chain, one run, one bank payment: held by the database itself, for books that were there before as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text

from oracle.edge.store import migrate
from oracle.edge.store.database import Database
from oracle.edge.store.merchants import add_payments, paid_elsewhere
from oracle.edge.store.outbox import LIVE, PLANNED, SIGNED, Attempt, add_attempts, add_planned, set_state
from oracle.edge.store.runs import act_of, add_run, give_payout, given_payouts, is_sending, run_named, transactions_of
from oracle.edge.store.schema import bank_payments, found_payouts
from oracle.model.bank import BankPayment
from oracle.model.errors import StoreError
from oracle.model.settlement_run import Item, ItemState, Run, payout_id

ONE, TWO = "0x" + "11" * 20, "0x" + "22" * 20
FIRST, SECOND = "0x" + "aa" * 32, "0x" + "bb" * 32


def run_of(name: str, *items: Item, block: int = 7, cancelled: bool = False) -> Run:
    return Run(name, 10, 11, block, items, cancelled=cancelled)


def paid(merchant: str, transaction: str, problem: str = "") -> Item:
    return Item(merchant, merchant, 1_000, 50_000, ItemState.PAID, problem, transaction)


def planned(act: str) -> dict[str, object]:
    row = {"sender": ONE, "act": act, "to": TWO, "data": b"", "gas": 1, "state": PLANNED, "planned_at": 1}
    return dict(row)


def test_bank_payment__of_a_payout_that_another_run_was_paid_for__is_refused(
    store: Database,
) -> None:
    payout = payout_id(FIRST, ONE, 10, 11)
    with store.begin() as connection:
        for name in ("a.1", "a.2"):
            add_run(connection, run_of(name, paid(ONE, FIRST)))
        add_payments(connection, "a.1", [BankPayment(ONE, 5, 0)], {ONE: payout})
        assert paid_elsewhere(connection, "a.2", {ONE: payout, TWO: "0x"}) == {ONE: "a.1"}
        assert paid_elsewhere(connection, "a.1", {ONE: payout}) == {}
    with pytest.raises(StoreError, match=r"bank_payments[._]payout"), store.begin() as connection:
        add_payments(connection, "a.2", [BankPayment(ONE, 5, 0)], {ONE: payout})


def test_found_payout__given_twice__is_refused(store: Database) -> None:
    payout = payout_id(FIRST, ONE, 10, 11)
    with store.begin() as connection:
        for name in ("a.1", "a.2"):
            add_run(connection, run_of(name, paid(ONE, FIRST)))
        give_payout(connection, "a.1", ONE, payout)
    for name, other in (("a.2", payout), ("a.1", payout_id(SECOND, ONE, 10, 11))):
        with pytest.raises(StoreError, match="found_payouts"), store.begin() as connection:
            give_payout(connection, name, ONE, other)
    with store.reading() as connection:
        assert (given_payouts(connection, "a.1"), given_payouts(connection, "a.2")) == ({payout}, frozenset())


def test_transactions__of_a_run__are_all_that_were_signed_for_it_and_no_other_runs(store: Database) -> None:
    with store.begin() as connection:
        acts = [act_of("a_1.1", "0xdata"), act_of("a_1.10", "0xdata"), act_of("ab1.1", "0xdata"), "attest 0x"]
        ids = add_planned(connection, [planned(act) for act in acts])
        for place, row in enumerate(ids):
            hashes = (f"0x{place:02}" + "aa" * 31, f"0x{place:02}" + "bb" * 31)
            add_attempts(connection, [Attempt(each, row, number, b"", 1, 1, 1) for number, each in enumerate(hashes)])
    with store.begin() as connection:
        assert transactions_of(connection, "a_1.1") == {"0x00" + "aa" * 31, "0x00" + "bb" * 31}
        assert not is_sending(connection, "a_1.1")
        for state in LIVE:
            set_state(connection, ids[:1], state)
            assert [is_sending(connection, name) for name in ("a_1.1", "a_1.10", "ab1.1")] == [True, False, False]
        set_state(connection, ids[1:], SIGNED)
        set_state(connection, ids[:1], "confirmed")
        assert not is_sending(connection, "a_1.1")


def _insert(connection: Connection, run: Run, bank: bool) -> None:
    add_run(connection, run)
    for item in run.items if bank else ():
        words = (
            "INSERT INTO bank_payments (run, merchant, number, minor, carried) VALUES (:run, :merchant, 1, '5', '0')"
        )
        connection.execute(text(words), {"run": run.name, "merchant": item.merchant})


def test_migration__two_runs_with_one_payout__leaves_it_to_the_better_right(
    place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(migrate, "HEAD", "0008")
        old = Database(place)
    with old.begin() as connection:
        _insert(connection, run_of("a.1", paid(ONE, FIRST), block=1, cancelled=True), bank=True)
        _insert(connection, run_of("a.2", paid(ONE, FIRST), block=2), bank=True)
        _insert(connection, run_of("b.1", paid(TWO, SECOND, "amount: signed 2, now 1"), block=1), bank=False)
        _insert(connection, run_of("b.2", paid(TWO, SECOND), block=2), bank=False)
        (row,) = add_planned(connection, [planned("0xvault settleBatch")])
        set_state(connection, [row], "confirmed", hash=FIRST)
    old.close()

    upgraded = Database(place)
    with upgraded.reading() as connection:
        states = {name: run_named(connection, name).items[0].state for name in ("a.1", "a.2", "b.1", "b.2")}
        assert states == {"a.1": "waiting", "a.2": "paid", "b.1": "waiting", "b.2": "paid"}
        assert transactions_of(connection, "a.2") == {FIRST}
        assert list(connection.execute(select(found_payouts.c.run, found_payouts.c.payout))) == [
            ("b.2", payout_id(SECOND, TWO, 10, 11))
        ]
        told = dict(connection.execute(select(bank_payments.c.run, bank_payments.c.payout)).fetchall())
        assert told == {"a.1": None, "a.2": payout_id(FIRST, ONE, 10, 11)}
    payout = payout_id(FIRST, ONE, 10, 11)
    row = {"run": "b.2", "merchant": TWO, "number": 2, "minor": "5", "carried": "0", "payout": payout}
    with pytest.raises(StoreError, match=r"bank_payments[._]payout"), upgraded.begin() as connection:
        connection.execute(insert(bank_payments).values(row))
    upgraded.close()
