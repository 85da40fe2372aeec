"""Sending signed transactions to a node, and finding out why it rejects one.

Nodes word the same error differently, and some reject transactions that they already have. So the chain is asked instead: whether the
transaction
exists, whether its nonce is used and by what, the gas limit and fee of the next block, and the sender's balance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from oracle.edge.chain.client import Chain, Translated
from oracle.edge.chain.fees import fees_now
from oracle.edge.chain.transport import is_limited
from oracle.edge.store import outbox as rows
from oracle.edge.store.database import Database

CANCEL_GAS = 21_000


class Verdict(Enum):
    """Result of sending a signed transaction to a node."""

    HERE = auto()  # the node has it, or its nonce is used and a receipt will tell by what
    SHORT = auto()  # another attempt of its row waits there, and it offers too little to replace that
    GAP = auto()  # the node takes it when it has the one before
    LATER = (
        auto()
    )  # the node takes it when a block asks for less or has more room, the sender has more, or the node has time
    NEVER = auto()  # no block has room for it
    UNKNOWN = auto()  # the chain tells no reason


@dataclass(frozen=True)
class Delivered:
    """One attempt to send: the result, and the node's message if it rejected the transaction."""

    verdict: Verdict
    said: str = ""


@dataclass(frozen=True)
class _Standing:
    """State of a sender, and of the chain's next block.

    Attributes:
        used: Nonces that are used up.
        next: The nonce after those that are used or wait in order.
        balance: Wei.
        block_gas: Gas that a block has room for.
        least: Wei per gas below which the next block takes nothing.
        known: Hashes of transactions that the node has, of those that were asked for.
    """

    used: int
    next: int
    balance: int
    block_gas: int
    least: int
    known: frozenset[str]


@dataclass(frozen=True)
class _Refused:
    """An attempt that the node rejected, with its row and the row's attempts."""

    attempt: rows.Attempt
    answer: Mapping[str, Any]
    row: rows.Row
    all: Sequence[rows.Attempt]


def deliver(chain: Chain, database: Database, made: Sequence[rows.Attempt]) -> dict[int, Delivered]:
    """Sends attempts of different rows; returns the result of each by row.

    Nodes may work on what is asked together in any order, and one that keeps no queue refuses what it gets before its predecessor, which
    may be there by the time the chain is asked: those are handed over once more, one by one in the order of their nonces.

    Raises:
        ChainUnreachable: It is not known what arrived.
    """
    found = _together(chain, database, made)
    early = [attempt for attempt in made if found[attempt.row].verdict in (Verdict.GAP, Verdict.UNKNOWN)]
    for attempt in early if len(made) > 1 else ():
        found |= _together(chain, database, [attempt])
        if found[attempt.row].verdict is not Verdict.HERE:
            break
    return found


def _together(chain: Chain, database: Database, made: Sequence[rows.Attempt]) -> dict[int, Delivered]:
    answers = chain.batch("eth_sendRawTransaction", [["0x" + attempt.raw.hex()] for attempt in made])
    refused = []
    with database.reading() as connection:
        for attempt, answer in zip(made, answers, strict=True):
            if "error" in answer:
                row, attempts = rows.row_of(connection, attempt.row), rows.attempts_of(connection, attempt.row)
                refused.append(_Refused(attempt, answer, row, attempts))
    found = {attempt.row: Delivered(Verdict.HERE) for attempt in made}
    if refused:
        standing = _standing(chain, refused)
        found |= {each.row.id: Delivered(_verdict(each, standing), _words(each.answer)) for each in refused}
    return found


def _standing(chain: Chain, refused: Sequence[_Refused]) -> _Standing:
    hashes = [attempt.hash for each in refused for attempt in each.all]
    answers = chain.batch("eth_getTransactionByHash", [[hash_] for hash_ in hashes])
    known = frozenset(hash_ for hash_, answer in zip(hashes, answers, strict=True) if answer.get("result"))
    sender = refused[0].row.sender
    eth = chain.web3.eth
    with Translated(chain.rpc):
        return _Standing(
            eth.get_transaction_count(sender, "latest"),  # type: ignore[arg-type]  # checksummed text
            eth.get_transaction_count(sender, "pending"),  # type: ignore[arg-type]  # checksummed text
            eth.get_balance(sender),  # type: ignore[arg-type]  # checksummed text
            chain.block_gas(),
            fees_now(chain).least,
            known,
        )


def _verdict(refused: _Refused, standing: _Standing) -> Verdict:
    attempt, row = refused.attempt, refused.row
    nonce = rows.filled(row.nonce)
    gas = CANCEL_GAS if row.reason is not None else row.gas
    if nonce < standing.used or attempt.hash in standing.known:
        return Verdict.HERE
    waits = any(other.hash in standing.known for other in refused.all)
    if gas > standing.block_gas:
        return Verdict.LATER if waits else Verdict.NEVER
    if nonce > standing.next and not waits:
        return Verdict.GAP
    if is_limited(refused.answer) or attempt.fee_cap < standing.least or standing.balance < gas * attempt.fee_cap:
        return Verdict.LATER
    return Verdict.SHORT if waits else Verdict.UNKNOWN


def _words(answer: Mapping[str, Any]) -> str:
    error = answer["error"]
    return str(error.get("message", error)) if isinstance(error, dict) else str(error)
