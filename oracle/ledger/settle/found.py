"""Payouts on chain without a run: after a database was restored, or because somebody else called the vault.

Each goes to the approved run that asked for exactly it, or into a run that is made for it and that two persons have to sign: only they
can say that the bank has not paid it yet. Either way it belongs to one run from then on, and can be paid by the bank once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from oracle.edge.chain.client import Chain, Event
from oracle.edge.store.database import Database
from oracle.edge.store.runs import add_run, all_runs, free_name, give_payout, payouts_of
from oracle.ledger.settle.book import Settlements
from oracle.ledger.settle.pay import id_of, is_as_signed, payouts
from oracle.model.days import named
from oracle.model.settlement_run import Item, ItemState, Run


@dataclass(frozen=True)
class Found:
    """One payout that no run had.

    Attributes:
        run: The run that has it now.
        merchant: Who was paid.
        amount: Settlement token base units.
        transaction: That paid it.
    """

    run: str
    merchant: str
    amount: int
    transaction: str


def take_up(database: Database, chain: Chain, settlements: Settlements, confirmations: int) -> list[Found]:
    """Gives every payout that is deep enough and that no run has to one run."""
    with settlements.alone():
        there = list(
            payouts(chain, None, chain.head() - confirmations)
        )  # before the runs: what they send meanwhile is theirs
        with database.reading() as connection:
            names = [run.name for run in all_runs(connection)]
        runs = [settlements.refreshed(name) for name in names]
        owned = {payout for run in runs for payout in payouts_of(run).values()}
        unknown = [payout for payout in there if id_of(payout) not in owned]
        asked_for = list(_asked_for(runs, unknown))
        taken = {id_of(payout) for _, payout in asked_for}
        left = [payout for payout in unknown if id_of(payout) not in taken]
        found = [_given(database, run, payout) for run, payout in asked_for]
        found += [each for group in _grouped(left) for each in _made(database, group)]
        for name in {each.run for each in found}:
            settlements.refreshed(name)
        return found


def _asked_for(runs: Sequence[Run], unknown: Sequence[Event]) -> Iterator[tuple[Run, Event]]:
    """Payouts that are exactly what an approved run asked for and did not get, each at most once."""
    open_ = {
        (run.name, item.merchant): (run, item)
        for run in runs
        if run.approved is not None and not run.cancelled
        for item in run.items
        if item.transaction is None
    }
    for payout in unknown:
        for key, (run, item) in open_.items():
            if _is_for(run, item, payout):
                del open_[key]
                yield run, payout
                break


def _is_for(run: Run, item: Item, payout: Event) -> bool:
    values = payout.values
    where = (values["merchant"], values["fromDay"], values["throughDay"])
    asked = (item.merchant, run.first_day, run.last_day)
    return where == asked and payout.block > run.block and is_as_signed(item, payout)


def _given(database: Database, run: Run, payout: Event) -> Found:
    values = payout.values
    with database.begin() as connection:
        give_payout(connection, run.name, values["merchant"], id_of(payout))
    return Found(run.name, values["merchant"], values["amount"], payout.transaction)


def _grouped(left: Sequence[Event]) -> list[list[Event]]:
    """Payouts of the same days together, a merchant once in each group, in the order of the chain."""
    groups: list[list[Event]] = []
    for payout in left:
        fitting = [group for group in groups if _fits(group, payout)]
        if fitting:
            fitting[0].append(payout)
        else:
            groups.append([payout])
    return groups


def _fits(group: Sequence[Event], payout: Event) -> bool:
    days = {(each.values["fromDay"], each.values["throughDay"]) for each in group}
    merchants = {each.values["merchant"] for each in group}
    return (
        days == {(payout.values["fromDay"], payout.values["throughDay"])} and payout.values["merchant"] not in merchants
    )


def _made(database: Database, group: Sequence[Event]) -> list[Found]:
    """A run for payouts of the same days, with nobody's signature."""
    first = group[0].values
    days = named(first["fromDay"], first["throughDay"])
    ordered = sorted(group, key=lambda payout: payout.values["merchant"].lower())
    items = tuple(
        Item(
            payout.values["merchant"],
            payout.values["payout"],
            payout.values["pointsMilli"],
            payout.values["amount"],
            ItemState.PAID,
            "",
            payout.transaction,
        )
        for payout in ordered
    )
    with database.begin() as connection:
        name = free_name(connection, days.label)
        add_run(connection, Run(name, days.first, days.last, min(each.block for each in group) - 1, items))
        for payout in group:
            give_payout(connection, name, payout.values["merchant"], id_of(payout))
    return [
        Found(name, item.merchant, item.amount, payout.transaction) for item, payout in zip(items, ordered, strict=True)
    ]
