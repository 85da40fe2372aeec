"""A node and the second flow: it recomputes a claim from its own bundles, and signs what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account.messages import SignableMessage
from eth_account.signers.base import BaseAccount

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.reversal_desk import ReversalDesk
from oracle.ledger.certify.frame import Claimed, recompute
from oracle.ledger.certify.report import Report, require_same
from oracle.ledger.certify.reversing import reversal_of
from oracle.ledger.certify.submission import Submission
from oracle.model.errors import InputError
from oracle.model.ids import BatchId
from oracle.model.typed_data import sign


@dataclass(frozen=True)
class Signed:
    """A signature of one member.

    Attributes:
        subject: What was signed, by the names of the contract's struct.
        epoch: Of the committee, as this node's own RPC tells.
        member: Address of the signer.
        signature: 65 bytes.
    """

    subject: dict[str, str]
    epoch: int
    member: str
    signature: bytes

    def to_json(self) -> dict[str, Any]:
        """As it is sent."""
        return {
            "subject": self.subject,
            "epoch": self.epoch,
            "member": self.member,
            "signature": "0x" + self.signature.hex(),
        }


class ClaimSigner:
    """What a member signs of claims and reversals.

    Args:
        chain: As its own RPC tells.
        account: Signs.
        folder_of: Where the bundle of a batch is that this node found for itself; raises if it did not.
        require_methodology: Raises unless the chain's version of a methodology is the one this node computes with.
    """

    def __init__(
        self,
        chain: Chain,
        account: BaseAccount,
        folder_of: Callable[[BatchId], Path],
        require_methodology: Callable[[str, int], None],
    ):
        self._chain = chain
        self._account = account
        self._folder_of = folder_of
        self._require_methodology = require_methodology

    def frame(self, claim: int, document: bytes) -> Signed:
        """Signs the frame of a claim.

        Raises:
            InputError: It is no submission of this claim.
            NotSigned: This node did not find a batch for itself, or the methodology is another.
            VerificationFailed: This node finds another report; says where.
        """
        submission = Submission.parse(document)
        report = Report(self._recomputed(claim, submission), submission.declarations)
        require_same(report.document, submission.report)
        frame = report.frame
        domain, epoch = ReductionCertifier(self._chain).domain, OracleCommittee(self._chain).epoch()
        return signed(self._account, frame.to_json(), frame.message(domain, epoch), epoch)

    def reversal(self, claim: int, batch: BatchId, document: bytes) -> Signed:
        """Signs how much of a series rests on a batch.

        Raises:
            InputError: It is no submission of this claim, or the batch is not in it.
            VerificationFailed: The shares are not those of the series.
        """
        reversal = reversal_of(self._recomputed(claim, Submission.parse(document)), batch)
        domain, epoch = ReversalDesk(self._chain).domain, OracleCommittee(self._chain).epoch()
        return signed(self._account, reversal.to_json(), reversal.message(domain, epoch), epoch)

    def _recomputed(self, claim: int, submission: Submission) -> Claimed:
        if submission.claim != claim:
            raise InputError(f"this is claim {submission.claim}, not {claim}", field="claim")
        claimed = recompute(self._chain, claim, self._folder_of, submission.left_out)
        for portion in claimed.portions[:1]:  # all batches of a claim are of one version
            self._require_methodology(portion.header.methodology_name, portion.header.version)
        return claimed


def signed(account: BaseAccount, subject: dict[str, str], message: SignableMessage, epoch: int) -> Signed:
    """A member's signature."""
    return Signed(subject, epoch, account.address, sign(account, message))
