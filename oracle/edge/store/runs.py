"""Settlement runs in the database. Every function is one step of a transaction; the chain says what was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak
from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, update

from oracle.edge.store.outbox import LIVE, attempts, transactions
from oracle.edge.store.schema import found_payouts, settlement_items, settlement_runs, settlement_signatures
from oracle.model.errors import SettlementRefused
from oracle.model.settlement_run import Item, ItemState, Run, RunState, Signature, payout_id

PROPOSED, APPROVED = "proposed", "approved"


@dataclass(frozen=True)
class KnownPayouts:
    """Payouts on chain that runs have.

    Attributes:
        ids: Of payouts that runs have.
        expected: Transactions that were signed for runs, with merchants that these still have to see paid.
    """

    ids: frozenset[str]
    expected: frozenset[tuple[str, str]]

    def has(self, transaction: str, merchant: str, payout: str) -> bool:
        """Whether a run has a payout, or will when it next looks at the chain."""
        return payout in self.ids or (transaction, merchant) in self.expected


def free_name(connection: Connection, label: str) -> str:
    """The name of the next run of a period: 2023-01.1, then 2023-01.2."""
    query = select(func.count()).where(settlement_runs.c.name.startswith(f"{label}.", autoescape=True))
    return f"{label}.{connection.execute(query).scalar_one() + 1}"


def add_run(connection: Connection, run: Run) -> None:
    """Stores a new run with its items and the signatures it has."""
    connection.execute(
        insert(settlement_runs).values(
            name=run.name, first_day=run.first_day, last_day=run.last_day, block=run.block, cancelled=run.cancelled
        )
    )
    rows = [{**vars(item), "run": run.name, "amount": str(item.amount), "state": str(item.state)} for item in run.items]
    connection.execute(insert(settlement_items), rows)
    for role, signed in ((PROPOSED, run.proposed), (APPROVED, run.approved)):
        if signed is not None:
            sign_run(connection, run.name, role, signed)


def sign_run(connection: Connection, name: str, role: str, signed: Signature) -> None:
    """Stores a signature; the table takes one of each role, whoever is first."""
    connection.execute(insert(settlement_signatures).values(run=name, role=role, **vars(signed)))


def cancel_run(connection: Connection, name: str) -> None:
    """Gives a run up."""
    connection.execute(update(settlement_runs).where(settlement_runs.c.name == name).values(cancelled=True))


def set_items(connection: Connection, name: str, items: Sequence[Item]) -> None:
    """Stores what became of some items."""
    table = settlement_items
    renewed = update(table).where(table.c.run == name, table.c.merchant == bindparam("of"))
    values: dict[str, object] = {
        "state": bindparam("now"),
        "problem": bindparam("why"),
        "transaction": bindparam("hash"),
    }
    rows = [
        {"of": item.merchant, "now": str(item.state), "why": item.problem, "hash": item.transaction} for item in items
    ]
    if rows:
        connection.execute(renewed.values(values), rows)


def run_named(connection: Connection, name: str) -> Run:
    """One run.

    Raises:
        SettlementRefused: There is no such run.
    """
    row = connection.execute(select(settlement_runs).where(settlement_runs.c.name == name)).one_or_none()
    if row is None:
        known = ", ".join(connection.execute(select(settlement_runs.c.name)).scalars()) or "none yet"
        raise SettlementRefused(f"No settlement run '{name}'. Existing runs: {known}.")
    signatures = _signatures(connection, name)
    return Run(
        name=row.name,
        first_day=row.first_day,
        last_day=row.last_day,
        block=row.block,
        items=_items(connection, name),
        proposed=signatures.get(PROPOSED),
        approved=signatures.get(APPROVED),
        cancelled=row.cancelled,
    )


def all_runs(connection: Connection) -> list[Run]:
    """Every run, in the order they were proposed."""
    names = select(settlement_runs.c.name).order_by(settlement_runs.c.block, settlement_runs.c.name)
    return [run_named(connection, name) for name in connection.execute(names).scalars()]


def open_runs(connection: Connection) -> list[Run]:
    """Runs that may still pay something."""
    ended = (RunState.CONFIRMED, RunState.LAPSED, RunState.CANCELLED)
    return [run for run in all_runs(connection) if run.state not in ended]


def act_of(name: str, data: str) -> str:
    """What the outbox calls a transaction of a run: whose it is, and which of the run's."""
    return f"{_act(name)}{keccak(text=data)[:8].hex()}"


def is_sending(connection: Connection, name: str) -> bool:
    """Whether a transaction of a run is on its way, or in a block that may still be replaced."""
    query = select(func.count()).select_from(transactions).where(_made_for(name), transactions.c.state.in_(LIVE))
    return bool(connection.execute(query).scalar_one())


def transactions_of(connection: Connection, name: str) -> frozenset[str]:
    """Hashes of every transaction that was signed for a run."""
    mined = select(transactions.c.hash).where(_made_for(name), transactions.c.hash.is_not(None))
    signed = select(attempts.c.hash).join(transactions, attempts.c.row == transactions.c.id).where(_made_for(name))
    return frozenset(connection.execute(mined.union(signed)).scalars())


def give_payout(connection: Connection, name: str, merchant: str, payout: str) -> None:
    """Stores that a run has a payout whose transaction this book did not make; the table takes each payout once."""
    connection.execute(insert(found_payouts).values(run=name, merchant=merchant, payout=payout))


def given_payouts(connection: Connection, name: str) -> frozenset[str]:
    """Payouts that a run was given."""
    return frozenset(connection.execute(select(found_payouts.c.payout).where(found_payouts.c.run == name)).scalars())


def payouts_of(run: Run) -> dict[str, str]:
    """Payouts on chain that a run has, by merchant."""
    return {
        item.merchant: payout_id(item.transaction, item.merchant, run.first_day, run.last_day)
        for item in run.items
        if item.transaction is not None
    }


def known_payouts(connection: Connection) -> KnownPayouts:
    """Payouts that the runs have."""
    runs = all_runs(connection)
    expected = {
        (transaction, item.merchant)
        for run in runs
        if run.open_items
        for transaction in transactions_of(connection, run.name)
        for item in run.open_items
    }
    return KnownPayouts(frozenset(payout for run in runs for payout in payouts_of(run).values()), frozenset(expected))


def _act(name: str) -> str:
    return f"settle {name} "


def _made_for(name: str) -> ColumnElement[bool]:
    return transactions.c.act.startswith(_act(name), autoescape=True)


def _items(connection: Connection, name: str) -> tuple[Item, ...]:
    table = settlement_items
    rows = connection.execute(select(table).where(table.c.run == name).order_by(func.lower(table.c.merchant)))
    return tuple(
        Item(
            row.merchant,
            row.payout,
            row.points_milli,
            int(row.amount),
            ItemState(row.state),
            row.problem,
            row.transaction,
        )
        for row in rows
    )


def _signatures(connection: Connection, name: str) -> dict[str, Signature]:
    table = settlement_signatures
    rows = connection.execute(select(table).where(table.c.run == name))
    return {row.role: Signature(row.signer, row.signature, row.time) for row in rows}
