"""The operator's part: open a claim, add batches, submit its frame, give it up.

Each step gives the call that `by` has to send, or None if it is done already, so that a command whose answer was lost can be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.methodology_registry import MethodologyRegistry
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.edge.chain.contracts.reduction_certifier import Claim, ReductionCertifier
from oracle.ledger.attest.onchain import attested
from oracle.ledger.certify.signing import ordered
from oracle.ledger.certify.standing import claim_in
from oracle.model.claim_frame import Frame
from oracle.model.errors import ClaimRefused, VerificationFailed
from oracle.model.header import Header
from oracle.model.ids import Address, BatchId, methodology_text, methodology_word
from oracle.model.units import date_of, year_of

PER_TRANSACTION = 100  # batches; each costs about 35,000 gas


@dataclass(frozen=True)
class Offered:
    """Batches of an operator, a version and a span of days, as a claim could take them.

    Attributes:
        free: Those it can take, by day and sequence.
        taken: Those in this claim already.
        left_out: Why the others are left out, by batch.
    """

    free: list[BatchId]
    taken: list[BatchId]
    left_out: dict[BatchId, str] = field(default_factory=dict)


def open_claim(chain: Chain, by: Address, methodology: str, version: int, vintage: int, sequence: int) -> Call | None:
    """Opens the claim with this key.

    Raises:
        ClaimRefused: The version cannot be certified.
    """
    certifier = ReductionCertifier(chain)
    if certifier.claim_by_key(by, methodology, vintage, sequence):
        return None
    _require_creditable(chain, methodology, version)
    return certifier.open(methodology, version, vintage, sequence)


def offered(chain: Chain, number: int, first_day: int, last_day: int) -> Offered:
    """The batches that a claim could take of some days."""
    certifier = ReductionCertifier(chain)
    claim = claim_in(chain, number)
    found = _batches_of(chain, claim, first_day, last_day)
    keys = list(found)
    phases, known = EvidenceLedger(chain).phases_of(keys), certifier.batches_of(keys)
    excluded = certifier.exclusions_of(methodology_text(claim.methodology))
    result = Offered([], [])
    for batch, header in found.items():
        other = known[batch].claim
        barred = [each for each in excluded if each.from_day <= header.day <= each.through_day]
        if other == number:
            result.taken.append(batch)
        elif other:
            result.left_out[batch] = f"in claim {other}"
        elif phases[batch].name != "closed":
            result.left_out[batch] = f"{phases[batch].name}, not closed"
        elif year_of(header.day) != claim.vintage:
            result.left_out[batch] = f"its acts are of {date_of(header.day)}, the claim is of {claim.vintage}"
        elif barred:
            result.left_out[batch] = f"claimed under {barred[0].mechanism.rstrip(bytes(1)).decode('utf-8', 'replace')}"
        else:
            result.free.append(batch)
    return result


def add_batches(chain: Chain, by: Address, number: int, batches: Sequence[BatchId]) -> list[Call]:
    """Adds batches to a draft, so many in a transaction, in their order.

    Raises:
        ClaimRefused: It is no draft, or another's.
    """
    claim = claim_in(chain, number, "draft")
    require_operator(claim, number, by)
    certifier = ReductionCertifier(chain)
    parts = [batches[at : at + PER_TRANSACTION] for at in range(0, len(batches), PER_TRANSACTION)]
    return [certifier.add_batches(number, part) for part in parts]


def submit(chain: Chain, frame: Frame, signatures: Mapping[str, bytes]) -> Call:
    """Submits a frame that a quorum signed.

    Raises:
        VerificationFailed: Fewer members than the quorum signed it.
    """
    quorum = OracleCommittee(chain).quorum()
    if len(signatures) < quorum:
        raise VerificationFailed(f"claim {frame.claim}: {len(signatures)} of {quorum} signatures; nothing was sent")
    certifier = ReductionCertifier(chain)
    return certifier.submit(frame, ordered(signatures, quorum))


def withdraw(chain: Chain, by: Address, number: int) -> Call | None:
    """Gives a claim up; nothing is sent if it is.

    Raises:
        ClaimRefused: A verifier is appointed, or it is another's.
    """
    claim = claim_in(chain, number, "draft", "submitted", "withdrawn")
    require_operator(claim, number, by)
    if claim.state == "withdrawn":
        return None
    if claim.has_verifier:
        raise ClaimRefused(f"Claim {number} has a verifier: it can be rejected, and not given up any more.")
    return ReductionCertifier(chain).withdraw(number)


def require_operator(claim: Claim, number: int, account: Address) -> None:
    """Raises unless an account opened the claim.

    Raises:
        ClaimRefused: It did not.
    """
    if claim.operator != account:
        raise ClaimRefused(f"Claim {number} is of {claim.operator}; {account} cannot do this for it.")


def _batches_of(chain: Chain, claim: Claim, first_day: int, last_day: int) -> dict[BatchId, Header]:
    same = (Address(claim.operator), claim.methodology, claim.version)
    found = [
        (batch, header)
        for batch, header in attested(chain)
        if (header.operator, header.methodology, header.version) == same and first_day <= header.day <= last_day
    ]
    return dict(sorted(found, key=lambda pair: (pair[1].day, pair[1].sequence)))


def _require_creditable(chain: Chain, methodology: str, version: int) -> None:
    methodology_word(methodology)
    registry = MethodologyRegistry(chain)
    count = registry.version_count(methodology)
    if not 1 <= version <= count:
        raise ClaimRefused(f"{methodology} has {count} versions on chain, and no version {version}.")
    if not registry.methodology_of(methodology, version).terms.creditable:
        raise ClaimRefused(
            f"Reductions under {methodology} version {version} can never be certified: it is not creditable."
        )
