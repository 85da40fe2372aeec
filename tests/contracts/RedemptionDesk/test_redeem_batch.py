"""Many orders in one transaction: one that fails stops no other."""

from __future__ import annotations

from typing import Any

import pytest
from brownie.exceptions import VirtualMachineError
from eth_account.signers.local import LocalAccount

from ..support.batches import Entry
from ..support.city import City
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
    keys = [bytes(city.desk.orderKeyOf(order.merchant, order.order_number)) for order in orders]
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


def test_given_a_contract_that_burns_all_gas_it_gets__it_takes_the_orders_beside_it(
    city: City, built: Any, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    wallet = city.roles.rando.deploy(built.Wallet__MockForSigner, newcomer.address)
    city.earn([Entry(wallet.address, 900_000)])
    wallet.setMood(GREEDY, NOBODY, b"", {"from": city.roles.rando})
    orders = [
        city.order(commuter, 1_000, "order 1"),
        city.order(newcomer, 1_000, "order 2", citizen=wallet.address),
        city.order(commuter, 1_000, "order 3"),
    ]
    signers = (commuter, newcomer, commuter)
    signatures = [sign(signer, "Order", city.desk, *order) for signer, order in zip(signers, orders, strict=True)]
    done = city.desk.redeemBatch(orders, signatures, {"from": city.roles.rando, "gas_limit": 3_000_000})
    assert [event["citizen"] for event in events(done, "OrderRedeemed")] == [commuter.address] * 2
    assert len(events(done, "OrderRefused")) == 1
    assert city.book.balanceOf(wallet) == 380_000


def test_given_too_little_gas_for_an_order__it_reverts_so_that_no_order_is_refused_for_want_of_it(
    city: City, commuter: LocalAccount
) -> None:
    order = city.order(commuter, 1_000, "order 1")
    signature = sign(commuter, "Order", city.desk, *order)
    with pytest.raises(VirtualMachineError) as refused:
        city.desk.redeemBatch([order], [signature], {"from": city.roles.rando, "gas_limit": 400_000})
    name, _, values = refused.value.revert_msg.partition(": ")
    left, needed = map(int, values.split(", "))
    assert (name, needed) == ("RedemptionDesk_TooLittleGas", city.desk.ORDER_GAS())
    assert 300_000 < left < 400_000
    estimate = city.desk.redeemBatch.estimate_gas([order], [signature], {"from": city.roles.rando})
    done = city.desk.redeemBatch([order], [signature], {"from": city.roles.rando, "gas_limit": estimate})
    assert len(events(done, "OrderRedeemed")) == 1


def test_given_a_pause__it_reverts(city: City) -> None:
    city.desk.pause({"from": city.roles.guardian})
    with reverts_with(city.desk, "EnforcedPause"):
        city.desk.redeemBatch([], [], {"from": city.roles.rando})
