"""Pages grow old: what can be spent, from which page first, and when a year leaves the books."""

from __future__ import annotations

from typing import Any

import pytest
from brownie import web3
from eth_account.signers.local import LocalAccount

from ..support.batches import Entry
from ..support.city import City, Roles
from ..support.clock import at, day, travel_to
from ..support.reverts import reverts_with
from ..support.values import bare, events


@pytest.fixture
def book(built: Any, roles: Roles) -> Any:
    """A book whose three writers are plain accounts: issuer, desk and vault are `operator`, `merchant` and `board`."""
    genesis = web3.eth.get_block(0).hash
    return roles.deployer.deploy(built.CarbonPoint, roles.operator, roles.merchant, roles.board, genesis)


def test_given_pages_of_two_years__when_points_are_spent__it_takes_the_oldest_first(
    city: City, commuter: LocalAccount
) -> None:
    city.earn([Entry(commuter.address, 900_000)], day=day(2034, 7, 1))
    redeemed = city.redeem(commuter, 400_000)
    assert bare(redeemed.events["OrderRedeemed"]["parts"]) == ((2034, 380_000), (2035, 20_000))
    assert city.book.pageOf(commuter.address, 2034)["pointsMilli"] == 0
    assert city.book.pageOf(commuter.address, 2035)["pointsMilli"] == 207_155
    assert (city.book.outstandingOf(2034), city.book.outstandingOf(2035)) == (0, 320_732)


def test_given_too_few_points__it_reverts(city: City, commuter: LocalAccount) -> None:
    with reverts_with(city.book, "CarbonPoint_TooFewPoints", commuter.address, 227_155, 227_156):
        city.redeem(commuter, 227_156)


def test_given_all_points__it_spends_to_the_last(city: City, commuter: LocalAccount) -> None:
    city.redeem(commuter, 227_155)
    assert city.book.balanceOf(commuter.address) == 0


def test_given_an_expired_page__it_cannot_be_spent(city: City, commuter: LocalAccount) -> None:
    travel_to(at(2045, 1, 1))
    with reverts_with(city.book, "CarbonPoint_TooFewPoints", commuter.address, 0, 1):
        city.redeem(commuter, 1)


def test_given_the_last_live_day__it_can_be_spent(city: City, commuter: LocalAccount) -> None:
    travel_to(at(2044, 12, 31, 23, 50))
    city.redeem(commuter, 227_155)
    assert city.book.heldOf(city.roles.merchant) == 227_155


@pytest.mark.parametrize("year", [2026, 2035, 2036])
def test_given_a_year_that_is_live_or_to_come__when_it_is_taken_out__it_reverts(
    book: Any, roles: Roles, year: int
) -> None:
    with reverts_with(book, "CarbonPoint_YearLive", year, 2035):
        book.takeOutYear(year, {"from": roles.board})


def test_given_an_expired_year__when_it_is_taken_out__it_tells_the_expired_points(
    book: Any, roles: Roles, commuter: LocalAccount
) -> None:
    entry = int(commuter.address, 16) << 96 | 26_900_000
    book.credit((day(2026, 5, 1), 10**9, True), [entry], {"from": roles.operator})
    travel_to(at(2036, 1, 1))
    done = book.takeOutYear(2026, {"from": roles.board})
    assert bare(done.return_value) == 227_155
    assert events(done, "YearExpired") == [{"year": 2026, "pointsMilli": 227_155}]
    assert book.outstandingOf(2026) == 0
    for again in (book.takeOutYear, book.expireYear):
        with reverts_with(book, "CarbonPoint_YearTakenOut", 2026):
            again(2026, {"from": roles.board})


def test_given_an_expired_year__when_anyone_asks__it_tells_once(city: City, commuter: LocalAccount) -> None:
    travel_to(at(2045, 1, 1))
    told = city.book.expireYear(2035, {"from": city.roles.rando})
    assert events(told, "YearExpired") == [{"year": 2035, "pointsMilli": 340_732}]
    for year in (2035, 2034):  # told before; without points
        assert len(city.book.expireYear(year, {"from": city.roles.rando}).events) == 0


@pytest.mark.parametrize("year", [2026, 2035, 2036])
def test_given_a_year_live_or_to_come__when_anyone_tells_of_its_end__it_reverts(city: City, year: int) -> None:
    with reverts_with(city.book, "CarbonPoint_YearLive", year, 2035):
        city.book.expireYear(year, {"from": city.roles.rando})


def test_given_a_year_taken_out__when_points_of_it_are_refunded__it_reverts(
    book: Any, roles: Roles, commuter: LocalAccount
) -> None:
    book.takeOutYear(2025, {"from": roles.board})
    with reverts_with(book, "CarbonPoint_YearTakenOut", 2025):
        book.refund(roles.rando, commuter.address, [(2025, 1)], {"from": roles.merchant})
    book.refund(roles.rando, commuter.address, [(2025, 0)], {"from": roles.merchant})


def test_given_a_merchant_that_holds_less__when_it_refunds_or_is_paid__it_reverts(
    book: Any, roles: Roles, commuter: LocalAccount
) -> None:
    entry = int(commuter.address, 16) << 96 | 26_900_000
    book.credit((day(2035, 3, 1), 10**9, True), [entry], {"from": roles.operator})
    book.spend(commuter.address, roles.rando, 1_000, {"from": roles.merchant})
    with reverts_with(book, "CarbonPoint_TooFewHeld", roles.rando, 1_000, 1_001):
        book.refund(roles.rando, commuter.address, [(2035, 1_001)], {"from": roles.merchant})
    with reverts_with(book, "CarbonPoint_TooFewHeld", roles.rando, 1_000, 1_001):
        book.burnHeld(roles.rando, 1_001, {"from": roles.merchant})
    book.burnHeld(roles.rando, 1_000, {"from": roles.merchant})
    assert book.totalSupply() == 226_155


def test_given_an_order_on_the_last_day__when_refunded_later__it_comes_back_expired(
    city: City, commuter: LocalAccount
) -> None:
    travel_to(at(2044, 12, 31, 23, 50))
    redeemed = city.redeem(commuter, 227_155)
    travel_to(at(2045, 1, 3))
    assert city.book.totalSupply() == 227_155
    refunded = city.refund(redeemed, 227_155)
    assert events(refunded, "YearExpired") == [{"year": 2035, "pointsMilli": 113_577}]  # what the household had
    assert events(refunded, "RefundExpired") == [{"holder": commuter.address, "year": 2035, "pointsMilli": 227_155}]
    assert events(refunded, "Transfer") == [
        {"from": city.roles.merchant.address, "to": "0x" + "00" * 20, "value": 227_155}
    ]
    assert city.book.balanceOf(commuter.address) == 0
    assert city.book.totalSupply() == 0
    assert city.book.outstandingOf(2035) == 340_732  # it goes back to the operators that locked its reserve


def test_given_a_reduction__when_its_points_are_spent_or_expire__it_stays(city: City, commuter: LocalAccount) -> None:
    city.redeem(commuter, 227_155)
    travel_to(at(2050, 1, 1))
    assert city.book.reductionOf(commuter.address) == 26_900_000
