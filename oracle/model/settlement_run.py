"""A settlement run: what merchants are to be paid for some days, proposed by one person, approved by another, then sent and confirmed.

What both sign is the run's digest (EIP-712): days, sums, and every merchant with payout address, points and amount. A run is only ever
paid as it was signed: a merchant whose dues or payout address are others by then is left out of it and told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from eth_abi.abi import encode
from eth_account.messages import SignableMessage
from eth_utils.crypto import keccak

from oracle.model.errors import SettlementRefused, VerificationFailed
from oracle.model.typed_data import Domain, signable, signer_of

SETTLEMENT_RUN = (
    ("string", "run"),
    ("uint32", "fromDay"),
    ("uint32", "throughDay"),
    ("uint256", "pointsMilli"),
    ("uint256", "amount"),
    ("bytes32", "items"),
)


class ItemState(StrEnum):
    """Where one merchant's payout stands. All but `WAITING` and `FAILED` are ends, save that a re-org takes `PAID` back."""

    WAITING = "waiting"  # not paid yet
    SENT = "sent"  # on chain, not as deep as asked
    PAID = "paid"  # on chain, as deep as asked
    FAILED = "failed"  # the contract refused; is tried again by the next send
    CHANGED = "changed"  # not what was signed any more, or paid by another's transaction; goes into another run


class RunState(StrEnum):
    """Where a run stands."""

    FOUND = "found"  # paid on chain by a transaction that no run made; nobody has signed it yet
    PROPOSED = "proposed"
    APPROVED = "approved"
    SENT = "sent"
    CONFIRMED = "confirmed"
    LAPSED = "lapsed"  # approved, but nothing of it was as signed any more: it paid nothing and never will
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Item:
    """What one merchant is to be paid, and what became of it.

    Attributes:
        merchant: Its account.
        payout: Where the money goes.
        points_milli: Points it is paid for.
        amount: Settlement token base units.
        state: Where the payout stands.
        problem: Why it is not paid; empty if nothing is the matter.
        transaction: The transaction that paid it.
    """

    merchant: str
    payout: str
    points_milli: int
    amount: int
    state: ItemState = ItemState.WAITING
    problem: str = ""
    transaction: str | None = None


@dataclass(frozen=True)
class Signature:
    """One person's yes.

    Attributes:
        signer: Account of the key.
        signature: 65 bytes over the run's digest.
        time: UTC seconds of the chain's clock.
    """

    signer: str
    signature: bytes
    time: int


@dataclass(frozen=True)
class Run:
    """One settlement run.

    Attributes:
        name: The period and a number: 2023-01.1.
        first_day, last_day: Days it pays for, numbers.
        block: Head of the chain when it was proposed: what it pays is found in later blocks only.
        items: Merchants, in the order of their accounts.
        proposed: Who proposed it.
        approved: Who approved it, if somebody has.
        cancelled: Whether it was given up before anything was sent.
    """

    name: str
    first_day: int
    last_day: int
    block: int
    items: tuple[Item, ...]
    proposed: Signature | None = None
    approved: Signature | None = None
    cancelled: bool = False

    @property
    def points_milli(self) -> int:
        """Points of all items."""
        return sum(item.points_milli for item in self.items)

    @property
    def amount(self) -> int:
        """Money of all items, settlement token base units."""
        return sum(item.amount for item in self.items)

    @property
    def state(self) -> RunState:
        """Where the run stands, from its signatures and items."""
        states = {item.state for item in self.items}
        if self.cancelled and not self.has_paid:
            return RunState.CANCELLED
        if self.approved is None:
            return RunState.FOUND if self.is_found else RunState.PROPOSED
        if states <= {ItemState.CHANGED}:
            return RunState.LAPSED
        if states <= {ItemState.PAID, ItemState.CHANGED}:
            return RunState.CONFIRMED
        return RunState.SENT if self.has_paid else RunState.APPROVED

    @property
    def has_paid(self) -> bool:
        """Whether something of it is on chain."""
        return any(item.state in (ItemState.SENT, ItemState.PAID) for item in self.items)

    @property
    def is_found(self) -> bool:
        """Whether it was made for payouts that were on chain already, and waits for its first signature."""
        return self.proposed is None and self.has_paid

    @property
    def open_items(self) -> list[Item]:
        """Items that are to be paid still."""
        return [item for item in self.items if item.state in (ItemState.WAITING, ItemState.FAILED)]

    def message(self, domain: Domain) -> SignableMessage:
        """What proposer and approver sign."""
        values = {
            "run": self.name,
            "fromDay": self.first_day,
            "throughDay": self.last_day,
            "pointsMilli": self.points_milli,
            "amount": self.amount,
            "items": items_hash(self.items),
        }
        return signable(domain, "SettlementRun", SETTLEMENT_RUN, values)

    def with_items(self, changed: Sequence[Item]) -> Run:
        """The run with some items replaced by others of the same merchants."""
        by_merchant = {item.merchant: item for item in changed}
        return replace(self, items=tuple(by_merchant.get(item.merchant, item) for item in self.items))


def payout_id(transaction: str, merchant: str, first_day: int, last_day: int) -> str:
    """What names one payout on chain, 0x hex: a transaction pays a merchant for the same days once."""
    key = encode(
        ["bytes32", "address", "uint32", "uint32"], [bytes.fromhex(transaction[2:]), merchant, first_day, last_day]
    )
    return f"0x{keccak(key).hex()}"


def items_hash(items: Sequence[Item]) -> bytes:
    """keccak-256 over merchants, payout addresses, points and amounts; not over what became of them."""
    columns = zip(*((item.merchant, item.payout, item.points_milli, item.amount) for item in items), strict=True)
    return keccak(encode(["address[]", "address[]", "uint256[]", "uint256[]"], list(columns)))


def check_approver(run: Run, approver: str, officers: Sequence[str]) -> None:
    """That somebody may approve a run.

    Raises:
        SettlementRefused: The run is not open for approval, the approver is no officer, or is who proposed it.
    """
    if run.state is not RunState.PROPOSED or run.proposed is None:
        raise SettlementRefused(f"Run {run.name} is {run.state}; only a proposed run can be approved.")
    check_officer(approver, officers)
    if approver == run.proposed.signer:
        raise SettlementRefused(
            f"{approver} proposed run {run.name}, so another person must approve it. Choose that person's key with --key."
        )


def check_officer(account: str, officers: Sequence[str]) -> None:
    """That an account may propose and approve.

    Raises:
        SettlementRefused: It is not among the officers.
    """
    if account not in officers:
        raise SettlementRefused(
            f"{account} is not a settlement officer. The officers in config.toml under [settlement] are: "
            f"{', '.join(officers) or 'none yet'}."
        )


def check_signed(run: Run, domain: Domain, officers: Sequence[str]) -> None:
    """That two officers signed exactly this run, whatever the database says of them.

    Raises:
        SettlementRefused: A signature is missing, or both are one person's, or one is no officer's.
        VerificationFailed: A signature is for something else: the run was altered after it was signed.
    """
    if run.cancelled or run.proposed is None or run.approved is None:
        raise SettlementRefused(f"Run {run.name} is {run.state}. A second person must approve it before it is sent.")
    message = run.message(domain)
    for signed in (run.proposed, run.approved):
        check_officer(signed.signer, officers)
        if signer_of(message, signed.signature) != signed.signer:
            raise VerificationFailed(
                f"The signature of {signed.signer} does not match run {run.name}: the run was changed after it was signed."
            )
    if run.proposed.signer == run.approved.signer:
        raise SettlementRefused(
            f"Run {run.name} was proposed and approved by the same person, {run.approved.signer}. Two persons "
            "must sign."
        )
