"""Statements foot to the last unit, whatever happened, in every period."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import pairwise

from oracle.report.tables.clearing import DISPUTED, DUE, FREE, merchant_entries, misfooted, operator_entries, statement
from oracle.report.tables.period import Period
from oracle.report.tables.settlement import merchants, operators
from tests.unit.settle.settle_ledgers import DAY, MERCHANTS, OPERATOR, Told, citizen

FIRST = date(2023, 1, 1)
ONE = Period(FIRST, FIRST)
SEED = 20230105
HUGE = 10**30  # a token of 18 decimals: more than 64 bits hold


def test_merchants__one_of_each_entry__is_in_its_column() -> None:
    told = Told()
    one, who = MERCHANTS[0], citizen(1)
    for key in range(1, 5):
        told.order(10, who, one, 1_000, key)
    told.back(20, who, one, 250, 1, 19_358)
    doubt = {"key": (2).to_bytes(32), "citizen": who, "merchant": one}
    told.tell(30, "OrderDisputed", **doubt, pointsMilli=1_000, value=50_000, dueDay=19_358, reason=bytes(32))
    told.back(40, who, one, 400, 2, 0)
    told.tell(40, "DisputeEnded", **doubt, keptMilli=500, keptValue=25_000, dueDay=19_358)
    told.paid(50, one, 1_500, 75_000)
    row = merchants(told.ledger(), ONE).iloc[0].to_dict()
    assert {name: row[f"{name}_milli"] for name in ("taken", "refunded", "disputed", "kept", "given_back", "paid")} == {
        "taken": 4_000,
        "refunded": 250,
        "disputed": 1_000,
        "kept": 500,
        "given_back": 400,
        "paid": 1_500,
    }
    assert (row["closing_due_milli"], row["closing_disputed_milli"]) == (4_000 - 250 - 1_000 + 500 - 1_500, 100)
    assert (row["closing_due_units"], row["closing_disputed_units"]) == (
        200_000 - 12_500 - 50_000 + 25_000 - 75_000,
        5_000,
    )


def test_statements__of_random_events__foot_in_every_period() -> None:
    draw, told = random.Random(SEED), Told()
    days = 60
    expected = {merchant: 0 for merchant in MERCHANTS}
    for number in range(2_000):
        seconds, merchant = draw.randrange(days * DAY), draw.choice(MERCHANTS)
        value = draw.choice([1, draw.randrange(10**6), HUGE + draw.randrange(10**9)])
        kind = draw.random()
        if kind < 0.7:
            told.order(seconds, citizen(number), merchant, draw.randrange(1, 10**6), number, value)
            expected[merchant] += value
        elif kind < 0.85:
            told.back(seconds, citizen(number), merchant, draw.randrange(1, 10**6), number, 19_358, value)
            expected[merchant] -= value
        else:
            told.paid(seconds, merchant, draw.randrange(1, 10**6), value)
            expected[merchant] -= value
    entries = merchant_entries(told.ledger())
    edges = [0, *sorted(draw.sample(range(1, days), 9)), days]
    for unit, suffix in (("points_milli", "milli"), ("amount_units", "units")):
        closing = [0] * len(MERCHANTS)
        for begin, end in pairwise(edges):
            period = Period(FIRST + timedelta(days=begin), FIRST + timedelta(days=end - 1))
            table = statement(entries, MERCHANTS, DUE, period, unit)
            assert misfooted(table, DUE, suffix) == 0
            assert table[f"opening_due_{suffix}"].tolist() == closing
            closing = table[f"closing_due_{suffix}"].tolist()
    assert closing == list(expected.values())


def test_misfooted__a_column_off_by_one__is_found() -> None:
    told = Told()
    told.order(10, citizen(1), MERCHANTS[0], 1_000, 1)
    table = statement(merchant_entries(told.ledger()), MERCHANTS, DUE, ONE, "amount_units")
    assert misfooted(table, DUE, "units") == 0
    for column in table.columns:
        wrong = table.copy()
        wrong.loc[0, column] = wrong.loc[0, column] + 1
        assert misfooted(wrong, DUE, "units") == 1, column
    assert DUE.foots(table.iloc[0].to_dict())
    assert not DUE.foots(table.iloc[0].to_dict() | {"paid_units": 1})


def test_operators__reserve_that_came_went_and_stands_behind_points__foots() -> None:
    told = Told()
    told.tell(1, "ReserveDeposited", **{"operator": OPERATOR, "from": OPERATOR, "amount": HUGE})
    batch = bytes(range(32))
    told.tell(2, "ReserveLocked", batch=batch, operator=OPERATOR, year=2023, pointsMilli=9, amount=450)
    told.tell(3, "ReserveUnlocked", batch=batch, operator=OPERATOR, year=2023, pointsMilli=2, amount=100)
    told.tell(DAY, "ReserveWithdrawn", operator=OPERATOR, to=OPERATOR, amount=1)
    told.tell(DAY + 1, "ReserveReleased", operator=OPERATOR, year=2013, amount=20)
    first, second = (operators(told.ledger(), Period(day, day)) for day in (FIRST, FIRST + timedelta(days=1)))
    assert first["closing_free_units"].tolist() == second["opening_free_units"].tolist() == [HUGE - 350]
    assert second["closing_free_units"].tolist() == [HUGE - 350 - 1 + 20]
    assert misfooted(first, FREE, "units") == misfooted(second, FREE, "units") == 0
    assert set(operator_entries(told.ledger())["kind"]) == set(FREE.signs)


def test_statement__nobody_did_anything__is_zeros() -> None:
    entries = merchant_entries(Told().ledger())
    for account in (DUE, DISPUTED):
        assert statement(entries, MERCHANTS, account, ONE, "amount_units").to_numpy().sum() == 0
