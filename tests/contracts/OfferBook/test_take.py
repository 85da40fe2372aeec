"""An order that names an offer takes one item of it, at its price, in its time, while there is one; a refund gives it back."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from ..support.city import City, Order
from ..support.clock import now, travel_to
from ..support.reverts import error_data, reverts_with
from ..support.typed_data import sign
from ..support.values import bare, events

NUMBER = keccak(b"offer 1")
TERMS = keccak(b"one cup of tea")
PRICE, STOCK = 5_000, 3


@pytest.fixture
def offer(city: City) -> tuple[str, bytes]:
    """Three cups of tea at five points, two a citizen, from in an hour on for an hour."""
    terms = (PRICE, STOCK, 2, now() + 3_600, now() + 7_200, TERMS)
    city.offers.publish(NUMBER, terms, {"from": city.roles.merchant})
    return city.roles.merchant.address, NUMBER


@pytest.fixture
def open_offer(offer: tuple[str, bytes]) -> tuple[str, bytes]:
    travel_to(now() + 3_600)
    return offer


def buy(city: City, citizen: LocalAccount, number: str = "order 1", **changed: Any) -> Any:
    return city.redeem(citizen, changed.pop("points", PRICE), number, offer=NUMBER, **changed)


def taken(city: City) -> int:
    return int(city.offers.offerOf(city.roles.merchant, NUMBER)[1])


def test_given_an_open_offer__an_order_takes_one_item(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount
) -> None:
    done = buy(city, commuter)
    assert taken(city) == 1
    assert city.offers.takenOf(*open_offer, commuter.address) == 1
    assert events(done, "ItemTaken") == [
        {
            "merchant": city.roles.merchant,
            "number": "0x" + NUMBER.hex(),
            "citizen": commuter.address,
            "left": STOCK - 1,
        }
    ]
    assert events(done, "OrderRedeemed")[0]["offer"] == "0x" + NUMBER.hex()


def test_given_an_order_without_an_offer__no_item_is_taken(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount
) -> None:
    city.redeem(commuter, PRICE)
    assert taken(city) == 0


def test_given_an_offer_before_and_after_its_time__it_reverts(
    city: City, offer: tuple[str, bytes], commuter: LocalAccount
) -> None:
    start, end = bare(city.offers.offerOf(*offer))[0][3:5]
    with reverts_with(city.offers, "OfferBook_NotOpen", *offer, start, end):
        buy(city, commuter)
    travel_to(end - 300)
    buy(city, commuter)
    travel_to(end + 1)
    with reverts_with(city.offers, "OfferBook_NotOpen", *offer, start, end):
        buy(city, commuter, "order 2")


@pytest.mark.parametrize("points", [PRICE - 1, PRICE + 1])
def test_given_another_price_than_the_offers__it_reverts(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount, points: int
) -> None:
    with reverts_with(city.offers, "OfferBook_PriceDiffers", *open_offer, PRICE, points):
        buy(city, commuter, points=points)


def test_given_other_terms_than_the_offers__it_reverts(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount
) -> None:
    other = keccak(b"half a cup")
    with reverts_with(city.offers, "OfferBook_TermsDiffer", *open_offer, TERMS, other):
        buy(city, commuter, terms=other)


def test_given_an_offer_of_another_merchant__it_reverts(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount
) -> None:
    city.admit(city.roles.rando)
    with reverts_with(city.offers, "OfferBook_Unknown", city.roles.rando, NUMBER):
        buy(city, commuter, merchant=city.roles.rando.address)


def test_given_an_ended_offer__it_reverts_though_the_order_was_signed_before(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount
) -> None:
    order = city.order(commuter, PRICE, offer=NUMBER)
    signature = sign(commuter, "Order", city.desk, *order)
    city.offers.end(NUMBER, {"from": city.roles.merchant})
    with reverts_with(city.offers, "OfferBook_Ended", *open_offer):
        city.desk.redeem(order, signature, {"from": city.roles.rando})


def test_given_a_citizen_at_its_limit__it_reverts_for_it_alone(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount, household: LocalAccount
) -> None:
    for number in ("order 1", "order 2"):
        buy(city, commuter, number)
    with reverts_with(city.offers, "OfferBook_CitizenLimit", *open_offer, commuter.address, 2):
        buy(city, commuter, "order 3")
    buy(city, household, "order 3")


def test_given_an_offer_without_a_limit__nobody_is_counted(city: City, commuter: LocalAccount) -> None:
    city.offers.publish(NUMBER, (PRICE, STOCK, 0, 0, now() + 3_600, TERMS), {"from": city.roles.merchant})
    for number in range(STOCK):
        buy(city, commuter, f"order {number}")
    assert city.offers.takenOf(city.roles.merchant, NUMBER, commuter.address) == 0
    with reverts_with(city.offers, "OfferBook_SoldOut", city.roles.merchant, NUMBER, STOCK):
        buy(city, commuter, "order 3")


def test_given_a_race_for_the_last_item__one_wins_and_the_others_keep_their_points(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount, household: LocalAccount
) -> None:
    for number in ("order 1", "order 2"):
        buy(city, commuter, number)
    orders: list[Order] = []
    signatures = []
    for number in range(10):
        citizen = (household, commuter)[number % 2]
        orders.append(city.order(citizen, PRICE, f"racer {number}", offer=NUMBER))
        signatures.append(sign(citizen, "Order", city.desk, *orders[-1]))
    points = [int(city.book.balanceOf(who.address)) for who in (household, commuter)]
    done = city.desk.redeemBatch(orders, signatures, {"from": city.roles.rando})
    assert [event["orderNumber"] for event in events(done, "OrderRedeemed")] == ["0x" + orders[0].order_number.hex()]
    sold_out = error_data(city.offers, "OfferBook_SoldOut", *open_offer, STOCK)
    assert [event["reason"] for event in events(done, "OrderRefused")] == [sold_out] * 9
    assert taken(city) == STOCK
    assert [int(city.book.balanceOf(who.address)) for who in (household, commuter)] == [points[0] - PRICE, points[1]]


def test_given_an_item_but_too_few_points__the_item_stays(
    city: City, open_offer: tuple[str, bytes], newcomer: LocalAccount
) -> None:
    with reverts_with(city.book, "CarbonPoint_TooFewPoints", newcomer.address, 0, PRICE):
        buy(city, newcomer)
    assert taken(city) == 0
    assert city.offers.takenOf(*open_offer, newcomer.address) == 0


def test_given_a_refund_of_all_of_it__the_item_can_be_taken_again(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount
) -> None:
    first = buy(city, commuter)
    buy(city, commuter, "order 2")
    city.refund(first, PRICE - 1)
    assert taken(city) == 2
    done = city.refund(first, 1)
    assert taken(city) == 1
    assert events(done, "ItemGivenBack") == [
        {"merchant": city.roles.merchant, "number": "0x" + NUMBER.hex(), "citizen": commuter.address, "left": 2}
    ]
    buy(city, commuter, "order 3")
    assert city.offers.takenOf(*open_offer, commuter.address) == 2


def test_given_a_dispute_won_by_the_citizen__the_item_is_given_back(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount
) -> None:
    done = buy(city, commuter)
    city.dispute(commuter, done)
    assert taken(city) == 1
    city.resolve(done, PRICE)
    assert taken(city) == 0


def test_given_an_offer_without_a_limit__when_one_is_refunded__it_is_on_offer_again(
    city: City, commuter: LocalAccount
) -> None:
    terms = (PRICE, STOCK, 0, now(), now() + 3_600, TERMS)
    city.offers.publish(NUMBER, terms, {"from": city.roles.merchant})
    first = buy(city, commuter)
    buy(city, commuter, "order 2")
    city.refund(first, PRICE)
    assert taken(city) == 1
    assert (
        city.offers.takenOf(city.roles.merchant, NUMBER, commuter.address) == 0
    )  # nobody counts where there is no limit


def test_given_a_refund_after_the_offer_ended__nobody_can_take_the_item(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount
) -> None:
    done = buy(city, commuter)
    city.offers.end(NUMBER, {"from": city.roles.merchant})
    city.refund(done, PRICE)
    assert taken(city) == 0
    with reverts_with(city.offers, "OfferBook_Ended", *open_offer):
        buy(city, commuter, "order 2")


@pytest.mark.parametrize("caller", ["merchant", "authority", "operator", "rando"])
def test_given_another_caller_than_the_desk__it_takes_and_gives_nothing(
    city: City, open_offer: tuple[str, bytes], commuter: LocalAccount, caller: str
) -> None:
    sender = getattr(city.roles, caller)
    with reverts_with(city.offers, "OfferBook_NotDesk", sender):
        city.offers.take(*open_offer, commuter.address, PRICE, TERMS, {"from": sender})
    with reverts_with(city.offers, "OfferBook_NotDesk", sender):
        city.offers.giveBack(*open_offer, commuter.address, {"from": sender})
