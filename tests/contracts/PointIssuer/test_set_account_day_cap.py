"""The cap of one account for one act day."""

from __future__ import annotations

import pytest
from eth_account.signers.local import LocalAccount

from ..support.batches import Entry
from ..support.city import ACCOUNT_DAY_CAP_MG, City
from ..support.reverts import reverts_with
from ..support.values import events

MOST = 2**46


def test_given_the_board__when_it_carries_out_a_new_cap__it_tells_both(city: City) -> None:
    assert city.issuer.accountDayCapMg() == ACCOUNT_DAY_CAP_MG
    done = city.decide(city.issuer, "setAccountDayCap", MOST)
    assert city.issuer.accountDayCapMg() == MOST == city.issuer.MAX_DAY_CAP_MG()
    assert events(done, "AccountDayCapSet") == [{"formerMg": ACCOUNT_DAY_CAP_MG, "capMg": MOST}]


def test_given_a_cap_that_a_page_cannot_hold_for_a_year__it_reverts(city: City) -> None:
    with reverts_with(city.issuer, "PointIssuer_CapTooHigh", MOST + 1, MOST):
        city.decide(city.issuer, "setAccountDayCap", MOST + 1)


@pytest.mark.parametrize(("cap", "credited"), [(20_000_000, 20_000_000), (0, 0)])
def test_given_a_lower_cap__it_binds_what_comes_after(
    city: City, newcomer: LocalAccount, cap: int, credited: int
) -> None:
    city.decide(city.issuer, "setAccountDayCap", cap)
    city.earn([Entry(newcomer.address, 1_000_000)])
    assert city.book.reductionOf(newcomer.address) == credited


def test_given_a_cap_lowered_below_what_a_day_has__it_credits_nothing_more_for_it(
    city: City, newcomer: LocalAccount
) -> None:
    city.earn([Entry(newcomer.address, 1_000_000)])
    city.decide(city.issuer, "setAccountDayCap", 1)
    city.earn([Entry(newcomer.address, 1_000_000)], sequence=1)
    assert city.book.reductionOf(newcomer.address) == 50_000_000
