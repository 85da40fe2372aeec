"""Buyers' inventories: countersigned, capped, and not from the own boundary (I57)."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from ..support.city import City, person
from ..support.clock import day
from ..support.credits import NO_PERMIT, TONNE, Flow, Series
from ..support.reverts import reverts_with
from ..support.typed_data import sign
from ..support.values import bare, events

PRICE = 60_000_000
GD = b"GD-ETS".ljust(32, b"\0")
REPORT = keccak(b"inventory 2034")
YEAR = 2034
ALL_BY_MARKET = 1 | 4 | 8
# 2021 of the enterprise in the worked example, a thousandth of it: 5,111 t, of which 10 % are 511.1 t.
INVENTORY = (19 * TONNE, 2_500 * TONNE, 2_349 * TONNE, 2_743 * TONNE, REPORT)
SMALL = (19 * TONNE // 100, 2_500 * TONNE // 100, 2_349 * TONNE // 100, 2_743 * TONNE // 100, REPORT)


def attest(
    city: City, flow: Flow, inventory: Any = SMALL, number: int = 1, key: LocalAccount | None = None, **by: Any
) -> Any:
    buyer, verifier = by.get("buyer", flow.buyer), by.get("verifier", flow.verifier)
    signature = sign(key or flow.verifier_key, "Inventory", city.inventories, buyer.address, YEAR, number, *inventory)
    return city.inventories.attest(YEAR, inventory, verifier, signature, {"from": buyer})


@pytest.fixture
def bought(flow: Flow, series: Series) -> Series:
    """The buyer holds 60 t."""
    flow.buy(flow.list(series.number, 400 * TONNE, PRICE), 60 * TONNE)
    return series


@pytest.fixture
def ruled(city: City, flow: Flow) -> bytes:
    city.inventories.setRule(GD, (1_000, ALL_BY_MARKET), {"from": flow.roles.authority})
    return GD


def comply(flow: Flow, series: Series, mg: int, **changed: Any) -> int:
    terms = {"purpose": 4, "scheme": GD, "from_day": day(YEAR, 1, 1), "through_day": day(YEAR, 12, 31)} | changed
    return flow.retire(series.number, mg, **terms)


def test_given_an_inventory__when_compliance_retires__it_ends_at_the_cap(
    city: City, flow: Flow, bought: Series, ruled: bytes
) -> None:
    """Case 39, a hundredth of a thousandth: 51.11 t emitted, 5.111 t may be offset, then not 1 mg more."""
    with reverts_with(city.inventories, "InventoryRegistry_NoInventory", flow.buyer.address, YEAR):
        comply(flow, bought, 1)
    done = attest(city, flow)
    [event] = events(done, "InventoryAttested")
    assert (event["buyer"], event["year"], event["verifier"], event["number"]) == (
        flow.buyer.address,
        YEAR,
        flow.verifier.address,
        1,
    )
    assert bare(city.inventories.usedOf(flow.buyer, YEAR, ruled)) == (0, 5_111_000_000)
    comply(flow, bought, 5_110_999_999)
    comply(flow, bought, 1)
    with reverts_with(city.inventories, "InventoryRegistry_AboveCap", 5_111_000_000, 1, 5_111_000_000):
        comply(flow, bought, 1)
    with reverts_with(city.inventories, "InventoryRegistry_NoInventory", flow.buyer.address, YEAR + 1):
        comply(flow, bought, 1, from_day=day(YEAR + 1, 1, 1), through_day=day(YEAR + 1, 1, 1))
    flow.retire(bought.number, 1)  # a voluntary retirement asks nobody


def test_given_the_enterprise_of_the_seeds__its_cap_is_511_100_t(city: City, flow: Flow, ruled: bytes) -> None:
    whole = (*tuple(1000 * mg for mg in INVENTORY[:4]), REPORT)
    attest(city, flow, whole)
    assert bare(city.inventories.usedOf(flow.buyer, YEAR, ruled)) == (0, 511_100 * TONNE)
    assert bare(city.inventories.inventoryOf(flow.buyer, YEAR)) == ((*whole[:4], "0x" + REPORT.hex()), 1)


def test_given_an_operator_in_the_buyers_boundary__when_its_credits_come__it_reverts(
    city: City, flow: Flow, bought: Series, ruled: bytes
) -> None:
    attest(city, flow)
    authority, operator = {"from": flow.roles.authority}, flow.roles.operator
    done = city.inventories.setBoundary(operator, flow.buyer, authority)
    assert events(done, "BoundarySet") == [{"operator": operator.address, "buyer": flow.buyer.address}]
    with reverts_with(city.inventories, "InventoryRegistry_OwnBoundary", bought.number):
        comply(flow, bought, 1)
    flow.pay(flow.buyer, PRICE)
    terms = flow.retirement(purpose=4, scheme=GD, from_day=day(YEAR, 1, 1))
    with reverts_with(city.inventories, "InventoryRegistry_OwnBoundary", bought.number):
        city.market.buyAndRetire((0, TONNE, PRICE), PRICE, NO_PERMIT, terms, {"from": flow.buyer})
    city.inventories.setBoundary(operator, "0x" + "00" * 20, authority)
    comply(flow, bought, 1)
    attest(city, flow, buyer=operator)
    with reverts_with(city.inventories, "InventoryRegistry_OwnBoundary", bought.number):
        comply(flow, bought, 1, holder=operator.address)


def test_given_a_later_inventory__it_replaces_the_former_which_cannot_come_back(
    city: City, flow: Flow, bought: Series, ruled: bytes
) -> None:
    attest(city, flow)
    comply(flow, bought, 5 * TONNE)
    lower = (*tuple(mg // 2 for mg in SMALL[:4]), REPORT)
    attest(city, flow, lower, number=2)
    with reverts_with(city.inventories, "InventoryRegistry_AboveCap", 5 * TONNE, 1, 2_555_500_000):
        comply(flow, bought, 1)
    with reverts_with(city.inventories, "InventoryRegistry_BadSignature", flow.verifier.address):
        attest(city, flow, SMALL, number=1)
    assert city.inventories.inventoryOf(flow.buyer, YEAR)[1] == 2


def test_given_an_inventory_that_is_not_good__when_it_is_attested__it_reverts(city: City, flow: Flow) -> None:
    inventories = city.inventories
    for wrong in ((0, 0, 0, 0, REPORT), (*SMALL[:4], bytes(32))):
        with reverts_with(inventories, "InventoryRegistry_Incomplete"):
            attest(city, flow, wrong)
    with reverts_with(inventories, "InventoryRegistry_NotLicensed", flow.roles.rando.address):
        attest(city, flow, verifier=flow.roles.rando)
    with reverts_with(inventories, "InventoryRegistry_BadSignature", flow.verifier.address):
        attest(city, flow, key=person("forger"))
    with reverts_with(inventories, "InventoryRegistry_SamePerson", flow.verifier.address):
        attest(city, flow, buyer=flow.verifier)
    for scope in range(4):
        alone = (*tuple(1 if number == scope else 0 for number in range(4)), REPORT)
        attest(city, flow, alone, number=scope + 1)


def test_given_rules__the_base_is_what_they_say(city: City, flow: Flow, bought: Series) -> None:
    authority = {"from": flow.roles.authority}
    attest(city, flow)
    bases = {
        1: SMALL[0],
        2: SMALL[1],
        4: SMALL[2],
        8: SMALL[3],
        3: SMALL[0] + SMALL[1],
        13: SMALL[0] + SMALL[2] + SMALL[3],
    }
    for scopes, base in bases.items():
        done = city.inventories.setRule(GD, (500, scopes), authority)
        assert [bare(event["rule"]) for event in events(done, "RuleSet")] == [(500, scopes)]
        assert bare(city.inventories.usedOf(flow.buyer, YEAR, GD)) == (0, base * 500 // 10_000)
    for cap, scopes in ((10_001, 1), (1, 0), (1, 6), (1, 15), (1, 16)):
        with reverts_with(city.inventories, "InventoryRegistry_BadRule", cap, scopes):
            city.inventories.setRule(GD, (cap, scopes), authority)
    with reverts_with(city.inventories, "InventoryRegistry_Incomplete"):
        city.inventories.setRule(bytes(32), (1, 1), authority)
    other = keccak(b"no scheme")
    with reverts_with(city.inventories, "InventoryRegistry_AboveCap", 0, 1, 0):
        comply(flow, bought, 1, scheme=other)
    assert bare(city.inventories.ruleOf(GD)) == (500, 13)


def test_given_a_caller_without_a_part__it_uses_nothing(city: City, flow: Flow) -> None:
    for caller in (flow.buyer, flow.roles.authority, flow.roles.admin):
        with reverts_with(city.inventories, "InventoryRegistry_Denied", caller.address):
            city.inventories.useFor(flow.buyer, YEAR, GD, 1, 1, {"from": caller})
