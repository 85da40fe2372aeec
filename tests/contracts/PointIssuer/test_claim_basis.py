"""What certifying asks of a batch: only of a closed one, and no more than those who consent were credited."""

from __future__ import annotations

import pytest

from oracle.model.ids import methodology_word

from ..support.batches import Batch, Entry, batch_of
from ..support.city import METRO, TODAY, City, person
from ..support.reverts import reverts_with
from ..support.values import bare

NONE, ATTESTED, OPEN, CLOSED, REVOKED = range(5)


@pytest.fixture
def batch(city: City) -> Batch:
    entries = [Entry(person("guest").address, 2_000_000, True), Entry(person("neighbour").address, 100)]
    return batch_of(city.roles.operator, METRO, TODAY, entries)


def test_given_a_closed_batch__it_gives_whose_it_is(city: City, batch: Batch) -> None:
    city.credit(city.open(batch))
    assert bare(city.issuer.claimBasis(batch.id)) == (
        city.roles.operator,
        "0x" + methodology_word(METRO).hex(),
        1,
        TODAY,
        50_000_000,
        "0x" + batch.header.accounts_root.hex(),
    )


@pytest.mark.parametrize("phase", [NONE, ATTESTED, OPEN, REVOKED])
def test_given_a_batch_that_is_not_closed__it_reverts(city: City, batch: Batch, phase: int) -> None:
    if phase == ATTESTED:
        city.attest(batch)
    if phase in (OPEN, REVOKED):
        city.credit(city.open(batch), 0, 1)
    if phase == REVOKED:
        city.ledger.revoke(batch.id, "", {"from": city.roles.authority})
    for asked in (city.issuer.claimBasis, city.ledger.closedBasis):
        with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, phase):
            asked(batch.id)
