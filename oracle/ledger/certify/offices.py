"""The authority's and the verifier's parts, and everybody's: appoint, draw, certify, reject, notice, object, issue.

Each gives the call that `by` has to send, or None if it is done already, so that a command whose answer was lost can be repeated.
"""

from __future__ import annotations

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.reduction_certifier import Claim, ReductionCertifier
from oracle.ledger.certify.standing import claim_in, in_the_way, standing, when
from oracle.model.errors import ClaimRefused
from oracle.model.ids import Address

_NO_ANSWERS = bytes(32)
_AFTER_SUBMISSION = ("submitted", "drawn", "verified", "notice", "issued")


def appoint(chain: Chain, by: Address, number: int, verifier: Address) -> Call | None:
    """Appoints the verifier, once.

    Raises:
        ClaimRefused: The claim is not submitted, has another verifier, or this one is not licensed, or takes another part in it.
    """
    certifier = ReductionCertifier(chain)
    claim = claim_in(chain, number, *_AFTER_SUBMISSION)
    if claim.has_verifier:
        if claim.verifier != verifier:
            raise ClaimRefused(f"Claim {number} has the verifier {claim.verifier}, who is not exchanged.")
        return None
    if certifier.licence_of(verifier) is None:
        raise ClaimRefused(f"{verifier} is not licensed as a verifier.")
    if verifier in (claim.operator, by):
        raise ClaimRefused(f"{verifier} takes another part in claim {number}: the verifier is somebody else.")
    return certifier.appoint(number, verifier)


def draw_seed(chain: Chain, by: Address, number: int) -> Call | None:
    """Draws the seed, or has a new seed block named where nobody drew in time. Anyone may.

    Raises:
        ClaimRefused: There is no verifier, or the seed block is not past.
    """
    claim = claim_in(chain, number, *_AFTER_SUBMISSION)
    if claim.state != "submitted":
        return None
    if not claim.has_verifier:
        raise ClaimRefused(f"Claim {number} has no verifier: the seed follows from the appointment.")
    blocked = standing(chain, number).blocked_by
    if blocked:
        raise ClaimRefused(f"Claim {number}: {blocked[0]}.")
    return ReductionCertifier(chain).draw(number)


def certify(chain: Chain, by: Address, number: int, mg: int, statement_hash: bytes) -> Call | None:
    """Certifies `mg` milligrams.

    Raises:
        ClaimRefused: The seed is not drawn, the sender is not the verifier, or another amount stands certified.
    """
    claim = claim_in(chain, number, "drawn", "verified", "notice", "issued")
    if claim.verifier != by:
        raise ClaimRefused(f"Claim {number} is verified by {claim.verifier}, not by {by}.")
    if claim.state != "drawn":
        if claim.certified_mg != mg:
            raise ClaimRefused(f"Claim {number} stands certified with {claim.certified_mg} mg, for good.")
        return None
    return ReductionCertifier(chain).certify(number, mg, statement_hash)


def reject(chain: Chain, number: int, reason: str) -> Call | None:
    """Rejects a claim, for good."""
    states = ("draft", "submitted", "drawn", "verified", "notice", "rejected")
    if claim_in(chain, number, *states).state == "rejected":
        return None
    return ReductionCertifier(chain).reject(number, reason)


def start_notice(chain: Chain, by: Address, number: int) -> Call | None:
    """Puts a claim on public notice.

    Raises:
        ClaimRefused: It is not verified, or the sender takes another part in it.
    """
    claim = claim_in(chain, number, "verified", "notice", "issued")
    if claim.state != "verified":
        return None
    _require_new_person(claim, number, by)
    return ReductionCertifier(chain).start_notice(number)


def object_to(chain: Chain, by: Address, number: int, text_hash: bytes) -> Call | None:
    """Objects to a claim; the same text of the same person is one objection.

    Raises:
        ClaimRefused: It is not on notice, or the notice is over.
    """
    certifier = ReductionCertifier(chain)
    claim = claim_in(chain, number, "notice", "issued", "rejected", "void")
    made = certifier.events("Objected", where={"claim": number, "by": by})
    if any(bytes(event.values["textHash"]) == text_hash for event in made):
        return None
    if claim.state != "notice" or chain.now() >= claim.notice_ends:
        raise ClaimRefused(f"The notice of claim {number} ended {when(claim.notice_ends)}.")
    return certifier.object_to(number, text_hash)


def issue(chain: Chain, by: Address, number: int, answers_hash: bytes | None) -> Call | None:
    """Issues the series, after a look at the ledger: the contract learns of a frozen or revoked batch by reports only.

    Raises:
        ClaimRefused: Something is in the way, or the sender takes another part in the claim.
    """
    claim = claim_in(chain, number, "notice", "issued")
    if claim.state == "issued":
        return None
    _require_new_person(claim, number, by)
    blocked = [*standing(chain, number).blocked_by, *in_the_way(chain, number)]
    if answers_hash is not None:
        blocked = [each for each in blocked if "--answers" not in each]
    if blocked:
        raise ClaimRefused(f"Claim {number} cannot be issued: {'; '.join(blocked)}.")
    return ReductionCertifier(chain).issue(number, answers_hash or _NO_ANSWERS)


def _require_new_person(claim: Claim, number: int, account: Address) -> None:
    parts = {claim.operator: "opened it", claim.verifier: "verified it", claim.noticed_by: "started its notice"}
    if account in parts:
        raise ClaimRefused(f"{account} {parts[account]}: another person has to do this for claim {number}.")
