"""When a digest counts as signed."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from ..support.city import City, person
from ..support.reverts import reverts_with

DIGEST = keccak(b"a digest")
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def signed(*members: LocalAccount, digest: bytes = DIGEST) -> list[tuple[str, bytes]]:
    return [(member.address, bytes(Account.unsafe_sign_hash(digest, member.key).signature)) for member in members]


@pytest.mark.parametrize("who", [(0, 1), (0, 2), (1, 2), (0, 1, 2)], ids=str)
def test_given_a_quorum_in_order__it_passes(city: City, who: tuple[int, ...]) -> None:
    city.committee.requireQuorum(DIGEST, signed(*(city.members[number] for number in who)))


@pytest.mark.parametrize("count", [0, 1])
def test_given_too_few__it_reverts(city: City, count: int) -> None:
    with reverts_with(city.committee, "OracleCommittee_BelowQuorum", count, 2):
        city.committee.requireQuorum(DIGEST, signed(*city.members[:count]))


def test_given_no_committee_yet__it_reverts(city: City, built: Any) -> None:
    empty = city.roles.deployer.deploy(built.OracleCommittee, city.access)
    with reverts_with(empty, "OracleCommittee_BelowQuorum", 0, 0):
        empty.requireQuorum(DIGEST, [])


def test_given_the_same_member_twice__it_reverts(city: City) -> None:
    member = city.members[0]
    with reverts_with(city.committee, "OracleCommittee_Unordered", member.address, member.address):
        city.committee.requireQuorum(DIGEST, signed(member, member))


def test_given_members_out_of_order__it_reverts(city: City) -> None:
    first, second, _ = city.members
    with reverts_with(city.committee, "OracleCommittee_Unordered", second.address, first.address):
        city.committee.requireQuorum(DIGEST, signed(second, first))


def test_given_a_stranger_among_them__it_reverts(city: City) -> None:
    stranger = person("stranger")
    both = sorted([city.members[0], stranger], key=lambda member: member.address.lower())
    with reverts_with(city.committee, "OracleCommittee_NotMember", stranger.address, 1):
        city.committee.requireQuorum(DIGEST, signed(*both))


@pytest.mark.parametrize("fault", ["another digest", "another member", "cut short", "empty", "malleable"])
def test_given_a_bad_signature__it_reverts(city: City, fault: str) -> None:
    first, second, third = city.members
    good, other = signed(first, second)
    r, s, v = other[1][:32], int.from_bytes(other[1][32:64]), other[1][64]
    bad = {
        "another digest": signed(second, digest=keccak(b"another"))[0][1],
        "another member": signed(third)[0][1],
        "cut short": other[1][:64],
        "empty": b"",
        "malleable": r
        + (CURVE_ORDER - s).to_bytes(32)
        + bytes([55 - v]),  # the mirror image: valid on the curve, refused
    }[fault]
    with reverts_with(city.committee, "OracleCommittee_BadSignature", second.address, DIGEST):
        city.committee.requireQuorum(DIGEST, [good, (second.address, bad)])


def test_given_a_member_that_is_a_contract__when_its_owner_signs__it_passes(city: City, built: Any) -> None:
    owner = person("member behind a wallet")
    wallet = city.roles.rando.deploy(built.Wallet__MockForSigner, owner.address)
    members = sorted([wallet.address, city.members[0].address, city.members[1].address], key=str.lower)
    city.decide(city.committee, "setCommittee", members, 2)
    by_wallet = (wallet.address, signed(owner)[0][1])
    approvals = sorted([by_wallet, *signed(city.members[0])], key=lambda approval: approval[0].lower())
    city.committee.requireQuorum(DIGEST, approvals)
    forged = [(member, signed(city.members[0])[0][1]) for member, _ in approvals]
    with reverts_with(city.committee, "OracleCommittee_BadSignature", wallet.address, DIGEST):
        city.committee.requireQuorum(DIGEST, forged)
