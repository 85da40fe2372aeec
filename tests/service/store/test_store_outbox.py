"""Rows of the outbox, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from oracle.edge.store import outbox as rows
from oracle.edge.store.database import Database
from oracle.model.errors import StoreError

ME, YOU = "0x" + "1" * 40, "0x" + "2" * 40


def _planned(act: str, sender: str = ME, at: int = 5) -> dict[str, object]:
    return {
        "sender": sender,
        "act": act,
        "to": YOU,
        "data": b"\x00\xff",
        "gas": 21_000,
        "state": rows.PLANNED,
        "planned_at": at,
    }


def _attempt(row: int, number: int) -> rows.Attempt:
    return rows.Attempt(f"0x{row}{number}", row, number, b"raw", 2**62, 1, 7)


def test_rows__from_planned_to_final__keep_what_they_are(store: Database) -> None:
    with store.begin() as connection:
        first, second = rows.add_planned(connection, [_planned("a"), _planned("b", at=3)])
        rows.add_attempts(connection, [_attempt(first, 1), _attempt(first, 2), _attempt(second, 1)])
        rows.set_nonces(connection, {first: 4, second: 5})
        assert rows.highest_nonce(connection, ME) == 5
        assert rows.highest_nonce(connection, YOU) is None
        assert rows.oldest_pending(connection) == 3
        mined = {"hash": "0xh", "block": 2**40, "block_hash": "0xb", "status": 1, "gas_used": 30_000}
        rows.set_mined(connection, first, mined)
        rows.set_state(connection, [second], rows.SENT)
    with store.reading() as connection:
        found = rows.row_of(connection, first)
        assert (found.state, found.nonce, found.block, found.data) == (rows.MINED, 4, 2**40, b"\x00\xff")
        assert [attempt.number for attempt in rows.attempts_of(connection, first)] == [1, 2]
        assert [row.id for row in rows.rows_in(connection, ME, rows.PENDING)] == [second]
        assert rows.counts(connection) == {"sent": 1, "mined": 1}
    with store.begin() as connection:
        rows.set_state(connection, [first], rows.CONFIRMED)
        rows.strip(connection, [first])
    with store.reading() as connection:
        assert rows.attempts_of(connection, first) == []
        assert rows.row_of(connection, first).data == b""
        assert len(rows.attempts_of(connection, second)) == 1


def test_nonce__of_one_sender__is_never_given_twice(store: Database) -> None:
    with store.begin() as connection:
        first, second, other = rows.add_planned(connection, [_planned("a"), _planned("b"), _planned("c", YOU)])
        rows.set_nonces(connection, {first: 0, other: 0})
    with pytest.raises(StoreError, match=r"(?i)unique"), store.begin() as connection:
        rows.set_nonces(connection, {second: 0})
    with store.begin() as connection:
        rows.set_state(connection, [first], rows.REPLACED, nonce=None)
        rows.set_nonces(connection, {second: 0})


def test_mark__is_one_and_the_last(store: Database) -> None:
    with store.begin() as connection:
        assert rows.mark(connection) is None
        rows.set_mark(connection, 5, "0x5")
        rows.set_mark(connection, 6, "0x6")
        assert rows.mark(connection) == (6, "0x6")
        rows.clear_mark(connection)
        assert rows.mark(connection) is None
