"""What a row of credits does to pages, caps, supply and events. Here three plain accounts stand for the three contracts that may write."""

from __future__ import annotations

from typing import Any

import pytest
from brownie import web3
from eth_account.signers.local import LocalAccount

from ..support.city import YESTERDAY, Roles
from ..support.clock import day
from ..support.reverts import reverts_with
from ..support.values import bare, events

CAP = 80_000_000


@pytest.fixture
def book(built: Any, roles: Roles) -> Any:
    genesis = web3.eth.get_block(0).hash
    return roles.deployer.deploy(built.CarbonPoint, roles.operator, roles.merchant, roles.board, genesis)


@pytest.fixture
def citizen(commuter: LocalAccount) -> str:
    return str(commuter.address)


def credit(book: Any, roles: Roles, act_day: int, *rows: tuple[str, int], points: bool = True) -> Any:
    entries = [int(account, 16) << 96 | milligrams for account, milligrams in rows]
    return book.credit((act_day, CAP, points), entries, {"from": roles.operator})


def page(book: Any, citizen: str, year: int = 2035) -> dict[str, int]:
    return dict(book.pageOf(citizen, year).dict())


def test_given_an_empty_page__when_a_day_is_credited__it_holds_the_reduction(
    book: Any, roles: Roles, citizen: str
) -> None:
    done = credit(book, roles, YESTERDAY, (citizen, 26_900_000))
    assert page(book, citizen) == {
        "pointsMilli": 227_155,  # 26,900,000 * 76 / 9000 = 227,155.5
        "reductionMg": 26_900_000,
        "day": 23_810,
        "todayMg": 26_900_000,
        "peakMg": 0,
    }
    assert bare(done.return_value) == (26_900_000, 227_155, ())
    assert events(done, "Transfer") == [{"from": "0x" + "00" * 20, "to": citizen, "value": 227_155}]
    assert book.totalSupply() == book.outstandingOf(2035) == book.balanceOf(citizen) == 227_155
    assert book.firstYear() == 2035


def test_given_several_entries__it_rounds_the_points_of_each_down(book: Any, roles: Roles, citizen: str) -> None:
    other = "0x" + "22" * 20
    done = credit(book, roles, YESTERDAY, (citizen, 119), (other, 118), (other, 119))
    # 119 mg are 1.0048 milli-points, 118 mg are 0.9964
    assert bare(done.return_value) == (356, 2, ())
    assert (book.balanceOf(citizen), book.balanceOf(other)) == (1, 1)
    assert page(book, other)["reductionMg"] == 237
    assert [event["value"] for event in done.events["Transfer"]] == [1, 1]
    assert events(done, "ReductionCredited") == [{"account": other, "day": YESTERDAY, "reductionMg": 118}]


def test_given_terms_without_points__it_credits_the_reduction_only(book: Any, roles: Roles, citizen: str) -> None:
    done = credit(book, roles, YESTERDAY, (citizen, 26_900_000), points=False)
    assert bare(done.return_value) == (26_900_000, 0, ())
    assert events(done, "Transfer") == []
    assert events(done, "ReductionCredited") == [{"account": citizen, "day": YESTERDAY, "reductionMg": 26_900_000}]
    assert book.reductionOf(citizen) == 26_900_000
    assert book.totalSupply() == 0


def test_given_entries_above_the_account_cap__they_are_cut_told(book: Any, roles: Roles, citizen: str) -> None:
    other = "0x" + "22" * 20
    rows = [(citizen, 79_999_999), (citizen, 2), (other, 80_000_000), (citizen, 1), (other, 3)]
    done = credit(book, roles, YESTERDAY, *rows)
    assert bare(done.return_value) == (160_000_000, 675_555 + 675_555, ((1, 1), (3, 0), (4, 0)))
    assert events(done, "ReductionCapped") == [
        {"account": citizen, "day": YESTERDAY, "askedMg": 2, "creditedMg": 1},
        {"account": citizen, "day": YESTERDAY, "askedMg": 1, "creditedMg": 0},
        {"account": other, "day": YESTERDAY, "askedMg": 3, "creditedMg": 0},
    ]


@pytest.mark.parametrize(
    ("first", "second", "credited"), [(50, 30, 30), (50, 31, 30), (40, 40, 40), (50, 50, 30)], ids=str
)
def test_given_a_day_with_earlier_credits__when_more_comes__it_credits_up_to_the_cap(
    book: Any, roles: Roles, citizen: str, first: int, second: int, credited: int
) -> None:
    credit(book, roles, YESTERDAY, (citizen, first * 10**6))
    done = credit(book, roles, YESTERDAY, (citizen, second * 10**6))
    assert done.return_value[0] == credited * 10**6
    assert page(book, citizen)["todayMg"] == (first + credited) * 10**6
    assert ("ReductionCapped" in done.events) == (credited < second)


def test_given_a_quiet_day__when_the_next_day_is_credited__it_starts_anew(
    book: Any, roles: Roles, citizen: str
) -> None:
    credit(book, roles, YESTERDAY, (citizen, CAP // 8))
    done = credit(book, roles, YESTERDAY + 1, (citizen, 20_000_000))
    assert done.return_value[0] == 20_000_000
    assert page(book, citizen) | {"pointsMilli": 0} == {
        "pointsMilli": 0,
        "reductionMg": 30_000_000,
        "day": YESTERDAY + 1,
        "todayMg": 20_000_000,
        "peakMg": 10_000_000,
    }
    assert bare(book.notedOf(citizen, YESTERDAY)) == (0, False)


def test_given_a_day_above_an_eighth_of_the_cap__when_the_next_comes__it_is_exact(
    book: Any, roles: Roles, citizen: str
) -> None:
    credit(book, roles, YESTERDAY, (citizen, CAP // 8 + 1))
    credit(book, roles, YESTERDAY + 1, (citizen, 20_000_000))
    assert page(book, citizen)["peakMg"] == 0
    assert bare(book.notedOf(citizen, YESTERDAY)) == (10_000_001, True)


def test_given_a_heavy_day__when_it_gets_more_late__it_counts_from_its_exact_figure(
    book: Any, roles: Roles, citizen: str
) -> None:
    credit(book, roles, YESTERDAY, (citizen, 50_000_000))
    credit(book, roles, YESTERDAY + 1, (citizen, 20_000_000))
    late = [credit(book, roles, YESTERDAY, (citizen, 20_000_000)).return_value[0] for _ in range(3)]
    assert late == [20_000_000, 10_000_000, 0]
    assert bare(book.notedOf(citizen, YESTERDAY)) == (80_000_000, True)
    assert page(book, citizen)["todayMg"] == 20_000_000
    assert page(book, citizen)["day"] == YESTERDAY + 1
    assert book.reductionOf(citizen) == 100_000_000


def test_given_a_day_never_credited__when_it_comes_late__it_has_all_of_its_cap(
    book: Any, roles: Roles, citizen: str
) -> None:
    credit(book, roles, YESTERDAY - 5, (citizen, 50_000_000))
    credit(book, roles, YESTERDAY, (citizen, 1_000_000))
    done = credit(book, roles, YESTERDAY - 2, (citizen, 80_000_000))
    assert done.return_value[0] == 80_000_000
    assert bare(book.notedOf(citizen, YESTERDAY - 2)) == (80_000_000, False)


def test_given_quiet_days__when_one_comes_late__it_loses_an_eighth_at_most(
    book: Any, roles: Roles, citizen: str
) -> None:
    credit(book, roles, YESTERDAY - 5, (citizen, CAP // 8))
    credit(book, roles, YESTERDAY, (citizen, 1_000_000))
    done = credit(book, roles, YESTERDAY - 2, (citizen, CAP))
    assert bare(done.return_value) == (70_000_000, 591_111, ((0, 70_000_000),))


@pytest.mark.parametrize("row", [[0], [0, 0, 0]], ids=["one", "several"])
def test_given_entries_of_nothing__they_leave_no_page_and_no_event(
    book: Any, roles: Roles, citizen: str, row: list[int]
) -> None:
    done = credit(book, roles, YESTERDAY, *((citizen, mg) for mg in row))
    assert bare(done.return_value) == (0, 0, ())
    assert set(page(book, citizen).values()) == {0}
    assert len(done.events) == 0


def test_given_a_full_day__when_more_is_asked__it_is_cut_to_nothing(book: Any, roles: Roles, citizen: str) -> None:
    credit(book, roles, YESTERDAY, (citizen, CAP))
    before = page(book, citizen)
    assert bare(credit(book, roles, YESTERDAY, (citizen, 1)).return_value) == (0, 0, ((0, 0),))
    assert page(book, citizen) == before


def test_given_a_day_of_last_year__when_this_year_has_credits__it_is_on_its_own_page(
    book: Any, roles: Roles, citizen: str
) -> None:
    credit(book, roles, YESTERDAY, (citizen, 50_000_000))
    done = credit(book, roles, day(2034, 12, 31), (citizen, 50_000_000))
    assert done.return_value[0] == 50_000_000
    assert page(book, citizen, 2034)["day"] == day(2034, 12, 31)
    assert page(book, citizen, 2035)["day"] == YESTERDAY
    assert book.firstYear() == 2034
    assert (book.outstandingOf(2034), book.outstandingOf(2035)) == (422_222, 422_222)


@pytest.mark.parametrize("year", [2025, 2036])
def test_given_a_year_that_is_not_live__it_reverts(book: Any, roles: Roles, citizen: str, year: int) -> None:
    with reverts_with(book, "CarbonPoint_YearNotLive", year, 2035):
        credit(book, roles, day(year, 6, 1), (citizen, 1))


def test_given_the_oldest_live_year__it_credits(book: Any, roles: Roles, citizen: str) -> None:
    assert bare(credit(book, roles, day(2026, 1, 1), (citizen, 119)).return_value) == (119, 1, ())


@pytest.mark.parametrize("writer", ["operator", "merchant", "board", "rando"])
def test_given_a_writer__it_may_only_do_its_own_thing(book: Any, roles: Roles, writer: str) -> None:
    nobody = "0x" + "00" * 20
    calls = {
        "operator": [("credit", ((YESTERDAY, 0, False), [])), ("lowerReduction", (nobody, YESTERDAY, 0))],
        "merchant": [("spend", (nobody, nobody, 0)), ("refund", (nobody, nobody, [])), ("burnHeld", (nobody, 0))],
        "board": [("takeOutYear", (2025,))],
        "rando": [],
    }
    sender = getattr(roles, writer)
    for owner, functions in calls.items():
        for function, arguments in functions:
            if owner == writer:
                getattr(book, function)(*arguments, {"from": sender})
            else:
                with reverts_with(book, "CarbonPoint_NotAllowed", sender):
                    getattr(book, function)(*arguments, {"from": sender})
