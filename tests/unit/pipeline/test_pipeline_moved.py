"""Closing after a book moved: acts belong to the account that the person had on their day."""

from __future__ import annotations

import itertools

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from oracle.edge.keys.custody import citizen_account
from oracle.edge.keys.keyring import CUSTODY, Keyring
from oracle.edge.store.citizens import custody_ref, people, salt_of
from oracle.edge.store.moves import MOVED, add_move
from oracle.measure.close.moved import accounts_on_day
from tests.unit.pipeline.installation import MIDNIGHT, Installation, Trip

DAY = MIDNIGHT // 86_400 + 1  # 5 January 2023
NEW, NEWER = b"\x01" * 20, b"\x02" * 20


def accounts_by_day(home: Installation) -> dict[int, set[bytes]]:
    found: dict[int, set[bytes]] = {}
    for closed in home.close():
        table = home.bundle(closed).accounts.table
        found.setdefault(closed.batch.day, set()).update(table["account"].to_list())
    return found


def test_close__after_a_move__days_up_to_it_stay_with_the_account_that_was_left(home: Installation) -> None:
    home.ingest([Trip("a", "rider", 8)])
    (former,) = accounts_by_day(home)[DAY]
    with home.book.database.begin() as connection:
        salt = salt_of(connection, former)
        assert add_move(connection, former, NEW, DAY + 1)
    home.ingest([Trip("b", "rider", 10), Trip("c", "rider", 24 + 8), Trip("d", "rider", 48 + 8)])
    assert accounts_by_day(home) == {DAY: {former}, DAY + 1: {former}, DAY + 2: {NEW}}
    with home.book.database.reading() as connection:
        assert salt_of(connection, former) == salt_of(connection, NEW) == salt is not None
        ref = custody_ref(connection, former)
        assert custody_ref(connection, NEW) is None
    assert ref is not None
    assert bytes.fromhex(citizen_account(Keyring(home.folder / "keys").secret(CUSTODY), ref).address[2:]) == former


def test_add_move__of_an_account_that_nobody_here_has__stores_nothing(home: Installation) -> None:
    home.ingest([Trip("a", "rider", 8)])
    with home.book.database.begin() as connection:
        assert not add_move(connection, NEW, NEWER, DAY)
        assert people(connection)["moved"].to_list() == [[]]


@given(
    st.lists(st.integers(0, 9), min_size=0, max_size=3, unique=True),
    st.lists(st.integers(0, 10), min_size=1, max_size=12),
)
def test_accounts_on_day__any_moves_and_days__is_the_first_move_at_or_after_the_day(
    through: list[int], days: list[int]
) -> None:
    moved = [{"through": day, "former": bytes([day]) * 20} for day in sorted(through)]
    who = pl.DataFrame({"citizen": [1, 2], "moved": pl.Series([moved, []], dtype=MOVED)})
    acts = pl.DataFrame(
        [(citizen, day, NEW) for day, citizen in itertools.product(days, (1, 2))],
        schema={"citizen": pl.Int64, "day": pl.Int64, "account": pl.Binary},
        orient="row",
    )
    wanted = [
        next((each["former"] for each in moved if citizen == 1 and each["through"] >= day), NEW)
        for day, citizen in itertools.product(days, (1, 2))
    ]
    result = accounts_on_day(acts, who)
    assert result["account"].to_list() == wanted
    assert result.select("citizen", "day").equals(acts.select("citizen", "day"))
