"""What follows when a batch of a claim is revoked or frozen: reports, freezes, reversals.

Each step gives the call to send, or None if it is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.carbon_credit import CarbonCredit
from oracle.edge.chain.contracts.carbonbook_access import CarbonbookAccess
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.reversal_desk import ReversalDesk
from oracle.edge.store.disk import disk
from oracle.ledger.certify.shares import claim_folder
from oracle.ledger.certify.signing import ordered
from oracle.ledger.certify.standing import claim_in, when
from oracle.model.claim_frame import Reversal
from oracle.model.errors import ClaimRefused, VerificationFailed
from oracle.model.ids import Address, BatchId


def report_revoked(chain: Chain, number: int, batch: BatchId) -> Call | None:
    """Reports a revoked batch: before issue the claim is void, after issue the series is frozen. Anyone may.

    Raises:
        ClaimRefused: The batch is not in this claim, or the ledger does not have it as revoked.
    """
    claim = claim_in(chain, number)
    if claim.state == "void":
        return None
    _require_in(chain, number, batch)
    phase = EvidenceLedger(chain).phase_of(batch).name
    if phase != "revoked":
        raise ClaimRefused(f"Batch {batch} is {phase}, not revoked.")
    if claim.state != "issued":
        return ReductionCertifier(chain).report_revoked(batch)
    desk = ReversalDesk(chain)
    return None if desk.reversal_of(batch).reported else desk.report_revoked(batch)


def report_held(chain: Chain, number: int, batch: BatchId) -> Call | None:
    """Holds a claim whose batch is frozen, or ends the hold of one that is closed again. Anyone may.

    Raises:
        ClaimRefused: The batch is not in this claim, is revoked, or the claim is issued.
    """
    claim_in(chain, number, "draft", "submitted", "drawn", "verified", "notice")
    _require_in(chain, number, batch)
    certifier, phase = ReductionCertifier(chain), EvidenceLedger(chain).phase_of(batch).name
    held = certifier.batch_of(batch).held
    if phase == "frozen":
        return None if held else certifier.report_frozen(batch)
    if phase == "closed":
        return certifier.clear_hold(batch) if held else None
    raise ClaimRefused(f"Batch {batch} is {phase}: carbonbook certify revoked {number} --batch {batch}")


def freeze(chain: Chain, number: int, reason: str) -> Call | None:
    """Freezes a series at once. The guardian's."""
    return None if _is_frozen(chain, number) else ReversalDesk(chain).freeze(number, reason)


def unfreeze(chain: Chain, number: int) -> Call | None:
    """Sets a series free. The authority's.

    Raises:
        ClaimRefused: Reported batches are not yet reversed.
    """
    if not _is_frozen(chain, number):
        return None
    pending = ReversalDesk(chain).shortfall_of(number).pending
    if pending:
        raise ClaimRefused(
            f"Series {number}: reported batches without a figure: {pending}; `carbonbook certify reverse` settles each."
        )
    return ReversalDesk(chain).unfreeze(number)


def restore(chain: Chain, number: int) -> Call | None:
    """Lowers a shortfall with what is in the operator's other buffers. Anyone may."""
    claim_in(chain, number, "issued")
    desk = ReversalDesk(chain)
    return desk.restore(number) if desk.shortfall_of(number).mg else None


def is_reversed(chain: Chain, reversal: Reversal) -> bool:
    """Whether this figure, or a higher one, was taken back for the batch.

    Raises:
        ClaimRefused: The batch was not reported, or the series is not frozen.
    """
    found = ReversalDesk(chain).reversal_of(reversal.batch)
    if found.settled and found.mg >= reversal.mg:
        return True
    if not found.reported:
        raise ClaimRefused(
            f"Batch {reversal.batch} is not reported: carbonbook certify revoked {reversal.series} --batch {reversal.batch}"
        )
    if not _is_frozen(chain, reversal.series):
        raise ClaimRefused(
            f"Series {reversal.series} is not frozen: the guardian freezes it before more is taken back."
        )
    return False


def cancellation(chain: Chain, home: Path, reversal: Reversal, signatures: Mapping[str, bytes]) -> Call:
    """The call that takes the figure back: the one announced before, where it is kept, so that it stays the same to the byte.

    Raises:
        VerificationFailed: Fewer members than the quorum signed it.
    """
    quorum = OracleCommittee(chain).quorum()
    if len(signatures) < quorum:
        raise VerificationFailed(
            f"series {reversal.series}: {len(signatures)} of {quorum} signatures; nothing was sent"
        )
    made = ReversalDesk(chain).cancel(reversal, ordered(signatures, quorum))
    file = claim_folder(home, reversal.series) / f"reversal-{reversal.batch[2:18]}-{reversal.mg}.hex"
    with disk(file):
        if file.exists():
            return Call(made.to, file.read_text().strip(), made.act)
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".part")
        unfinished.write_text(made.data + "\n")
        unfinished.replace(file)
    return made


def announced(chain: Chain, by: Address, call: Call) -> int:
    """From when on `by` can make a call that it announced, UTC seconds; 0 if it has to announce it first.

    Raises:
        ClaimRefused: `by` may not make it at all.
    """
    access = CarbonbookAccess(chain)
    if access.delay_of(by, call) is None:
        raise ClaimRefused(f"{by} has no part in reversals: the authority's delayed role does.")
    return access.executable_from(by, call)


def due(chain: Chain, by: Address, call: Call) -> Call:
    """What has to be sent now of a call with a delay: its announcement, or itself.

    Raises:
        ClaimRefused: It is announced, and its time has not come.
    """
    moment = announced(chain, by, call)
    if not moment:
        return CarbonbookAccess(chain).announce(call)
    if chain.now() < moment:
        raise ClaimRefused(f"It is announced, and can be made from {when(moment)} on.")
    return call


def _is_frozen(chain: Chain, number: int) -> bool:
    claim_in(chain, number, "issued")
    return CarbonCredit(chain, number).is_frozen()


def _require_in(chain: Chain, number: int, batch: BatchId) -> None:
    claim = ReductionCertifier(chain).batch_of(batch).claim
    if claim != number:
        raise ClaimRefused(
            f"Batch {batch} is {f'in claim {claim}' if claim else 'in no live claim'}, not in claim {number}."
        )
