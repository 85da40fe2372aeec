"""Many orders in one transaction: one that fails stops no other."""

from __future__ import annotations

from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from ..support.batches import Entry
from ..support.city import City
from ..support.clock import at, day, now, travel_to
from ..support.reverts import error_data, reverts_with
from ..support.typed_data import sign
from ..support.values import events

GREEDY = 3
NOBODY = "0x" + "00" * 20


def test_given_good_and_bad_orders__it_takes_the_good_and_tells_why_not_the_bad(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    orders = [
        city.order(commuter, 1_000, "order 1"),
        city.order(commuter, 1_000, "order 1"),
        city.order(household, 113_578, "order 2"),
        city.order(commuter, 2_000, "order 3", expiry=1),
        city.order(household, 3_000, "order 4"),
        city.order(household, 4_000, "order 5"),
    ]
    signatures = [sign(commuter, "Order", city.desk, *order) for order in orders[:2]]
    signatures += [sign(household, "Order", city.desk, *orders[2])]
    signatures += [sign(commuter, "Order", city.desk, *order) for order in orders[3:5]]
    signatures += [sign(household, "Order", city.desk, *orders[5])]
    done = city.desk.redeemBatch(orders, signatures, {"from": city.roles.rando})
    keys = [bytes(city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number)) for order in orders]
    assert [event["pointsMilli"] for event in events(done, "OrderRedeemed")] == [1_000, 4_000]
    refused = events(done, "OrderRefused")
    assert [event["reason"] for event in refused] == [
        error_data(city.desk, "RedemptionDesk_OrderUsed", keys[1]),
        error_data(city.book, "CarbonPoint_TooFewPoints", household.address, 113_577, 113_578),
        error_data(city.desk, "RedemptionDesk_OrderExpired", keys[3], 1),
        error_data(city.desk, "RedemptionDesk_BadSignature", keys[4], household.address),
    ]
    assert [event["citizen"] for event in refused] == [order.citizen for order in orders[1:5]]
    assert city.book.heldOf(city.roles.merchant) == 5_000


def test_given_fewer_signatures_than_orders__it_reverts(city: City, commuter: LocalAccount) -> None:
    orders = [city.order(commuter, 1_000, f"order {number}") for number in range(2)]
    with reverts_with(city.desk, "RedemptionDesk_LengthMismatch", 2, 1):
        city.desk.redeemBatch(orders, [sign(commuter, "Order", city.desk, *orders[0])], {"from": city.roles.rando})


def test_given_no_orders__it_does_nothing(city: City) -> None:
    assert not city.desk.redeemBatch([], [], {"from": city.roles.rando}).events


def test_given_a_contract_that_burns_all_gas_it_gets__the_orders_before(
    city: City, built: Any, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    wallet = city.roles.rando.deploy(built.Wallet__MockForSigner, newcomer.address)
    city.earn([Entry(wallet.address, 900_000)])
    wallet.setMood(GREEDY, NOBODY, b"", {"from": city.roles.rando})
    signers = (commuter, newcomer, commuter)
    orders = [city.order(signer, 1_000, f"order {number}") for number, signer in enumerate(signers)]
    orders[1] = orders[1]._replace(citizen=wallet.address)
    signatures = [sign(signer, "Order", city.desk, *order) for signer, order in zip(signers, orders, strict=True)]
    done = city.desk.redeemBatch(orders, signatures, {"from": city.roles.rando, "gas_limit": 2_000_000})
    assert [event["orderNumber"] for event in events(done, "OrderRedeemed")] == [
        "0x" + order.order_number.hex() for order in (orders[0], orders[2])
    ]
    assert [event["citizen"] for event in events(done, "OrderRefused")] == [wallet]
    assert city.book.balanceOf(wallet) == 380_000


def test_given_too_little_gas_for_an_order__it_reverts_and_refuses_no_good_order(
    city: City, commuter: LocalAccount
) -> None:
    order = city.order(commuter, 1_000)
    signature = sign(commuter, "Order", city.desk, *order)
    needed = city.desk.ORDER_GAS() * 64 // 63 + 20_000
    with reverts_with(city.desk, "RedemptionDesk_GasShort", 0, needed):
        city.desk.redeemBatch([order], [signature], {"from": city.roles.rando, "gas_limit": 400_000})
    assert not city.desk.isUsed(order.merchant, order.citizen, order.order_number)


def test_given_the_gas_that_the_node_estimates__every_order_is_taken(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    signers = (commuter, household) * 4
    orders = [city.order(signer, 1_000, f"order {number}") for number, signer in enumerate(signers)]
    signatures = [sign(signer, "Order", city.desk, *order) for signer, order in zip(signers, orders, strict=True)]
    gas = city.desk.redeemBatch.estimate_gas(orders, signatures, {"from": city.roles.rando})
    done = city.desk.redeemBatch(orders, signatures, {"from": city.roles.rando, "gas_limit": gas})
    assert len(events(done, "OrderRedeemed")) == 8


def test_given_the_dearest_order_there_is__the_gas_of_one_order_is_enough(
    city: City, built: Any, newcomer: LocalAccount
) -> None:
    wallet = city.roles.rando.deploy(built.Wallet__MockForSigner, newcomer.address)
    rando, tea = {"from": city.roles.rando}, keccak(b"tea")
    for year in range(2037, 2046):
        city.vault.setPrice(year, 50, {"from": city.roles.authority})
    for year in range(2036, 2046):
        travel_to(at(year, 3, 1))
        city.earn([Entry(wallet.address, 1_000)], day=day(year, 2, 1))  # 422 milli-points
    shop = city.roles.deployer
    city.admit(shop)
    city.offers.publish(tea, (4_220, 1, 1, 0, now() + 600, keccak(b"tea")), {"from": shop})
    order = city.order(newcomer, 4_220, citizen=wallet.address, merchant=shop.address, offer=tea, terms=keccak(b"tea"))
    done = city.desk.redeemBatch([order], [sign(newcomer, "Order", city.desk, *order)], rando)
    assert len(events(done, "OrderRedeemed")[0]["parts"]) == 10
    assert done.gas_used < city.desk.ORDER_GAS()


def test_given_a_pause__it_reverts(city: City) -> None:
    city.desk.pause({"from": city.roles.guardian})
    with reverts_with(city.desk, "EnforcedPause"):
        city.desk.redeemBatch([], [], {"from": city.roles.rando})
