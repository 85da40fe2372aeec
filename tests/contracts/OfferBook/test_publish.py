"""A merchant makes an offer, adds to its stock, ends it."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from ..support.city import ACTIVE, SUSPENDED, City
from ..support.clock import now
from ..support.reverts import reverts_with
from ..support.values import bare, events

NUMBER = keccak(b"offer 1")
NOTHING = ((0, 0, 0, 0, 0, "0x" + "00" * 32), 0, False)
PRICE, STOCK, PER_CITIZEN, FROM, TO, TERMS = range(6)


def terms(**changed: int) -> tuple[int | bytes, ...]:
    """Three cups of tea at five points, one a citizen, for an hour."""
    values = {"price": 5_000, "stock": 3, "per_citizen": 1, "start": now(), "end": now() + 3_600} | changed
    return (*values.values(), keccak(b"one cup of tea"))


def test_given_a_merchant__it_publishes_an_offer(city: City) -> None:
    offered = terms()
    done = city.offers.publish(NUMBER, offered, {"from": city.roles.merchant})
    readable = (*offered[:TERMS], "0x" + keccak(b"one cup of tea").hex())
    assert bare(city.offers.offerOf(city.roles.merchant, NUMBER)) == (readable, 0, False)
    assert events(done, "OfferPublished") == [
        {"merchant": city.roles.merchant, "number": "0x" + NUMBER.hex(), "terms": readable}
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"price": 0},
        {"stock": 0},
        {"end": 1},
        {"start": 2**40 - 1},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_given_terms_that_nobody_could_take__it_reverts(city: City, changed: dict[str, int]) -> None:
    with reverts_with(city.offers, "OfferBook_Incomplete", city.roles.merchant, NUMBER):
        city.offers.publish(NUMBER, terms(**changed), {"from": city.roles.merchant})


def test_given_the_number_that_stands_for_no_offer__it_reverts(city: City) -> None:
    with reverts_with(city.offers, "OfferBook_Incomplete", city.roles.merchant, bytes(32)):
        city.offers.publish(bytes(32), terms(), {"from": city.roles.merchant})


def test_given_a_number_that_is_used__it_reverts_though_the_offer_ended(city: City) -> None:
    city.offers.publish(NUMBER, terms(), {"from": city.roles.merchant})
    city.offers.end(NUMBER, {"from": city.roles.merchant})
    with reverts_with(city.offers, "OfferBook_Published", city.roles.merchant, NUMBER):
        city.offers.publish(NUMBER, terms(price=1), {"from": city.roles.merchant})


def test_given_two_merchants__each_has_numbers_of_its_own(city: City) -> None:
    city.admit(city.roles.rando)
    city.offers.publish(NUMBER, terms(), {"from": city.roles.merchant})
    city.offers.publish(NUMBER, terms(price=7_000), {"from": city.roles.rando})
    prices = [city.offers.offerOf(who, NUMBER)[0][PRICE] for who in (city.roles.merchant, city.roles.rando)]
    assert prices == [5_000, 7_000]


@pytest.mark.parametrize("standing", [0, SUSPENDED])
def test_given_no_active_merchant__it_offers_nothing_and_adds_nothing(city: City, standing: int) -> None:
    who = city.roles.merchant if standing else city.roles.rando
    if standing:
        city.offers.publish(NUMBER, terms(), {"from": who})
        city.operators.setMerchantStanding(who, standing, "", {"from": city.roles.authority})
    with reverts_with(city.operators, "OperatorRegistry_MerchantNotActive", who, standing):
        city.offers.publish(keccak(b"offer 2"), terms(), {"from": who})
    with reverts_with(city.operators, "OperatorRegistry_MerchantNotActive", who, standing):
        city.offers.addStock(NUMBER, 1, {"from": who})


def test_given_an_offer__its_stock_grows(city: City) -> None:
    city.offers.publish(NUMBER, terms(), {"from": city.roles.merchant})
    done = city.offers.addStock(NUMBER, 4, {"from": city.roles.merchant})
    assert city.offers.offerOf(city.roles.merchant, NUMBER)[0][STOCK] == 7
    assert events(done, "StockAdded") == [
        {"merchant": city.roles.merchant, "number": "0x" + NUMBER.hex(), "added": 4, "stock": 7}
    ]


def test_given_more_items_than_can_be_counted__it_reverts(city: City) -> None:
    city.offers.publish(NUMBER, terms(), {"from": city.roles.merchant})
    with reverts_with(city.offers, "SafeCastOverflowedUintDowncast", 32, 2**32 + 2):
        city.offers.addStock(NUMBER, 2**32 - 1, {"from": city.roles.merchant})


def test_given_no_such_offer__it_neither_grows_nor_ends(city: City) -> None:
    with reverts_with(city.offers, "OfferBook_Unknown", city.roles.merchant, NUMBER):
        city.offers.addStock(NUMBER, 1, {"from": city.roles.merchant})
    with reverts_with(city.offers, "OfferBook_Unknown", city.roles.merchant, NUMBER):
        city.offers.end(NUMBER, {"from": city.roles.merchant})


def test_given_an_offer__its_merchant_ends_it_suspended_or_not_and_only_once(city: City) -> None:
    city.offers.publish(NUMBER, terms(), {"from": city.roles.merchant})
    city.operators.setMerchantStanding(city.roles.merchant, SUSPENDED, "", {"from": city.roles.authority})
    done = city.offers.end(NUMBER, {"from": city.roles.merchant})
    assert events(done, "OfferEnded") == [{"merchant": city.roles.merchant, "number": "0x" + NUMBER.hex()}]
    with reverts_with(city.offers, "OfferBook_Ended", city.roles.merchant, NUMBER):
        city.offers.end(NUMBER, {"from": city.roles.merchant})
    city.operators.setMerchantStanding(city.roles.merchant, ACTIVE, "", {"from": city.roles.authority})
    with reverts_with(city.offers, "OfferBook_Ended", city.roles.merchant, NUMBER):
        city.offers.addStock(NUMBER, 1, {"from": city.roles.merchant})


def test_given_no_offer__it_is_all_zero(city: City) -> None:
    assert bare(city.offers.offerOf(city.roles.merchant, NUMBER)) == NOTHING
