"""Fraud found after issue: freezing, the waterfall, and making good (I48, I55, I56)."""

from __future__ import annotations

import pytest
from eth_account.signers.local import LocalAccount

from ..support.city import City
from ..support.clock import now, travel_to
from ..support.credits import ISSUED, NO_PERMIT, TONNE, Flow, Series
from ..support.reverts import reverts_with
from ..support.values import bare, events

PRICE = 60_000_000
CLOSED = 3
NO_BATCH = "0x" + "00" * 32


@pytest.fixture
def sold(city: City, flow: Flow, series: Series, newcomer: LocalAccount) -> Series:
    """400 t of 450 t are sold, 150 t of them retired; the operator's other series has a buffer of 10 t."""
    flow.issued([(newcomer.address, 200 * TONNE)], sequence=2)
    ask = flow.list(series.number, 400 * TONNE, PRICE)
    flow.buy(ask, 400 * TONNE)
    flow.retire(series.number, 150 * TONNE)
    return series


def state(city: City, series: Series) -> dict[str, int]:
    stock = city.market.stockOf(series.number)
    return {
        "supply": series.token.totalSupply(),
        "retired": series.token.retiredMg(),
        "cancelled": series.token.cancelledMg(),
        "stock": stock["availableMg"],
        "buffer": stock["bufferMg"],
        "shortfall": city.reversals.shortfallOf(series.number)[0],
    }


@pytest.mark.parametrize(
    ("tonnes", "stock", "buffer", "others", "shortfall"),
    [(20, 20_000, 0, 0, 0), (45, 27_500, 17_500, 0, 0), (100, 27_500, 22_500, 10_000, 40_000)],
)
def test_given_a_reversal__stock_then_buffer_then_other_buffers_then_shortfall(
    city: City, flow: Flow, sold: Series, tonnes: int, stock: int, buffer: int, others: int, shortfall: int
) -> None:
    """Case 36: the table of the design, to the milligram."""
    flow.revoke(sold.batch)
    done = flow.cancel(sold.number, sold.batch, tonnes * TONNE)
    taken = {"fromStock": stock, "fromBuffer": buffer, "fromOthers": others, "shortfallMg": shortfall}
    [event] = events(done, "Reversed")
    assert event == {"series": sold.number, "batch": "0x" + sold.batch.id.hex(), "mg": tonnes * TONNE} | {
        key: value * 10**6 for key, value in taken.items()
    }
    after = state(city, sold)
    assert after["stock"] == (27_500 - stock) * 10**6
    assert after["buffer"] == (22_500 - buffer) * 10**6
    assert after["shortfall"] == shortfall * 10**6
    assert after["cancelled"] == (stock + buffer) * 10**6
    assert after["supply"] + after["retired"] + after["cancelled"] == 450 * TONNE
    assert city.market.stockOf(2)["bufferMg"] == (10_000 - others) * 10**6
    assert city.reversals.owedBy(flow.roles.operator) == shortfall * 10**6
    if tonnes == 20:
        assert events(done, "Cancelled") == [{"firstMg": 430_000_000_001, "lastMg": 450_000_000_000}]
    assert events(done, "BufferUsed") == ([{"series": 2, "forSeries": 1, "mg": 10 * TONNE}] if others else [])


def test_given_a_shortfall__when_it_is_made_good__certificates_are_whole_again(
    city: City, flow: Flow, sold: Series, newcomer: LocalAccount
) -> None:
    """Case 38: 40 of 400 t are owed: a certificate of 1.5 t shows 1.35 t, until the operator's next buffer and own credits fill it."""
    reversals, rando = city.reversals, {"from": flow.roles.rando}
    certificate = flow.retire(sold.number, 1_500_000_000)
    flow.revoke(sold.batch)
    flow.cancel(sold.number, sold.batch, 100 * TONNE)
    assert reversals.outOf(sold.number) == 400 * TONNE
    assert city.retirements.backingOf(certificate) == 1_350_000_000
    with reverts_with(reversals, "ReversalDesk_NothingToRestore", sold.number, 40 * TONNE):
        reversals.restore(sold.number, rando)
    city.reversals.unfreeze(sold.number, {"from": flow.roles.authority})

    third = flow.issued([(newcomer.address, 300 * TONNE)], sequence=3)
    done = reversals.restore(sold.number, rando)
    assert events(done, "Restored") == [{"series": sold.number, "by": "0x" + "00" * 20, "mg": 15 * TONNE}]
    assert state(city, third) | {"shortfall": 0} == {
        "supply": 285 * TONNE,
        "retired": 0,
        "cancelled": 15 * TONNE,
        "stock": 285 * TONNE,
        "buffer": 0,
        "shortfall": 0,
    }
    assert reversals.owedBy(flow.roles.operator) == 25 * TONNE
    assert city.retirements.backingOf(certificate) == 1_500_000_000 * 375 // 400

    sold.token.transfer(flow.roles.operator, 30 * TONNE, {"from": flow.buyer})
    operator = {"from": flow.roles.operator}
    for mg in (0, 25 * TONNE + 1):
        with reverts_with(reversals, "ReversalDesk_AboveShortfall", mg, 25 * TONNE):
            reversals.surrender(sold.number, mg, operator)
    with reverts_with(sold.token, "CarbonCredit_Short", flow.roles.rando.address, 0, 1):
        reversals.surrender(sold.number, 1, rando)
    done = reversals.surrender(sold.number, 25 * TONNE, operator)
    assert events(done, "Restored") == [{"series": sold.number, "by": flow.roles.operator.address, "mg": 25 * TONNE}]
    assert reversals.owedBy(flow.roles.operator) == 0
    assert city.retirements.backingOf(certificate) == 1_500_000_000
    with reverts_with(reversals, "ReversalDesk_NothingToRestore", sold.number, 0):
        reversals.restore(sold.number, rando)


def test_given_a_shortfall__the_operator_releases_no_buffer(
    city: City, flow: Flow, sold: Series, newcomer: LocalAccount
) -> None:
    flow.revoke(sold.batch)
    flow.cancel(sold.number, sold.batch, 100 * TONNE)
    third = flow.issued([(newcomer.address, 300 * TONNE)], sequence=3)
    travel_to(now() + 731 * 86_400)
    owed = (city.market, "CreditMarket_OperatorShort", flow.roles.operator.address, 40 * TONNE)
    with reverts_with(*owed):
        city.market.releaseBuffer(third.number, {"from": flow.roles.rando})


def test_given_a_revoked_batch__when_it_is_reported__the_series_is_frozen_once(
    city: City, flow: Flow, series: Series
) -> None:
    reversals, rando = city.reversals, {"from": flow.roles.rando}
    with reverts_with(reversals, "ReversalDesk_NotRevoked", series.batch.id, CLOSED):
        reversals.reportRevoked(series.batch.id, rando)
    with reverts_with(reversals, "ReversalDesk_NotIssued", 0):
        reversals.reportRevoked(flow.earlier.id, rando)
    city.ledger.revoke(series.batch.id, "forged", {"from": flow.roles.authority})
    done = reversals.reportRevoked(series.batch.id, rando)
    assert events(done, "SeriesFrozen") == [
        {"series": series.number, "batch": "0x" + series.batch.id.hex(), "reason": ""}
    ]
    assert events(done, "FrozenSet") == [{"frozen": True}]
    assert bare(reversals.shortfallOf(series.number)) == (0, 1)
    with reverts_with(reversals, "ReversalDesk_SameReport", series.batch.id, True):
        reversals.reportRevoked(series.batch.id, rando)
    assert city.certifier.claimOf(series.number)["state"] == ISSUED
    with reverts_with(reversals, "ReversalDesk_Pending", series.number, 1):
        reversals.unfreeze(series.number, {"from": flow.roles.authority})


def test_given_a_claim_that_is_not_issued__its_batch_is_not_the_desks_business(
    city: City, flow: Flow, commuter: LocalAccount
) -> None:
    claim, batch, _ = flow.submitted([(commuter.address, TONNE)])
    city.ledger.revoke(batch.id, "forged", {"from": flow.roles.authority})
    with reverts_with(city.reversals, "ReversalDesk_NotIssued", claim):
        city.reversals.reportRevoked(batch.id, {"from": flow.roles.rando})


def test_given_a_guardian__when_it_freezes__only_the_authority_ends_it(city: City, flow: Flow, series: Series) -> None:
    reversals, guardian = city.reversals, {"from": flow.roles.guardian}
    authority = {"from": flow.roles.authority}
    with reverts_with(reversals, "ReversalDesk_NotIssued", 9):
        reversals.freeze(9, "", guardian)
    with reverts_with(reversals, "ReversalDesk_SameState", series.number, False):
        reversals.unfreeze(series.number, authority)
    done = reversals.freeze(series.number, "a rumour", guardian)
    assert events(done, "SeriesFrozen") == [{"series": series.number, "batch": NO_BATCH, "reason": "a rumour"}]
    with reverts_with(reversals, "ReversalDesk_SameState", series.number, True):
        reversals.freeze(series.number, "", guardian)
    done = reversals.unfreeze(series.number, authority)
    assert events(done, "SeriesUnfrozen") == [{"series": series.number}]
    assert not series.token.isFrozen()
    with reverts_with(reversals, "ReversalDesk_NotIssued", 9):
        reversals.unfreeze(9, authority)
    reversals.freeze(series.number, "again", guardian)
    flow.revoke(series.batch)  # a frozen series takes reports, too
    assert bare(reversals.shortfallOf(series.number)) == (0, 1)


def test_given_a_figure_that_is_not_good__when_it_is_cancelled__it_reverts(
    city: City, flow: Flow, series: Series
) -> None:
    reversals, number, batch = city.reversals, series.number, series.batch
    with reverts_with(reversals, "ReversalDesk_SameReport", batch.id, False):
        flow.cancel(number, batch, 1)
    with reverts_with(reversals, "ReversalDesk_NotIssued", 9):
        flow.cancel(9, batch, 1)
    with reverts_with(reversals, "ReversalDesk_NotOfSeries", flow.earlier.id, number):
        flow.cancel(number, flow.earlier, 1)
    flow.revoke(batch)
    with reverts_with(reversals, "ReversalDesk_AboveBound", 450 * TONNE + 1, 450 * TONNE):
        flow.cancel(number, batch, 450 * TONNE + 1)
    reversal = (number, batch.id, 5)
    approvals = flow.approve("Reversal", reversals, number, batch.id, 4)
    digest = bytes(reversals.reversalDigest(reversal))
    with reverts_with(city.committee, "OracleCommittee_BadSignature", approvals[0][0], digest):
        city.decide(reversals, "cancel", reversal, approvals)
    flow.cancel(number, batch, 20 * TONNE)
    assert bare(reversals.reversalOf(batch.id)) == (True, True, 20 * TONNE)
    for mg in (20 * TONNE, 19 * TONNE):
        with reverts_with(reversals, "ReversalDesk_Reversed", batch.id, 20 * TONNE):
            flow.cancel(number, batch, mg)
    [event] = events(flow.cancel(number, batch, 21 * TONNE), "Reversed")
    assert (event["mg"], event["fromStock"]) == (TONNE, TONNE)
    reversals.unfreeze(number, {"from": flow.roles.authority})
    with reverts_with(reversals, "ReversalDesk_SameState", number, False):
        flow.cancel(number, batch, 22 * TONNE)


def test_given_a_batch_that_brought_nothing__when_zero_is_signed__the_series_goes_on(
    city: City, flow: Flow, series: Series
) -> None:
    flow.revoke(series.batch)
    [event] = events(flow.cancel(series.number, series.batch, 0), "Reversed")
    assert event["mg"] == event["fromStock"] == event["shortfallMg"] == 0
    with reverts_with(city.reversals, "ReversalDesk_Reversed", series.batch.id, 0):
        flow.cancel(series.number, series.batch, 0)
    city.reversals.unfreeze(series.number, {"from": flow.roles.authority})
    assert state(city, series)["cancelled"] == 0


def test_given_less_certified_than_claimed__when_all_is_reversed__the_stock_ends_it(
    city: City, flow: Flow, commuter: LocalAccount
) -> None:
    small = flow.issued([(commuter.address, 10 * TONNE)], mg=8 * TONNE)
    flow.buy(flow.list(small.number, 5 * TONNE, PRICE), 5 * TONNE)
    flow.revoke(small.batch)
    with reverts_with(city.reversals, "ReversalDesk_AboveLeft", 9 * TONNE, 8 * TONNE):
        flow.cancel(small.number, small.batch, 9 * TONNE)
    flow.cancel(small.number, small.batch, 8 * TONNE)
    assert bare(city.reversals.shortfallOf(small.number)) == (5 * TONNE, 0)
    assert city.reversals.backedOf(small.number, 5 * TONNE) == 0


def test_given_resale_asks__a_reversal_leaves_them_alone(city: City, flow: Flow, series: Series) -> None:
    ask = flow.list(series.number, 400 * TONNE, PRICE)
    flow.buy(ask, 100 * TONNE)
    resale = city.market.resell(series.number, 60 * TONNE, PRICE, 30_000, {"from": flow.buyer}).return_value
    flow.revoke(series.batch)
    flow.cancel(series.number, series.batch, 400 * TONNE)
    assert bare(city.reversals.shortfallOf(series.number)) == (50 * TONNE, 0)
    assert series.token.balanceOf(city.market) == 60 * TONNE
    with reverts_with(series.token, "CarbonCredit_Frozen"):
        city.market.cancelAsk(resale, {"from": flow.buyer})
    city.reversals.unfreeze(series.number, {"from": flow.roles.authority})
    flow.pay(flow.roles.merchant, 60 * PRICE)
    city.market.buy([(resale, 60 * TONNE, PRICE)], 60 * PRICE, NO_PERMIT, {"from": flow.roles.merchant})
    assert series.token.balanceOf(flow.roles.merchant) == 60 * TONNE
