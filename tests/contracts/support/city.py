"""The verbs of the system, as its users do them: every test tells its story with these and with the contracts themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

from brownie import accounts
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from oracle.model.ids import methodology_word

from .batches import Batch, Entry, approvals, batch_of
from .clock import day, now, travel_to
from .receipts import receipt_in
from .typed_data import sign

METRE, GRAM, COUNT, MILLIGRAM_CO2E = 0, 4, 6, 7
OPEN_END = 2**32 - 1
NONE, ACTIVE, SUSPENDED = 0, 1, 2  # IOperatorRegistry.Standing
CHALLENGE_WINDOW = 3600
NOTICE_PERIOD = 11 * 86_400
AUTHORITY_DELAY = 2 * 86_400
ADMIN_DELAY = 5 * 86_400
MOVE_DELAY = 2 * 86_400
ACCOUNT_DAY_CAP_MG = 80_000_000
DAY_LIMIT_MG = 1_000_000_000
RESERVE = 100_000_000
PRICES = {2034: 40, 2035: 50, 2036: 60}  # token base units per milli-point

TODAY = day(2035, 3, 12)
YESTERDAY = TODAY - 1


class Terms(NamedTuple):
    """`IMethodologyRegistry.Terms`, in its order."""

    unit: int = METRE
    earns_points: bool = True
    creditable: bool = True
    factor_ug: int = 26_900
    day_cap_mg: int = 50_000_000
    record_limit: int = 120_000
    from_day: int = day(2026, 1, 1)
    to_day: int = OPEN_END
    document_hash: bytes = keccak(b"bus ride, Shenzhen")
    uri: str = "https://example.org/CI-01.json"


BUS, METRO, WALK = "CI-01.CN-4403", "CI-02.CN-4403", "CI-09.CN-4403"
TERMS = {
    BUS: Terms(),
    METRO: Terms(factor_ug=50_000),
    WALK: Terms(factor_ug=50_000, earns_points=False, creditable=False),
}


class Order(NamedTuple):
    """`IRedemptionDesk.Order`, in its order."""

    citizen: str
    merchant: str
    order_number: bytes
    points_milli: int
    expiry: int
    terms: bytes
    offer: bytes = bytes(32)


def person(name: str) -> LocalAccount:
    """A key of its own for whoever only signs: committee members and citizens."""
    return Account.from_key(keccak(text=f"carbonbook test key of the {name}"))


@dataclass(frozen=True)
class Roles:
    """Who sends transactions. Each has one part only, so that a permission shows."""

    deployer: Any
    admin: Any
    authority: Any
    second_authority: Any
    board: Any  # the authority where it acts with a delay
    guardian: Any
    operator: Any
    other_operator: Any
    merchant: Any
    rando: Any

    @classmethod
    def of_chain(cls) -> Roles:
        """The chain's own ten accounts, in the order of the fields."""
        return cls(*(accounts[index] for index in range(10)))


class City:
    """The deployed system and what people do with it.

    Attributes:
        roles: Who sends.
        members: The oracle committee of epoch 1; two of three must sign.
    """

    def __init__(self, system: SimpleNamespace, roles: Roles, members: Sequence[LocalAccount]) -> None:
        self.roles = roles
        self.members = sorted(members, key=lambda member: member.address.lower())
        self.access = system.CarbonbookAccess
        self.token = system.SettlementToken
        self.methodologies = system.MethodologyRegistry
        self.operators = system.OperatorRegistry
        self.committee = system.OracleCommittee
        self.ledger = system.EvidenceLedger
        self.book = system.CarbonPoint
        self.issuer = system.PointIssuer
        self.desk = system.RedemptionDesk
        self.vault = system.SettlementVault
        self.offers = system.OfferBook
        self.counter = system.Counter
        self.credits = system.CarbonCredit
        self.certifier = system.ReductionCertifier
        self.reversals = system.ReversalDesk
        self.market = system.CreditMarket
        self.pot = system.ProceedsPot
        self.inventories = system.InventoryRegistry
        self.picture = system.CertificatePicture
        self.retirements = system.RetirementRegistry

    def approve(self, batch: Batch) -> list[tuple[str, bytes]]:
        """The signatures of a quorum of the committee in office."""
        return approvals(self.ledger, self.committee.epoch(), self.members[: self.committee.quorum()], batch.header)

    def attest(self, batch: Batch) -> Any:
        """Attests a batch; anyone sends it."""
        return self.ledger.attest(batch.header, self.approve(batch), {"from": self.roles.rando})

    def open(self, batch: Batch) -> Batch:
        """Attests a batch and lets its challenge window pass."""
        self.attest(batch)
        travel_to(now() + CHALLENGE_WINDOW)
        return batch

    def credit(self, batch: Batch, first: int = 0, count: int | None = None) -> Any:
        """Credits entries of an open batch; anyone sends it."""
        return self.issuer.credit(*batch.chunk(first, count), {"from": self.roles.rando})

    def earn(self, entries: Iterable[Entry], *, methodology: str = METRO, day: int = TODAY, sequence: int = 0) -> Batch:
        """From attestation to credit in one go, for the first operator."""
        batch = self.open(batch_of(self.roles.operator, methodology, day, entries, sequence=sequence))
        self.credit(batch)
        return batch

    def order(self, citizen: LocalAccount, points_milli: int, number: str = "order 1", /, **changed: Any) -> Order:
        """An order of `citizen` at the merchant, good for ten minutes."""
        order = Order(
            citizen=citizen.address,
            merchant=self.roles.merchant.address,
            order_number=keccak(text=number),
            points_milli=points_milli,
            expiry=now() + 600,
            terms=keccak(b"one cup of tea"),
        )
        return order._replace(**changed)

    def redeem(self, citizen: LocalAccount, points_milli: int, number: str = "order 1", /, **changed: Any) -> Any:
        """Signs an order and sends it."""
        order = self.order(citizen, points_milli, number, **changed)
        return self.desk.redeem(order, sign(citizen, "Order", self.desk, *order), {"from": self.roles.rando})

    def refund(self, redeemed: Any, points_milli: int, number: int = 0) -> Any:
        """The merchant gives points of an order of a transaction back."""
        receipt, proof = receipt_in(redeemed, number)
        return self.desk.refund(receipt, proof, points_milli, {"from": accounts.at(receipt[1])})

    def refund_final(self, redeemed: Any, points_milli: int, due_day: int, number: int = 0) -> Any:
        """The merchant gives points of a final order back, out of what another day brought."""
        receipt, proof = receipt_in(redeemed, number)
        return self.desk.refundFinal(receipt, proof, points_milli, due_day, {"from": accounts.at(receipt[1])})

    def dispute(self, citizen: LocalAccount, redeemed: Any, number: int = 0) -> Any:
        """The citizen signs a dispute; anyone sends it."""
        receipt, proof = receipt_in(redeemed, number)
        values = (*receipt[:3], keccak(b"cold tea"), now() + 600)
        signature = sign(citizen, "Dispute", self.desk, *values)
        return self.desk.dispute(receipt, proof, *values[3:], signature, {"from": self.roles.rando})

    def resolve(self, redeemed: Any, to_citizen_milli: int, number: int = 0) -> Any:
        """The authority decides a dispute."""
        return self.desk.resolveDispute(*receipt_in(redeemed, number), to_citizen_milli, {"from": self.roles.authority})

    def announce_move(self, source: LocalAccount, target: LocalAccount, deadline: int | None = None) -> Any:
        """Both sign, anyone sends."""
        nonce = self.book.moveOf(source.address)[2]
        values = (source.address, target.address, deadline or now() + 600)
        signatures = [sign(signer, "Move", self.book, *values[:2], nonce, values[2]) for signer in (source, target)]
        return self.book.announceMove(*values, *signatures, {"from": self.roles.rando})

    def move(self, source: LocalAccount, target: LocalAccount) -> Any:
        """Announces, waits and completes."""
        self.announce_move(source, target)
        travel_to(now() + MOVE_DELAY)
        return self.book.completeMove(source.address, {"from": self.roles.rando})

    def admit(self, merchant: Any, payout: str | None = None, operator: Any = None) -> Any:
        """The merchant signs, and an operator takes it in: the first one, if none is named."""
        sponsor = operator or self.roles.operator
        values = (sponsor.address, merchant.address, payout or merchant.address, now() + 600)
        signature = sign(merchant, "Admission", self.operators, *values)
        return self.operators.admitMerchant(*values[1:], signature, {"from": sponsor})

    def cancel(self, citizen: LocalAccount, order: Order) -> Any:
        """The citizen signs that an order is not to be taken; anyone sends it."""
        values = (citizen.address, order.merchant, order.order_number)
        return self.desk.cancelOrder(*values, sign(citizen, "Cancel", self.desk, *values), {"from": self.roles.rando})

    def fund(self, operator: Any, amount: int) -> None:
        """Mints test money to an operator, who deposits it and leaves no allowance behind."""
        self.token.mint(operator, amount, {"from": operator})
        self.token.approve(self.vault, amount, {"from": operator})
        self.vault.deposit(operator, amount, {"from": operator})

    def draft(self, methodology: str, terms: Terms, proposer: Any = None) -> int:
        """Proposes a version; returns its number."""
        word = methodology_word(methodology)
        self.methodologies.propose(word, terms, {"from": proposer or self.roles.authority})
        return int(self.methodologies.versionCount(word))

    def activate(self, methodology: str, version: int) -> Any:
        """Public notice, then the second person's activation."""
        word = methodology_word(methodology)
        self.methodologies.startNotice(word, version, {"from": self.roles.authority})
        travel_to(now() + NOTICE_PERIOD)
        return self.methodologies.activate(word, version, {"from": self.roles.second_authority})

    def schedule(self, contract: Any, function: str, *arguments: Any) -> str:
        """The board announces a delayed decision; returns its call data."""
        data = getattr(contract, function).encode_input(*arguments)
        self.access.schedule(contract, data, 0, {"from": self.roles.board})
        return str(data)

    def establish(self) -> None:
        """Licences, reserves, one merchant, prices, and three methodologies in force: takes eleven days."""
        roles = self.roles
        for operator in (roles.operator, roles.other_operator):
            self.operators.licenseOperator(operator, DAY_LIMIT_MG, keccak(b"licence"), {"from": roles.authority})
            self.fund(operator, RESERVE)
        self.admit(roles.merchant)
        for year, price in PRICES.items():
            self.vault.setPrice(year, price, {"from": roles.authority})
        for methodology, terms in TERMS.items():
            self.draft(methodology, terms)
            self.methodologies.startNotice(methodology_word(methodology), 1, {"from": roles.authority})
        travel_to(now() + NOTICE_PERIOD)
        for methodology in TERMS:
            self.methodologies.activate(methodology_word(methodology), 1, {"from": roles.second_authority})

    def decide(self, contract: Any, function: str, *arguments: Any) -> Any:
        """The board announces, waits, and carries out."""
        data = self.schedule(contract, function, *arguments)
        travel_to(now() + AUTHORITY_DELAY)
        return self.access.execute(contract, data, {"from": self.roles.board})
