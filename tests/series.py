"""A series on a local chain for the tests of what comes after issue, made with the keys of the local committee and authority.

Three citizens in custody with shares of 10, 20 and 15 t: 45 t, of which 2.25 t are buffer.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import polars as pl
from eth_account.signers.base import BaseAccount
from eth_utils.crypto import keccak

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.carbonbook_access import CarbonbookAccess
from oracle.edge.chain.contracts.credit_market import CreditMarket
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.methodology_registry import OPEN_END, Terms
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.reversal_desk import ReversalDesk
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.chain.sender import Sender, Sent
from oracle.edge.keys.keyring import Keyring
from oracle.ledger.certify.shares import Share, SharesTree, write_shares
from oracle.ledger.redeem.order import terms_bytes
from oracle.measure.evidence.accounts import accounts_of
from oracle.model.claim_frame import Frame, Reversal, batches_hash_of
from oracle.model.header import Header, approvals
from oracle.model.ids import Address, BatchId, methodology_word
from oracle.model.units import MG_PER_TONNE, day_of
from oracle.sandbox.local import advance
from oracle.sandbox.seed import seed_methodologies

METHOD = "EL-01.CN-4403"
TONNES_A_DAY = (2, 4, 3)
DAYS = 5
FIRST_DAY = day_of(date(2023, 1, 5))
MONEY = 10_000_000 * 1_000_000  # of each buyer, base units
NOTICE = 11 * 86_400
_MILLIGRAM_CO2E, _LARGE = 7, 2**46


class Founder:
    """Makes a series in an installation whose chain runs.

    Args:
        home: Of the installation.
        chain: Its chain.
    """

    def __init__(self, home: Path, chain: Chain):
        self.home, self.chain, self.keys = home, chain, Keyring(home / "keys")

    def send(self, key: str, call: Call) -> Sent:
        """Sends as somebody."""
        return Sender(self.chain, self.keys.account(key)).send(call)

    def issue(self, accounts: list[str], sequence: int = 1) -> int:
        """A claim over five days of three citizens, from its batches to the series; returns its number."""
        self._approve_methodology()
        batches = [self._batch(accounts, day, sequence) for day in range(FIRST_DAY, FIRST_DAY + DAYS)]
        certifier = ReductionCertifier(self.chain)
        self.send("transit", certifier.open(METHOD, 1, 2023, sequence))
        claim = certifier.claim_count()
        self.send("transit", certifier.add_batches(claim, batches))
        tree = SharesTree(
            Share(Address(account), tonnes * DAYS * MG_PER_TONNE)
            for account, tonnes in zip(accounts, TONNES_A_DAY, strict=True)
        )
        self._certify(certifier, claim, batches, tree)
        write_shares(self.home, claim, tree)
        return claim

    def fund(self, key: str, units: int = MONEY) -> None:
        """Money of a buyer."""
        account = self.keys.address(key)
        self.send(key, SettlementToken(self.chain).mint(account, units))

    def list_(self, series: int, mg: int, price: int, expiry: int = FIRST_DAY + 400) -> int:
        """An ask of the operator, without a command; it opens a day later."""
        market = CreditMarket(self.chain)
        self.send("transit", market.list_(series, mg, price, expiry, "0x" + 40 * "0"))
        return market.ask_count() - 1

    def reverse(self, series: int, batch: BatchId, mg: int) -> None:
        """The authority revokes a batch, somebody reports it, and what rests on it is taken back after the delay."""
        desk, access, committee = ReversalDesk(self.chain), CarbonbookAccess(self.chain), OracleCommittee(self.chain)
        ledger = EvidenceLedger(self.chain)
        data = self.chain.call_data("EvidenceLedger", "revoke", bytes.fromhex(batch[2:]), "forged")
        self.send("authority-1", Call(ledger.address, data, "revoke"))
        self.send("relayer", desk.report_revoked(batch))
        reversal = Reversal(series, batch, mg)
        signed = approvals(self._members(), reversal.message(desk.domain, committee.epoch()))
        call = desk.cancel(reversal, signed)
        self.send("authority-1", access.announce(call))
        advance(self.chain.rpc, 2 * 86_400 + 1)
        self.send("authority-1", call)

    def _members(self) -> list[BaseAccount]:
        return [self.keys.account(name) for name in ("oracle-1", "oracle-2")]

    def _approve_methodology(self) -> None:
        terms = Terms(
            unit=_MILLIGRAM_CO2E,
            earns_points=False,
            creditable=True,
            factor_ug=1000,
            day_cap_mg=_LARGE,
            record_limit=_LARGE,
            from_day=0,
            to_day=OPEN_END,
            document_hash=keccak(text=METHOD),
            uri="",
        )
        seed_methodologies(self.chain, self.keys, [(METHOD, 1, terms)], lambda _: None)

    def _batch(self, accounts: list[str], day: int, sequence: int) -> BatchId:
        rows = pl.DataFrame(
            {
                "account": [bytes.fromhex(account[2:]) for account in accounts],
                "quantity": [tonnes * MG_PER_TONNE for tonnes in TONNES_A_DAY],
                "consented": [True] * len(accounts),
            }
        )
        entries = accounts_of(rows, None)
        header = Header(
            operator=self.keys.address("transit"),
            day=day,
            sequence=sequence - 1,
            version=1,
            methodology=methodology_word(METHOD),
            record_count=len(accounts),
            account_count=len(accounts),
            total_quantity=entries.total,
            consented_quantity=entries.consented,
            records_root=terms_bytes(f"records {day} {sequence}"),
            accounts_root=entries.tree.root,
            bundle_hash=terms_bytes(f"bundle {day} {sequence}"),
        )
        ledger, committee = EvidenceLedger(self.chain), OracleCommittee(self.chain)
        signed = approvals(self._members(), header.message(ledger.domain, committee.epoch()))
        self.send("relayer", ledger.attest(header, signed))
        advance(self.chain.rpc, ledger.challenge_window() + 1)
        words = entries.words(0, entries.chunk)
        proof = entries.tree.subtree_proof(0, entries.chunk)
        self.send("relayer", PointIssuer(self.chain).credit(header.batch, 0, words, proof))
        return header.batch

    def _certify(self, certifier: ReductionCertifier, claim: int, batches: list[BatchId], tree: SharesTree) -> None:
        frame = Frame(
            claim=claim,
            batches_hash=batches_hash_of(batches),
            batch_count=len(batches),
            account_count=len(tree.shares),
            record_count=len(batches) * len(tree.shares),
            record_quantity=tree.total_mg,
            reduction_mg=tree.total_mg,
            shares_root=tree.root,
            report_hash=keccak(text="report"),
            declarations_hash=keccak(text="declarations"),
        )
        epoch = OracleCommittee(self.chain).epoch()
        signed = approvals(self._members(), frame.message(certifier.domain, epoch))
        verifier = self.keys.address("verifier-1")
        self.send("relayer", certifier.submit(frame, signed))
        self.send("authority-1", certifier.appoint(claim, verifier))
        while self.chain.head() <= certifier.claim_of(claim).seed_block:
            self.chain.web3.provider.make_request("evm_mine", [])  # type: ignore[arg-type]  # not in web3's list
        self.send("relayer", certifier.draw(claim))
        self.send("verifier-1", certifier.certify(claim, tree.total_mg, keccak(text="statement")))
        self.send("authority-1", certifier.start_notice(claim))
        advance(self.chain.rpc, NOTICE + 1)
        self.send("authority-2", certifier.issue(claim, bytes(32)))


def write_citizens(path: Path) -> None:
    """A table of three citizens to enrol."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("citizen", "source", "subject", "consented", "residents"))
        writer.writerows((f"c{number}", "bus-app", f"s{number}", "yes", 1) for number in (1, 2, 3))
