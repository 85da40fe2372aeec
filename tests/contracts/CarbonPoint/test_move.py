"""A citizen takes the whole book along, from custody to an own key: both sign, anyone sends."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from ..support.batches import Entry, batch_of
from ..support.city import BUS, METRO, TODAY, YESTERDAY, City, person
from ..support.clock import at, day, now, travel_to
from ..support.reverts import reverts_with
from ..support.typed_data import sign
from ..support.values import events

PEAK_CLOSED = 2**56 - 1


def test_given_both_signatures__it_takes_points_and_reduction_along(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    moved = city.move(commuter, newcomer)
    assert tuple(city.book.pageOf(newcomer.address, 2035)) == (
        227_155,
        26_900_000,
        YESTERDAY,
        26_900_000,
        PEAK_CLOSED,
    )
    assert tuple(city.book.pageOf(commuter.address, 2035)) == (0, 0, YESTERDAY, 26_900_000, 0)
    assert city.book.movedTo(commuter.address) == newcomer.address
    assert events(moved, "AccountMoved") == [{"from": commuter.address, "to": newcomer.address}]
    assert events(moved, "Transfer") == [{"from": commuter.address, "to": newcomer.address, "value": 227_155}]
    assert city.book.totalSupply() == 340_732


def test_given_both_signatures__when_the_book_has_several_years__it_takes_every_page_along(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    city.earn([Entry(commuter.address, 900_000)], day=day(2034, 7, 1))
    city.move(commuter, newcomer)
    assert city.book.pageOf(newcomer.address, 2034)["pointsMilli"] == 380_000
    assert city.book.balanceOf(newcomer.address) == 607_155
    assert city.book.reductionOf(newcomer.address) == 71_900_000
    assert city.book.reductionOf(commuter.address) == 0


def test_given_the_deadline_has_passed__it_reverts(city: City, commuter: LocalAccount, newcomer: LocalAccount) -> None:
    deadline = now() - 1
    with reverts_with(city.book, "CarbonPoint_MoveExpired", deadline):
        city.move(commuter, newcomer, deadline)


@pytest.mark.parametrize("missing", ["from", "to"])
def test_given_a_missing_signature__it_reverts(
    city: City, commuter: LocalAccount, newcomer: LocalAccount, household: LocalAccount, missing: str
) -> None:
    values = (commuter.address, newcomer.address, now() + 600)
    signers = {"from": commuter, "to": newcomer} | {missing: household}
    signatures = [sign(signer, "Move", city.book, *values) for signer in signers.values()]
    blamed = commuter if missing == "from" else newcomer
    with reverts_with(city.book, "CarbonPoint_BadSignature", blamed.address):
        city.book.move(*values, *signatures, {"from": city.roles.rando})


@pytest.mark.parametrize("altered", ["target", "deadline"])
def test_given_signatures_over_something_else__it_reverts(
    city: City, commuter: LocalAccount, newcomer: LocalAccount, household: LocalAccount, altered: str
) -> None:
    signed = (commuter.address, newcomer.address, now() + 600)
    sent = {
        "target": (commuter.address, household.address, signed[2]),
        "deadline": (commuter.address, newcomer.address, signed[2] + 1),
    }[altered]
    signatures = [sign(signer, "Move", city.book, *signed) for signer in (commuter, newcomer)]
    with reverts_with(city.book, "CarbonPoint_BadSignature", commuter.address):
        city.book.move(*sent, *signatures, {"from": city.roles.rando})


def test_given_the_same_account_twice__it_reverts(city: City, commuter: LocalAccount) -> None:
    with reverts_with(city.book, "CarbonPoint_CannotMove", commuter.address, commuter.address):
        city.move(commuter, commuter)


def test_given_a_target_with_a_page__it_reverts(city: City, commuter: LocalAccount, household: LocalAccount) -> None:
    with reverts_with(city.book, "CarbonPoint_BookNotEmpty", household.address, 2035):
        city.move(commuter, household)


def test_given_the_book_moved_before__when_it_should_go_elsewhere__it_reverts(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    elsewhere = person("second phone")
    city.move(commuter, newcomer)
    with reverts_with(city.book, "CarbonPoint_CannotMove", commuter.address, elsewhere.address):
        city.move(commuter, elsewhere)


def test_given_the_book_moved_before__when_it_should_come_back__it_reverts(city: City, newcomer: LocalAccount) -> None:
    custody = person("custody account without a page")
    city.move(custody, newcomer)
    with reverts_with(city.book, "CarbonPoint_CannotMove", newcomer.address, custody.address):
        city.move(newcomer, custody)


def test_given_three_empty_accounts__when_they_move_in_a_circle__it_reverts_at_the_last(
    city: City, newcomer: LocalAccount
) -> None:
    second, third = person("second key"), person("third key")
    city.move(newcomer, second)
    city.move(second, third)
    with reverts_with(city.book, "CarbonPoint_CannotMove", third.address, newcomer.address):
        city.move(third, newcomer)


def test_given_two_people_with_empty_books__when_both_move_to_one_account__it_reverts_at_the_second(
    city: City, newcomer: LocalAccount
) -> None:
    other, pool = person("second citizen"), person("pool")
    city.move(newcomer, pool)
    with reverts_with(city.book, "CarbonPoint_CannotMove", other.address, pool.address):
        city.move(other, pool)


def test_given_a_book_that_moved_as_often_as_it_can__it_reverts_and_its_reduction_can_still_be_taken_back(
    city: City, newcomer: LocalAccount
) -> None:
    batch = city.earn([Entry(newcomer.address, 1000)], methodology=BUS)
    most = int(city.book.MAX_MOVES())
    keys = [newcomer, *(person(f"key {number}") for number in range(most + 1))]
    for source, target in pairwise(keys[:-1]):
        city.move(source, target)
    with reverts_with(city.book, "CarbonPoint_TooManyMoves", keys[-2].address, most):
        city.move(keys[-2], keys[-1])

    city.ledger.revoke(batch.id, "wrong", {"from": city.roles.authority})
    taken = city.decide(city.issuer, "revokeReductions", *batch.chunk(), [26_900])
    assert events(taken, "ReductionLowered") == [{"account": keys[-2].address, "year": 2035, "reductionMg": 26_900}]
    assert taken.gas_used < 300_000
    assert city.book.reductionOf(keys[-2].address) == 0


def test_given_a_batch_attested_before__when_it_is_credited_after__it_reaches_the_old_account_and_moves_along_later(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    pending = city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(commuter.address, 900_000)]))
    city.move(commuter, newcomer)
    city.credit(pending)
    assert city.book.balanceOf(commuter.address) == 380_000
    city.move(commuter, newcomer)
    assert city.book.balanceOf(commuter.address) == 0
    assert city.book.balanceOf(newcomer.address) == 607_155
    assert city.book.reductionOf(newcomer.address) == 71_900_000


def test_given_the_book_moved_on_twice__when_the_first_has_stragglers__it_takes_them_step_by_step(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    third = person("third key")
    pending = city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(commuter.address, 900_000)]))
    city.move(commuter, newcomer)
    city.move(newcomer, third)
    city.credit(pending)
    city.move(commuter, newcomer)
    city.move(newcomer, third)
    assert city.book.balanceOf(third.address) == 607_155


def test_given_a_moved_book__when_a_late_batch_names_the_new_account__it_credits_nothing(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    city.move(commuter, newcomer)
    batch = city.open(batch_of(city.roles.operator, METRO, YESTERDAY - 1, [Entry(newcomer.address, 100)]))
    done = city.credit(batch)
    assert events(done, "ReductionCapped") == [
        {
            "account": newcomer.address,
            "day": YESTERDAY - 1,
            "askedMg": 5_000,
            "creditedMg": 0,
        }
    ]


def test_given_a_moved_book__when_both_accounts_are_credited_for_its_latest_day__it_keeps_each_under_the_cap(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    city.move(commuter, newcomer)
    entries = [Entry(commuter.address, 1_000_000), Entry(newcomer.address, 1_000_000)]  # 50 kg each, 26.9 are used
    city.earn(entries, day=YESTERDAY)
    assert city.book.pageOf(commuter.address, 2035)["todayMg"] == 76_900_000
    assert city.book.pageOf(newcomer.address, 2035)["todayMg"] == 76_900_000


def test_given_an_expired_page__when_the_book_moves__it_tells_of_live_points_only(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    travel_to(at(2045, 2, 1))
    moved = city.move(commuter, newcomer)
    assert events(moved, "Transfer") == []
    assert city.book.reductionOf(newcomer.address) == 26_900_000


def test_given_a_fresh_book__when_nobody_was_ever_credited__it_moves_without_walking_through_the_centuries(
    city: City, built: Any, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    fresh = city.roles.deployer.deploy(built.CarbonPoint, *[city.roles.operator] * 3, city.book.genesisHash())
    values = (commuter.address, newcomer.address, now() + 600)
    signatures = [sign(signer, "Move", fresh, *values) for signer in (commuter, newcomer)]
    assert fresh.move(*values, *signatures, {"from": city.roles.rando}).gas_used < 150_000


def test_given_a_contract_account__when_it_says_yes__it_takes_its_book_along(
    city: City, built: Any, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    wallet = city.roles.rando.deploy(built.Wallet__MockForSigner, newcomer.address)
    values = (commuter.address, wallet.address, now() + 600)
    signatures = [sign(signer, "Move", city.book, *values) for signer in (commuter, newcomer)]
    city.book.move(*values, *signatures, {"from": city.roles.rando})
    assert city.book.balanceOf(wallet) == 227_155


def test_given_a_sent_move__when_it_is_sent_again_before_its_deadline__it_changes_nothing_more(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    deadline = now() + 600
    city.move(commuter, newcomer, deadline)
    before = tuple(city.book.pageOf(newcomer.address, 2035))
    again = city.move(commuter, newcomer, deadline)
    assert tuple(city.book.pageOf(newcomer.address, 2035)) == before
    assert events(again, "Transfer") == []


def test_given_an_order_from_before__when_it_is_refunded_after__it_comes_back_to_the_old_account_and_moves_along(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    redeemed = city.redeem(commuter, 100_000)
    city.move(commuter, newcomer)
    city.refund(redeemed, 100_000)
    assert city.book.balanceOf(commuter.address) == 100_000
    city.move(commuter, newcomer)
    assert city.book.balanceOf(newcomer.address) == 227_155


def test_given_a_batch_of_bus_rides__when_the_account_moved_in_between__it_does_not_credit_twice(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    batch = city.earn([Entry(commuter.address, 100)], methodology=BUS, day=TODAY)
    city.move(commuter, newcomer)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, 3):
        city.credit(batch)
