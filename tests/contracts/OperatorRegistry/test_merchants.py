"""Admitting merchants, their standing and where their money goes."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from ..support.city import ACTIVE, NONE, SUSPENDED, City, person
from ..support.clock import now
from ..support.reverts import reverts_with
from ..support.typed_data import malleable, sign
from ..support.values import bare, events

KEEPER = person("shopkeeper")
SHOP, ACCOUNT = KEEPER.address, "0x" + "52" * 20
NOBODY = "0x" + "00" * 20
MOST = (2**40 - 1, 2**48 - 1)  # milli-points with one order, on one day


def test_given_an_active_operator__when_it_admits_a_merchant__it_is_its_sponsor(city: City) -> None:
    done = city.admit(KEEPER, ACCOUNT)
    assert bare(city.operators.merchantOf(SHOP)) == (ACTIVE, city.roles.operator, MOST, ACCOUNT)
    city.operators.requireActiveMerchant(SHOP)
    assert events(done, "MerchantAdmitted") == [{"merchant": SHOP, "sponsor": city.roles.operator, "payout": ACCOUNT}]


def test_given_a_payout_that_is_zero__when_a_merchant_is_admitted__it_reverts(city: City) -> None:
    with reverts_with(city.operators, "OperatorRegistry_Incomplete"):
        city.admit(KEEPER, NOBODY)


def test_given_no_merchant__when_it_is_admitted__nobody_signed_for_it(city: City) -> None:
    with reverts_with(city.operators, "OperatorRegistry_BadSignature", NOBODY):
        city.operators.admitMerchant(NOBODY, ACCOUNT, now() + 600, b"", {"from": city.roles.operator})


def test_given_a_merchant__when_it_is_admitted_again__it_reverts(city: City) -> None:
    with reverts_with(city.operators, "OperatorRegistry_Registered", city.roles.merchant):
        city.admit(city.roles.merchant, ACCOUNT, city.roles.other_operator)


@pytest.mark.parametrize("standing", [NONE, SUSPENDED])
def test_given_an_operator_that_is_not_active__when_it_admits_a_merchant__it_reverts(city: City, standing: int) -> None:
    who = city.roles.rando if standing == NONE else city.roles.operator
    if standing == SUSPENDED:
        city.operators.setOperatorStanding(who, SUSPENDED, "", {"from": city.roles.authority})
    with reverts_with(city.operators, "OperatorRegistry_OperatorNotActive", who, standing):
        city.admit(KEEPER, ACCOUNT, who)


@pytest.mark.parametrize(
    "fault",
    [
        "none",
        "another operator's",
        "another payout",
        "another deadline",
        "another shop's",
        "malleable",
        "another chain",
        "a chain deployed anew",
        "another contract",
    ],
)
def test_given_a_signature_that_is_not_the_merchants_over_this_admission__it_reverts(city: City, fault: str) -> None:
    operator, deadline = city.roles.operator, now() + 600
    values = (operator.address, SHOP, ACCOUNT, deadline)
    signature = {
        "none": lambda: b"",
        "another operator's": lambda: admission(city, city.roles.other_operator.address, *values[1:]),
        "another payout": lambda: admission(city, *values[:2], operator.address, deadline),
        "another deadline": lambda: admission(city, *values[:3], deadline + 1),
        "another shop's": lambda: sign(person("rival"), "Admission", city.operators, *values),
        "malleable": lambda: malleable(admission(city, *values)),
        "another chain": lambda: admission(city, *values, chainId=1),
        "a chain deployed anew": lambda: admission(city, *values, salt=keccak(b"another genesis")),
        "another contract": lambda: admission(city, *values, verifyingContract=city.desk.address),
    }[fault]()
    with reverts_with(city.operators, "OperatorRegistry_BadSignature", SHOP):
        city.operators.admitMerchant(*values[1:], signature, {"from": operator})


def test_given_an_expired_signature__when_the_merchant_is_admitted__it_reverts(city: City) -> None:
    values = (city.roles.operator.address, SHOP, ACCOUNT, now() - 1)
    with reverts_with(city.operators, "OperatorRegistry_AdmissionExpired", SHOP, values[3]):
        city.operators.admitMerchant(*values[1:], admission(city, *values), {"from": city.roles.operator})


def admission(city: City, *values: object, **changed: object) -> bytes:
    return sign(KEEPER, "Admission", city.operators, *values, **changed)


def test_given_a_merchant__when_its_sponsor_suspends_it__the_authority_reinstates_it(
    city: City,
) -> None:
    done = city.operators.suspendMerchant(city.roles.merchant, "complaints", {"from": city.roles.operator})
    assert events(done, "MerchantStandingSet") == [
        {"merchant": city.roles.merchant, "standing": SUSPENDED, "reason": "complaints"}
    ]
    with reverts_with(city.operators, "OperatorRegistry_MerchantNotActive", city.roles.merchant, SUSPENDED):
        city.operators.requireActiveMerchant(city.roles.merchant)
    city.operators.setMerchantStanding(city.roles.merchant, ACTIVE, "settled", {"from": city.roles.authority})
    city.operators.requireActiveMerchant(city.roles.merchant)


@pytest.mark.parametrize("caller", ["other_operator", "authority", "merchant"])
def test_given_a_merchant__when_another_than_its_sponsor_suspends_it__it_reverts(city: City, caller: str) -> None:
    sender = getattr(city.roles, caller)
    with reverts_with(city.operators, "OperatorRegistry_NotSponsor", city.roles.merchant, sender):
        city.operators.suspendMerchant(city.roles.merchant, "", {"from": sender})


def test_given_a_suspended_merchant__when_its_sponsor_suspends_it_again__it_reverts(city: City) -> None:
    city.operators.suspendMerchant(city.roles.merchant, "", {"from": city.roles.operator})
    with reverts_with(city.operators, "OperatorRegistry_SameStanding", city.roles.merchant, SUSPENDED):
        city.operators.suspendMerchant(city.roles.merchant, "", {"from": city.roles.operator})


def test_given_a_stranger__when_its_standing_is_set__it_reverts(city: City) -> None:
    with reverts_with(city.operators, "OperatorRegistry_Unknown", SHOP):
        city.operators.setMerchantStanding(SHOP, SUSPENDED, "", {"from": city.roles.authority})


def test_given_a_merchant__when_it_changes_its_payout__it_tells_both(city: City) -> None:
    done = city.operators.setMerchantPayout(ACCOUNT, {"from": city.roles.merchant})
    assert city.operators.merchantOf(city.roles.merchant)[3] == ACCOUNT
    assert events(done, "MerchantPayoutSet") == [
        {"merchant": city.roles.merchant, "former": city.roles.merchant, "payout": ACCOUNT}
    ]


def test_given_a_merchant__when_its_payout_would_be_zero__it_reverts(city: City) -> None:
    with reverts_with(city.operators, "OperatorRegistry_Incomplete"):
        city.operators.setMerchantPayout(NOBODY, {"from": city.roles.merchant})


def test_given_a_stranger__when_it_sets_a_payout__it_reverts(city: City) -> None:
    with reverts_with(city.operators, "OperatorRegistry_Unknown", city.roles.rando):
        city.operators.setMerchantPayout(ACCOUNT, {"from": city.roles.rando})


def test_given_a_stranger__it_is_no_active_merchant(city: City) -> None:
    with reverts_with(city.operators, "OperatorRegistry_MerchantNotActive", SHOP, NONE):
        city.operators.requireActiveMerchant(SHOP)
