"""One signed order: points change hands once, exactly as the citizen signed."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from ..support.batches import Entry
from ..support.city import SUSPENDED, City, Order
from ..support.clock import day, travel_to
from ..support.receipts import receipt_in
from ..support.reverts import reverts_with
from ..support.typed_data import malleable, sign
from ..support.values import bare, events

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HELD = 1
HONEST, REFUSING, REVERTING, GREEDY, MEDDLING = range(5)
NOBODY = "0x" + "00" * 20


def send(city: City, order: Order, signature: bytes) -> Any:
    return city.desk.redeem(order, signature, {"from": city.roles.rando})


def key(city: City, order: Order) -> bytes:
    return bytes(city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number))


def test_given_a_signed_order__it_moves_the_points_and_books_what_is_due(city: City, commuter: LocalAccount) -> None:
    order = city.order(commuter, 100_000)
    done = send(city, order, sign(commuter, "Order", city.desk, *order))
    today = done.timestamp // 86_400
    assert bytes(done.return_value) == key(city, order)
    assert city.book.balanceOf(commuter.address) == 127_155
    assert city.book.heldOf(city.roles.merchant) == 100_000
    assert city.desk.isUsed(order.merchant, order.citizen, order.order_number)
    assert bare(city.desk.orderOf(*receipt_in(done))) == (HELD, 100_000, 0, today, today)
    assert bare(city.desk.dueOf(city.roles.merchant, today)) == (100_000, 5_000_000)
    assert events(done, "OrderRedeemed") == [
        {
            "key": "0x" + key(city, order).hex(),
            "citizen": commuter.address,
            "merchant": city.roles.merchant,
            "orderNumber": "0x" + order.order_number.hex(),
            "pointsMilli": 100_000,
            "value": 5_000_000,
            "terms": "0x" + order.terms.hex(),
            "offer": "0x" + "00" * 32,
            "parts": ((2035, 100_000),),
        }
    ]
    assert events(done, "Transfer") == [{"from": commuter.address, "to": city.roles.merchant, "value": 100_000}]


def test_given_points_of_two_years__it_values_each_at_its_years_price(city: City, commuter: LocalAccount) -> None:
    city.earn([Entry(commuter.address, 900_000)], day=day(2034, 7, 1))
    done = city.redeem(commuter, 400_000)
    assert events(done, "OrderRedeemed")[0]["value"] == 380_000 * 40 + 20_000 * 50


def test_given_an_order_past_its_expiry__it_reverts(city: City, commuter: LocalAccount) -> None:
    order = city.order(commuter, 1)
    signature = sign(commuter, "Order", city.desk, *order)
    travel_to(order.expiry + 1)
    with reverts_with(city.desk, "RedemptionDesk_OrderExpired", key(city, order), order.expiry):
        send(city, order, signature)


def test_given_an_order_for_nothing__it_reverts(city: City, commuter: LocalAccount) -> None:
    order = city.order(commuter, 0)
    with reverts_with(city.desk, "RedemptionDesk_NoPoints", key(city, order)):
        send(city, order, sign(commuter, "Order", city.desk, *order))


def test_given_an_order_number_that_is_used__it_reverts_for_that_citizen(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    city.redeem(household, 1)
    city.redeem(commuter, 1_000)
    for citizen in (commuter, household):
        order = city.order(citizen, 2_000)
        with reverts_with(city.desk, "RedemptionDesk_OrderUsed", key(city, order)):
            send(city, order, sign(citizen, "Order", city.desk, *order))
    assert city.book.heldOf(city.roles.merchant) == 1_001


def test_given_an_order_that_the_citizen_cancelled__it_reverts(city: City, commuter: LocalAccount) -> None:
    order = city.order(commuter, 1_000)
    done = city.cancel(commuter, order)
    assert events(done, "OrderCancelled") == [
        {
            "key": "0x" + key(city, order).hex(),
            "citizen": commuter.address,
            "merchant": order.merchant,
            "orderNumber": "0x" + order.order_number.hex(),
        }
    ]
    with reverts_with(city.desk, "RedemptionDesk_OrderUsed", key(city, order)):
        send(city, order, sign(commuter, "Order", city.desk, *order))
    with reverts_with(city.desk, "RedemptionDesk_OrderUsed", key(city, order)):
        city.cancel(commuter, order)


def test_given_a_stranger__it_cancels_nobodys_order(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    order = city.order(commuter, 1_000)
    values = (commuter.address, order.merchant, order.order_number)
    bad = {
        "none": b"",
        "another's": sign(household, "Cancel", city.desk, *values),
        "another order's": sign(commuter, "Cancel", city.desk, *values[:2], b"\1" * 32),
        "an order": sign(commuter, "Order", city.desk, *order),
        "malleable": malleable(sign(commuter, "Cancel", city.desk, *values)),
        "another chain": sign(commuter, "Cancel", city.desk, *values, chainId=1),
    }
    for signature in bad.values():
        with reverts_with(city.desk, "RedemptionDesk_BadSignature", key(city, order), commuter.address):
            city.desk.cancelOrder(*values, signature, {"from": city.roles.rando})
    send(city, order, sign(commuter, "Order", city.desk, *order))


def test_given_an_order_that_was_refunded__its_number_stays_used(city: City, commuter: LocalAccount) -> None:
    city.refund(city.redeem(commuter, 1_000), 1_000)
    order = city.order(commuter, 1_000)
    with reverts_with(city.desk, "RedemptionDesk_OrderUsed", key(city, order)):
        send(city, order, sign(commuter, "Order", city.desk, *order))


def test_given_another_merchant__the_same_number_is_another_order(city: City, commuter: LocalAccount) -> None:
    city.admit(city.roles.rando)
    city.redeem(commuter, 1_000)
    city.redeem(commuter, 1_000, merchant=city.roles.rando.address)
    assert city.book.heldOf(city.roles.rando) == 1_000


@pytest.mark.parametrize("standing", [0, SUSPENDED])
def test_given_a_merchant_that_is_not_active__it_reverts(city: City, commuter: LocalAccount, standing: int) -> None:
    merchant = city.roles.merchant if standing else city.roles.rando
    if standing:
        city.operators.suspendMerchant(merchant, "", {"from": city.roles.operator})
    with reverts_with(city.operators, "OperatorRegistry_MerchantNotActive", merchant, standing):
        city.redeem(commuter, 1_000, merchant=merchant.address)


@pytest.mark.parametrize(
    "changed",
    [
        {"citizen": "household"},
        {"merchant": "rando"},
        {"order_number": keccak(b"order 2")},
        {"points_milli": 1_001},
        {"expiry": 5_000_000_000},
        {"terms": keccak(b"two cups of tea")},
        {"offer": keccak(b"offer 1")},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_given_an_order_altered_after_signing__it_reverts(
    city: City, commuter: LocalAccount, household: LocalAccount, changed: dict[str, Any]
) -> None:
    city.admit(city.roles.rando)
    order = city.order(commuter, 1_000)
    signature = sign(commuter, "Order", city.desk, *order)
    names = {"household": household.address, "rando": city.roles.rando.address}
    altered = order._replace(**{name: names.get(value, value) for name, value in changed.items()})
    with reverts_with(city.desk, "RedemptionDesk_BadSignature", key(city, altered), altered.citizen):
        send(city, altered, signature)


@pytest.mark.parametrize(
    "domain",
    [
        {"chainId": 1},
        {"salt": keccak(b"another genesis")},
        {"version": "2"},
        {"name": "Carbonbook"},
        {"verifyingContract": "0x" + "11" * 20},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_given_a_signature_for_another_domain__it_reverts(
    city: City, commuter: LocalAccount, domain: dict[str, Any]
) -> None:
    order = city.order(commuter, 1_000)
    with reverts_with(city.desk, "RedemptionDesk_BadSignature", key(city, order), commuter.address):
        send(city, order, sign(commuter, "Order", city.desk, *order, **domain))


@pytest.mark.parametrize("fault", ["merchant signed", "cut short", "empty", "malleable"])
def test_given_a_bad_signature__it_reverts(
    city: City, commuter: LocalAccount, household: LocalAccount, fault: str
) -> None:
    order = city.order(commuter, 1_000)
    good = sign(commuter, "Order", city.desk, *order)
    r, s, v = good[:32], int.from_bytes(good[32:64]), good[64]
    bad = {
        "merchant signed": sign(household, "Order", city.desk, *order),
        "cut short": good[:64],
        "empty": b"",
        "malleable": r + (CURVE_ORDER - s).to_bytes(32) + bytes([55 - v]),
    }[fault]
    with reverts_with(city.desk, "RedemptionDesk_BadSignature", key(city, order), commuter.address):
        send(city, order, bad)


def test_given_nobody_as_citizen__it_reverts(city: City, commuter: LocalAccount) -> None:
    order = city.order(commuter, 1_000, citizen=NOBODY)
    with reverts_with(city.desk, "RedemptionDesk_BadSignature", key(city, order), NOBODY):
        send(city, order, b"\x11" * 64 + b"\x1b")


@pytest.fixture
def wallet(city: City, built: Any, newcomer: LocalAccount) -> Any:
    """A contract that stands for a citizen, with 380 points."""
    made = city.roles.rando.deploy(built.Wallet__MockForSigner, newcomer.address)
    city.earn([Entry(made.address, 900_000)])
    return made


def test_given_a_contract_as_citizen__when_its_owner_signed__it_spends(
    city: City, wallet: Any, newcomer: LocalAccount
) -> None:
    city.redeem(newcomer, 1_000, citizen=wallet.address)
    assert city.book.balanceOf(wallet) == 379_000


@pytest.mark.parametrize("mood", [REFUSING, REVERTING])
def test_given_a_contract_as_citizen__when_it_says_no__it_reverts(
    city: City, wallet: Any, newcomer: LocalAccount, mood: int
) -> None:
    wallet.setMood(mood, NOBODY, b"", {"from": city.roles.rando})
    order = city.order(newcomer, 1_000, citizen=wallet.address)
    with reverts_with(city.desk, "RedemptionDesk_BadSignature", key(city, order), wallet):
        send(city, order, sign(newcomer, "Order", city.desk, *order))


def test_given_a_contract_as_citizen__when_it_reenters_while_asked__it_spends_once(
    city: City, wallet: Any, newcomer: LocalAccount
) -> None:
    second = city.order(newcomer, 2_000, "order 2", citizen=wallet.address)
    inner = city.desk.redeem.encode_input(second, sign(newcomer, "Order", city.desk, *second))
    wallet.setMood(MEDDLING, city.desk, inner, {"from": city.roles.rando})
    city.redeem(newcomer, 1_000, citizen=wallet.address)  # would be refused if the inner call had got through
    assert city.book.balanceOf(wallet) == 379_000
    assert not city.desk.isUsed(second.merchant, second.citizen, second.order_number)


def test_given_a_pause__it_reverts_until_the_authority_ends_it(city: City, commuter: LocalAccount) -> None:
    city.desk.pause({"from": city.roles.guardian})
    with reverts_with(city.desk, "EnforcedPause"):
        city.redeem(commuter, 1_000)
    city.desk.unpause({"from": city.roles.authority})
    city.redeem(commuter, 1_000)


def test_given_a_suspended_operator__what_citizens_hold_is_still_spent(city: City, commuter: LocalAccount) -> None:
    city.operators.setOperatorStanding(city.roles.operator, SUSPENDED, "", {"from": city.roles.authority})
    city.redeem(commuter, 227_155)
    assert city.book.heldOf(city.roles.merchant) == 227_155
