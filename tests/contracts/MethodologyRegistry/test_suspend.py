"""Stopping a version and letting it go on."""

from __future__ import annotations

import pytest

from oracle.model.ids import methodology_word

from ..support.batches import Entry, batch_of
from ..support.city import BUS, TODAY, WALK, City, Terms, person
from ..support.clock import day
from ..support.reverts import reverts_with
from ..support.values import bare, events

WORD = methodology_word(BUS)
NONE, DRAFT, NOTICE, ACTIVE, SUPERSEDED, SUSPENDED = range(6)


def test_given_an_active_version__it_is_suspended_and_told(city: City) -> None:
    done = city.methodologies.suspend(WORD, 1, "factor under review", {"from": city.roles.authority})
    assert city.methodologies.methodologyOf(WORD, 1)[1] == SUSPENDED
    [event] = events(done, "MethodologySuspended")
    assert (event["version"], event["reason"]) == (1, "factor under review")


def test_given_a_suspended_version__when_it_is_suspended_again__it_reverts(city: City) -> None:
    city.methodologies.suspend(WORD, 1, "", {"from": city.roles.authority})
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", WORD, 1, SUSPENDED):
        city.methodologies.suspend(WORD, 1, "", {"from": city.roles.authority})


def test_given_a_draft__it_reverts(city: City) -> None:
    version = city.draft(BUS, Terms())
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", WORD, version, DRAFT):
        city.methodologies.suspend(WORD, version, "", {"from": city.roles.authority})


@pytest.mark.parametrize("superseded", [False, True])
def test_given_a_suspended_version__when_it_is_resumed__it_is_what_it_was_before(city: City, superseded: bool) -> None:
    if superseded:
        city.activate(BUS, city.draft(BUS, Terms(from_day=TODAY + 30)))
    city.methodologies.suspend(WORD, 1, "", {"from": city.roles.authority})
    done = city.methodologies.resume(WORD, 1, {"from": city.roles.authority})
    assert city.methodologies.methodologyOf(WORD, 1)[1] == (SUPERSEDED if superseded else ACTIVE)
    assert events(done, "MethodologyResumed")[0]["version"] == 1


def test_given_a_version_that_is_not_suspended__when_it_is_resumed__it_reverts(city: City) -> None:
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", WORD, 1, ACTIVE):
        city.methodologies.resume(WORD, 1, {"from": city.roles.authority})


def test_given_a_suspended_version__it_stops_attesting(city: City) -> None:
    open_batch = city.open(batch_of(city.roles.operator, BUS, TODAY, [Entry(person("newcomer").address, 1_000)]))
    city.methodologies.suspend(WORD, 1, "", {"from": city.roles.authority})
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", WORD, 1, SUSPENDED):
        city.credit(open_batch)
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", WORD, 1, SUSPENDED):
        city.attest(batch_of(city.roles.operator, BUS, TODAY, [Entry(person("newcomer").address, 1)], sequence=1))
    city.methodologies.resume(WORD, 1, {"from": city.roles.authority})
    city.credit(open_batch)
    assert city.book.reductionOf(person("newcomer").address) == 26_900


def test_given_an_active_version__it_answers_who_asks(city: City) -> None:
    assert bare(city.methodologies.creditRule(WORD, 1)) == (26_900, 50_000_000, True)
    city.methodologies.requireUsable(WORD, 1, day(2026, 1, 1))
    assert city.methodologies.versionOn(WORD, day(2026, 1, 1) - 1) == 0
    assert city.methodologies.versionOn(WORD, day(2026, 1, 1)) == 1
    assert city.methodologies.OPEN_END() == 2**32 - 1
    assert city.methodologies.NOTICE_PERIOD() == 950_400


def test_given_terms_that_say_so__a_version_is_creditable_while_it_is_in_force(city: City) -> None:
    authority = {"from": city.roles.authority}
    assert city.methodologies.isCreditable(WORD, 1) is True
    city.methodologies.suspend(WORD, 1, "", authority)
    assert city.methodologies.isCreditable(WORD, 1) is False
    city.methodologies.resume(WORD, 1, authority)
    successor = city.draft(BUS, Terms(from_day=TODAY + 30))
    assert city.methodologies.isCreditable(WORD, successor) is False
    city.activate(BUS, successor)
    assert city.methodologies.isCreditable(WORD, 1) is True  # superseded: its batches are as good as before
    assert city.methodologies.isCreditable(WORD, successor) is True
    assert city.methodologies.isCreditable(WORD, 7) is False


def test_given_terms_that_say_no__a_version_is_never_creditable(city: City) -> None:
    """Solar power may be counted by another register: it earns points, and is not sold."""
    terms = Terms(creditable=False, from_day=TODAY + 30)
    city.activate("CI-21.CN-4403", city.draft("CI-21.CN-4403", terms))
    assert city.methodologies.isCreditable(methodology_word("CI-21.CN-4403"), 1) is False
    assert city.methodologies.isCreditable(methodology_word(WALK), 1) is False


def test_given_suspensions__it_says_since_when_nothing_stands_in_the_way(city: City) -> None:
    authority = {"from": city.roles.authority}
    assert city.methodologies.usableSince(WORD, 1) == 0
    city.methodologies.suspend(WORD, 1, "", authority)
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", WORD, 1, SUSPENDED):
        city.methodologies.usableSince(WORD, 1)
    done = city.methodologies.resume(WORD, 1, authority)
    assert city.methodologies.usableSince(WORD, 1) == done.timestamp
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", WORD, 2, NONE):
        city.methodologies.usableSince(WORD, 2)


def test_given_a_day_outside_the_window__it_is_not_usable(city: City) -> None:
    outside = day(2026, 1, 1) - 1
    with reverts_with(city.methodologies, "MethodologyRegistry_OutsideWindow", WORD, 1, outside):
        city.methodologies.requireUsable(WORD, 1, outside)


@pytest.mark.parametrize("call", ["creditRule", "requireUsable"])
def test_given_a_version_that_does_not_exist__it_is_not_usable(city: City, call: str) -> None:
    arguments = (WORD, 7) if call == "creditRule" else (WORD, 7, TODAY)
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", WORD, 7, NONE):
        getattr(city.methodologies, call)(*arguments)
