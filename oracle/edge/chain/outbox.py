"""The outbox: every transaction is stored as a row before it is sent, and the chain decides what became of it.

    planned -> signed -> sent -> mined -> confirmed
       |          |        ^  |     |  \\-> failed     it reverted, and that is final
       |          |        |  |     |
       |          |        \\--------/                 its block was replaced: the same bytes are sent again
       |          |           \\--> replaced           another transaction took its nonce: it is planned anew
       |          \\-> (crash) -> sent
       \\-> undone                                     the process ended before it was signed, or the chain rolled back

A nonce is allocated when the row is signed, in one database transaction with the signed bytes, and kept: whoever starts next sends
the same bytes. A static call comes before, so that what a contract refuses never gets a row. A stuck transaction is replaced under its
nonce by one that pays more. Nothing here decides that something has been done: the contracts credit, take and pay each thing once, and
callers ask them first.

One process at a time works on an account's rows; a lock says so.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import islice

from eth_account.signers.base import BaseAccount

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain, Translated
from oracle.edge.chain.fees import fees_now
from oracle.edge.chain.finality import accept_rollback, require_sound
from oracle.edge.chain.follow import Followed, Follower, attempt_of
from oracle.edge.chain.sender import Sender, Sent
from oracle.edge.store import outbox as rows
from oracle.edge.store.database import Database
from oracle.edge.store.lock import exclusive
from oracle.model.errors import ChainError, ChainUnreachable, ContractReverted, NotMined, OutOfGasMoney

_ANEW = 3  # how often a call whose nonce was taken is planned again


@dataclass(frozen=True)
class Pace:
    """How long to wait for what.

    Attributes:
        finality: Blocks on top of a block that make it final.
        wait_seconds: For a transaction to be mined.
        patience_seconds: After which a transaction that is not mined is looked for, sent again or replaced.
        lock_seconds: For another process to finish.
        window: Transactions in flight at once; half of them are sent while the node mines the other half.
    """

    finality: int = 12
    wait_seconds: float = 120
    patience_seconds: float = 20
    lock_seconds: float = 60
    window: int = 256


Outcome = Sent | ChainError


@dataclass(frozen=True)
class _Window:
    """Calls that were begun together.

    Attributes:
        ids: Rows of the calls on their way, by place.
        outcomes: What is known already, by place.
        anew: How often their nonces were taken.
    """

    calls: Sequence[Call]
    ids: dict[int, int]
    outcomes: dict[int, Outcome]
    anew: int


class Outbox(Sender):
    """Sends transactions from one account; survives crashes.

    Args:
        chain: The deployment.
        account: Who sends.
        database: The book's, where the rows are.
        pace: How long to wait.
    """

    def __init__(self, chain: Chain, account: BaseAccount, database: Database, pace: Pace | None = None):
        super().__init__(chain, account)
        self._database = database
        self._pace = pace or Pace()
        self._follower = Follower(self, database, self._pace.finality, self._pace.patience_seconds)

    def send(self, call: Call) -> Sent:
        """Sends one call and waits until it is mined; otherwise as `send_all`.

        Raises:
            ContractReverted: The contract refuses; nothing was sent.
            ChainError: It was sent and failed, or as `send_all` says.
        """
        (outcome,) = self.send_all([call])
        if isinstance(outcome, ChainError):
            raise outcome
        return outcome

    def send_all(self, calls: Iterable[Call]) -> list[Outcome]:
        """Sends many independent calls with consecutive nonces, many in flight at a time.

        Returns:
            Per call its transaction, or why there is none: `ContractReverted` if the contract refused, `ChainError` if it failed.

        Raises:
            NotMined: Some are on their way and not mined in time; they stay in the outbox.
            OutOfGasMoney: The account cannot pay for them; nothing of the window was sent.
            ChainHalted: The chain cannot be trusted; nothing was sent.
            Busy: Another process works on this account's rows.
        """
        with self._locked():
            self._recover()
            waiting = iter(calls)
            outcomes: list[Outcome] = []
            sent: _Window | None = None
            while half := list(islice(waiting, max(1, self._pace.window // 2))):
                following = self._begun(half)  # while the node mines the half before
                outcomes += [] if sent is None else self._ended(sent)
                sent = following
            return outcomes + ([] if sent is None else self._ended(sent))

    def result(self, act: str) -> Sent | None:
        """Result of an act: waits for its pending transaction; None if no transaction did it.

        Acts that must happen once have a unique name, and are looked up by it before they are sent.

        Raises:
            NotMined: One is on its way and not mined in time.
        """
        with self._locked():
            self._recover()
            with self._database.reading() as connection:
                pending = rows.rows_in(connection, self.account.address, rows.PENDING)
            self._await([row.id for row in pending if row.act == act])
            with self._database.reading() as connection:
                found = rows.done_of(connection, self.account.address, act)
        return None if found is None else Sent(rows.filled(found.hash), rows.filled(found.block), found.gas_used)

    def alone(self, work: str) -> AbstractContextManager[None]:
        """Does a piece of work of this account one process at a time.

        Raises:
            Busy: Another process was at it all the while.
        """
        return exclusive(self._database, f"{work}-{self.account.address.lower()}", self._pace.lock_seconds)

    def reconcile(self) -> Followed:
        """Checks every row that is not final: lost transactions are resent, those in final blocks are confirmed."""
        with self._locked():
            found = self._recover()
            looked = found
            while looked.again:  # what was sent again may be mined at once
                looked = self._follower.follow()
                found.add(looked)
            return found

    def accept_rollback(self) -> int:
        """Continues after a rollback past finality; returns the number of rows that were undone."""
        with self._locked():
            return accept_rollback(self.chain, self._database, self._pace.finality)

    def _locked(self) -> AbstractContextManager[None]:
        return exclusive(self._database, f"sender-{self.account.address.lower()}", self._pace.lock_seconds)

    def _recover(self) -> Followed:
        require_sound(self.chain, self._database, self._pace.finality)
        with self._database.reading() as connection:
            unsigned = rows.rows_in(connection, self.account.address, (rows.PLANNED,))
        if unsigned:
            reason = "the process that planned it ended before it was signed"
            with self._database.begin() as connection:
                rows.set_state(connection, [row.id for row in unsigned], rows.UNDONE, reason=reason)
        return self._follower.follow()

    def _begun(self, calls: Sequence[Call], anew: int = 0) -> _Window:
        """Sends those calls that the contracts would accept and that are not pending."""
        outcomes: dict[int, Outcome] = {}
        ids = self._adopted(calls)
        fresh = [place for place in range(len(calls)) if place not in ids]
        refused = self.chain.refusals([calls[place] for place in fresh], self.account.address)
        outcomes |= {place: refusal for place, refusal in zip(fresh, refused, strict=True) if refusal is not None}
        fresh = [place for place in fresh if place not in outcomes]
        if fresh:
            ids |= dict(zip(fresh, self._signed_rows([calls[place] for place in fresh]), strict=True))
        self._follower.told_by |= {row: told for place, row in ids.items() if (told := calls[place].told_by)}
        return _Window(calls, ids, outcomes, anew)

    def _ended(self, window: _Window) -> list[Outcome]:
        """Waits until a window is mined; calls that lost their nonce are planned again."""
        calls, outcomes = window.calls, window.outcomes
        self._await(list(window.ids.values()))
        again = []
        for place, row in window.ids.items():
            outcome = self._outcome(row)
            if outcome is None:
                again.append(place)
            else:
                outcomes[place] = outcome
        if again:
            if window.anew == _ANEW:
                raise ChainError(
                    f"Another program sends from {self.account.address} and used the nonces of {len(again)} transactions. "
                    "Stop that program."
                )
            repeated = self._ended(self._begun([calls[place] for place in again], window.anew + 1))
            outcomes |= dict(zip(again, repeated, strict=True))
        return [outcomes[place] for place in range(len(calls))]

    def _adopted(self, calls: Sequence[Call]) -> dict[int, int]:
        """Pending rows for the acts of some calls, by position of the call."""
        with self._database.reading() as connection:
            pending = {row.act: row.id for row in rows.rows_in(connection, self.account.address, rows.PENDING)}
        return {place: pending[call.act] for place, call in enumerate(calls) if call.act in pending}

    def _signed_rows(self, calls: Sequence[Call]) -> list[int]:
        """Plans calls, signs them with the next nonces, and sends them."""
        calls = [replace(call, gas=call.gas or self.gas_for(call.to, call.data)) for call in calls]
        fees = fees_now(self.chain)
        self._require_gas_money(sum(call.gas or 0 for call in calls) * fees.cap)
        now = int(time.time())
        with self._database.begin() as connection:
            ids = rows.add_planned(connection, [self._planned(call, now) for call in calls])
        first = self._next_nonce()
        made = [
            attempt_of(self, row, call, first + place, fees, 1)
            for place, (row, call) in enumerate(zip(ids, calls, strict=True))
        ]
        with self._database.begin() as connection:
            rows.add_attempts(connection, made)
            rows.set_nonces(connection, {row: first + place for place, row in enumerate(ids)})
        self._follower.broadcast(made)
        return ids

    def _planned(self, call: Call, now: int) -> dict[str, object]:
        return {
            "sender": self.account.address,
            "act": call.act,
            "to": call.to,
            "data": bytes.fromhex(call.data[2:]),
            "gas": call.gas,
            "state": rows.PLANNED,
            "planned_at": now,
        }

    def _next_nonce(self) -> int:
        with Translated(self.chain.rpc):
            known = self.chain.web3.eth.get_transaction_count(self.account.address, "pending")
        with self._database.reading() as connection:
            highest = rows.highest_nonce(connection, self.account.address)
        return max(known, 0 if highest is None else highest + 1)

    def _require_gas_money(self, cost: int) -> None:
        """Pending transactions count as spent: the balance is that of the last block."""
        with Translated(self.chain.rpc):
            count = self.chain.web3.eth.get_transaction_count(self.account.address, "latest")
            balance = self.chain.web3.eth.get_balance(self.account.address)
        with self._database.reading() as connection:
            cost += rows.most_wei(connection, self.account.address, count)
        if balance < cost:
            raise OutOfGasMoney(
                f"{self.account.address} has {balance} wei and may need {cost} for new and pending transactions. "
                "Send it gas money and repeat the command; nothing was lost."
            )

    def _await(self, ids: Sequence[int]) -> None:
        """Follows rows until all of them have a block."""
        deadline = time.monotonic() + self._pace.wait_seconds
        pauses = _pauses()
        while True:
            trouble: ChainUnreachable | None = None
            try:
                moved = self._follower.follow().moved
            except ChainUnreachable as error:
                trouble, moved = error, 0
            left = self._pending(ids)
            if not left:
                return
            if time.monotonic() >= deadline:
                raise NotMined(
                    f"{len(left)} of {len(ids)} transactions are still pending after {self._pace.wait_seconds:.0f} s ({left[0].act}). "
                    "They stay in the outbox. Run `carbonbook reconcile` later; the next command continues with them, too."
                ) from trouble
            if moved:
                pauses = _pauses()
            time.sleep(next(pauses))

    def _pending(self, ids: Sequence[int]) -> list[rows.Row]:
        wanted = set(ids)
        with self._database.reading() as connection:
            return [row for row in rows.rows_in(connection, self.account.address, rows.PENDING) if row.id in wanted]

    def _outcome(self, row: int) -> Outcome | None:
        """Result of a row; None if it must be planned again."""
        with self._database.reading() as connection:
            found = rows.row_of(connection, row)
        if found.state in (rows.REPLACED, rows.UNDONE):
            return None
        if found.status == 1 and found.reason is None:
            return Sent(rows.filled(found.hash), rows.filled(found.block), found.gas_used)
        if found.reason is None and found.data:
            try:
                self.chain.simulate(
                    found.to, "0x" + found.data.hex(), found.sender, rows.filled(found.block), found.gas
                )
            except ContractReverted as refusal:
                return refusal
        return ChainError(f"Transaction {found.hash} failed in block {found.block}: {found.reason or 'it reverted'}.")


def _pauses() -> Iterator[float]:
    """Growing pauses, up to a second."""
    pause = 0.01
    while True:
        yield pause
        pause = min(pause * 1.5, 1.0)
