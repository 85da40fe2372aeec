"""Settlement runs in the database. Every function is one step of a transaction; the chain says what was paid."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, func, insert, select, update

from oracle.edge.store.schema import settlement_items, settlement_runs, settlement_signatures
from oracle.model.errors import SettlementRefused
from oracle.model.settlement_run import Item, ItemState, Run, RunState, Signature

PROPOSED, APPROVED = "proposed", "approved"


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
        raise SettlementRefused(f"There is no settlement run '{name}'; there are: {known}.")
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
    return [run for run in all_runs(connection) if run.state not in (RunState.CONFIRMED, RunState.CANCELLED)]


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
