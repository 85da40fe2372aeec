"""From draft over public notice to force; four eyes; windows of one methodology never overlap."""

from __future__ import annotations

import pytest

from oracle.model.ids import methodology_word

from ..support.batches import Entry, batch_of
from ..support.city import BUS, NOTICE_PERIOD, TODAY, YESTERDAY, City, Terms, person
from ..support.clock import now, travel_to
from ..support.reverts import reverts_with
from ..support.values import events

WORD = methodology_word(BUS)
TREES = "CI-42.CN-4403"
NONE, DRAFT, NOTICE, ACTIVE, SUPERSEDED = range(5)
SUCCESSOR_DAY = TODAY + 20


def status_of(city: City, version: int) -> int:
    return int(city.methodologies.methodologyOf(WORD, version)[1])


def window_of(city: City, version: int) -> tuple[int, int]:
    terms = city.methodologies.methodologyOf(WORD, version)[0]
    return int(terms["fromDay"]), int(terms["toDay"])


def test_given_a_draft__when_notice_starts__it_tells_until_when(city: City) -> None:
    version = city.draft(BUS, Terms(from_day=SUCCESSOR_DAY))
    done = city.methodologies.startNotice(WORD, version, {"from": city.roles.authority})
    assert status_of(city, version) == NOTICE
    [event] = events(done, "NoticeStarted")
    assert event["noticeEnds"] == done.timestamp + 11 * 86_400 == city.methodologies.methodologyOf(WORD, version)[2]


@pytest.mark.parametrize(("version", "status"), [(1, ACTIVE), (9, NONE)])
def test_given_no_draft__when_notice_starts__it_reverts(city: City, version: int, status: int) -> None:
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", WORD, version, status):
        city.methodologies.startNotice(WORD, version, {"from": city.roles.authority})


def test_given_a_draft_without_notice__it_reverts(city: City) -> None:
    version = city.draft(BUS, Terms(from_day=SUCCESSOR_DAY))
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", WORD, version, DRAFT):
        city.methodologies.activate(WORD, version, {"from": city.roles.second_authority})


def test_given_notice_is_running__it_reverts(city: City) -> None:
    version = city.draft(BUS, Terms(from_day=SUCCESSOR_DAY))
    ends = city.methodologies.startNotice(WORD, version, {"from": city.roles.authority}).timestamp + NOTICE_PERIOD
    travel_to(ends - 60)
    with reverts_with(city.methodologies, "MethodologyRegistry_NoticeRunning", WORD, version, ends):
        city.methodologies.activate(WORD, version, {"from": city.roles.second_authority})


def test_given_the_proposer__it_reverts(city: City) -> None:
    version = city.draft(BUS, Terms(from_day=SUCCESSOR_DAY))
    city.methodologies.startNotice(WORD, version, {"from": city.roles.authority})
    travel_to(now() + NOTICE_PERIOD)
    with reverts_with(city.methodologies, "MethodologyRegistry_SamePerson", city.roles.authority):
        city.methodologies.activate(WORD, version, {"from": city.roles.authority})


def test_given_the_proposer_behind_the_access_manager__it_reverts(city: City) -> None:
    version = city.draft(BUS, Terms(from_day=SUCCESSOR_DAY))
    city.methodologies.startNotice(WORD, version, {"from": city.roles.authority})
    travel_to(now() + NOTICE_PERIOD)
    data = city.methodologies.activate.encode_input(WORD, version)
    with reverts_with(city.methodologies, "MethodologyRegistry_SamePerson", city.access):
        city.access.execute(city.methodologies, data, {"from": city.roles.authority})


def test_given_a_successor_of_an_open_window__it_ends_that_window_the_day_before(city: City) -> None:
    version = city.draft(BUS, Terms(factor_ug=25_000, from_day=SUCCESSOR_DAY))
    done = city.activate(BUS, version)
    assert (status_of(city, 1), status_of(city, 2)) == (SUPERSEDED, ACTIVE)
    assert window_of(city, 1)[1] == SUCCESSOR_DAY - 1
    assert events(done, "MethodologySuperseded")[0]["toDay"] == SUCCESSOR_DAY - 1
    [event] = events(done, "MethodologyActivated")
    assert (event["version"], event["factorUg"]) == (2, 25_000)
    assert [city.methodologies.versionOn(WORD, d) for d in (SUCCESSOR_DAY - 1, SUCCESSOR_DAY)] == [1, 2]


def test_given_a_closed_window_before_the_one_in_force__it_leaves_that_one_alone(city: City) -> None:
    first = window_of(city, 1)[0]
    version = city.draft(BUS, Terms(from_day=first - 100, to_day=first - 1))
    done = city.activate(BUS, version)
    assert events(done, "MethodologySuperseded") == []
    assert [city.methodologies.versionOn(WORD, d) for d in (first - 101, first - 1, first)] == [0, 2, 1]


def test_given_a_superseded_version__when_a_third_follows__it_ends_the_one_in_force(city: City) -> None:
    city.activate(BUS, city.draft(BUS, Terms(from_day=SUCCESSOR_DAY)))
    ended = window_of(city, 1)
    done = city.activate(BUS, city.draft(BUS, Terms(from_day=SUCCESSOR_DAY + 30)))
    assert [(event["version"], event["toDay"]) for event in events(done, "MethodologySuperseded")] == [
        (2, SUCCESSOR_DAY + 29)
    ]
    assert window_of(city, 1) == ended


@pytest.mark.parametrize("shift", [(-10, 0), (0, 0), (-10, 10)], ids=["touches", "first day", "around"])
def test_given_a_window_that_overlaps_from_before__it_reverts(city: City, shift: tuple[int, int]) -> None:
    first = window_of(city, 1)[0]
    version = city.draft(BUS, Terms(from_day=first + shift[0], to_day=first + shift[1]))
    with reverts_with(city.methodologies, "MethodologyRegistry_WindowOverlap", WORD, version, 1):
        city.activate(BUS, version)


def test_given_a_window_inside_a_superseded_one__it_reverts(city: City) -> None:
    city.activate(BUS, city.draft(BUS, Terms(from_day=SUCCESSOR_DAY)))
    version = city.draft(BUS, Terms(from_day=SUCCESSOR_DAY - 1, to_day=SUCCESSOR_DAY - 1))
    with reverts_with(city.methodologies, "MethodologyRegistry_WindowOverlap", WORD, version, 1):
        city.activate(BUS, version)


@pytest.mark.parametrize("lead", [0, 1])
def test_given_a_successor_for_days_that_may_be_attested_already__it_reverts(city: City, lead: int) -> None:
    # At 05:00 UTC on the 11th day from now it is the same date everywhere; 12 hours later it is tomorrow in the far east.
    version = city.draft(BUS, Terms(from_day=TODAY + 11 + lead))
    city.methodologies.startNotice(WORD, version, {"from": city.roles.authority})
    travel_to((TODAY + 11) * 86_400 + (5 if lead == 0 else 17) * 3_600)
    with reverts_with(city.methodologies, "MethodologyRegistry_SupersedesPast", TODAY + 11 + lead, TODAY + 11 + lead):
        city.methodologies.activate(WORD, version, {"from": city.roles.second_authority})


def test_given_a_superseded_version__when_a_late_batch_names_it__it_is_credited(
    city: City,
) -> None:
    late = batch_of(city.roles.operator, BUS, YESTERDAY, [Entry(person("newcomer").address, 1_000)], sequence=1)
    city.activate(BUS, city.draft(BUS, Terms(factor_ug=20_000, from_day=TODAY + 12)))
    city.credit(city.open(late))
    assert city.book.reductionOf(person("newcomer").address) == 26_900  # the old factor


def test_given_a_successor__when_a_batch_names_the_old_version__it_reverts(city: City) -> None:
    city.activate(BUS, city.draft(BUS, Terms(from_day=TODAY + 11 + 1)))
    travel_to((TODAY + 13) * 86_400)
    batch = batch_of(city.roles.operator, BUS, TODAY + 12, [Entry(person("newcomer").address, 1_000)])
    with reverts_with(city.methodologies, "MethodologyRegistry_OutsideWindow", WORD, 1, TODAY + 12):
        city.attest(batch)


def test_given_many_drafts_by_one_key__when_another_is_activated__it_costs_no_more(city: City) -> None:
    def gas_of(methodology: str, drafts: int) -> int:
        for _ in range(drafts):
            city.draft(methodology, Terms())
        return int(city.activate(methodology, city.draft(methodology, Terms())).gas_used)

    assert abs(gas_of("CI-42.CN-4403", 25) - gas_of("CI-43.CN-4403", 0)) < 100
