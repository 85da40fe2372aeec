"""Faults and attacks on redemption and settlement, F33 to F41 of the list of faults, each with the loss that remains: none."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from ..support.city import PRICES, City
from ..support.clock import now, travel_to
from ..support.receipts import receipt_in
from ..support.reverts import error_data, reverts_with
from ..support.typed_data import malleable, sign
from ..support.values import bare, events

PRICE = PRICES[2035]


def day_of(transaction: Any) -> int:
    return int(transaction.timestamp // 86_400)


def test_f33_replayed_vouchers__none_of_them_is_taken(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    order = city.order(commuter, 1_000)
    good = sign(commuter, "Order", city.desk, *order)
    past = order._replace(expiry=now() - 1)
    unsigned = {
        "another chain": sign(commuter, "Order", city.desk, *order, chainId=1),
        "a chain deployed anew": sign(commuter, "Order", city.desk, *order, salt=keccak(b"another genesis")),
        "another contract": sign(commuter, "Order", city.desk, *order, verifyingContract=city.book.address),
        "another user": sign(household, "Order", city.desk, *order),
        "malleable": malleable(good),
        "a dispute": sign(commuter, "Dispute", city.desk, *order[:3], order.terms, order.expiry),
    }
    orders = [*(order for _ in unsigned), past, order, order]
    signatures = [*unsigned.values(), sign(commuter, "Order", city.desk, *past), good, good]
    done = city.desk.redeemBatch(orders, signatures, {"from": city.roles.rando})
    key = bytes(city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number))
    assert [event["reason"] for event in events(done, "OrderRefused")] == [
        *(error_data(city.desk, "RedemptionDesk_BadSignature", key, commuter.address) for _ in unsigned),
        error_data(city.desk, "RedemptionDesk_OrderExpired", key, past.expiry),
        error_data(city.desk, "RedemptionDesk_OrderUsed", key),
    ]
    assert city.book.balanceOf(commuter.address) == 227_155 - 1_000


def test_f33_replayed_disputes__none_of_them_is_taken(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    redeemed = city.redeem(commuter, 1_000)
    receipt, proof = receipt_in(redeemed)
    values = (*receipt[:3], keccak(b"cold tea"), now() + 600)
    key = bytes(redeemed.events["OrderRedeemed"]["key"])
    good = sign(commuter, "Dispute", city.desk, *values)
    bad = {
        "another chain": sign(commuter, "Dispute", city.desk, *values, chainId=1),
        "a chain deployed anew": sign(commuter, "Dispute", city.desk, *values, salt=keccak(b"another genesis")),
        "another contract": sign(commuter, "Dispute", city.desk, *values, verifyingContract=city.book.address),
        "another user": sign(household, "Dispute", city.desk, *values),
        "malleable": malleable(good),
    }
    for signature in bad.values():
        with reverts_with(city.desk, "RedemptionDesk_BadSignature", key, commuter.address):
            city.desk.dispute(receipt, proof, *values[3:], signature, {"from": city.roles.rando})
    assert bare(city.desk.disputedOf(city.roles.merchant)) == (0, 0)


def test_f34_front_run_voucher__the_citizen_gets_what_was_signed_whoever_sent_it(
    city: City, commuter: LocalAccount
) -> None:
    order = city.order(commuter, 1_000)
    signature = sign(commuter, "Order", city.desk, *order)
    city.desk.redeem(order, signature, {"from": city.roles.guardian})
    key = bytes(city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number))
    with reverts_with(city.desk, "RedemptionDesk_OrderUsed", key):
        city.desk.redeem(order, signature, {"from": city.roles.merchant})
    assert city.desk.isUsed(order.merchant, order.citizen, order.order_number)
    assert (city.book.balanceOf(commuter.address), city.book.heldOf(city.roles.merchant)) == (226_155, 1_000)


def test_f35_f36_approvals__no_flow_leaves_one_and_points_have_none(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    first = city.redeem(commuter, 2_000)
    city.refund(first, 1_000)
    city.dispute(household, city.redeem(household, 1_000, "order 2"))
    travel_to((day_of(first) + 9) * 86_400)
    city.vault.settle(city.roles.merchant, day_of(first), day_of(first), {"from": city.roles.rando})
    people = [commuter.address, household.address, city.roles.merchant.address, city.roles.operator.address]
    contracts = [city.vault, city.desk, city.offers, city.book, city.roles.merchant]
    assert {(city.book.allowance(who, to), city.token.allowance(who, to)) for who in people for to in contracts} == {
        (0, 0)
    }
    with reverts_with(city.book, "CarbonPoint_SpendOnly"):
        city.book.approve(city.roles.merchant, 1, {"from": city.roles.rando})


# F37, calls back out of a token or a wallet: SettlementVault/test_reserve.py, test_settle.py and RedemptionDesk/test_redeem.py.


def test_f38_settlement_sent_again_and_again__each_point_is_paid_once(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    merchant, rando = city.roles.merchant, city.roles.rando
    sold = 0
    for number in range(4):
        redeemed = city.redeem((commuter, household)[number % 2], 10_000 + number, f"order {number}")
        sold += 10_000 + number
        travel_to((day_of(redeemed) + 1) * 86_400 + 60)
    last = day_of(redeemed)
    travel_to((last + 9) * 86_400)
    for first in (last, last - 2, last - 10, last - 10):
        city.vault.settleBatch([merchant, merchant], first, last, {"from": rando})
    assert city.token.balanceOf(merchant) == sold * PRICE
    assert city.book.heldOf(merchant) == 0


def test_f39_fake_redemption__without_the_citizens_signature_nothing_is_taken(
    city: City, commuter: LocalAccount
) -> None:
    order = city.order(commuter, 1_000)
    shop = city.roles.merchant
    key = bytes(city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number))
    for forged in (b"", bytes(65), b"\x11" * 64 + b"\x1b", keccak(b"shop") * 2 + b"\x1c"):
        with reverts_with(city.desk, "RedemptionDesk_BadSignature", key, commuter.address):
            city.desk.redeem(order, forged, {"from": shop})
    with reverts_with(city.desk, "RedemptionDesk_NotSelf", shop):
        city.desk.take(order, b"", {"from": shop})
    with reverts_with(city.book, "CarbonPoint_NotAllowed", shop):
        city.book.spend(commuter.address, shop, 1_000, {"from": shop})
    assert city.book.heldOf(shop) == 0


def test_f39_refund_after_settlement__what_a_merchant_is_owed_never_falls_below_zero(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    paid = city.redeem(commuter, 100_000)
    travel_to((day_of(paid) + 9) * 86_400)
    merchant = city.roles.merchant
    city.vault.settle(merchant, day_of(paid), day_of(paid), {"from": city.roles.rando})
    with reverts_with(city.desk, "RedemptionDesk_TooLittleDue", merchant, day_of(paid), 0, 0, 100_000, 100_000 * PRICE):
        city.refund_final(paid, 100_000, day_of(paid))
    later = city.redeem(household, 60_000, "order 2")
    travel_to((day_of(later) + 9) * 86_400)
    city.refund_final(paid, 60_000, day_of(later))
    with reverts_with(city.desk, "RedemptionDesk_TooLittleDue", merchant, day_of(later), 0, 0, 1, PRICE):
        city.refund_final(paid, 1, day_of(later))
    assert city.token.balanceOf(merchant) == 100_000 * PRICE
    assert city.book.heldOf(merchant) == 0


@pytest.mark.parametrize("milli", [1, 3, 999, 100_001])
def test_f40_rounding__a_point_is_worth_the_same_to_the_unit_wherever_it_goes(
    city: City, commuter: LocalAccount, milli: int
) -> None:
    redeemed = city.redeem(commuter, milli)
    if milli // 3:
        city.refund(redeemed, milli // 3)
    kept = milli - milli // 3
    travel_to((day_of(redeemed) + 9) * 86_400)
    city.vault.settle(city.roles.merchant, day_of(redeemed), day_of(redeemed), {"from": city.roles.rando})
    assert city.token.balanceOf(city.roles.merchant) == kept * PRICE


def test_f40_price_changed_during_checkout__the_signed_price_or_nothing(city: City, commuter: LocalAccount) -> None:
    tea, terms = keccak(b"tea"), keccak(b"one cup of tea")
    city.offers.publish(tea, (5_000, 9, 0, 0, now() + 600, terms), {"from": city.roles.merchant})
    order = city.order(commuter, 5_000, offer=tea)
    signature = sign(commuter, "Order", city.desk, *order)
    city.offers.end(tea, {"from": city.roles.merchant})
    dearer = keccak(b"dearer tea")
    city.offers.publish(dearer, (6_000, 9, 0, 0, now() + 600, terms), {"from": city.roles.merchant})
    with reverts_with(city.offers, "OfferBook_Ended", city.roles.merchant, tea):
        city.desk.redeem(order, signature, {"from": city.roles.rando})
    key = bytes(city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number))
    with reverts_with(city.desk, "RedemptionDesk_BadSignature", key, commuter.address):
        city.desk.redeem(order._replace(offer=dearer, points_milli=6_000), signature, {"from": city.roles.rando})
    assert city.book.balanceOf(commuter.address) == 227_155


def test_f41_pause_between_two_batches__nothing_is_lost(city: City, commuter: LocalAccount) -> None:
    orders = [city.order(commuter, 1_000 + at, f"order {at}") for at in range(4)]
    signatures = [sign(commuter, "Order", city.desk, *order) for order in orders]
    rando = {"from": city.roles.rando}
    first = city.desk.redeemBatch(orders[:2], signatures[:2], rando)
    city.desk.pause({"from": city.roles.guardian})
    with reverts_with(city.desk, "EnforcedPause"):
        city.desk.redeemBatch(orders[2:], signatures[2:], rando)
    assert bare(city.desk.orderOf(*receipt_in(first)))[0] == 1
    assert bare(city.desk.dueOf(city.roles.merchant, day_of(first))) == (2_001, 2_001 * PRICE)
    city.desk.unpause({"from": city.roles.authority})
    done = city.desk.redeemBatch(orders, signatures, rando)
    assert [event["pointsMilli"] for event in events(done, "OrderRedeemed")] == [1_002, 1_003]
    assert city.book.heldOf(city.roles.merchant) == 4_006
