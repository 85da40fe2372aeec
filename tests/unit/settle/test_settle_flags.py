"""Flags: each pattern is told at its threshold with the values that show it, and not below."""

from __future__ import annotations

import json
from typing import Any

from oracle.config import FlagLimits
from oracle.report.tables.flags import flags
from tests.unit.settle.settle_ledgers import DAY, MERCHANTS, Told, citizen

LIMITS = FlagLimits(
    citizen_orders_an_hour=4,
    same_amount_accounts=3,
    emptied_accounts=3,
    refund_orders=4,
    refund_percent=30,
    final_refunds=2,
)
ONE, TWO = MERCHANTS[:2]
FIRST_DAY = 19_358


def found(told: Told) -> list[dict[str, Any]]:
    """Code, party, number and values of the flags."""
    rows = flags(told.ledger(), LIMITS).to_dict("records")
    return [
        {"code": row["code"], "party": row["party"], "found": row["found"], **json.loads(row["values"])} for row in rows
    ]


def rich(told: Told, people: int) -> None:
    """So many citizens with ten points each."""
    for number in range(people):
        told.credit(0, citizen(number), 10_000)


def test_a_citizen__with_many_orders_within_any_hour__is_told_once_with_the_busiest() -> None:
    told = Told()
    rich(told, 1)
    for number, seconds in enumerate(
        (3_000, 3_500, 3_599, 6_599)
    ):  # four within an hour across the turn of the clock's
        told.order(seconds, citizen(0), MERCHANTS[number % 3], 100 + number, number)
    (flag,) = found(told)
    assert (flag["code"], flag["party"], flag["found"], flag["points_milli"]) == ("fast_citizen", citizen(0), 4, 406)


def test_a_citizen__with_as_many_orders_a_second_further_apart__is_not_told() -> None:
    told = Told()
    rich(told, 1)
    for number, seconds in enumerate((3_000, 3_500, 3_599, 6_600)):
        told.order(seconds, citizen(0), ONE, 100 + number, number)
    assert found(told) == []


def test_a_merchant__taking_one_amount_from_many_accounts_in_a_minute__is_flagged() -> None:
    told = Told()
    rich(told, 6)
    for number in range(3):
        told.order(100 + number, citizen(number), ONE, 5_000, number)
        told.order(100 + number, citizen(number + 3), TWO, 5_000 + number, number + 10)
    (flag,) = found(told)
    assert (flag["code"], flag["party"], flag["found"], flag["each_milli"]) == ("same_amount", ONE, 3, 5_000)


def test_one_citizen__paying_one_amount_again_and_again__is_not_several_accounts() -> None:
    told = Told()
    rich(told, 1)
    for number in range(3):
        told.order(100 + number, citizen(0), ONE, 500, number)
    assert found(told) == []


def test_accounts__emptied_to_one_merchant_on_one_day__are_told_by_what_they_had() -> None:
    told = Told()
    rich(told, 6)
    for number in range(3):
        told.order(600 * number, citizen(number), ONE, 4_000, number)  # not half of it
        told.order(9_000 + 600 * number, citizen(number), ONE, 5_700 + number, 10 + number)  # 95 % of the rest
        told.order(9_000 + 600 * number + DAY * number, citizen(3 + number), TWO, 10_000, 20 + number)  # a day apart
    (flag,) = found(told)
    assert (flag["code"], flag["party"], flag["found"], flag["points_milli"]) == ("emptied_accounts", ONE, 3, 17_103)


def test_a_merchant__that_gave_much_back__is_told_from_enough_orders_on() -> None:
    told = Told()
    rich(told, 8)
    for number in range(4):
        told.order(600 * number, citizen(number), ONE, 1_000 + number, number)
    for number in range(3):
        told.order(600 * number, citizen(number), TWO, 1_000 + number, 10 + number)
    told.back(4_000, citizen(0), ONE, 1_000, 0, FIRST_DAY)
    told.back(4_000, citizen(1), ONE, 300, 1, FIRST_DAY)
    told.back(4_000, citizen(0), TWO, 1_000, 10, FIRST_DAY)
    (flag,) = found(told)
    assert (flag["code"], flag["party"], flag["found"], flag["refunded_milli"]) == ("much_refunded", ONE, 32, 1_300)


def test_refunds__of_final_orders__are_told_and_those_within_the_window_are_not() -> None:
    told = Told()
    rich(told, 6)
    for number in range(3):
        told.order(600 * number, citizen(number), ONE, 1_000 + number, number)
        told.order(600 * number, citizen(number), TWO, 1_000 + number, 10 + number)
    for number in range(2):
        told.back(8 * DAY + number, citizen(number), ONE, 100, number, FIRST_DAY + 5)
        told.back(7 * DAY + number, citizen(number), TWO, 100, 10 + number, FIRST_DAY)
    (flag,) = found(told)
    assert (flag["code"], flag["party"], flag["found"]) == ("refunded_final", ONE, 2)


def test_nothing_that_happened__raises_no_flag() -> None:
    assert found(Told()) == []
