"""Paying shares: whole chunks that are pushed, single accounts with their proofs, and custody accounts by signed order.

The pot pays a leaf once for each round, whoever sends it how often: what is sent twice is refused, and nothing is paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from eth_account.signers.base import BaseAccount

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.proceeds_pot import NOTHING_DUE, Payout, ProceedsPot, ShareProof
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.ledger.certify.shares import SharesTree, load_shares
from oracle.model.canonical import hexed
from oracle.model.errors import ContractReverted, VerificationFailed
from oracle.model.typed_data import PAYOUT, sign, signable

PER_TRANSACTION = 128  # leaves of one push: 1.9 million gas when all are paid for the first time


@dataclass(frozen=True)
class Due:
    """What one account has of one series.

    Attributes:
        series: The series.
        mg: Its share, milligrams.
        due: What it is due now, base units.
        paid_round: The round up to which it is paid.
        index: Of its leaf.
    """

    series: int
    mg: int
    due: int
    paid_round: int
    index: int


def shares_of(chain: Chain, home: Path, series: int) -> SharesTree:
    """The shares of a series, as the committee signed them.

    Raises:
        InputError: Their file is missing or damaged, or the series is not issued.
        VerificationFailed: They are not those that the chain has the root of.
    """
    tree = load_shares(home, series)
    root, total_mg = ReductionCertifier(chain).shares_of(series)
    if (tree.root, tree.total_mg) != (root, total_mg):
        raise VerificationFailed(
            f"the shares here end in {hexed(tree.root)} and {tree.total_mg} mg; for series {series} the chain has {hexed(root)} "
            f"and {total_mg} mg"
        )
    return tree


def push(outbox: Outbox, series: int, tree: SharesTree) -> list[Sent]:
    """Pays everybody who is due something, in chunks; chunks in which nobody is are passed over.

    Raises:
        ContractReverted: The pot refuses for another reason; what went before stands.
    """
    rounds = ProceedsPot(outbox.chain).head_of(series).rounds
    outcomes = outbox.send_all(_chunks(outbox.chain, series, tree, rounds))
    for outcome in outcomes:
        if not isinstance(outcome, Sent) and not _is_done(outcome):
            raise outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Sent)]


def claim(outbox: Outbox, series: int, tree: SharesTree, account: str) -> Sent | None:
    """Pays one account its share; None if nothing is due to it."""
    try:
        return outbox.send(ProceedsPot(outbox.chain).claim_many(series, [_proof(tree, account)]))
    except ContractReverted as refusal:
        if _is_done(refusal):
            return None
        raise


def due_of(chain: Chain, series: int, tree: SharesTree, account: str) -> Due:
    """What an account has of a series.

    Raises:
        InputError: It has no share.
    """
    pot, share, index = ProceedsPot(chain), tree.share(account), tree.index(account)
    return Due(series, share.mg, pot.due_of(series, index, share.mg), pot.paid_round_of(series, index), index)


@dataclass(frozen=True)
class Payee:
    """Who is paid somewhere else, by a signed order.

    Attributes:
        account: The citizen's account, as the claim has it.
        signer: Its key, or that of the account that its book moved to.
        to: Where the money goes.
        seconds: How long the signed order is good.
    """

    account: str
    signer: BaseAccount
    to: str
    seconds: int


def pay_out(outbox: Outbox, series: int, tree: SharesTree, payee: Payee) -> int:
    """Pays a share to where its account signs that it goes; returns base units, 0 if nothing is due."""
    pot = ProceedsPot(outbox.chain)
    with outbox.alone("payouts"):
        due = due_of(outbox.chain, series, tree, payee.account)
        if due.due == 0:
            return 0
        payout = Payout(series, due.index, due.paid_round, payee.to, outbox.chain.now() + payee.seconds)
        values = dict(zip([name for _, name in PAYOUT], vars(payout).values(), strict=True))
        signature = sign(payee.signer, signable(pot.domain, "Payout", PAYOUT, values))
        call = pot.claim_to(payout, _proof(tree, payee.account), signature)
        outbox.send(replace(call, act=f"payout {series} {due.index} {due.paid_round}"))
        return due.due


def pass_on(outbox: Outbox, payee: Payee) -> int:
    """Passes on what a custody account was paid before, by its permit; returns base units, 0 if it has nothing."""
    token, relayer, custody = SettlementToken(outbox.chain), outbox.account.address, payee.signer
    with outbox.alone("payouts"):
        amount = token.balance_of(custody.address)
        if amount == 0:
            return 0
        if token.allowance(custody.address, relayer) < amount:
            deadline = outbox.chain.now() + payee.seconds
            signature = sign(custody, token.permit_of(custody.address, relayer, amount, deadline))
            permit = token.permit(custody.address, relayer, amount, deadline, signature)
            outbox.send(replace(permit, act=f"permit {custody.address} {amount}"))
        outbox.send(token.transfer_from(custody.address, payee.to, amount))
        return amount


def _chunks(chain: Chain, series: int, tree: SharesTree, rounds: int) -> Iterator[Call]:
    pot, entries = ProceedsPot(chain), tree.entries
    size = min(PER_TRANSACTION, entries.chunk)
    for first in range(0, len(entries.tree), size):
        words = entries.words(first, size)
        leaves = [int.from_bytes(words[at : at + 32]) for at in range(0, len(words), 32)]
        if any(leaves):
            call = pot.claim(series, first, leaves, entries.tree.subtree_proof(first, size))
            yield replace(call, act=f"share {series} {rounds} {first}")


def _proof(tree: SharesTree, account: str) -> ShareProof:
    return ShareProof(tree.index(account), tree.word(account), tuple(tree.proof(account)))


def _is_done(refusal: Exception) -> bool:
    return isinstance(refusal, ContractReverted) and refusal.name == NOTHING_DUE
