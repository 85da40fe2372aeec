"""Files for the bank as they were made, their transfers, and what the bank said of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, insert, select, update

from oracle.edge.store.schema import bank_files, bank_transfers


@dataclass(frozen=True)
class StoredFile:
    """A file for the bank.

    Attributes:
        name: Its message id.
        ending: Of a file name, with its dot.
        content: The bytes.
    """

    name: str
    ending: str
    content: bytes


@dataclass(frozen=True)
class BankTransfer:
    """One transfer of a file.

    Attributes:
        end_to_end_id: By which the bank names it.
        run: The settlement run that it pays for.
        attempt: 0 for the run's first file, then counted up.
        merchant: Its account.
        minor: Whole minor units of the currency.
        returned: Why the bank sent it back, or None.
        booked: ISO date on which the bank's statement has it, or None.
    """

    end_to_end_id: str
    run: str
    attempt: int
    merchant: str
    minor: int
    returned: str | None = None
    booked: str | None = None


def file_of(connection: Connection, run: str, attempt: int) -> StoredFile | None:
    """A file of a run, if it was made."""
    query = select(bank_files).where(bank_files.c.run == run, bank_files.c.attempt == attempt)
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredFile(row.name, row.ending, bytes(row.content))


def add_file(
    connection: Connection, run: str, attempt: int, file: StoredFile, transfers: Sequence[BankTransfer], by: str
) -> None:
    """Stores a file of a run with its transfers.

    Args:
        by: On whose word; empty for a run's first file, which two officers signed.
    """
    connection.execute(insert(bank_files).values({"run": run, "attempt": attempt, "by": by, **vars(file)}))
    connection.execute(insert(bank_transfers), [vars(each) | {"minor": str(each.minor)} for each in transfers])


def last_attempt(connection: Connection, run: str) -> int | None:
    """Number of a run's newest file; None if there is none."""
    query = select(func.max(bank_files.c.attempt)).where(bank_files.c.run == run)
    found: int | None = connection.execute(query).scalar_one()
    return found


def transfers_of(connection: Connection, run: str) -> list[BankTransfer]:
    """All transfers of a run's files, the oldest file first."""
    table = bank_transfers
    query = select(table).where(table.c.run == run).order_by(table.c.attempt, func.lower(table.c.merchant))
    return [_transfer(row) for row in connection.execute(query)]


def transfers_named(connection: Connection, identifiers: Iterable[str]) -> dict[str, BankTransfer]:
    """Transfers by what the bank calls them; those of others are left out."""
    query = select(bank_transfers).where(bank_transfers.c.end_to_end_id.in_(list(identifiers)))
    return {row.end_to_end_id: _transfer(row) for row in connection.execute(query)}


def transfers_in(connection: Connection, message: str) -> list[BankTransfer]:
    """The transfers of the file with a message id."""
    table = bank_transfers
    same_file = (table.c.run == bank_files.c.run) & (table.c.attempt == bank_files.c.attempt)
    query = select(table).join(bank_files, same_file).where(bank_files.c.name == message)
    return [_transfer(row) for row in connection.execute(query.order_by(table.c.end_to_end_id))]


def mark_returned(connection: Connection, identifier: str, reason: str) -> None:
    """Stores why the bank sent a transfer back."""
    table = bank_transfers
    connection.execute(update(table).where(table.c.end_to_end_id == identifier).values(returned=reason))


def mark_booked(connection: Connection, identifier: str, date: str) -> None:
    """Stores the date on which the bank's statement has a transfer."""
    table = bank_transfers
    connection.execute(update(table).where(table.c.end_to_end_id == identifier).values(booked=date))


def _transfer(row: Row[tuple[object, ...]]) -> BankTransfer:
    return BankTransfer(**{**row._mapping, "minor": int(row.minor)})
