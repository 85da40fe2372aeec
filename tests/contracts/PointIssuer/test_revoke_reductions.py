"""The authority takes back what a revoked batch brought: announced, proved, once, and only reductions."""

from __future__ import annotations

import pytest
from eth_account.signers.local import LocalAccount

from ..support.batches import Batch, Entry, batch_of
from ..support.city import METRO, TODAY, City, person
from ..support.clock import travel_to
from ..support.reverts import reverts_with
from ..support.values import events

STRANGER = person("stranger").address


@pytest.fixture
def batch(city: City, newcomer: LocalAccount) -> Batch:
    """900,000 m and 100 m: 45 kg of the newcomer, who consents, and 5 g of a stranger; all of it is credited."""
    return city.earn([Entry(newcomer.address, 900_000, True), Entry(STRANGER, 100)])


def revoke(city: City, batch: Batch) -> None:
    city.ledger.revoke(batch.id, "meter file forged", {"from": city.roles.authority})


def take_back(city: City, batch: Batch, *reductions: int, first: int = 0):
    return city.decide(city.issuer, "revokeReductions", *batch.chunk(first, len(reductions)), list(reductions))


def test_given_a_revoked_batch__it_lowers_the_reduction_and_leaves_the_points(
    city: City, batch: Batch, newcomer: LocalAccount
) -> None:
    revoke(city, batch)
    done = take_back(city, batch, 45_000_000, 0)
    assert city.book.reductionOf(newcomer.address) == 0
    assert city.book.balanceOf(newcomer.address) == 380_000
    assert city.book.reductionOf(STRANGER) == 5_000
    assert events(done, "ReductionRevoked") == [
        {"batch": "0x" + batch.id.hex(), "index": 0, "account": newcomer.address, "reductionMg": 45_000_000}
    ]
    assert events(done, "ReductionLowered") == [{"account": newcomer.address, "year": 2035, "reductionMg": 45_000_000}]


def test_given_an_entry_taken_back_before__it_reverts(city: City, batch: Batch) -> None:
    revoke(city, batch)
    take_back(city, batch, 1, first=0)
    with reverts_with(city.issuer, "PointIssuer_NotCredited", batch.id, 0):
        take_back(city, batch, 1, first=0)


def test_given_an_entry_that_was_not_credited__it_reverts(city: City, newcomer: LocalAccount) -> None:
    entries = [Entry(newcomer.address, 100), Entry(STRANGER, 100)]
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, entries))
    city.credit(batch, 0, 1)
    revoke(city, batch)
    with reverts_with(city.issuer, "PointIssuer_NotCredited", batch.id, 1):
        take_back(city, batch, 0, 5_000)


@pytest.mark.parametrize(("index", "brought"), [(0, 45_000_000), (1, 5_000)], ids=["consenting", "not consenting"])
def test_given_more_than_the_entry_brought__it_reverts(city: City, batch: Batch, index: int, brought: int) -> None:
    revoke(city, batch)
    asked = [0, 0]
    asked[index] = brought + 1
    with reverts_with(city.issuer, "PointIssuer_AboveEntry", batch.id, index, brought + 1, brought):
        take_back(city, batch, *asked)


@pytest.mark.parametrize("phase", ["closed", "none"])
def test_given_a_batch_that_is_not_revoked__it_reverts(city: City, batch: Batch, phase: str) -> None:
    asked = batch if phase == "closed" else batch.claiming(sequence=9)
    with reverts_with(city.issuer, "PointIssuer_NotRevoked", asked.id):
        take_back(city, asked, 1, 1)


def test_given_as_many_reductions_as_entries_are_missing__it_reverts(city: City, batch: Batch) -> None:
    revoke(city, batch)
    with reverts_with(city.issuer, "PointIssuer_BadChunk", 1):
        city.decide(city.issuer, "revokeReductions", *batch.chunk(), [1])


def test_given_a_wrong_proof__it_reverts(city: City, batch: Batch) -> None:
    revoke(city, batch)
    identifier, first, words, proof = batch.chunk(0, 1)
    with reverts_with(city.issuer, "PointIssuer_BadProof", identifier, 0):
        city.decide(city.issuer, "revokeReductions", identifier, first, [words[0] + 1], proof, [1])


def test_given_a_capped_entry__when_more_than_it_brought_is_taken__it_reverts(
    city: City, newcomer: LocalAccount
) -> None:
    batch = city.earn([Entry(newcomer.address, 2_000_000, True)])  # 100 kg asked, 50 kg credited
    city.earn([Entry(newcomer.address, 600_000)], sequence=1)  # 30 kg that are honest
    revoke(city, batch)
    with reverts_with(city.issuer, "PointIssuer_AboveEntry", batch.id, 0, 50_000_001, 50_000_000):
        take_back(city, batch, 50_000_001)
    take_back(city, batch, 50_000_000)
    assert city.book.reductionOf(newcomer.address) == 30_000_000


def test_given_an_entry_with_a_rest__it_takes_back_what_was_credited_of_it(city: City, newcomer: LocalAccount) -> None:
    city.earn([Entry(newcomer.address, 900_000)])  # 45 kg: 35 of the 80 kg a day are left
    batch = city.earn([Entry(newcomer.address, 900_000)], sequence=1)
    assert city.issuer.restOf(batch.id, 0) == 10_000_000
    revoke(city, batch)
    with reverts_with(city.issuer, "PointIssuer_AboveEntry", batch.id, 0, 35_000_001, 35_000_000):
        take_back(city, batch, 35_000_001)
    take_back(city, batch, 35_000_000)
    assert city.book.reductionOf(newcomer.address) == 45_000_000


def test_given_a_book_that_moved__it_lowers_it_where_it_is_now(
    city: City, batch: Batch, newcomer: LocalAccount
) -> None:
    second, third = person("second key"), person("third key")
    city.move(newcomer, second)
    city.move(second, third)
    revoke(city, batch)
    done = take_back(city, batch, 45_000_000, 0)
    assert city.book.reductionOf(third.address) == 0
    assert events(done, "ReductionLowered")[0]["account"] == third.address


def test_given_a_book_that_moved_before_the_credit__it_lowers_it_where_it_followed(
    city: City, newcomer: LocalAccount
) -> None:
    own = person("own key")
    city.move(newcomer, own)
    batch = city.earn([Entry(newcomer.address, 900_000)])
    revoke(city, batch)
    take_back(city, batch, 45_000_000)
    assert city.book.reductionOf(own.address) == 0


def test_given_reduction_on_both_sides_of_a_move__it_takes_what_went_along(
    city: City, batch: Batch, newcomer: LocalAccount
) -> None:
    own = person("own key")
    city.move(newcomer, own)
    later = TODAY + 3
    travel_to(later * 86_400)
    stays = city.earn([Entry(newcomer.address, 100_000)], day=later, sequence=1)  # 5 kg for a day after the move
    revoke(city, batch)
    done = take_back(city, batch, 45_000_000, 0)
    assert events(done, "ReductionLowered") == [{"account": own.address, "year": 2035, "reductionMg": 45_000_000}]
    assert city.book.reductionOf(newcomer.address) == 5_000_000
    revoke(city, stays)
    done = take_back(city, stays, 5_000_000)
    assert events(done, "ReductionLowered") == [{"account": newcomer.address, "year": 2035, "reductionMg": 5_000_000}]


def test_given_two_accounts_that_tried_to_move_in_a_circle__it_still_takes_back(
    city: City, newcomer: LocalAccount
) -> None:
    other = person("other end of the circle")
    city.move(newcomer, other)
    with reverts_with(city.book, "CarbonPoint_CannotMove", other.address, newcomer.address):
        city.move(other, newcomer)
    batch = city.earn([Entry(newcomer.address, 900_000)])
    revoke(city, batch)
    take_back(city, batch, 45_000_000)
    assert city.book.reductionOf(other.address) == 0


def test_given_a_suspended_operator_and_methodology__it_still_takes_back(
    city: City, batch: Batch, newcomer: LocalAccount
) -> None:
    city.operators.setOperatorStanding(city.roles.operator, 2, "", {"from": city.roles.authority})
    city.methodologies.suspend(batch.header.methodology, 1, "", {"from": city.roles.authority})
    revoke(city, batch)
    take_back(city, batch, 45_000_000, 0)
    assert city.book.reductionOf(newcomer.address) == 0
