"""Licensing operators, their day limit and their standing."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from ..support.city import ACTIVE, NONE, SUSPENDED, City
from ..support.reverts import reverts_with
from ..support.values import bare, events

LICENCE = keccak(b"licence 2035-01")
NOBODY = "0x" + "00" * 20


def test_given_a_new_address__when_it_is_licensed__it_is_an_active_operator(city: City) -> None:
    done = city.operators.licenseOperator(city.roles.rando, 5_000, LICENCE, {"from": city.roles.authority})
    assert bare(city.operators.operatorOf(city.roles.rando))[:2] == (ACTIVE, 5_000)
    assert city.operators.dayLimitMgOf(city.roles.rando) == 5_000
    city.operators.requireActiveOperator(city.roles.rando)
    [event] = events(done, "OperatorLicensed")
    assert (event["operator"], event["dayLimitMg"], bytes(event["licence"])) == (city.roles.rando, 5_000, LICENCE)


@pytest.mark.parametrize(("operator", "licence"), [(NOBODY, LICENCE), ("0x" + "11" * 20, b"\0" * 32)], ids=str)
def test_given_no_address_or_no_licence__when_it_is_licensed__it_reverts(
    city: City, operator: str, licence: bytes
) -> None:
    with reverts_with(city.operators, "OperatorRegistry_Incomplete"):
        city.operators.licenseOperator(operator, 0, licence, {"from": city.roles.authority})


def test_given_an_operator__when_it_is_licensed_again__it_reverts(city: City) -> None:
    with reverts_with(city.operators, "OperatorRegistry_Registered", city.roles.operator):
        city.operators.licenseOperator(city.roles.operator, 1, LICENCE, {"from": city.roles.authority})


def test_given_an_operator__when_its_day_limit_is_set__it_tells_both(city: City) -> None:
    done = city.operators.setOperatorDayLimit(city.roles.operator, 7, {"from": city.roles.authority})
    assert city.operators.dayLimitMgOf(city.roles.operator) == 7
    assert events(done, "OperatorDayLimitSet") == [
        {"operator": city.roles.operator, "formerMg": 1_000_000_000, "dayLimitMg": 7}
    ]


def test_given_a_stranger__when_its_day_limit_is_set__it_reverts(city: City) -> None:
    with reverts_with(city.operators, "OperatorRegistry_Unknown", city.roles.rando):
        city.operators.setOperatorDayLimit(city.roles.rando, 7, {"from": city.roles.authority})


def test_given_an_operator__when_it_is_suspended_and_reinstated__it_tells_each_time(city: City) -> None:
    for standing in (SUSPENDED, ACTIVE):
        done = city.operators.setOperatorStanding(
            city.roles.operator, standing, "inspection", {"from": city.roles.authority}
        )
        assert city.operators.operatorOf(city.roles.operator)[0] == standing
        assert events(done, "OperatorStandingSet") == [
            {"operator": city.roles.operator, "standing": standing, "reason": "inspection"}
        ]


@pytest.mark.parametrize("standing", [ACTIVE, NONE])
def test_given_an_operator__when_it_would_not_change__it_reverts(city: City, standing: int) -> None:
    with reverts_with(city.operators, "OperatorRegistry_SameStanding", city.roles.operator, standing):
        city.operators.setOperatorStanding(city.roles.operator, standing, "", {"from": city.roles.authority})


def test_given_a_stranger__when_its_standing_is_set__it_reverts(city: City) -> None:
    with reverts_with(city.operators, "OperatorRegistry_Unknown", city.roles.rando):
        city.operators.setOperatorStanding(city.roles.rando, SUSPENDED, "", {"from": city.roles.authority})


@pytest.mark.parametrize("standing", [NONE, SUSPENDED])
def test_given_an_operator_that_is_not_active__it_says_so(city: City, standing: int) -> None:
    who: Any = city.roles.rando if standing == NONE else city.roles.operator
    if standing == SUSPENDED:
        city.operators.setOperatorStanding(who, SUSPENDED, "", {"from": city.roles.authority})
    with reverts_with(city.operators, "OperatorRegistry_OperatorNotActive", who, standing):
        city.operators.requireActiveOperator(who)
