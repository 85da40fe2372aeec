"""What a year's citizens never spent goes back to the operators that locked it, pro rata, to the last unit."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.batches import Entry, batch_of
from ..support.city import METRO, TODAY, City, person
from ..support.clock import at, day, travel_to
from ..support.reverts import reverts_with
from ..support.values import events

PRICE = 50
FOUNDED = 227_155 + 113_577  # milli-points of the first operator
RELEASE = at(2045, 4, 1)  # 90 days after 2035's points expired


@pytest.fixture
def shared(city: City, newcomer: Any) -> City:
    """A second operator's points in the same year: 42,222 beside 340,732."""
    batch = city.open(batch_of(city.roles.other_operator, METRO, TODAY, [Entry(newcomer.address, 100_000)]))
    city.credit(batch)
    assert city.vault.lockedOf(city.roles.other_operator, 2035) == 42_222
    return city


def release(city: City) -> None:
    travel_to(RELEASE)
    city.vault.releaseYear(2035, {"from": city.roles.rando})


def test_given_the_day_before__it_reverts(city: City) -> None:
    first = day(2045, 1, 1) + city.vault.RELEASE_DELAY_DAYS()
    travel_to(first * 86_400 - 60)
    with reverts_with(city.vault, "SettlementVault_NotYet", 2035, first):
        city.vault.releaseYear(2035, {"from": city.roles.rando})
    travel_to(first * 86_400)
    done = city.vault.releaseYear(2035, {"from": city.roles.rando})
    assert events(done, "YearReleased") == [{"year": 2035, "pointsMilli": FOUNDED, "amount": FOUNDED * PRICE}]


def test_given_a_released_year__it_cannot_be_released_again(city: City) -> None:
    release(city)
    with reverts_with(city.book, "CarbonPoint_YearTakenOut", 2035):
        city.vault.releaseYear(2035, {"from": city.roles.rando})


def test_given_points_spent_of_both__the_rest_is_shared_by_what_each_locked(
    shared: City,
) -> None:
    shared.redeem(person("commuter"), 100_001)
    operators = (shared.roles.operator, shared.roles.other_operator)
    before = [int(shared.vault.freeOf(who)) for who in operators]
    release(shared)
    left = (FOUNDED + 42_222 - 100_001) * PRICE
    for who in operators:
        shared.vault.releaseTo(who, 2035, {"from": shared.roles.rando})
    shares = [int(shared.vault.freeOf(who)) - free for who, free in zip(operators, before, strict=True)]
    assert shares[0] == left * FOUNDED // (FOUNDED + 42_222)
    assert sum(shares) == left


@pytest.mark.parametrize("left", [0, 1, 2, 3])
def test_given_almost_nothing_left__the_dust_goes_to_the_last(shared: City, newcomer: Any, left: int) -> None:
    shared.redeem(person("commuter"), 227_155 - left)
    shared.redeem(person("household"), 113_577, "order 2")
    shared.redeem(newcomer, 42_222, "order 3")
    operators = (shared.roles.other_operator, shared.roles.operator)
    before = sum(int(shared.vault.freeOf(who)) for who in operators)
    release(shared)
    for who in operators:
        if left:
            shared.vault.releaseTo(who, 2035, {"from": shared.roles.rando})
        else:
            with reverts_with(shared.vault, "SettlementVault_NoShare", who, 2035):
                shared.vault.releaseTo(who, 2035, {"from": shared.roles.rando})
    assert sum(int(shared.vault.freeOf(who)) for who in operators) - before == left * PRICE


def test_given_a_share__it_is_given_once_and_to_nobody_else(shared: City) -> None:
    release(shared)
    done = shared.vault.releaseTo(shared.roles.other_operator, 2035, {"from": shared.roles.rando})
    assert events(done, "ReserveReleased") == [
        {"operator": shared.roles.other_operator, "year": 2035, "amount": 42_222 * PRICE}
    ]
    for who in (shared.roles.other_operator, shared.roles.rando):
        with reverts_with(shared.vault, "SettlementVault_NoShare", who, 2035):
            shared.vault.releaseTo(who, 2035, {"from": shared.roles.rando})


def test_given_a_batch_neither_closed_nor_revoked__the_year_waits_for_its_close(city: City, newcomer: Any) -> None:
    entries = [Entry(person("guest").address, 1_000), Entry(newcomer.address, 1_000)]
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, entries))
    city.credit(batch, 0, 1)
    travel_to(RELEASE)
    with reverts_with(city.vault, "SettlementVault_BatchesOpen", 2035, 844):
        city.vault.releaseYear(2035, {"from": city.roles.rando})
    free = city.vault.freeOf(city.roles.operator)
    city.ledger.close(batch.id, {"from": city.roles.rando})
    city.vault.releaseYear(2035, {"from": city.roles.rando})
    done = city.vault.releaseTo(city.roles.operator, 2035, {"from": city.roles.rando})
    assert events(done, "ReserveReleased")[0]["amount"] == (FOUNDED + 422) * PRICE
    assert city.vault.freeOf(city.roles.operator) == free + (FOUNDED + 844) * PRICE


def test_given_a_year_that_was_not_released__nobody_has_a_share(city: City) -> None:
    with reverts_with(city.vault, "SettlementVault_NoShare", city.roles.operator, 2035):
        city.vault.releaseTo(city.roles.operator, 2035, {"from": city.roles.rando})


def test_given_points_with_merchants__their_money_is_not_released(city: City) -> None:
    travel_to(at(2044, 12, 31, 12))
    redeemed = city.redeem(person("commuter"), 227_155)
    city.dispute(person("commuter"), redeemed)
    travel_to(RELEASE)
    done = city.vault.releaseYear(2035, {"from": city.roles.rando})
    assert events(done, "YearReleased")[0]["pointsMilli"] == 113_577
    city.vault.releaseTo(city.roles.operator, 2035, {"from": city.roles.rando})
    free = sum(int(city.vault.freeOf(who)) for who in (city.roles.operator, city.roles.other_operator))
    assert city.token.balanceOf(city.vault) - free == 227_155 * PRICE
