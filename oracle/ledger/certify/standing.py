"""Where a claim stands, what comes next, and what is in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.carbon_credit import CarbonCredit
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.reduction_certifier import Claim, ReductionCertifier
from oracle.edge.chain.contracts.reversal_desk import ReversalDesk
from oracle.model.errors import ClaimRefused
from oracle.model.ids import BatchId
from oracle.model.units import tonnes

FINAL = ("rejected", "withdrawn", "void")


@dataclass(frozen=True)
class Standing:
    """A claim for people.

    Attributes:
        number: Of the claim, and of its series.
        claim: As the chain has it.
        state: One of `STATES`, or `live`, `frozen` once it is issued.
        next: The command that goes on; None if nothing follows.
        blocked_by: What is in the way of it, one sentence each.
    """

    number: int
    claim: Claim
    state: str
    next: str | None
    blocked_by: tuple[str, ...] = ()


def standing(chain: Chain, number: int) -> Standing:
    """Where a claim stands.

    Raises:
        ClaimRefused: There is no such claim.
    """
    claim = claim_in(chain, number)
    match claim.state:
        case "draft":
            following = f"certify submit {number}" if claim.batch_count else f"certify add {number}"
            return Standing(number, claim, "draft", following)
        case "submitted":
            return _submitted(chain, number, claim)
        case "drawn":
            return Standing(number, claim, "drawn", f"certify check {number}")
        case "verified":
            return Standing(number, claim, "verified", f"certify notice {number} --key authority-1")
        case "notice":
            return _notice(chain, number, claim)
        case "issued":
            return _issued(chain, number, claim)
    return Standing(number, claim, claim.state, None)


def claim_in(chain: Chain, number: int, *states: str) -> Claim:
    """A claim that is in one of some states; in any, if none is named.

    Raises:
        ClaimRefused: There is no such claim, or it is in another state.
    """
    claim = ReductionCertifier(chain).claim_of(number)
    if claim.state == "none":
        raise ClaimRefused(f"There is no claim {number}; `carbonbook certify list` shows those there are.")
    if states and claim.state not in states:
        raise ClaimRefused(f"Claim {number} is {claim.state}; this needs one that is {' or '.join(states)}.")
    return claim


def in_the_way(chain: Chain, number: int) -> list[str]:
    """Batches of a claim that the ledger has as revoked or frozen: the contract learns of them by reports only."""
    batches = ReductionCertifier(chain).batches_in(number)
    phases = EvidenceLedger(chain).phases_of(batches)
    return [_told(number, batch, phases[batch].name) for batch in batches if phases[batch].name != "closed"]


def when(seconds: int) -> str:
    """A moment for people: UTC, to the minute."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")


def _without_figure(chain: Chain, number: int) -> BatchId | None:
    """The first batch of a series that was reported and is not reversed."""
    desk = ReversalDesk(chain)
    reported = [event.values["batch"] for event in desk.events("SeriesFrozen", where={"series": number})]
    batches = [BatchId("0x" + batch.hex()) for batch in reported if any(batch)]
    return next((batch for batch in batches if not desk.reversal_of(batch).settled), None)


def _told(number: int, batch: BatchId, phase: str) -> str:
    command = "revoked" if phase == "revoked" else "hold"
    return f"batch {batch} is {phase}: carbonbook certify {command} {number} --batch {batch}"


def _submitted(chain: Chain, number: int, claim: Claim) -> Standing:
    if not claim.has_verifier:
        return Standing(number, claim, "submitted", f"certify appoint {number} --verifier verifier-1 --key authority-1")
    head = chain.head()
    waits = (
        () if head > claim.seed_block else (f"the seed is made of block {claim.seed_block}, the chain is at {head}",)
    )
    return Standing(number, claim, "submitted", f"certify draw {number}", waits)


def _notice(chain: Chain, number: int, claim: Claim) -> Standing:
    blocked = []
    if chain.now() < claim.notice_ends:
        blocked.append(f"on notice until {when(claim.notice_ends)}")
    if claim.holds:
        blocked.append(f"batches held as frozen: {claim.holds}")
    if claim.objections:
        blocked.append(f"objections without answers (--answers): {claim.objections}")
    following = f"certify issue {number} --key authority-2 (not who started the notice)"
    return Standing(number, claim, "notice", following, tuple(blocked))


def _issued(chain: Chain, number: int, claim: Claim) -> Standing:
    short = ReversalDesk(chain).shortfall_of(number)
    if CarbonCredit(chain, number).is_frozen():
        blocked = (f"reported batches without a figure: {short.pending}",) if short.pending else ()
        batch = _without_figure(chain, number) if short.pending else None
        following = f"certify reverse {number} --batch {batch}" if batch else f"certify unfreeze {number}"
        return Standing(number, claim, "frozen", following, blocked)
    if short.mg:
        return Standing(number, claim, "live", f"certify restore {number}", (f"{tonnes(short.mg)} t are owed",))
    return Standing(number, claim, "live", f"market list {number}")
