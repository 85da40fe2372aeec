"""A citizen disputes an order: its points wait, everything else goes on, and the authority or time decides."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from ..support.city import SUSPENDED, City
from ..support.clock import now, travel_to
from ..support.receipts import receipt_in
from ..support.reverts import reverts_with
from ..support.typed_data import sign
from ..support.values import bare, events

HELD, FINAL, REFUNDED, DISPUTED = 1, 2, 3, 4
PRICE = 50


@pytest.fixture
def redeemed(city: City, commuter: LocalAccount) -> Any:
    """100 points of 2035."""
    return city.redeem(commuter, 100_000)


@pytest.fixture
def disputed(city: City, redeemed: Any, commuter: LocalAccount) -> Any:
    """The same order, disputed on its day."""
    city.dispute(commuter, redeemed)
    return redeemed


def key(redeemed: Any) -> bytes:
    return bytes(redeemed.events["OrderRedeemed"]["key"])


def day_of(transaction: Any) -> int:
    return int(transaction.timestamp // 86_400)


def state(city: City, redeemed: Any) -> Any:
    return bare(city.desk.orderOf(*receipt_in(redeemed)))


def test_given_a_held_order__its_points_leave_what_is_due_and_wait(
    city: City, redeemed: Any, commuter: LocalAccount
) -> None:
    done = city.dispute(commuter, redeemed)
    today = day_of(redeemed)
    assert bare(city.desk.dueOf(city.roles.merchant, today)) == (0, 0)
    assert bare(city.desk.disputedOf(city.roles.merchant)) == (100_000, 100_000 * PRICE)
    assert city.book.heldOf(city.roles.merchant) == 100_000
    assert state(city, redeemed) == (DISPUTED, 100_000, 0, today, 0)
    assert events(done, "OrderDisputed") == [
        {
            "key": "0x" + key(redeemed).hex(),
            "citizen": commuter.address,
            "merchant": city.roles.merchant,
            "pointsMilli": 100_000,
            "value": 100_000 * PRICE,
            "dueDay": today,
            "reason": "0x" + keccak(b"cold tea").hex(),
        }
    ]


def test_given_a_dispute__the_merchants_other_orders_of_the_day_are_settled_in_time(
    city: City, disputed: Any, household: LocalAccount
) -> None:
    city.redeem(household, 30_000, "order 2")
    travel_to((day_of(disputed) + 8) * 86_400)
    before = city.token.balanceOf(city.roles.merchant)
    city.vault.settle(city.roles.merchant, day_of(disputed), day_of(disputed), {"from": city.roles.merchant})
    assert city.token.balanceOf(city.roles.merchant) - before == 30_000 * PRICE
    assert city.book.heldOf(city.roles.merchant) == 100_000


@pytest.mark.parametrize(("to_citizen", "phase"), [(0, HELD), (40_000, HELD), (100_000, REFUNDED)])
def test_given_a_decision__each_gets_what_it_says(
    city: City, disputed: Any, commuter: LocalAccount, to_citizen: int, phase: int
) -> None:
    travel_to((day_of(disputed) + 20) * 86_400)
    done = city.resolve(disputed, to_citizen)
    today, kept = day_of(done), 100_000 - to_citizen
    assert city.book.balanceOf(commuter.address) == 127_155 + to_citizen
    assert bare(city.desk.dueOf(city.roles.merchant, today)) == (kept, kept * PRICE)
    assert bare(city.desk.disputedOf(city.roles.merchant)) == (0, 0)
    assert state(city, disputed) == (phase, 100_000, to_citizen, day_of(disputed), today)
    [ended] = events(done, "DisputeEnded")
    assert (ended["keptMilli"], ended["keptValue"], ended["dueDay"]) == (kept, kept * PRICE, today)
    assert [(event["pointsMilli"], event["dueDay"]) for event in events(done, "OrderRefunded")] == (
        [(to_citizen, 0)] if to_citizen else []
    )


def test_given_a_decision_for_the_merchant__the_order_is_held_again_then_final(city: City, disputed: Any) -> None:
    decided = day_of(city.resolve(disputed, 0))
    travel_to((decided + 7) * 86_400)
    city.refund(disputed, 10_000)
    travel_to((decided + 8) * 86_400)
    assert state(city, disputed)[0] == FINAL
    before = city.token.balanceOf(city.roles.merchant)
    city.vault.settle(city.roles.merchant, decided, decided, {"from": city.roles.merchant})
    assert city.token.balanceOf(city.roles.merchant) - before == 90_000 * PRICE
    with reverts_with(city.vault, "SettlementVault_NothingDue", city.roles.merchant, decided, decided):
        city.vault.settle(city.roles.merchant, decided, decided, {"from": city.roles.merchant})


def test_given_an_undecided_dispute__after_sixty_days_it_ends_for_the_merchant(city: City, disputed: Any) -> None:
    last_day = day_of(disputed) + city.desk.DISPUTE_DAYS()
    travel_to((last_day + 1) * 86_400 - 60)
    with reverts_with(city.desk, "RedemptionDesk_DisputeOpen", key(disputed), last_day):
        city.desk.lapseDispute(*receipt_in(disputed), {"from": city.roles.rando})
    travel_to((last_day + 1) * 86_400)
    with reverts_with(city.desk, "RedemptionDesk_DisputeOver", key(disputed), last_day):
        city.resolve(disputed, 100_000)
    city.desk.lapseDispute(*receipt_in(disputed), {"from": city.roles.rando})
    assert bare(city.desk.dueOf(city.roles.merchant, last_day + 1)) == (100_000, 100_000 * PRICE)
    assert state(city, disputed) == (HELD, 100_000, 0, day_of(disputed), last_day + 1)


def test_given_window_and_dispute_together__they_end_before_a_year_is_released(city: City) -> None:
    longest = city.desk.REFUND_WINDOW_DAYS() + city.desk.DISPUTE_DAYS()
    assert longest + city.desk.REFUND_WINDOW_DAYS() < city.vault.RELEASE_DELAY_DAYS()


def test_given_a_disputed_order__the_merchant_gives_in_by_a_refund_at_any_time(
    city: City, disputed: Any, commuter: LocalAccount
) -> None:
    travel_to((day_of(disputed) + 30) * 86_400)
    city.refund(disputed, 60_000)
    assert bare(city.desk.disputedOf(city.roles.merchant)) == (40_000, 40_000 * PRICE)
    city.refund(disputed, 40_000)
    assert city.book.balanceOf(commuter.address) == 227_155
    assert state(city, disputed)[0] == REFUNDED
    with reverts_with(city.desk, "RedemptionDesk_NotDisputed", key(disputed)):
        city.resolve(disputed, 0)


def test_given_a_partly_refunded_order__only_the_rest_is_disputed(
    city: City, redeemed: Any, commuter: LocalAccount
) -> None:
    city.refund(redeemed, 30_000)
    city.dispute(commuter, redeemed)
    assert bare(city.desk.disputedOf(city.roles.merchant)) == (70_000, 70_000 * PRICE)
    with reverts_with(city.desk, "RedemptionDesk_RefundTooLarge", key(redeemed), 70_001, 70_000):
        city.resolve(redeemed, 70_001)


def test_given_an_order_that_was_disputed__it_cannot_be_again(
    city: City, disputed: Any, commuter: LocalAccount
) -> None:
    with reverts_with(city.desk, "RedemptionDesk_CannotDispute", key(disputed), DISPUTED, True):
        city.dispute(commuter, disputed)
    city.resolve(disputed, 0)
    with reverts_with(city.desk, "RedemptionDesk_CannotDispute", key(disputed), HELD, True):
        city.dispute(commuter, disputed)


def test_given_an_order_that_is_refunded_or_final__it_cannot_be_disputed(
    city: City, redeemed: Any, commuter: LocalAccount, household: LocalAccount
) -> None:
    other = city.redeem(household, 1_000, "order 2")
    city.refund(other, 1_000)
    with reverts_with(city.desk, "RedemptionDesk_CannotDispute", key(other), REFUNDED, False):
        city.dispute(household, other)
    travel_to((day_of(redeemed) + 8) * 86_400)
    with reverts_with(city.desk, "RedemptionDesk_CannotDispute", key(redeemed), FINAL, False):
        city.dispute(commuter, redeemed)


@pytest.mark.parametrize("fault", ["somebody else's", "another reason", "another order", "for an order"])
def test_given_a_signature_that_is_not_the_citizens_over_this_dispute__it_reverts(
    city: City, redeemed: Any, commuter: LocalAccount, household: LocalAccount, fault: str
) -> None:
    receipt, proof = receipt_in(redeemed)
    reason, expiry = keccak(b"cold tea"), now() + 600
    values = (*receipt[:3], reason, expiry)
    signature = {
        "somebody else's": lambda: sign(household, "Dispute", city.desk, *values),
        "another reason": lambda: sign(commuter, "Dispute", city.desk, *values[:3], keccak(b"rude"), expiry),
        "another order": lambda: sign(commuter, "Dispute", city.desk, *values[:2], b"\2" * 32, reason, expiry),
        "for an order": lambda: sign(commuter, "Order", city.desk, *city.order(commuter, 100_000)),
    }[fault]()
    with reverts_with(city.desk, "RedemptionDesk_BadSignature", key(redeemed), commuter.address):
        city.desk.dispute(receipt, proof, reason, expiry, signature, {"from": city.roles.rando})


def test_given_a_dispute_past_its_expiry__it_reverts(city: City, redeemed: Any, commuter: LocalAccount) -> None:
    receipt, proof = receipt_in(redeemed)
    values = (*receipt[:3], keccak(b"cold tea"), now() - 1)
    signature = sign(commuter, "Dispute", city.desk, *values)
    with reverts_with(city.desk, "RedemptionDesk_OrderExpired", key(redeemed), values[4]):
        city.desk.dispute(receipt, proof, *values[3:], signature, {"from": city.roles.rando})


def test_given_an_order_that_is_not_disputed__it_cannot_be_decided(city: City, redeemed: Any) -> None:
    with reverts_with(city.desk, "RedemptionDesk_NotDisputed", key(redeemed)):
        city.resolve(redeemed, 0)
    with reverts_with(city.desk, "RedemptionDesk_NotDisputed", key(redeemed)):
        city.desk.lapseDispute(*receipt_in(redeemed), {"from": city.roles.rando})


@pytest.mark.parametrize("caller", ["merchant", "guardian", "operator", "rando"])
def test_given_a_caller_that_is_not_the_authority__it_decides_nothing(city: City, disputed: Any, caller: str) -> None:
    sender = getattr(city.roles, caller)
    with reverts_with(city.desk, "AccessManagedUnauthorized", sender):
        city.desk.resolveDispute(*receipt_in(disputed), 0, {"from": sender})


def test_given_a_suspended_merchant__its_disputes_go_on(city: City, redeemed: Any, commuter: LocalAccount) -> None:
    city.operators.setMerchantStanding(city.roles.merchant, SUSPENDED, "", {"from": city.roles.authority})
    city.dispute(commuter, redeemed)
    city.resolve(redeemed, 100_000)
    assert city.book.balanceOf(commuter.address) == 227_155


def test_given_a_pause__nothing_about_disputes_moves(city: City, disputed: Any, commuter: LocalAccount) -> None:
    other = city.redeem(commuter, 1_000, "order 2")
    city.desk.pause({"from": city.roles.guardian})
    with reverts_with(city.desk, "EnforcedPause"):
        city.dispute(commuter, other)
    with reverts_with(city.desk, "EnforcedPause"):
        city.resolve(disputed, 0)
    with reverts_with(city.desk, "EnforcedPause"):
        city.desk.lapseDispute(*receipt_in(disputed), {"from": city.roles.rando})


def test_given_an_order_of_a_batch__its_proof_disputes_it_and_nothing_else(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    orders = [city.order(signer, 1_000 + at, f"order {at}") for at, signer in enumerate((commuter, household) * 3)]
    signatures = [
        sign(signer, "Order", city.desk, *order)
        for signer, order in zip((commuter, household) * 3, orders, strict=True)
    ]
    batch = city.desk.redeemBatch(orders, signatures, {"from": city.roles.rando})
    for number, signer in ((4, commuter), (5, household)):
        city.dispute(signer, batch, number)
    assert bare(city.desk.disputedOf(city.roles.merchant)) == (2_009, 2_009 * PRICE)
    assert [bare(city.desk.orderOf(*receipt_in(batch, at)))[0] for at in range(6)] == [HELD] * 4 + [DISPUTED] * 2
