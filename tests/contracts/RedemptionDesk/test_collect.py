"""Final points leave the books for payment: only through the vault, only what is final."""

from __future__ import annotations

from eth_account.signers.local import LocalAccount

from ..support.city import TODAY, City
from ..support.clock import travel_to
from ..support.reverts import reverts_with
from ..support.values import bare, events


def test_given_another_caller_than_the_vault__it_reverts(city: City) -> None:
    with reverts_with(city.desk, "RedemptionDesk_NotVault", city.roles.authority):
        city.desk.collect(city.roles.merchant, TODAY, TODAY, {"from": city.roles.authority})


def test_given_a_day_that_can_still_be_refunded__it_reverts(city: City, commuter: LocalAccount) -> None:
    ordered = city.redeem(commuter, 1_000).timestamp // 86_400
    travel_to((ordered + 8) * 86_400 - 60)
    with reverts_with(city.desk, "RedemptionDesk_NotFinal", ordered, ordered - 1):
        city.vault.settle(city.roles.merchant, ordered, ordered, {"from": city.roles.merchant})


def test_given_final_days__it_burns_the_points_and_tells_points_and_value(city: City, commuter: LocalAccount) -> None:
    first = city.redeem(commuter, 1_000).timestamp // 86_400
    travel_to((first + 2) * 86_400)
    city.redeem(commuter, 2_000, "order 2")
    travel_to((first + 10) * 86_400)
    supply = city.book.totalSupply()
    done = city.vault.settle(city.roles.merchant, first, first + 2, {"from": city.roles.merchant})
    assert events(done, "PointsCollected") == [
        {
            "merchant": city.roles.merchant,
            "fromDay": first,
            "throughDay": first + 2,
            "pointsMilli": 3_000,
            "value": 150_000,
        }
    ]
    assert events(done, "Transfer")[0] == {"from": city.roles.merchant, "to": "0x" + "00" * 20, "value": 3_000}
    assert city.book.totalSupply() == supply - 3_000
    assert bare(city.desk.dueOf(city.roles.merchant, first)) == (0, 0)


def test_given_a_pause_of_the_desk__it_stops_settlement(city: City, commuter: LocalAccount) -> None:
    ordered = city.redeem(commuter, 1_000).timestamp // 86_400
    travel_to((ordered + 8) * 86_400)
    city.desk.pause({"from": city.roles.guardian})
    with reverts_with(city.desk, "EnforcedPause"):
        city.vault.settle(city.roles.merchant, ordered, ordered, {"from": city.roles.merchant})
