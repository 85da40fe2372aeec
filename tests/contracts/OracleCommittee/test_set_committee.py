"""Putting a committee in office."""

from __future__ import annotations

import pytest

from ..support.city import City, person
from ..support.reverts import reverts_with
from ..support.values import bare, events

FIVE = sorted((person(f"new member {number}").address for number in range(5)), key=str.lower)
NOBODY = "0x" + "00" * 20


def test_given_the_deployment__it_has_put_the_first_committee_in_office(city: City) -> None:
    assert city.committee.epoch() == 1
    assert city.committee.quorum() == 2
    assert bare(city.committee.members()) == tuple(member.address for member in city.members)


def test_given_new_members__it_starts_an_epoch_and_forgets_the_old_ones(city: City) -> None:
    done = city.decide(city.committee, "setCommittee", FIVE, 3)
    assert (city.committee.epoch(), city.committee.quorum()) == (2, 3)
    assert bare(city.committee.members()) == tuple(FIVE)
    assert all(city.committee.isMember(member) for member in FIVE)
    assert not any(city.committee.isMember(member.address) for member in city.members)
    assert events(done, "CommitteeSet") == [{"epoch": 2, "members": tuple(FIVE), "quorum": 3}]


@pytest.mark.parametrize(("count", "quorum"), [(1, 1), (2, 2), (3, 2), (3, 3), (4, 3), (5, 3), (5, 5)])
def test_given_a_majority__it_is_taken(city: City, count: int, quorum: int) -> None:
    city.decide(city.committee, "setCommittee", FIVE[:count], quorum)
    assert city.committee.quorum() == quorum


@pytest.mark.parametrize(("count", "quorum"), [(0, 0), (1, 0), (1, 2), (2, 1), (3, 1), (3, 4), (4, 2), (5, 2), (5, 6)])
def test_given_no_majority_or_more_than_all__it_reverts(city: City, count: int, quorum: int) -> None:
    with reverts_with(city.committee, "OracleCommittee_BadQuorum", quorum, count):
        city.decide(city.committee, "setCommittee", FIVE[:count], quorum)


@pytest.mark.parametrize(
    ("listed", "previous", "member"),
    [
        ([FIVE[1], FIVE[0], FIVE[2]], FIVE[1], FIVE[0]),
        ([FIVE[0], FIVE[0], FIVE[1]], FIVE[0], FIVE[0]),
        ([NOBODY, FIVE[0], FIVE[1]], NOBODY, NOBODY),
    ],
    ids=["unsorted", "twice", "zero"],
)
def test_given_members_out_of_order__it_reverts(city: City, listed: list[str], previous: str, member: str) -> None:
    with reverts_with(city.committee, "OracleCommittee_Unordered", previous, member):
        city.decide(city.committee, "setCommittee", listed, 2)
