"""How much of a series rests on one of its batches. Pure but for what `frame` reads."""

from __future__ import annotations

from oracle.ledger.certify.frame import Claimed
from oracle.model.canonical import hexed
from oracle.model.claim_frame import Reversal
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.ids import BatchId


def reversal_of(claimed: Claimed, batch: BatchId) -> Reversal:
    """The figure that the committee signs: the batch's part of the shares, in proportion to what was certified, rounded up.

    Raises:
        InputError: The batch is not in the claim.
        VerificationFailed: These are not the shares that the claim was submitted with.
    """
    claim = claimed.claim
    if claimed.shares.root != claim.shares_root:
        raise VerificationFailed(
            f"claim {claimed.number}: the shares recomputed here have the root {hexed(claimed.shares.root)}, "
            f"the chain has {hexed(claim.shares_root)}"
        )
    portion = next((each for each in claimed.portions if each.batch == batch), None)
    if portion is None:
        raise InputError(f"batch {batch} is not in series {claimed.number}")
    return Reversal(claimed.number, batch, -(-portion.mg * claim.certified_mg // claim.reduction_mg))
