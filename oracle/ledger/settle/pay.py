"""Paying a run that two persons signed. The chain is the truth: what it says was paid is paid, whatever died here in between.

Before anything is sent each payout is compared with the vault's own answer. Nothing can be paid twice, because the vault takes a
merchant's days out of its books in the transaction that pays for them; a payment that was sent and never recorded here is found again in
its events. A payout belongs to the run whose transaction made it, whatever other run names the same merchant and days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from oracle.edge.chain.client import Chain, Event
from oracle.edge.chain.contracts.settlement_vault import SettlementVault
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.reverts import decode_revert
from oracle.edge.store.runs import act_of
from oracle.ledger.settle.due import due_to
from oracle.model.settlement_run import Item, ItemState, Run, payout_id

_MOST_GAS = 25_000_000  # of a transaction: fits a block of most chains
_GAS_BASE = 100_000
_GAS_BESIDE_PAYOUT = 60_000  # what telling a failure takes, and the part that a call cannot pass on


@dataclass(frozen=True)
class Own:
    """What tells a run's payouts from others.

    Attributes:
        transactions: Hashes of all that was signed for the run.
        given: Ids of payouts that the run was given, whoever made their transactions.
    """

    transactions: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()


def observe(chain: Chain, run: Run, own: Own, confirmations: int) -> Run:
    """The run as the chain knows it: what of it is paid, how deep, and what a re-org took back."""
    head = chain.head()
    paid = {
        event.values["merchant"]: event
        for event in payouts(chain, run.block + 1, head)
        if (event.values["fromDay"], event.values["throughDay"]) == (run.first_day, run.last_day)
        and (event.transaction in own.transactions or id_of(event) in own.given)
    }
    return run.with_items([_observed(item, paid.get(item.merchant), head - confirmations) for item in run.items])


def payouts(chain: Chain, first_block: int | None, last_block: int) -> Iterator[Event]:
    """Every payout on chain of some blocks, whoever made it; from the deployment on without a first."""
    return SettlementVault(chain).events("MerchantSettled", first_block, last_block)


def id_of(payout: Event) -> str:
    """The id of a payout."""
    values = payout.values
    return payout_id(payout.transaction, values["merchant"], values["fromDay"], values["throughDay"])


def is_as_signed(item: Item, payout: Event) -> bool:
    """Whether a payout is what an item says: to whom, for how many points, how much."""
    return not _difference(item, payout)


def ready(chain: Chain, run: Run) -> list[Item]:
    """The open items, each as the vault would settle it now: waiting if as signed, else changed or failed with the reason."""
    return [_compared(chain, run, item) for item in run.open_items]


def send(outbox: Outbox, run: Run, items: Sequence[Item]) -> Iterator[list[Item]]:
    """Sends the payouts of some items, a group in a transaction; yields each group with what the contract said of failures.

    What was paid is not in the answer: `observe` reads that from the chain.
    """
    vault, days = SettlementVault(outbox.chain), (run.first_day, run.last_day)
    # Told, not estimated: a node would search for it by running the whole batch some twenty times.
    each = (vault.payout_gas() + vault.day_gas() * (run.last_day - run.first_day + 1)) * 64 // 63 + _GAS_BESIDE_PAYOUT
    most = max(1, (_MOST_GAS - _GAS_BASE) // each)
    for start in range(0, len(items), most):
        group = items[start : start + most]
        merchants = [item.merchant for item in group]
        call = vault.settle_batch(merchants, *days)
        sent = outbox.send(replace(call, act=act_of(run.name, call.data), gas=_GAS_BASE + each * len(group)))
        events = vault.events("PayoutFailed", sent.block, sent.block)
        failed = {
            event.values["merchant"]: str(decode_revert(event.values["reason"]))
            for event in events
            if event.transaction == sent.hash
        }
        yield [
            replace(item, state=ItemState.FAILED, problem=failed[item.merchant]) if item.merchant in failed else item
            for item in group
        ]


def _observed(item: Item, paid: Event | None, deep: int) -> Item:
    if paid is None:
        gone = item.state in (ItemState.SENT, ItemState.PAID)
        return replace(item, state=ItemState.WAITING, problem="", transaction=None) if gone else item
    difference = _difference(item, paid)
    if difference:  # two persons signed something else: what was paid goes into a run of its own
        return replace(item, state=ItemState.CHANGED, problem=f"paid otherwise: {difference}", transaction=None)
    state = ItemState.PAID if paid.block <= deep else ItemState.SENT
    return replace(item, state=state, problem="", transaction=paid.transaction)


def _compared(chain: Chain, run: Run, item: Item) -> Item:
    due = due_to(chain, item.merchant, run.first_day, run.last_day)
    if due.problem:
        return replace(item, state=ItemState.FAILED, problem=due.problem)
    difference = _told(item, (due.payout, due.points_milli, due.amount))
    state = ItemState.CHANGED if difference else ItemState.WAITING
    return replace(item, state=state, problem=difference)


def _difference(item: Item, paid: Event) -> str:
    return _told(item, tuple(paid.values[name] for name in ("payout", "pointsMilli", "amount")))


def _told(item: Item, now: tuple[object, ...]) -> str:
    signed = (item.payout, item.points_milli, item.amount)
    pairs = zip(("payout", "points_milli", "amount"), signed, now, strict=True)
    return "; ".join(f"{name}: signed {was}, now {is_}" for name, was, is_ in pairs if was != is_)
