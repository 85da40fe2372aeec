"""The second flow by the typed classes and the committee's keys alone: two claims, a sale, a resale, retirements, shares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import connect
from oracle.edge.chain.contracts.credit_market import CreditMarket, Fill
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.edge.chain.contracts.proceeds_pot import ProceedsPot, ShareProof
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry, RetirementTerms
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.chain.sender import Sender, Sent
from oracle.installation import Installation
from oracle.ledger.certify.shares import Share, SharesTree, write_shares
from oracle.model.claim_frame import Frame, batches_hash_of
from oracle.model.ids import Address, BatchId
from oracle.model.typed_data import sign
from oracle.model.units import MG_PER_TONNE, SECONDS_PER_DAY, day_of
from oracle.report.read.ledger import NOBODY
from oracle.report.report import read_report
from oracle.sandbox.local import advance, local_account
from oracle.sandbox.seed import ACCOUNTS

PRICE = 60_000_000_000  # units per tonne: dear, so that the kilograms of a sample open a round
NAME, NOTE = 'Example <A&B "x"> Ltd', "=for a year without flights"
VERIFIER, BUYER, OTHER = (local_account(ACCOUNTS[name]) for name in ("verifier-1", "buyer-1", "buyer-2"))
_CHINA = 256 * ord("C") + ord("N")
_SLACK_BLOCKS = 11


class Credits:
    """Everybody's part, on an installation whose acts are credited and closed.

    Args:
        home: The installation.
        claims: Operator's key, methodology, version and vintage of each claim.
    """

    def __init__(self, home: Path, claims: Sequence[tuple[str, str, int, int]]):
        self.here = Installation.at(home)
        self.chain = self.here.chain
        self.claims = claims
        self.certifier, self.market = ReductionCertifier(self.chain), CreditMarket(self.chain)
        self.retirements, self.pot = RetirementRegistry(self.chain), ProceedsPot(self.chain)
        self.trees: dict[int, SharesTree] = {}

    def send(self, key: str, call: Call) -> Sent:
        return self.as_(self.here.keys.account(key), call)  # type: ignore[arg-type]  # keys here are local

    def as_(self, account: LocalAccount, call: Call) -> Sent:
        return Sender(self.chain, account).send(call)

    def wait(self, seconds: int) -> None:
        advance(self.chain.rpc, seconds)

    def run(self) -> None:
        """Series 1 is sold out in two purchases, retired in three, shared in one round; series 2 stays in the stock."""
        for number in range(1, len(self.claims) + 1):
            self.submit(number)
        for number in self.trees:
            self.certify(number)
        self.wait(self.certifier.notice_period())
        for number in self.trees:
            self.send("authority-2", self.certifier.issue(number, bytes(32)))
        stock = self.market.stock_of(1).available_mg
        ask = self.list(1, stock)
        self.buy(BUYER, ask, stock // 3)
        self.buy(BUYER, ask, stock - stock // 3)
        self.resell(stock // 10)
        self.retire(stock)
        self.send("relayer", self.pot.open_round(1))
        self.share()

    def submit(self, number: int) -> None:
        """Opens a claim over all batches that fit and submits what the committee signs."""
        operator, methodology, version, vintage = self.claims[number - 1]
        report = read_report(self.chain, self.here.book)
        ours = report.issuance.set_index("batch")
        ours = ours[(ours["operator"] == self.here.account_of(operator)) & (ours["methodology"] == methodology)]
        ours = ours[(ours["phase"] == "closed") & ours["act_date"].str.startswith(str(vintage))]
        batches = [BatchId(batch) for batch in ours.index]
        self.send(operator, self.certifier.open(methodology, version, vintage, 1))
        self.send(operator, self.certifier.add_batches(number, batches))
        credited = report.credits
        credited = credited[credited["batch"].isin(batches) & credited["consented"].fillna(False).astype(bool)]
        sums = credited.groupby("account")["reduction_mg"].sum()
        shares = [Share(Address(account), int(mg)) for account, mg in sums.items() if mg > 0]
        tree = self.trees[number] = SharesTree(shares)
        write_shares(self.here.settings.home, number, tree)
        frame = Frame(
            claim=number,
            batches_hash=batches_hash_of(batches),
            batch_count=len(batches),
            account_count=len(shares),
            record_count=len(credited),
            record_quantity=int(credited["quantity"].sum()),
            reduction_mg=tree.total_mg,
            shares_root=tree.root,
            report_hash=keccak(text="report"),
            declarations_hash=keccak(text="declarations"),
        )
        message = frame.message(self.certifier.domain, OracleCommittee(self.chain).epoch())
        members = sorted(self.here.members(), key=lambda member: member.address.lower())
        approvals = [(member.address, sign(member, message)) for member in members]
        self.send("relayer", self.certifier.submit(frame, approvals))

    def certify(self, number: int) -> None:
        """Appoints, draws, certifies all but a thousandth, starts the notice."""
        self.send("authority-1", self.certifier.appoint(number, VERIFIER.address))
        provider = connect(self.chain.rpc).provider
        for _ in range(_SLACK_BLOCKS):
            provider.make_request("evm_mine", [])  # type: ignore[arg-type]  # a method of development chains
        self.send("relayer", self.certifier.draw(number))
        total = self.trees[number].total_mg
        self.as_(VERIFIER, self.certifier.certify(number, total - total // 1_000, keccak(text="statement")))
        self.send("authority-1", self.certifier.start_notice(number))

    def list(self, series: int, mg: int) -> int:
        """A primary ask of all the stock that is open."""
        day = self.chain.now() // SECONDS_PER_DAY
        self.send(self.claims[series - 1][0], self.market.list_(series, mg, PRICE, day + 30, NOBODY))
        self.wait(SECONDS_PER_DAY + 3_600)
        return self.market.ask_count() - 1

    def buy(self, buyer: LocalAccount, ask: int, mg: int) -> None:
        token, price = SettlementToken(self.chain), self.market.ask_of(ask).price
        cost = -(-mg * price // MG_PER_TONNE)
        self.as_(buyer, token.mint(buyer.address, cost))
        self.as_(buyer, token.approve(self.market.address, cost))
        self.as_(buyer, self.market.buy([Fill(ask, mg, price)], cost, 0, bytes(65)))

    def resell(self, mg: int) -> None:
        """The buyer offers some at twice the price; another takes half of it and the rest stays on offer."""
        day = self.chain.now() // SECONDS_PER_DAY
        self.as_(BUYER, self.market.resell(1, mg, 2 * PRICE, day + 30))
        self.buy(OTHER, self.market.ask_count() - 1, mg // 2)

    def retire(self, stock: int) -> None:
        """Three retirements: two of the buyer with a name and a note like a formula, one of who bought from it."""
        self.as_(BUYER, self.retirements.add_name(NAME))
        for account, mg in ((BUYER, stock // 4), (BUYER, stock // 5 + 1), (OTHER, 1)):
            year = self.claims[0][3]
            days = day_of_year(year)
            terms = RetirementTerms(account.address, 1, *days, 1, _CHINA, bytes(32), NOTE)
            self.as_(account, self.retirements.retire(1, mg, terms))

    def certificates(self, holder: str) -> list[int]:
        """Numbers of an account's certificates."""
        found = self.retirements.events("Retired", where={"holder": holder})
        return [event.values["certificate"] for event in found]

    def share(self) -> None:
        """Pays the first leaf alone and the others as one chunk."""
        tree = self.trees[1]
        first = tree.shares[0].account
        proof = ShareProof(0, tree.word(first), tuple(tree.proof(first)))
        self.send("relayer", self.pot.claim_many(1, [proof]))
        size = 1 << (len(tree.shares) - 1).bit_length()
        words = tree.entries.words(0, size)
        entries = [int.from_bytes(words[at : at + 32]) for at in range(0, len(words), 32)]
        self.send("relayer", self.pot.claim(1, 0, entries, tree.entries.tree.subtree_proof(0, size)))


def day_of_year(year: int) -> tuple[int, int]:
    """First and last day number of a year."""
    return day_of(date(year, 1, 1)), day_of(date(year, 12, 31))
