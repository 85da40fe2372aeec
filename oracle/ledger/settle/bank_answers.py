"""What a bank's messages change in the book: what came back waits to be paid again; what is booked is compared with what was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection

from oracle.edge.store.bank_files import BankTransfer, mark_booked, mark_returned, transfers_in, transfers_named
from oracle.ledger.settle.bank_messages import Answer


@dataclass(frozen=True)
class Taken:
    """What a message told.

    Attributes:
        transfers: Transfers of this installation that it names with the right amount, as they stand now.
        others: How many of its entries are not this installation's.
        differences: Where the bank's amount is not that of the file, in sentences.
    """

    transfers: tuple[BankTransfer, ...]
    others: int
    differences: tuple[str, ...]


def take_returned(connection: Connection, answers: Sequence[Answer], decimals: int) -> Taken:
    """Stores which transfers came back, and why. The same message again changes nothing; one whose amount differs changes nothing.

    Args:
        decimals: Of the currency.
    """
    found, others, differences = _found(connection, answers, decimals)
    marked = [replace(transfer, returned=answer.reason) for transfer, answer in found]
    for each in marked:
        mark_returned(connection, each.end_to_end_id, str(each.returned))
    return Taken(tuple(marked), others, differences)


def take_booked(connection: Connection, answers: Sequence[Answer], decimals: int) -> Taken:
    """Stores which transfers the bank has paid, where its amount is the one it was told.

    Args:
        decimals: Of the currency.
    """
    found, others, differences = _found(connection, answers, decimals)
    marked = [replace(transfer, booked=answer.date or "") for transfer, answer in found]
    for each in marked:
        mark_booked(connection, each.end_to_end_id, str(each.booked))
    return Taken(tuple(marked), others, differences)


def _found(
    connection: Connection, answers: Sequence[Answer], decimals: int
) -> tuple[list[tuple[BankTransfer, Answer]], int, tuple[str, ...]]:
    """Transfers with the answer for each, how many answers are for others, and answers whose amount is another."""
    single = transfers_named(connection, [each.identifier for each in answers if not each.whole])
    found: dict[str, tuple[BankTransfer, Answer]] = {}
    others, differences = 0, []
    for answer in sorted(
        answers, key=lambda each: not each.whole
    ):  # what names a transfer goes before what names its file
        named = [single[answer.identifier]] if not answer.whole and answer.identifier in single else []
        transfers = transfers_in(connection, answer.identifier) if answer.whole else named
        told = Decimal(sum(each.minor for each in transfers)).scaleb(-decimals)
        if not transfers:
            others += 1
        elif answer.amount not in (None, told):
            differences.append(f"{answer.identifier}: the bank says {answer.amount}, the file says {told}")
        else:
            found |= {each.end_to_end_id: (each, answer) for each in transfers}
    return list(found.values()), others, tuple(differences)
