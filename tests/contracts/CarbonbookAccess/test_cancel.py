"""Announced decisions can be stopped: by who announced them, and by the guardian, the admin's included."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.city import ADMIN_DELAY, AUTHORITY_DELAY, City
from ..support.clock import now, travel_to
from ..support.reverts import reverts_with
from ..support.values import events

ADMIN, AUTHORITY_DELAYED, GUARDIAN = 0, 2, 3


def announced_by_admin(city: City) -> str:
    """The admin announces that it will make itself a member of the board."""
    data = city.access.grantRole.encode_input(AUTHORITY_DELAYED, city.roles.admin, 0)
    city.access.schedule(city.access, data, 0, {"from": city.roles.admin})
    return str(data)


def test_given_a_decision_of_the_admin__when_the_guardian_cancels_it__it_is_void(city: City) -> None:
    data = announced_by_admin(city)
    operation = city.access.hashOperation(city.roles.admin, city.access, data)
    cancelled = city.access.cancel(city.roles.admin, city.access, data, {"from": city.roles.guardian})
    assert events(cancelled, "OperationCanceled") == [{"operationId": str(operation), "nonce": 1}]
    travel_to(now() + ADMIN_DELAY)
    with reverts_with(city.access, "AccessManagerNotScheduled", operation):
        city.access.execute(city.access, data, {"from": city.roles.admin})


def test_given_a_decision_of_the_board__when_the_guardian_cancels_it__it_is_void(city: City) -> None:
    data = city.schedule(city.issuer, "setAccountDayCap", 1)
    operation = city.access.hashOperation(city.roles.board, city.issuer, data)
    city.access.cancel(city.roles.board, city.issuer, data, {"from": city.roles.guardian})
    travel_to(now() + AUTHORITY_DELAY)
    with reverts_with(city.access, "AccessManagerNotScheduled", operation):
        city.access.execute(city.issuer, data, {"from": city.roles.board})


@pytest.mark.parametrize("caller", ["deployer", "authority", "operator", "merchant", "rando"])
def test_given_a_decision_of_the_admin__when_another_cancels_it__it_reverts(city: City, caller: str) -> None:
    data = announced_by_admin(city)
    who: Any = getattr(city.roles, caller)
    selector = data[:10]
    with reverts_with(city.access, "AccessManagerUnauthorizedCancel", who, city.roles.admin, city.access, selector):
        city.access.cancel(city.roles.admin, city.access, data, {"from": who})


@pytest.mark.parametrize("caller", ["admin", "authority", "rando"])
def test_given_a_decision_of_the_board__when_another_cancels_it__it_reverts(city: City, caller: str) -> None:
    data = city.schedule(city.issuer, "setAccountDayCap", 1)
    who: Any = getattr(city.roles, caller)
    selector = data[:10]
    with reverts_with(city.access, "AccessManagerUnauthorizedCancel", who, city.roles.board, city.issuer, selector):
        city.access.cancel(city.roles.board, city.issuer, data, {"from": who})
    travel_to(now() + AUTHORITY_DELAY)
    city.access.execute(city.issuer, data, {"from": city.roles.board})
    assert city.issuer.accountDayCapMg() == 1


def test_given_a_decision_of_the_board__when_the_board_cancels_it__it_is_gone(city: City) -> None:
    data = city.schedule(city.issuer, "setAccountDayCap", 1)
    operation = city.access.hashOperation(city.roles.board, city.issuer, data)
    city.access.cancel(city.roles.board, city.issuer, data, {"from": city.roles.board})
    with reverts_with(city.access, "AccessManagerNotScheduled", operation):
        city.access.cancel(city.roles.board, city.issuer, data, {"from": city.roles.board})


def test_given_the_admins_role__its_guardian_is_the_guardian_and_stays_so(city: City) -> None:
    assert city.access.getRoleGuardian(ADMIN) == GUARDIAN
    assert city.access.getRoleGuardian(AUTHORITY_DELAYED) == GUARDIAN
    with reverts_with(city.access, "AccessManagerLockedRole", ADMIN):
        data = city.access.setRoleGuardian.encode_input(ADMIN, ADMIN)
        city.access.schedule(city.access, data, 0, {"from": city.roles.admin})
        travel_to(now() + ADMIN_DELAY)
        city.access.execute(city.access, data, {"from": city.roles.admin})
