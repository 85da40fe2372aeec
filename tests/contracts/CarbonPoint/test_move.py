"""A citizen takes the whole book along, from custody to an own key: what goes along, what follows, and what is closed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from ..support.batches import Entry, batch_of
from ..support.city import BUS, METRO, MOVE_DELAY, TODAY, YESTERDAY, City, person
from ..support.clock import at, day, now, travel_to
from ..support.reverts import reverts_with
from ..support.typed_data import sign
from ..support.values import bare, events


def today_in_the_east() -> int:
    return (now() + 14 * 3_600) // 86_400


def complete(city: City, source: LocalAccount) -> Any:
    return city.book.completeMove(source.address, {"from": city.roles.rando})


def test_given_an_announced_move__it_waits_to_the_second_and_takes_points(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    city.announce_move(commuter, newcomer)
    ready = int(city.book.moveOf(commuter.address)[1])
    travel_to(ready - 2)
    with reverts_with(city.book, "CarbonPoint_MoveWaits", commuter.address, ready):
        complete(city, commuter)
    travel_to(ready)
    moved = complete(city, commuter)
    last = today_in_the_east()
    assert tuple(city.book.pageOf(newcomer.address, 2035)) == (227_155, 26_900_000, last + 1, 0, 0)
    assert tuple(city.book.pageOf(commuter.address, 2035)) == (0, 0, last + 1, 0, 0)
    assert bare(city.book.notedOf(commuter.address, YESTERDAY)) == (26_900_000, True)
    assert city.book.movedTo(commuter.address) == newcomer.address
    assert bare(city.book.closedDaysOf(commuter.address)) == (0, last)
    assert bare(city.book.closedDaysOf(newcomer.address)) == (last, 0)
    assert bare(city.book.moveOf(commuter.address)) == ("0x" + "00" * 20, 0, 1)
    assert events(moved, "AccountMoved") == [{"from": commuter.address, "to": newcomer.address, "day": last}]
    assert events(moved, "Transfer") == [{"from": commuter.address, "to": newcomer.address, "value": 227_155}]
    assert city.book.totalSupply() == 340_732


def test_given_a_book_of_several_years__it_takes_every_page_along(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    city.earn([Entry(commuter.address, 900_000)], day=day(2034, 7, 1))
    city.move(commuter, newcomer)
    assert city.book.pageOf(newcomer.address, 2034)["pointsMilli"] == 380_000
    assert city.book.balanceOf(newcomer.address) == 607_155
    assert city.book.reductionOf(newcomer.address) == 71_900_000
    assert city.book.reductionOf(commuter.address) == 0


def test_given_no_announced_move__it_reverts(city: City, commuter: LocalAccount) -> None:
    with reverts_with(city.book, "CarbonPoint_NoMove", commuter.address):
        complete(city, commuter)


def test_given_a_target_that_was_credited_meanwhile__it_reverts(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    city.announce_move(commuter, newcomer)
    city.earn([Entry(newcomer.address, 100)])
    travel_to(now() + MOVE_DELAY)
    with reverts_with(city.book, "CarbonPoint_BookNotEmpty", newcomer.address, 2035):
        complete(city, commuter)


def test_given_two_empty_books__when_both_move_to_one__the_second_reverts(city: City, newcomer: LocalAccount) -> None:
    other, pool = person("second citizen"), person("pool")
    city.announce_move(newcomer, pool)
    city.announce_move(other, pool)
    travel_to(now() + MOVE_DELAY)
    complete(city, newcomer)
    with reverts_with(city.book, "CarbonPoint_CannotMove", other.address, pool.address):
        complete(city, other)


def test_given_the_book_moved_before__when_it_should_go_anywhere_again__it_reverts(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    elsewhere = person("second phone")
    city.move(commuter, newcomer)
    with reverts_with(city.book, "CarbonPoint_CannotMove", commuter.address, elsewhere.address):
        city.announce_move(commuter, elsewhere)
    with reverts_with(city.book, "CarbonPoint_CannotMove", commuter.address, newcomer.address):
        city.announce_move(commuter, newcomer)


def test_given_the_book_moved_before__when_it_should_come_back__it_reverts(city: City, newcomer: LocalAccount) -> None:
    custody = person("custody account without a page")
    city.move(custody, newcomer)
    with reverts_with(city.book, "CarbonPoint_CannotMove", newcomer.address, custody.address):
        city.announce_move(newcomer, custody)


def test_given_three_empty_accounts__when_they_move_in_a_circle__the_last_reverts(
    city: City, newcomer: LocalAccount
) -> None:
    second, third = person("second key"), person("third key")
    city.move(newcomer, second)
    city.move(second, third)
    with reverts_with(city.book, "CarbonPoint_CannotMove", third.address, newcomer.address):
        city.announce_move(third, newcomer)


def test_given_a_book_that_moved_as_often_as_it_can__it_reverts_and_can_be_reversed(
    city: City, newcomer: LocalAccount
) -> None:
    batch = city.earn([Entry(newcomer.address, 1000)], methodology=BUS)
    most = int(city.book.MAX_MOVES())
    keys = [newcomer, *(person(f"key {number}") for number in range(most + 1))]
    for source, target in pairwise(keys[:-1]):
        city.move(source, target)
    with reverts_with(city.book, "CarbonPoint_TooManyMoves", keys[-2].address, most):
        city.announce_move(keys[-2], keys[-1])
    assert {city.book.originOf(key.address) for key in keys[:-1]} == {newcomer.address}
    assert {city.book.holderOf(key.address) for key in keys[:-1]} == {keys[-2].address}

    city.ledger.revoke(batch.id, "wrong", {"from": city.roles.authority})
    taken = city.decide(city.issuer, "revokeReductions", *batch.chunk(), [26_900])
    assert events(taken, "ReductionLowered") == [{"account": keys[-2].address, "year": 2035, "reductionMg": 26_900}]
    assert taken.gas_used < 300_000
    assert city.book.reductionOf(keys[-2].address) == 0


def test_given_an_act_before_the_move__when_credited_after__it_follows_the_book(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    third = person("third key")
    pending = city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(commuter.address, 900_000)]))
    city.move(commuter, newcomer)
    city.move(newcomer, third)
    done = city.credit(pending)
    assert events(done, "CreditFollowed") == [
        {
            "account": commuter.address,
            "holder": third.address,
            "day": TODAY,
            "reductionMg": 45_000_000,
            "pointsMilli": 380_000,
        }
    ]
    [minted] = [event for event in events(done, "Transfer") if event["from"] == "0x" + "00" * 20]
    assert (minted["to"], minted["value"]) == (third.address, 380_000)
    assert city.book.balanceOf(third.address) == 607_155
    assert city.book.reductionOf(third.address) == 71_900_000
    assert city.book.balanceOf(commuter.address) == city.book.balanceOf(newcomer.address) == 0


def test_given_an_act_after_the_move__it_stays_with_the_old_account_for_good(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    city.move(commuter, newcomer)
    later = today_in_the_east() + 1
    travel_to(later * 86_400)
    city.earn([Entry(commuter.address, 900_000), Entry(newcomer.address, 900_000)], day=later)
    assert city.book.balanceOf(commuter.address) == 380_000
    assert city.book.balanceOf(newcomer.address) == 607_155
    city.redeem(commuter, 380_000)


def test_given_a_moved_book__when_a_closed_day_names_the_new_one__it_credits_nothing(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    city.move(commuter, newcomer)
    last = today_in_the_east()
    batch = city.open(batch_of(city.roles.operator, METRO, last, [Entry(newcomer.address, 100)]))
    done = city.credit(batch)
    assert events(done, "ReductionCapped") == [
        {"account": newcomer.address, "day": last, "askedMg": 5_000, "creditedMg": 0}
    ]
    assert city.book.reductionOf(newcomer.address) == 26_900_000


def test_given_a_moved_book__what_follows_it_stays_under_the_old_accounts_cap(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    city.move(commuter, newcomer)
    for sequence in (1, 2):  # 50 kg each, 26.9 are used
        city.earn([Entry(commuter.address, 1_000_000)], day=YESTERDAY, sequence=sequence)
    assert bare(city.book.notedOf(commuter.address, YESTERDAY)) == (80_000_000, True)
    assert city.book.reductionOf(newcomer.address) == 80_000_000


def test_given_the_last_hours_of_a_year__a_move_closes_no_day_of_the_next(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    travel_to(at(2035, 12, 29, 20))
    city.announce_move(commuter, newcomer)
    travel_to(at(2035, 12, 31, 21))  # 1 January in the east
    moved = complete(city, commuter)
    assert events(moved, "AccountMoved")[0]["day"] == day(2035, 12, 31)


def test_given_an_expired_page__when_the_book_moves__it_tells_of_live_points_only(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    travel_to(at(2045, 2, 1))
    moved = city.move(commuter, newcomer)
    assert events(moved, "Transfer") == []
    assert city.book.reductionOf(newcomer.address) == 26_900_000


def test_given_a_fresh_book__when_nobody_was_credited__it_moves_without_a_long_walk(
    city: City, built: Any, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    fresh = city.roles.deployer.deploy(built.CarbonPoint, *[city.roles.operator] * 3, city.book.genesisHash())
    values = (commuter.address, newcomer.address, now() + 600)
    signatures = [sign(signer, "Move", fresh, *values[:2], 0, values[2]) for signer in (commuter, newcomer)]
    assert fresh.announceMove(*values, *signatures, {"from": city.roles.rando}).gas_used < 110_000
    travel_to(now() + MOVE_DELAY)
    assert fresh.completeMove(commuter.address, {"from": city.roles.rando}).gas_used < 150_000


def test_given_an_order_from_before__when_refunded_after__the_books_holder_gets_it(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    redeemed = city.redeem(commuter, 100_000)
    city.move(commuter, newcomer)
    refunded = city.refund(redeemed, 100_000)
    assert events(refunded, "Transfer") == [
        {"from": city.roles.merchant.address, "to": newcomer.address, "value": 100_000}
    ]
    assert city.book.balanceOf(newcomer.address) == 227_155
    assert city.book.balanceOf(commuter.address) == 0


def test_given_a_batch_of_bus_rides__when_the_account_moved__it_credits_once(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    batch = city.earn([Entry(commuter.address, 100)], methodology=BUS, day=TODAY)
    city.move(commuter, newcomer)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, 3):
        city.credit(batch)


@pytest.mark.parametrize("first", [0, 1])
def test_given_a_year_that_had_no_page_when_the_book_moved__its_days_are_closed_too(
    city: City, commuter: LocalAccount, newcomer: LocalAccount, first: int
) -> None:
    city.move(commuter, newcomer)
    act_day = day(2034, 7, 1)
    entries = [Entry(commuter.address, 1_000_000), Entry(newcomer.address, 1_000_000)]
    city.earn([entries[first]], day=act_day, sequence=1)
    city.earn([entries[1 - first]], day=act_day, sequence=2)
    city.earn([entries[0]], day=act_day, sequence=3)
    assert city.book.pageOf(newcomer.address, 2034)["reductionMg"] == 80_000_000
    assert city.book.pageOf(commuter.address, 2034)["reductionMg"] == 0
