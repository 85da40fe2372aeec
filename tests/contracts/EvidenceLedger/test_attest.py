"""A quorum of the committee brings a batch on chain."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from ..support.batches import Batch, Entry, approvals, batch_of
from ..support.city import BUS, METRO, SUSPENDED, TODAY, WALK, YESTERDAY, City, Terms, person
from ..support.clock import at, day, travel_to
from ..support.reverts import reverts_with
from ..support.typed_data import sign
from ..support.values import bare, events

RIDER, NEIGHBOUR = person("rider").address, person("neighbour").address
ATTESTED = 1


@pytest.fixture
def batch(city: City) -> Batch:
    return batch_of(city.roles.operator, METRO, TODAY, [Entry(RIDER, 1_000, True), Entry(NEIGHBOUR, 500)])


def test_given_a_quorum__it_stores_the_header_and_opens_after_the_challenge_window(city: City, batch: Batch) -> None:
    done = city.attest(batch)
    assert bytes(done.return_value) == batch.id == bytes(city.ledger.batchIdOf(*_key(batch)))
    assert bare(city.ledger.headerOf(batch.id)) == _seen(batch)
    assert bare(city.ledger.phaseOf(batch.id)) == (ATTESTED, done.timestamp)
    [event] = events(done, "BatchAttested")
    assert bytes(event["batch"]) == batch.id
    assert (event["operator"], event["epoch"], event["opensAt"]) == (city.roles.operator, 1, done.timestamp + 3_600)
    assert event["header"] == _seen(batch)


def test_given_more_than_a_quorum__it_stores_the_batch(city: City, batch: Batch) -> None:
    everybody = approvals(city.ledger, 1, city.members, batch.header)
    city.ledger.attest(batch.header, everybody, {"from": city.roles.rando})
    assert city.ledger.phaseOf(batch.id)[0] == ATTESTED


def test_given_less_than_a_quorum__it_reverts(city: City, batch: Batch) -> None:
    with reverts_with(city.committee, "OracleCommittee_BelowQuorum", 1, 2):
        city.ledger.attest(batch.header, city.approve(batch)[:1], {"from": city.roles.rando})


@pytest.mark.parametrize(
    "changed",
    [
        {"records_root": b"\0" * 32},
        {"accounts_root": b"\0" * 32},
        {"bundle_hash": b"\0" * 32},
        {"account_count": 0},
        {"record_count": 1},
        {"total_quantity": 0, "consented_quantity": 0},
        {"consented_quantity": 1_501},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_given_an_incomplete_header__it_reverts(city: City, batch: Batch, changed: dict[str, Any]) -> None:
    with reverts_with(city.ledger, "EvidenceLedger_IncompleteHeader"):
        city.attest(batch.claiming(**changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"day": YESTERDAY},
        {"sequence": 1},
        {"version": 2},
        {"record_count": 5},
        {"account_count": 3},
        {"total_quantity": 1_501},
        {"consented_quantity": 1_001},
        {"records_root": keccak(b"other records")},
        {"accounts_root": keccak(b"other accounts")},
        {"bundle_hash": keccak(b"other bundle")},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_given_a_header_altered_after_signing__it_reverts(city: City, batch: Batch, changed: dict[str, Any]) -> None:
    signed = city.approve(batch)
    altered = batch.claiming(**changed)
    if "version" in changed:
        city.activate(METRO, city.draft(METRO, Terms(factor_ug=50_000, from_day=TODAY + 30)))
        travel_to((TODAY + 31) * 86_400)
        altered = altered.claiming(day=TODAY + 30)
    digest = city.ledger.attestationDigest(altered.header)
    with reverts_with(city.committee, "OracleCommittee_BadSignature", signed[0][0], bytes(digest)):
        city.ledger.attest(altered.header, signed, {"from": city.roles.rando})


def test_given_a_key_that_is_used__it_reverts(city: City, batch: Batch) -> None:
    city.attest(batch)
    other = batch_of(city.roles.operator, METRO, TODAY, [Entry(RIDER, 7)])
    with reverts_with(city.ledger, "EvidenceLedger_KeyUsed", batch.id):
        city.attest(other)


def test_given_a_key_that_was_revoked__it_stays_used(city: City, batch: Batch) -> None:
    city.attest(batch)
    city.ledger.revoke(batch.id, "wrong factor file", {"from": city.roles.authority})
    with reverts_with(city.ledger, "EvidenceLedger_KeyUsed", batch.id):
        city.attest(batch)
    city.attest(batch.claiming(sequence=1))


def test_given_a_suspended_operator__it_reverts(city: City, batch: Batch) -> None:
    city.operators.setOperatorStanding(city.roles.operator, SUSPENDED, "", {"from": city.roles.authority})
    with reverts_with(city.operators, "OperatorRegistry_OperatorNotActive", city.roles.operator, SUSPENDED):
        city.attest(batch)


def test_given_an_unlicensed_operator__it_reverts(city: City) -> None:
    batch = batch_of(city.roles.rando, METRO, TODAY, [Entry(RIDER, 1)])
    with reverts_with(city.operators, "OperatorRegistry_OperatorNotActive", city.roles.rando, 0):
        city.attest(batch)


def test_given_a_methodology_that_does_not_exist__it_reverts(city: City) -> None:
    batch = batch_of(city.roles.operator, "CI-77", TODAY, [Entry(RIDER, 1)])
    with reverts_with(city.methodologies, "MethodologyRegistry_WrongStatus", batch.header.methodology, 1, 0):
        city.attest(batch)


@pytest.mark.parametrize(("hour", "ahead"), [(9, 0), (10, 1)], ids=["before", "after"])
def test_given_the_date_line__it_takes_tomorrow_once_it_has_begun_in_the_far_east(
    city: City, hour: int, ahead: int
) -> None:
    midnight = (TODAY + 1) * 86_400
    travel_to(midnight + hour * 3_600)
    latest = TODAY + 1 + ahead
    city.attest(batch_of(city.roles.operator, METRO, latest, [Entry(RIDER, 1)]))
    with reverts_with(city.ledger, "EvidenceLedger_FutureDay", latest + 1, latest):
        city.attest(batch_of(city.roles.operator, METRO, latest + 1, [Entry(RIDER, 1)]))


@pytest.mark.parametrize(
    ("changed", "value", "most"),
    [
        ({"account_count": 2**30, "record_count": 2**30}, 2**30, 2**30 - 1),
        ({"total_quantity": 2**57 // 50 + 1}, (2**57 // 50 + 1) * 50, 2**56 - 1),
        ({"total_quantity": 2**64 - 1}, (2**64 - 1) * 50, 2**56 - 1),
    ],
    ids=["accounts", "milligrams", "quantity"],
)
def test_given_more_than_a_batch_can_hold__it_reverts(
    city: City, batch: Batch, changed: dict[str, Any], value: int, most: int
) -> None:
    with reverts_with(city.ledger, "EvidenceLedger_TooLarge", value, most):
        city.attest(batch.claiming(**changed))


def test_given_the_most_that_a_batch_can_hold__it_is_stored_and_locked_for(city: City) -> None:
    """2^56 - 1 mg at 50 mg a metre, rounded down to whole metres: 72 thousand tonnes."""
    most = (2**56 - 1) // 50
    batch = batch_of(city.roles.operator, METRO, TODAY, [Entry(RIDER, most)])
    batch = batch.claiming(account_count=2**30 - 1, record_count=2**30)
    points = most * 50 * 76 // 9000
    city.fund(city.roles.operator, points * 50)
    city.attest(batch)
    assert city.vault.lockedFor(batch.id) == points
    assert city.ledger.MOST_ACCOUNTS() == 2**30 - 1
    assert city.ledger.MOST_REDUCTION_MG() == 2**56 - 1


@pytest.mark.parametrize("over", [False, True])
def test_given_a_year_whose_points_expired__nothing_of_it_is_attested(city: City, over: bool) -> None:
    batch = batch_of(city.roles.operator, WALK, day(2026, 12, 31), [Entry(RIDER, 1)])
    travel_to(at(2036, 1, 1) if over else at(2035, 12, 31, 23))
    if not over:
        city.attest(batch)
        return
    with reverts_with(city.ledger, "EvidenceLedger_YearOver", 2026, 2036):
        city.attest(batch)


def test_given_a_new_committee__when_the_old_one_signed__it_reverts_for_good(city: City, batch: Batch) -> None:
    signed = city.approve(batch)
    members = [member.address for member in city.members]
    for quorum in (3, 2):
        city.decide(city.committee, "setCommittee", members, quorum)
    assert city.committee.epoch() == 3
    digest = bytes(city.ledger.attestationDigest(batch.header))
    with reverts_with(city.committee, "OracleCommittee_BadSignature", signed[0][0], digest):
        city.ledger.attest(batch.header, signed, {"from": city.roles.rando})
    city.attest(batch)


@pytest.mark.parametrize(
    "domain",
    [{"chainId": 1}, {"salt": keccak(b"another genesis")}, {"version": "2"}, {"name": "Carbonbook"}],
    ids=lambda changed: next(iter(changed)),
)
def test_given_signatures_for_another_domain__it_reverts(city: City, batch: Batch, domain: dict[str, Any]) -> None:
    foreign = [
        (member.address, sign(member, "Attestation", city.ledger, 1, *batch.header, **domain))
        for member in city.members[:2]
    ]
    digest = bytes(city.ledger.attestationDigest(batch.header))
    with reverts_with(city.committee, "OracleCommittee_BadSignature", foreign[0][0], digest):
        city.ledger.attest(batch.header, foreign, {"from": city.roles.rando})


@pytest.mark.parametrize(
    "other",
    [
        {"methodology": BUS},
        {"methodology": WALK},
        {"day": YESTERDAY},
        {"sequence": 1},
        {"operator": "other_operator"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_given_another_key__it_is_another_batch(city: City, batch: Batch, other: dict[str, Any]) -> None:
    city.attest(batch)
    operator = getattr(city.roles, other.get("operator", "operator"))
    second = batch_of(
        operator,
        other.get("methodology", METRO),
        other.get("day", TODAY),
        [Entry(RIDER, 1)],
        sequence=other.get("sequence", 0),
    )
    city.attest(second)
    assert second.id != batch.id
    assert city.ledger.phaseOf(second.id)[0] == ATTESTED


def test_given_a_pause__it_reverts_until_the_authority_ends_it(city: City, batch: Batch) -> None:
    city.ledger.pause({"from": city.roles.guardian})
    with reverts_with(city.ledger, "EnforcedPause"):
        city.attest(batch)
    city.ledger.unpause({"from": city.roles.authority})
    city.attest(batch)


def _key(batch: Batch) -> tuple[Any, ...]:
    header = batch.header
    return header.operator, header.methodology, header.day, header.sequence


def _seen(batch: Batch) -> tuple[Any, ...]:
    """The header as brownie shows it: bytes as hex."""
    return tuple("0x" + value.hex() if isinstance(value, bytes) else value for value in batch.header)
