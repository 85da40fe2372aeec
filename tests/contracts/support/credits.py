"""The verbs of the second flow: a claim from its batches to a series, and what people do with the series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from brownie import accounts, project, web3
from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from oracle.measure.evidence.leaf import methodology_word, pack_entry, record_leaf
from oracle.measure.evidence.tree import Tree

from .batches import Batch, Entry, batch_of, tree_of
from .city import MILLIGRAM_CO2E, NOTICE_PERIOD, YESTERDAY, City, Terms, person
from .clock import now, travel_to
from .typed_data import sign

TONNE = 10**9
DRAFT, SUBMITTED, DRAWN, VERIFIED, NOTICE, ISSUED, REJECTED, WITHDRAWN, VOID = range(1, 10)
BILL = "EL-01.CN-4403"
BILL_TERMS = Terms(
    unit=MILLIGRAM_CO2E,
    earns_points=False,
    factor_ug=1000,
    day_cap_mg=2**46,
    record_limit=2**46,
    document_hash=keccak(b"electricity, Shenzhen"),
)
VINTAGE, VERSION = 2035, 1
NO_PERMIT = (0, 0, b"\0" * 32, b"\0" * 32)
CITIZENS_BPS, FEE_BPS, BUFFER_BPS, FLOOR = 6000, 100, 500, 1_000_000
SEED_DELAY = 10
NOTE = "for a year without flights"
CN = 0x434E


RECORD = (keccak(b"meter"), "0x" + "11" * 20, 1, 2_056_281_200, 2_056_282_000, keccak(b"salted"))


class Frame(NamedTuple):
    """`IReductionCertifier.Frame`, in its order."""

    claim: int
    batches_hash: bytes
    batch_count: int
    account_count: int
    record_count: int
    record_quantity: int
    reduction_mg: int
    shares_root: bytes
    report_hash: bytes = keccak(b"report")
    declarations_hash: bytes = keccak(b"declarations")


class Retirement(NamedTuple):
    """`IRetirementRegistry.Terms`, in its order."""

    holder: str
    name: int = 1
    from_day: int = YESTERDAY - 30
    through_day: int = YESTERDAY
    purpose: int = 1
    country: int = CN
    scheme: bytes = bytes(32)
    note: str = NOTE


@dataclass(frozen=True)
class Shares:
    """The shares tree of a claim: entries are milligrams, padded to a power of two."""

    entries: tuple[Entry, ...]
    tree: Tree

    @classmethod
    def of(cls, rows: Sequence[tuple[str, int]]) -> Shares:
        entries = tuple(Entry(account, mg, True) for account, mg in rows)
        padded = entries + (Entry(),) * ((1 << (len(entries) - 1).bit_length()) - len(entries))
        return cls(padded, tree_of(padded))

    @property
    def total(self) -> int:
        return sum(entry.quantity for entry in self.entries)

    def chunk(self, first: int = 0, count: int | None = None) -> tuple[int, list[int], list[bytes]]:
        """Arguments of `ProceedsPot.claim` after the series."""
        count = count or len(self.entries)
        words = [_packed(entry) for entry in self.entries[first : first + count]]
        return first, words, self.tree.subtree_proof(first, count)

    def single(self, index: int) -> tuple[int, int, list[bytes]]:
        """`IProceedsPot.Share` of one leaf."""
        return index, _packed(self.entries[index]), self.tree.subtree_proof(index, 1)


def _leaf_of(record: tuple[Any, ...]) -> bytes:
    return record_leaf(record[0], bytes.fromhex(record[1][2:]), *record[2:])


def _packed(entry: Entry) -> int:
    return pack_entry(bytes.fromhex(entry.account.removeprefix("0x")), entry.consented, entry.quantity)


class Flow:
    """Everybody's part in the second flow. `operator` claims, `authority` starts the notice, `second_authority` issues."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.roles = city.roles
        self.verifier_key: LocalAccount = person("verifier")
        self.verifier = self.funded(self.verifier_key)
        self.buyer_key: LocalAccount = person("buyer")
        self.buyer = self.funded(self.buyer_key)

    def funded(self, key: LocalAccount) -> Any:
        """An account that can pay for its own transactions."""
        account = accounts.add(key.key.hex())
        self.roles.rando.transfer(account, 10**18)
        return account

    def establish(self) -> None:
        """A methodology for large amounts, a day limit that lets them through, a licensed verifier, one name."""
        city, authority = self.city, {"from": self.roles.authority}
        if city.methodologies.versionCount(methodology_word(BILL)) == 0:
            city.activate(BILL, city.draft(BILL, BILL_TERMS))
        city.operators.setOperatorDayLimit(self.roles.operator, 2**63, authority)
        city.operators.setOperatorDayLimit(self.roles.other_operator, 2**63, authority)
        city.decide(city.issuer, "setAccountDayCap", 2**46)
        city.certifier.licenseVerifier(self.verifier, keccak(b"licence"), authority)
        self.earlier = self.batch([(self.buyer.address, 1)], sequence=99)
        city.retirements.addName("Example Data Centre Ltd", {"from": self.buyer})

    def batch(self, rows: Sequence[tuple[str, int]], sequence: int = 0, **changed: Any) -> Batch:
        """A closed batch in which everybody consents."""
        values = {"operator": self.roles.operator, "day": YESTERDAY, "methodology": BILL} | changed
        entries = [Entry(account, mg, True) for account, mg in rows]
        batch = batch_of(values["operator"], values["methodology"], values["day"], entries, sequence=sequence)
        batch = batch.claiming(records_root=_leaf_of(RECORD))  # one record that all batches repeat
        self.city.open(batch)
        self.city.credit(batch)
        return batch

    def freeze(self, batch: Batch) -> None:
        """Somebody reports that the batch repeats the record of an earlier one."""
        earlier = self.earlier
        self.city.ledger.reportDuplicate((earlier.id, RECORD, []), (batch.id, RECORD, []), {"from": self.roles.rando})

    def release(self, batch: Batch) -> None:
        self.city.ledger.release(batch.id, "two people", {"from": self.roles.authority})

    def open(self, sequence: int = 1, operator: Any = None, **changed: Any) -> int:
        values = {"methodology": BILL, "version": VERSION, "vintage": VINTAGE} | changed
        sender = {"from": operator or self.roles.operator}
        word = methodology_word(values["methodology"])
        done = self.city.certifier.open(word, values["version"], values["vintage"], sequence, sender)
        return int(done.return_value)

    def add(self, claim: int, *batches: Batch, operator: Any = None) -> Any:
        sender = {"from": operator or self.roles.operator}
        return self.city.certifier.addBatches(claim, [batch.id for batch in batches], sender)

    def frame(self, claim: int, batches: Sequence[Batch], shares: Shares, **changed: Any) -> Frame:
        """What the committee signs of a claim over these batches."""
        hashed = bytes(32)
        for batch in batches:
            hashed = keccak(encode(["bytes32", "bytes32"], [hashed, batch.id]))
        frame = Frame(
            claim=claim,
            batches_hash=hashed,
            batch_count=len(batches),
            account_count=sum(entry.quantity > 0 for entry in shares.entries),
            record_count=sum(batch.header.record_count for batch in batches),
            record_quantity=sum(batch.header.total_quantity for batch in batches),
            reduction_mg=shares.total,
            shares_root=shares.tree.root,
        )
        return frame._replace(**changed)

    def approve(self, kind: str, contract: Any, *values: Any, count: int = 2) -> list[tuple[str, bytes]]:
        """Signatures of a quorum over a message that begins with the epoch."""
        epoch = self.city.committee.epoch()
        members = self.city.members[:count]
        return [(member.address, sign(member, kind, contract, epoch, *values)) for member in members]

    def submit(self, frame: Frame) -> Any:
        certifier = self.city.certifier
        approvals = self.approve("Frame", certifier, *frame)
        return certifier.submit(frame, approvals, {"from": self.roles.rando})

    def appoint(self, claim: int) -> Any:
        return self.city.certifier.appoint(claim, self.verifier, {"from": self.roles.authority})

    def draw(self, claim: int) -> Any:
        """Waits for the seed's block and draws."""
        mine_through(self.city.certifier.claimOf(claim)["seedBlock"])
        return self.city.certifier.draw(claim, {"from": self.roles.rando})

    def certify(self, claim: int, mg: int) -> Any:
        return self.city.certifier.certify(claim, mg, keccak(b"statement"), {"from": self.verifier})

    def notice(self, claim: int) -> Any:
        """Starts the notice and lets it pass."""
        done = self.city.certifier.startNotice(claim, {"from": self.roles.authority})
        travel_to(now() + NOTICE_PERIOD)
        return done

    def issue(self, claim: int, answers: bytes = bytes(32)) -> Any:
        return self.city.certifier.issue(claim, answers, {"from": self.roles.second_authority})

    def submitted(
        self, rows: Sequence[tuple[str, int]], sequence: int = 1, operator: Any = None
    ) -> tuple[int, Batch, Shares]:
        """A claim over one batch, up to the frame."""
        operator = operator or self.roles.operator
        batch = self.batch(rows, sequence=sequence - 1, operator=operator)
        claim = self.open(sequence, operator)
        self.add(claim, batch, operator=operator)
        shares = Shares.of(rows)
        self.submit(self.frame(claim, [batch], shares))
        return claim, batch, shares

    def verified(self, rows: Sequence[tuple[str, int]], mg: int, sequence: int = 1, operator: Any = None) -> int:
        """A claim up to the verifier's figure."""
        claim, _, _ = self.submitted(rows, sequence, operator)
        self.appoint(claim)
        self.draw(claim)
        self.certify(claim, mg)
        return claim

    def issued(
        self, rows: Sequence[tuple[str, int]], mg: int | None = None, sequence: int = 1, operator: Any = None
    ) -> Series:
        """A series, all of it certified unless `mg` says less."""
        claim, batch, shares = self.submitted(rows, sequence, operator)
        self.appoint(claim)
        self.draw(claim)
        self.certify(claim, mg or shares.total)
        self.notice(claim)
        self.issue(claim)
        return Series(claim, batch, shares, token_at(self.city.certifier.tokenOf(claim)))

    def list(self, series: int, mg: int, price: int, days: int = 400, only: str = "0x" + "00" * 20) -> int:
        """A primary ask of the operator, which has opened."""
        expiry = now() // 86_400 + days
        done = self.city.market.list(series, mg, price, expiry, only, {"from": self.roles.operator})
        travel_to(now() + 86_400 + 3_600)
        return int(done.return_value)

    def pay(self, buyer: Any, amount: int) -> None:
        """Money, and an allowance for exactly as much."""
        self.city.token.mint(buyer, amount, {"from": self.roles.rando})
        self.city.token.approve(self.city.market, amount, {"from": buyer})

    def buy(self, ask: int, mg: int, buyer: Any = None) -> Any:
        buyer = buyer or self.buyer
        cost, price = self.city.market.costOf(ask, mg), self.city.market.askOf(ask)["price"]
        self.pay(buyer, cost)
        return self.city.market.buy([(ask, mg, price)], cost, NO_PERMIT, {"from": buyer})

    def retirement(self, **changed: Any) -> Retirement:
        return Retirement(holder=self.buyer.address)._replace(**changed)

    def retire(self, series: int, mg: int, **changed: Any) -> int:
        done = self.city.retirements.retire(series, mg, self.retirement(**changed), {"from": self.buyer})
        return int(done.return_value)

    def revoke(self, batch: Batch) -> None:
        """The authority revokes a batch of an issued series, and somebody reports it."""
        self.city.ledger.revoke(batch.id, "forged", {"from": self.roles.authority})
        self.city.reversals.reportRevoked(batch.id, {"from": self.roles.rando})

    def cancel(self, series: int, batch: Batch, mg: int) -> Any:
        """The committee signs a reversal, the board announces it and carries it out."""
        reversal = (series, batch.id, mg)
        approvals = self.approve("Reversal", self.city.reversals, *reversal)
        return self.city.decide(self.city.reversals, "cancel", reversal, approvals)


@dataclass(frozen=True)
class Series:
    """An issued series."""

    number: int
    batch: Batch
    shares: Shares
    token: Any


def token_at(address: str) -> Any:
    """The clone at an address, with its ABI."""
    return project.get_loaded_projects()[0].CarbonCredit.at(address)


def mine_through(block: int) -> None:
    """Mines until `block` is past, so that its hash is known."""
    while web3.eth.block_number < block:
        web3.provider.make_request("evm_mine", [])
