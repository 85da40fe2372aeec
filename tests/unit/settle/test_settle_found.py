"""Payouts that no run has, in runs of their own: each in exactly one, days and merchants as a run can have them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oracle.edge.chain.client import Event
from oracle.ledger.settle.found import _grouped
from oracle.ledger.settle.pay import id_of
from oracle.model.days import between, named, period
from oracle.model.units import day_of

MERCHANTS = ["0x" + f"{number:040x}" for number in range(1, 5)]


def payout(number: int, merchant: str, days: tuple[int, int]) -> Event:
    values = {"merchant": merchant, "payout": merchant, "fromDay": days[0], "throughDay": days[1]}
    return Event("SettlementVault", "MerchantSettled", number, f"0x{number:064x}", 0, values)


@given(st.lists(st.tuples(st.sampled_from(MERCHANTS), st.sampled_from([(1, 1), (1, 7), (2, 7)])), max_size=30))
def test_grouped__any_payouts__each_is_in_one_group_of_its_days(
    drawn: list[tuple[str, tuple[int, int]]],
) -> None:
    payouts = [payout(number, *each) for number, each in enumerate(drawn)]
    groups = _grouped(payouts)
    assert sorted(id_of(each) for group in groups for each in group) == sorted(map(id_of, payouts))
    for group in groups:
        assert len({(each.values["fromDay"], each.values["throughDay"]) for each in group}) == 1
        assert len({each.values["merchant"] for each in group}) == len(group)
    fewest = {days: max(drawn.count((who, days)) for who in MERCHANTS) for days in {days for _, days in drawn}}
    assert len(groups) == sum(fewest.values())


def test_named__a_run_of_days__has_the_name_that_a_person_would_have_typed() -> None:
    for text in ("2023-01-10", "2023-W02", "2024-W01", "2023-02", "2024-02"):
        days = period(text)
        assert named(days.first, days.last) == days
    odd = (day_of(period("2023-01").first_date), period("2023-02").last)
    assert named(*odd) == between(*odd)
