"""Following transactions: checks every row that is not final against the chain, and acts on the result."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain, Translated
from oracle.edge.chain.deliver import CANCEL_GAS, Delivered, Verdict, deliver
from oracle.edge.chain.fees import Fees, fees_now
from oracle.edge.chain.sender import Sender
from oracle.edge.store import outbox as rows
from oracle.edge.store.database import Database
from oracle.model.errors import ChainError, ChainUnreachable

MOST_REPLACEMENTS = 5
_MOST_REFUSALS = 5  # without a reason that the chain tells; by then what ails the node has passed, or will not
_RECEIPTS_AT_ONCE = 16  # a chunk's receipt tells of five hundred transfers: some 300 kB


@dataclass
class Followed:
    """What one look found.

    Attributes:
        mined: Rows that got a block.
        reorganised: Rows that lost their block and were sent again.
        confirmed: Rows that are final.
        resent: Transactions that were sent again.
        raised: Transactions that were replaced by one that pays more.
        short: Such replacements that the node refused to put in another's place; the next one offers twice as much.
        replaced: Rows whose nonce another transaction took.
    """

    mined: int = 0
    reorganised: int = 0
    confirmed: int = 0
    resent: int = 0
    raised: int = 0
    short: int = 0
    replaced: int = 0

    @property
    def moved(self) -> int:
        """Changes altogether."""
        return sum(vars(self).values())

    @property
    def again(self) -> int:
        """Rows that were sent and may be mined by now."""
        return self.resent + self.raised

    def add(self, other: Followed) -> None:
        """Adds what another look found."""
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)


@dataclass
class _Memory:
    """What this process knows about pending rows.

    Attributes:
        sent: When it last sent a row, and the head then.
        taken: How often a row's nonce was seen taken by a transaction that is none of the row's.
        refused: How often the node refused it and the chain told no reason.
        short: Rows whose last replacement paid too little more.
    """

    sent: dict[int, tuple[float, int]] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)
    short: set[int] = field(default_factory=set)

    def forget(self, row: int) -> None:
        """Forgets rows that are no longer pending, because a service runs for years."""
        for known in (self.sent, self.taken, self.refused):
            known.pop(row, None)
        self.short.discard(row)


class Follower:
    """Follows the rows of one outbox.

    Args:
        outbox: Signs replacements.
        database: Where the rows are.
        finality: Blocks on top of a block that make it final.
        patience_seconds: After which a transaction is looked for again.
    """

    def __init__(self, outbox: Sender, database: Database, finality: int, patience_seconds: float):
        self._outbox = outbox
        self._database = database
        self._finality = finality
        self._patience = patience_seconds
        self._memory = _Memory()
        self.told_by: dict[int, tuple[str, tuple[str, ...]]] = {}  # `Call.told_by` of rows that have one

    @property
    def _chain(self) -> Chain:
        return self._outbox.chain

    def follow(self) -> Followed:
        """Checks every row of the account that is not final."""
        found = Followed()
        with self._database.reading() as connection:
            live = rows.rows_in(connection, self._outbox.account.address, rows.LIVE)
        if not live:
            return found
        head = self._chain.head()
        pending = [row for row in live if row.state != rows.MINED]
        pending += self._look_at_mined([row for row in live if row.state == rows.MINED], head, found)
        if pending:
            self._look_at_pending(sorted(pending, key=_nonce), head, found)
        return found

    def broadcast(self, made: Sequence[rows.Attempt]) -> None:
        """Sends attempts. If the answer is lost, their rows stay signed, and the next check sends them again."""
        try:
            delivered = deliver(self._chain, self._database, made)
            head = self._chain.head()
        except ChainUnreachable:
            return  # not known whether they arrived: the rows say so by staying as they are
        at = (time.monotonic(), head)
        self._memory.sent |= {row: at for row, each in delivered.items() if each.verdict is not Verdict.GAP}
        here = [row for row, each in delivered.items() if each.verdict in (Verdict.HERE, Verdict.SHORT)]
        with self._database.begin() as connection:
            rows.set_state(connection, here, rows.SENT)
        for row, each in delivered.items():
            self._noted(row, each)

    def _noted(self, row: int, delivered: Delivered) -> None:
        """Stores why a node rejected attempts; gives up those that no node will accept."""
        memory, verdict = self._memory, delivered.verdict
        if verdict is Verdict.SHORT:
            memory.short.add(row)
        elif verdict is Verdict.HERE:
            memory.short.discard(row)
            memory.refused.pop(row, None)
        elif verdict is Verdict.UNKNOWN:
            memory.refused[row] = memory.refused.get(row, 0) + 1
        if verdict is Verdict.NEVER or memory.refused.get(row, 0) >= _MOST_REFUSALS:
            memory.refused.pop(row, None)
            self._give_up(row, delivered.said)

    def _look_at_mined(self, mined: list[rows.Row], head: int, found: Followed) -> list[rows.Row]:
        """Confirms rows in final blocks; returns rows whose block was replaced."""
        hashes = {number: self._chain.block_hash(number) for number in sorted({row.block or 0 for row in mined})}
        lost = [row for row in mined if hashes[row.block or 0] != row.block_hash]
        final = [row for row in mined if row not in lost and head - (row.block or 0) >= self._finality]
        if not lost and not final:
            return []
        with self._database.begin() as connection:
            nothing = {"hash": None, "block": None, "block_hash": None, "status": None, "gas_used": None}
            rows.set_state(connection, [row.id for row in lost], rows.SENT, **nothing)
            done = [row.id for row in final if row.status == 1 and row.reason is None]
            rows.set_state(connection, done, rows.CONFIRMED)
            rows.set_state(connection, [row.id for row in final if row.id not in done], rows.FAILED)
            rows.strip(connection, [row.id for row in final])
        found.reorganised += len(lost)
        found.confirmed += len(final)
        return lost

    def _forget(self, row: int) -> None:
        """A row that loses its block after this is sent again at once."""
        self._memory.forget(row)
        self.told_by.pop(row, None)

    def _look_at_pending(self, pending: list[rows.Row], head: int, found: Followed) -> None:
        with Translated(self._chain.rpc):
            count = self._chain.web3.eth.get_transaction_count(self._outbox.account.address, "latest")
        behind = [row for row in pending if _nonce(row) < count]
        if behind:
            self._look_for_receipts(behind, found)
        self._look_at_waiting([row for row in pending if _nonce(row) >= count], head, found)

    def _look_for_receipts(self, behind: list[rows.Row], found: Followed) -> None:
        with self._database.reading() as connection:
            made = [attempt for row in behind for attempt in rows.attempts_of(connection, row.id)]
        receipts = self._told(made)
        asked = [attempt for attempt in made if attempt.row not in receipts]
        answers = self._chain.batch(
            "eth_getTransactionReceipt", [[attempt.hash] for attempt in asked], _RECEIPTS_AT_ONCE
        )
        receipts |= {
            attempt.row: answer["result"]
            for attempt, answer in zip(asked, answers, strict=True)
            if answer.get("result")
        }
        gone = []
        for row in behind:
            if row.id not in receipts:
                self._memory.taken[row.id] = self._memory.taken.get(row.id, 0) + 1
                gone += [row.id] if self._memory.taken[row.id] > 1 else []
        with self._database.begin() as connection:
            for id_, receipt in receipts.items():
                rows.set_mined(connection, id_, _mined(receipt))
            reason = "another transaction used its nonce"
            rows.set_state(connection, gone, rows.REPLACED, nonce=None, reason=reason)
        for id_ in (*receipts, *gone):
            self._forget(id_)
        found.mined += len(receipts)
        found.replaced += len(gone)

    def _told(self, made: Sequence[rows.Attempt]) -> dict[int, dict[str, Any]]:
        """Of attempts whose success one event tells, what that says, in the words of a receipt."""
        of_hash = {each.hash: each.row for each in made if each.row in self.told_by and each.row in self._memory.sent}
        if not of_hash:
            return {}
        since = hex(min(self._memory.sent[row][1] for row in of_hash.values()))
        told = sorted({self.told_by[row] for row in of_hash.values()})
        asked: list[list[object]] = [
            [{"fromBlock": since, "toBlock": "latest", "address": to, "topics": list(topics)}] for to, topics in told
        ]
        logs = [log for answer in self._chain.batch("eth_getLogs", asked) for log in answer.get("result") or ()]
        return {
            of_hash[log["transactionHash"]]: log | {"status": "0x1"}
            for log in logs
            if log["transactionHash"] in of_hash
        }

    def _look_at_waiting(self, waiting: list[rows.Row], head: int, found: Followed) -> None:
        """Sends rows that this process has not sent yet; after a while, resends lost ones and raises the fee of slow ones."""
        now = time.monotonic()
        due = [row for row in waiting if now - self._memory.sent.get(row.id, (-math.inf, 0))[0] >= self._patience]
        if not due:
            return
        fees = fees_now(self._chain)
        again: list[rows.Attempt] = []
        for row in due:
            with self._database.reading() as connection:
                made = rows.attempts_of(connection, row.id)
            if self._is_outbid(row, made, head, fees, first=row is waiting[0]):
                self._replace(row, row.to, row.data, row.gas, self._raised(row.id, made[-1], fees), len(made) + 1)
                found.raised += 1
                found.short += row.id in self._memory.short
            elif row.id not in self._memory.sent or not self._is_known(made):
                again.append(made[-1])
            else:
                self._memory.sent[row.id] = (now, head)
        if again:
            self.broadcast(again)
            found.resent += len(again)

    def _is_outbid(self, row: rows.Row, made: Sequence[rows.Attempt], head: int, fees: Fees, *, first: bool) -> bool:
        """Whether the fee of a row's last attempt is too low for the next block or for recent ones, and may be raised once more.

        Only the account's first transaction can be slow: the others wait for it, whatever their fee.
        """
        if len(made) > MOST_REPLACEMENTS or fees.cap == 0:
            return False
        seen = first and row.id in self._memory.sent and head > self._memory.sent[row.id][1]
        return made[-1].fee_cap < fees.least or row.id in self._memory.short or (seen and self._is_known(made))

    def _raised(self, row: int, last: rows.Attempt, now: Fees) -> Fees:
        """Fees of a row's next attempt: an eighth more, or twice as much if the node asked for more than that."""
        offered = Fees(last.fee_cap, None if now.tip is None else last.tip)
        return offered.raised(now, 1) if row in self._memory.short else offered.raised(now)

    def _is_known(self, made: Sequence[rows.Attempt]) -> bool:
        """Whether the node still has one of a row's attempts."""
        answers = self._chain.batch("eth_getTransactionByHash", [[attempt.hash] for attempt in made])
        return any(answer.get("result") for answer in answers)

    def _give_up(self, row: int, message: str) -> None:
        """Replaces a transaction that no node accepts by an empty one to ourselves, so that later nonces are free."""
        with self._database.begin() as connection:
            found = rows.row_of(connection, row)
            if found.reason is not None:
                raise ChainError(
                    f"The node at {self._chain.rpc} rejects every transaction of {found.sender}: {message}"
                )
            rows.set_state(connection, [row], rows.SIGNED, reason=f"the node refused it: {message}"[:500])
            number = len(rows.attempts_of(connection, row)) + 1
        self._replace(found, found.sender, b"", CANCEL_GAS, fees_now(self._chain), number)

    def _replace(self, row: rows.Row, to: str, data: bytes, gas: int, fees: Fees, number: int) -> None:
        """Signs a row again with the same nonce, and sends it."""
        call = Call(to, "0x" + data.hex(), row.act, gas)
        attempt = attempt_of(self._outbox, row.id, call, _nonce(row), fees, number)
        with self._database.begin() as connection:
            rows.add_attempts(connection, [attempt])
        self.broadcast([attempt])


def attempt_of(sender: Sender, row: int, call: Call, nonce: int, fees: Fees, number: int) -> rows.Attempt:
    """The `number`th signing of a row."""
    raw, hash_ = sender.signed(call.to, call.data, nonce, rows.filled(call.gas), fees)
    return rows.Attempt(hash_, row, number, raw, fees.cap, fees.tip or 0, int(time.time()))


def _mined(receipt: dict[str, Any]) -> dict[str, object]:
    return {
        "hash": receipt["transactionHash"],
        "block": int(receipt["blockNumber"], 16),
        "block_hash": receipt["blockHash"],
        "status": int(receipt["status"], 16),
        "gas_used": int(receipt["gasUsed"], 16) if "gasUsed" in receipt else None,  # an event tells no gas
    }


def _nonce(row: rows.Row) -> int:
    return rows.filled(row.nonce)
