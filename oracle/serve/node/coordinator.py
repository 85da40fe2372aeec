"""Collecting signatures: anyone may do it, and nobody can forge one.

Every signature is checked here before the contract checks it again: it must be a member's, over this header, for the committee's present
epoch. Everything else a node says is only shown to the operator.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_abi.exceptions import EncodingError

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.edge.chain.sender import Sender, Sent
from oracle.edge.store.arrivals import closing_count
from oracle.edge.store.book import Book
from oracle.measure.evidence.folder import read
from oracle.model.errors import VerificationFailed
from oracle.model.header import Header
from oracle.model.ids import Address, BatchId
from oracle.model.typed_data import signer_of
from oracle.serve.node.archive import pack
from oracle.serve.node.client import NodeClient, NodeFails
from oracle.serve.node.member import Approval, require_same
from oracle.serve.node.proposal import propose
from oracle.serve.node.service import closing_body

_BEHIND = "the book was restored from an old backup; run `carbonbook rebuild --nodes`"


@dataclass
class Gathered:
    """Signatures over one batch.

    Attributes:
        batch: Key of the batch.
        header: What they are over.
        signatures: Members and their signatures.
        refused: Why the others' do not count, by node.
    """

    batch: BatchId
    header: Header
    signatures: dict[str, bytes] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def approvals(self, quorum: int) -> list[tuple[str, bytes]]:
        """As many as the contract asks, in strictly increasing order of member."""
        ordered = sorted(self.signatures.items(), key=lambda item: int(item[0], 16))
        return ordered[:quorum]


@dataclass(frozen=True)
class Said:
    """What a node said of a close.

    Attributes:
        node: Its URL.
        closing: Number of the close.
        agreed: Batches it found the same.
        lacking, other_bytes: Its inputs that are not the proposer's.
        differences: By batch: what differs.
        failure: Why it says nothing; None if it does.
    """

    node: str
    closing: int
    agreed: int = 0
    lacking: tuple[str, ...] = ()
    other_bytes: tuple[str, ...] = ()
    differences: dict[BatchId, Any] = field(default_factory=dict)
    failure: str | None = None


def bring_forward(book: Book, genesis_hash: str, node: NodeClient) -> Iterator[Said]:
    """Proposes to a node every close it has not settled, in their order, until it disagrees."""
    with book.database.reading() as connection:
        last = closing_count(connection)
    number = 0
    try:
        settled = node.settled()
        if settled > last:
            yield Said(node.url, settled, failure=f"it has settled close {settled}, this book knows {last}: {_BEHIND}")
            return
        for number in range(settled + 1, last + 1):
            with book.database.reading() as connection:
                proposal, people = propose(book, connection, number, genesis_hash)
            answer = node.propose(number, closing_body(proposal.document(), people))
            differences = {batch: _difference(book, node, batch) for batch in answer.differing}
            yield Said(node.url, number, len(answer.agreed), answer.lacking, answer.other_bytes, differences)
            if differences:
                return
    except NodeFails as failure:
        yield Said(node.url, number, failure=str(failure))


def gather(chain: Chain, nodes: list[NodeClient], known: dict[BatchId, Header]) -> Iterator[Gathered]:
    """Signatures over every batch that nodes found and the chain has not.

    Args:
        known: Headers this installation computed itself. A header it has not is taken from the nodes: then most of them decide what is
            put to the contract, which asks the quorum anyway.
    """
    committee = _Committee.read(chain)
    for batch in _batches(nodes, known):
        if EvidenceLedger(chain).phase_of(batch).name != "none":
            continue
        said = [(node, _approval(node, batch)) for node in nodes]
        header = known.get(batch) or _most_signed([approval for _, approval in said if isinstance(approval, Approval)])
        if header is None:
            continue
        gathered = Gathered(batch, header)
        for node, approval in said:
            _count(gathered, node.url, approval, committee, chain)
        yield gathered


def submit(sender: Sender, gathered: Gathered, quorum: int) -> Sent:
    """Puts a batch on chain.

    Raises:
        VerificationFailed: Fewer members than the quorum signed it.
        ContractReverted: The ledger refuses.
    """
    if len(gathered.signatures) < quorum:
        raise VerificationFailed(f"{gathered.batch}: {len(gathered.signatures)} of {quorum} signatures")
    return sender.send(EvidenceLedger(sender.chain).attest(gathered.header, gathered.approvals(quorum)))


@dataclass(frozen=True)
class _Committee:
    epoch: int
    members: frozenset[Address]

    @classmethod
    def read(cls, chain: Chain) -> _Committee:
        committee = OracleCommittee(chain)
        return cls(committee.epoch(), committee.members())


def _count(gathered: Gathered, url: str, approval: Approval | str, committee: _Committee, chain: Chain) -> None:
    if isinstance(approval, str):
        gathered.refused[url] = approval
        return
    try:
        _require_sound(approval, gathered, committee, chain)
    except VerificationFailed as error:
        gathered.refused[url] = str(error)
    else:
        gathered.signatures[approval.member] = approval.signature


def _require_sound(approval: Approval, gathered: Gathered, committee: _Committee, chain: Chain) -> None:
    if approval.batch != gathered.batch:
        raise VerificationFailed(f"the approval is for another batch, {approval.batch}")
    if approval.epoch != committee.epoch:
        raise VerificationFailed(
            f"{approval.member} signed for epoch {approval.epoch}, but the committee is at {committee.epoch}: its node's chain is behind"
        )
    require_same(approval, gathered.header)
    if approval.member not in committee.members:
        raise VerificationFailed(f"{approval.member} is not a member of the committee")
    try:
        message = gathered.header.message(EvidenceLedger(chain).domain, committee.epoch)
    except (EncodingError, ValueError) as error:
        raise VerificationFailed(f"the header is invalid: {error}") from error
    signer = signer_of(message, approval.signature)
    if signer is None:
        raise VerificationFailed("signature rejected: need 65 bytes, v 27 or 28, low s")
    if signer != approval.member:
        raise VerificationFailed(f"the signature is not by {approval.member}")


def _approval(node: NodeClient, batch: BatchId) -> Approval | str:
    try:
        return node.approval(batch)
    except NodeFails as failure:
        return str(failure)


def _batches(nodes: Iterable[NodeClient], known: dict[BatchId, Header]) -> list[BatchId]:
    listed = dict.fromkeys(known)
    for node in nodes:
        try:
            listed |= dict.fromkeys(node.batches())
        except NodeFails:  # asked again for each batch, where its failure is told
            continue
    return list(listed)


def _most_signed(approvals: list[Approval]) -> Header | None:
    headers = [approval.header for approval in approvals]
    return max(headers, key=headers.count) if headers else None


def _difference(book: Book, node: NodeClient, batch: BatchId) -> Any:
    if not book.bundle_folder(batch).exists():
        return "only the node has this batch"
    read(book.bundle_folder(batch))  # what is not whole here is not shown as right
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "bundle.tar"
        pack(book.bundle_folder(batch), archive)
        try:
            return node.claim(batch, archive)
        except NodeFails as failure:
            return str(failure)
