"""Money: the operators' reserve, what merchants are due and were paid, and that the vault holds what it must."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from oracle.report.checks.check import Check, compare
from oracle.report.read.ledger import Ledger
from oracle.report.read.state import State
from oracle.report.tables.reserve import free_of, reserve_movements


def check_reserve(ledger: Ledger, state: State) -> Iterator[Check]:
    """Free reserve of every operator, and the points it has locked reserve for in every year."""
    movements = reserve_movements(ledger)
    free = free_of(movements)
    for operator, there in state.free.items():
        yield compare("free_units", operator, int(free.get(operator, 0)), there)
    locked = _of_item(movements, "locked").sub(_of_item(movements, "unlocked"), fill_value=0)
    released = set(ledger.table("ReserveReleased")[["operator", "year"]].itertuples(index=False, name=None))
    for (operator, year), there in state.locked.items():
        book = 0 if (operator, year) in released else int(locked[operator, year])
        yield compare("locked_milli", f"{operator} {year}", book, there)


def _of_item(movements: pd.DataFrame, item: str) -> pd.Series[int]:
    return movements[movements["item"] == item].groupby(["operator", "year"])["points_milli"].sum()


def check_vault(ledger: Ledger, state: State) -> Iterator[Check]:
    """deposited - withdrawn - paid == free + points with citizens * price + what open batches can still bring + due + disputed + released;
    and the vault holds at least that.

    Tokens that somebody sent to the vault without a deposit belong to no operator: a surplus is no difference.
    """
    flows = {event: _sum(ledger, event) for event in ("ReserveDeposited", "ReserveWithdrawn", "MerchantSettled")}
    backed = sum(points_milli * state.prices[year] for year, points_milli in state.outstanding.items())
    due = sum(value for _, value in [*state.due.values(), *state.disputed.values()])
    released = _sum(ledger, "YearReleased") - _sum(ledger, "ReserveReleased")
    claims = sum(state.free.values()) + backed + _open_locks(ledger, state) + due + released
    kept = flows["ReserveDeposited"] - flows["ReserveWithdrawn"] - flows["MerchantSettled"]
    yield compare(
        "reserve_units",
        "deposited - withdrawn - paid = free + backing + open batches + due + disputed + released",
        kept,
        claims,
    )
    yield Check(
        "vault_units", "balance of the vault", claims, state.vault_balance, max(0, claims - state.vault_balance)
    )


def check_locks(ledger: Ledger, state: State) -> Iterator[Check]:
    """Points that every batch can bring at most: what was locked for it, until it is closed or revoked."""
    ended = set(ledger.table("ReserveUnlocked")["batch"])
    locked = ledger.table("ReserveLocked").set_index("batch")["pointsMilli"]
    for batch, there in state.locked_for.items():
        open_ = batch not in ended and state.phases[batch] not in ("closed", "revoked")
        yield compare("locked_for_milli", batch, int(locked.get(batch, 0)) if open_ else 0, there)


def _open_locks(ledger: Ledger, state: State) -> int:
    """Money behind points that open batches can still bring."""
    years = ledger.table("ReserveLocked").set_index("batch")["year"].to_dict()
    return sum(
        (milli - state.progress[batch].points_milli) * state.prices[years[batch]]
        for batch, milli in state.locked_for.items()
        if milli
    )


def check_merchants(ledger: Ledger, merchants: pd.DataFrame, state: State) -> Iterator[Check]:
    """What is due to every merchant at the block, and that it was paid what was collected.

    Args:
        merchants: `oracle.report.tables.settlement.merchants` over all days.
    """
    paid = _by_merchant(ledger, "MerchantSettled", "amount")
    collected = _by_merchant(ledger, "PointsCollected", "value")
    for row in merchants.to_dict("records"):
        merchant = row["merchant"]
        points_milli, units = state.due[merchant]
        yield compare("due_milli", merchant, int(row["closing_due_milli"]), points_milli)
        yield compare("due_units", merchant, int(row["closing_due_units"]), units)
        points_milli, units = state.disputed[merchant]
        yield compare("disputed_milli", merchant, int(row["closing_disputed_milli"]), points_milli)
        yield compare("disputed_units", merchant, int(row["closing_disputed_units"]), units)
        for unit, book, there in zip(("milli", "units"), paid[merchant], collected[merchant], strict=True):
            yield compare(f"paid_{unit}", merchant, book, there)


def _sum(ledger: Ledger, event: str) -> int:
    return sum(item.values["amount"] for item in ledger.events[event])


def _by_merchant(ledger: Ledger, event: str, money: str) -> dict[str, tuple[int, int]]:
    """Points and money of an event by admitted merchant."""
    sums = {merchant: (0, 0) for merchant in ledger.table("MerchantAdmitted")["merchant"]}
    for item in ledger.events[event]:
        points_milli, units = sums[item.values["merchant"]]
        sums[item.values["merchant"]] = points_milli + item.values["pointsMilli"], units + item.values[money]
    return sums
