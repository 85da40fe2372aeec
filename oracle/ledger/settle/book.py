"""Settlement runs of one installation: the steps from proposal to confirmation, each a transaction of the book around calls to the chain.

After a crash between any two steps, the same command continues the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from eth_account.signers.base import BaseAccount

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.settlement_vault import SettlementVault
from oracle.edge.chain.outbox import Outbox
from oracle.edge.store.database import Database
from oracle.edge.store.lock import exclusive
from oracle.edge.store.runs import (
    APPROVED,
    PROPOSED,
    add_run,
    cancel_run,
    free_name,
    given_payouts,
    is_sending,
    open_runs,
    run_named,
    set_items,
    sign_run,
    transactions_of,
)
from oracle.ledger.settle.due import Due, dues
from oracle.ledger.settle.pay import Own, observe, ready
from oracle.ledger.settle.pay import send as send_items
from oracle.model.days import Days
from oracle.model.errors import SettlementRefused
from oracle.model.settlement_run import (
    Item,
    ItemState,
    Run,
    Signature,
    check_approver,
    check_officer,
    check_signed,
)
from oracle.model.typed_data import Domain, sign
from oracle.model.units import date_of


@dataclass(frozen=True)
class Proposal:
    """A run, and who is left out of it.

    Attributes:
        run: The run; None if nothing is due.
        held_back: Merchants that are owed something or cannot be asked, with the contract's reason.
        elsewhere: Merchants with an open payout of one of these days in another run, and that run's name.
    """

    run: Run | None
    held_back: tuple[Due, ...]
    elsewhere: dict[str, str]


class Settlements:
    """The runs of one book on one chain.

    Args:
        officers: Accounts that may propose and approve.
        confirmations: Blocks on top of a payment's before it counts as confirmed.
        lock_seconds: How long to wait for another process that proposes, approves or cancels.
    """

    def __init__(
        self, database: Database, chain: Chain, officers: Sequence[str], confirmations: int, lock_seconds: float
    ):
        self._database = database
        self._chain = chain
        self._officers = officers
        self._confirmations = confirmations
        self._lock_seconds = lock_seconds

    @property
    def domain(self) -> Domain:
        """Where the signatures of runs are good: this vault on this chain."""
        return SettlementVault(self._chain).domain

    def drafted(self, merchants: Sequence[str], days: Days) -> Proposal:
        """A proposal that is neither signed nor stored."""
        elsewhere = self._elsewhere(days)
        found = list(dues(self._chain, [each for each in merchants if each not in elsewhere], days.first, days.last))
        items = tuple(Item(due.merchant, due.payout, due.points_milli, due.amount) for due in found if due.amount)
        with self._database.reading() as connection:
            name = free_name(connection, days.label)
        run = Run(name, days.first, days.last, self._chain.head(), items) if items else None
        return Proposal(run, tuple(due for due in found if due.problem), elsewhere)

    def propose(
        self, proposer: BaseAccount, merchants: Sequence[str], days: Days, approver: BaseAccount | None = None
    ) -> Proposal:
        """Proposes to pay what is due to merchants for some days.

        Args:
            approver: A second person who stands beside the first: the run is approved in the same breath.

        Raises:
            SettlementRefused: Who proposes or approves is no officer, or both are one person.
        """
        check_officer(proposer.address, self._officers)
        with self.alone():
            draft = self.drafted(merchants, days)
            if draft.run is None:
                return draft
            run = replace(draft.run, proposed=self._signature(proposer, draft.run))
            if approver is not None:
                check_approver(run, approver.address, self._officers)
                run = replace(run, approved=self._signature(approver, run))
            with self._database.begin() as connection:
                add_run(connection, run)
            return replace(draft, run=run)

    def approve(self, name: str, approver: BaseAccount) -> Run:
        """Approves a run as a second person, after comparing it with the chain; a found run as the first of two.

        Raises:
            SettlementRefused: The run is not open, who approves is who proposed or no officer, or dues are others by now.
        """
        with self.alone():
            run = self.run(name)
            if run.is_found:
                return self._taken_up(run, approver)
            check_approver(run, approver.address, self._officers)
            stale = [item for item in ready(self._chain, run) if item.state is not ItemState.WAITING]
            if stale:
                told = "; ".join(f"{item.merchant}: {item.problem}" for item in stale)
                raise SettlementRefused(
                    f"Run {name} does not match the amounts due any more ({told}). Cancel it and propose a new run."
                )
            signed = self._signature(approver, run)
            with self._database.begin() as connection:
                sign_run(connection, name, APPROVED, signed)
            return replace(run, approved=signed)

    def _taken_up(self, run: Run, officer: BaseAccount) -> Run:
        """The first of two persons who say that the bank may pay what a run found."""
        check_officer(officer.address, self._officers)
        signed = self._signature(officer, run)
        with self._database.begin() as connection:
            sign_run(connection, run.name, PROPOSED, signed)
        return replace(run, proposed=signed)

    def cancel(self, name: str) -> Run:
        """Cancels a run of which nothing was paid.

        Raises:
            SettlementRefused: Something of it was paid, or may still be by a transaction on its way.
        """
        with self.alone():
            run = self.refreshed(name)
            if run.has_paid:
                raise SettlementRefused(f"Run {name} is {run.state} and cannot be cancelled: part of it was paid.")
            with self._database.begin() as connection:
                if is_sending(connection, name):
                    raise SettlementRefused(
                        f"A transaction of run {name} is pending. Run `carbonbook reconcile`, then cancel."
                    )
                cancel_run(connection, name)
            return replace(run, cancelled=True)

    def send(self, outbox: Outbox, name: str) -> Run:
        """Pays the open payouts of a run if they match what was signed; can be repeated until everything is confirmed.

        Raises:
            SettlementRefused: Two officers have not signed it.
            VerificationFailed: It was altered after it was signed.
        """
        check_signed(self.run(name), self.domain, self._officers)
        run = self.refreshed(name)
        looked = ready(self._chain, run)
        self._remember(name, looked)
        for group in send_items(outbox, run, [item for item in looked if item.state is ItemState.WAITING]):
            self._remember(name, group)
        return self.refreshed(name)

    def waiting(self) -> list[str]:
        """Names of the approved runs that something is still open of, oldest first."""
        with self._database.reading() as connection:
            runs = open_runs(connection)
        return [run.name for run in runs if run.approved is not None and not run.cancelled]

    def run(self, name: str) -> Run:
        """A run as the book has it."""
        with self._database.reading() as connection:
            return run_named(connection, name)

    def refreshed(self, name: str) -> Run:
        """Reads from the chain what became of each payout of a run, and stores it in the book."""
        with self._database.reading() as connection:
            run = run_named(connection, name)
            own = Own(transactions_of(connection, name), given_payouts(connection, name))
        if not own.transactions and not own.given:
            return run
        seen = observe(self._chain, run, own, self._confirmations)
        self._remember(name, seen.items)
        return seen

    def _remember(self, name: str, items: Sequence[Item]) -> None:
        with self._database.begin() as connection:
            set_items(connection, name, items)

    def alone(self) -> AbstractContextManager[None]:
        """Lock for creating, signing and cancelling runs: a second process sees the result of the first."""
        return exclusive(self._database, "settlement-runs", self._lock_seconds)

    def _signature(self, account: BaseAccount, run: Run) -> Signature:
        return Signature(account.address, sign(account, run.message(self.domain)), self._chain.now())

    def _elsewhere(self, days: Days) -> dict[str, str]:
        with self._database.reading() as connection:
            overlapping = [
                run for run in open_runs(connection) if run.first_day <= days.last and run.last_day >= days.first
            ]
        ended = (ItemState.PAID, ItemState.CHANGED)
        return {item.merchant: run.name for run in overlapping for item in run.items if item.state not in ended}


def described(run: Run) -> dict[str, object]:
    """A run for people and for JSON."""
    return {
        "run": run.name,
        "state": str(run.state),
        "from": date_of(run.first_day).isoformat(),
        "through": date_of(run.last_day).isoformat(),
        "points_milli": run.points_milli,
        "amount": run.amount,
        "proposed_by": run.proposed.signer if run.proposed else None,
        "approved_by": run.approved.signer if run.approved else None,
        "payouts": [{**vars(item), "state": str(item.state)} for item in run.items],
    }
