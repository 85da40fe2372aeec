"""One member of the committee: what it may sign, and its signature."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from eth_account.signers.base import BaseAccount

from oracle.config import Settings
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.methodology_registry import MethodologyRegistry
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.edge.store.arrivals import batches_of_closing, closing_count
from oracle.edge.store.book import Book
from oracle.measure.evidence.folder import read
from oracle.measure.quantify.library import Library
from oracle.model.errors import CarbonbookError, InputError, VerificationFailed
from oracle.model.header import Header
from oracle.model.ids import BatchId
from oracle.serve.node.claims import ClaimSigner
from oracle.serve.node.compare import Comparison, compare
from oracle.serve.node.proposal import Proposal, read_people
from oracle.serve.node.replay import Outcome, Replay


class NotSigned(CarbonbookError):
    """This node does not sign a batch, and says why."""

    exit_code = 7


@dataclass(frozen=True)
class Approval:
    """A signature over a batch's header.

    Attributes:
        batch: Key of the batch.
        header: What was signed.
        epoch: Of the committee, as this node's own RPC tells.
        member: Address of the signer.
        signature: 65 bytes.
    """

    batch: BatchId
    header: Header
    epoch: int
    member: str
    signature: bytes

    def to_json(self) -> dict[str, Any]:
        """As it is sent."""
        return {
            "batch": self.batch,
            "header": self.header.to_json(),
            "epoch": self.epoch,
            "member": self.member,
            "signature": "0x" + self.signature.hex(),
        }


class Member:
    """A node at work.

    Args:
        settings: Of its home folder.
        book: Its own.
        chain: As its own RPC tells.
        account: Signs.
        operators: Address of the operator of each source.
        library: Its own methodologies.
    """

    def __init__(
        self,
        settings: Settings,
        book: Book,
        chain: Chain,
        account: BaseAccount,
        operators: dict[str, str],
        library: Library,
    ):
        self._book = book
        self._chain = chain
        self._account = account
        self._library = library
        self._replay = Replay(book, settings, self._library, operators, EvidenceLedger(chain).header_of)
        self._one_at_a_time = threading.Lock()
        self.claims = ClaimSigner(chain, account, self.bundle_folder, self._require_methodology)

    @property
    def address(self) -> str:
        """Of the member."""
        return self._account.address

    @property
    def settled(self) -> int:
        """Number of the last close that is settled here."""
        return self._replay.settled

    def consider(self, document: bytes, people: bytes) -> Outcome:
        """Closes as proposed, and says what came out.

        Raises:
            InputError: It is no proposal, not for this chain, or not the next.
        """
        proposal = Proposal.parse(document)
        if proposal.genesis_hash != self._chain.manifest.genesis_hash:
            raise InputError(
                f"the close is for another chain, with genesis {proposal.genesis_hash}", field="genesisHash"
            )
        if hashlib.sha256(people).hexdigest() != proposal.people_sha256:
            raise InputError("the list of people does not match the proposal's hash", field="peopleSha256")
        with self._one_at_a_time:
            return self._replay.close(proposal, read_people(people))

    def compare(self, batch: BatchId) -> Comparison:
        """Where this node's bundle of a disputed batch differs from the other's, which was put in `claim_folder`.

        Raises:
            InputError: This node has no bundle of its own of that batch.
            VerificationFailed: The other's bundle does not hold.
        """
        theirs = read(self.claim_folder(batch))
        if not self._replay.aside(batch).exists():
            raise InputError(
                f"this node has no batch {batch}: it has none of the batch's {len(theirs.records)} records"
            )
        return compare(read(self._replay.aside(batch)), theirs)

    def claim_folder(self, batch: BatchId) -> Path:
        """Where the other's bundle of a disputed batch goes."""
        return self._replay.claim(batch)

    def batches(self) -> dict[BatchId, Header]:
        """Header of every batch this node found as it was proposed."""
        with self._book.database.reading() as connection:
            last = closing_count(connection) + 1  # a disputed close may have batches that are not disputed
            made = [item.batch for number in range(1, last + 1) for item in batches_of_closing(connection, number)]
        return {batch: read(self._book.bundle_folder(batch)).header for batch in made}

    def bundle_folder(self, batch: BatchId) -> Path:
        """Where the bundle of a batch is that this node found.

        Raises:
            NotSigned: It did not find it so.
        """
        with self._book.database.reading() as connection:
            numbers = range(1, closing_count(connection) + 2)
            known = any(batch == item.batch for number in numbers for item in batches_of_closing(connection, number))
        if not known:
            raise NotSigned(f"{self.address} has not computed batch {batch} itself.")
        return self._book.bundle_folder(batch)

    def approve(self, batch: BatchId) -> Approval:
        """Signs a batch.

        Raises:
            NotSigned: This node did not find it so, the chain's methodology is not the library's, or this node is no member.
        """
        bundle = read(self.bundle_folder(batch))
        self._require_methodology(bundle.meta.methodology, bundle.meta.version)
        committee = OracleCommittee(self._chain)
        if self.address not in committee.members():
            raise NotSigned(f"{self.address} is not a member of the committee on {self._chain.rpc}.")
        epoch = committee.epoch()
        message = bundle.header.message(EvidenceLedger(self._chain).domain, epoch)
        signature = bytes(self._account.sign_message(message).signature)
        return Approval(batch, bundle.header, epoch, self.address, signature)

    def _require_methodology(self, identifier: str, version: int) -> None:
        """The chain's version of a methodology is the one this node computed with."""
        rule = self._library.rule(identifier, version)
        found = MethodologyRegistry(self._chain).methodology_of(identifier, version)
        there = found.terms.document_hash
        if there != rule.document_hash or found.status not in ("active", "superseded"):
            raise NotSigned(
                f"{identifier} version {version} on {self._chain.rpc} has document 0x{there.hex()} and is {found.status}, but "
                f"this node's library has 0x{rule.document_hash.hex()}."
            )


def require_same(approval: Approval, header: Header) -> None:
    """Raises unless an approval is of this header.

    Raises:
        VerificationFailed: It is of another.
    """
    for field in fields(Header):
        signed, known = getattr(approval.header, field.name), getattr(header, field.name)
        if signed != known:
            raise VerificationFailed(f"{approval.member} signed {field.name} {signed}, but the batch has {known}")
