"""Moving a citizen's book to another key: announced by both, cancelled by either within two days, then completed by anyone."""

from __future__ import annotations

from eth_account.signers.base import BaseAccount
from sqlalchemy import Connection

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.base import word
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.chain.sender import Sender, Sent
from oracle.edge.store.database import Database
from oracle.edge.store.moves import add_move
from oracle.model.errors import InputError
from oracle.model.typed_data import CANCEL_MOVE, MOVE, sign, signable


def announce(relayer: Sender, former: BaseAccount, present: BaseAccount, deadline: int) -> Sent:
    """Announces a move, signed by both.

    Args:
        deadline: Until when the signatures are good, UTC seconds.
    """
    book = CarbonPoint(relayer.chain)
    nonce = book.move_of(former.address).nonce
    values = {"from": former.address, "to": present.address, "nonce": nonce, "deadline": deadline}
    message = signable(book.domain, "Move", MOVE, values)
    both = sign(former, message), sign(present, message)
    return relayer.send(book.announce_move(former.address, present.address, deadline, both))


def cancel(relayer: Sender, former: str, by: BaseAccount) -> Sent:
    """Cancels the announced move of an account's book, signed by one of the two.

    Raises:
        InputError: No move is announced.
    """
    book = CarbonPoint(relayer.chain)
    move = book.move_of(former)
    if move.to is None:
        raise InputError(f"the book of {former} has no pending move")
    values = {"from": former, "to": move.to, "nonce": move.nonce}
    signature = sign(by, signable(book.domain, "CancelMove", CANCEL_MOVE, values))
    return relayer.send(book.cancel_move(former, by.address, signature))


def complete(relayer: Sender, former: str) -> Sent | None:
    """Completes the announced move of an account's book; None if somebody did.

    Raises:
        InputError: No move is announced.
        ContractReverted: Its two days are not over.
    """
    book = CarbonPoint(relayer.chain)
    if book.moved_to(former) is not None:
        return None
    if book.move_of(former).to is None:
        raise InputError(f"the book of {former} has no pending move")
    return relayer.send(book.complete_move(former))


def learn(chain: Chain, database: Database, former: str) -> int:
    """Stores a completed move, so that acts of later days go to the new account; returns the last day that follows the book.

    Raises:
        InputError: The book did not move.
    """
    book = CarbonPoint(chain)
    present, (_, through) = book.moved_to(former), book.closed_days_of(former)
    if present is None:
        raise InputError(f"the book of {former} did not move")
    with database.begin() as connection:
        add_move(connection, word(former), word(present), through)
    return through


def learn_since(chain: Chain, connection: Connection, first_block: int | None, last_block: int) -> None:
    """Stores the moves that were completed in some blocks, whoever completed them; those that are known stay as they are."""
    for event in CarbonPoint(chain).events("AccountMoved", first_block, last_block):
        former, present = event.values["from"], event.values["to"]
        add_move(connection, word(former), word(present), event.values["day"])
