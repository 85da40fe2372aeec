"""What a sample says of a claim: the upper limit of its error, and how much can be certified. Pure; everything rounds against the claim.

Taints are parts of a million of a record that are not supported. UML = (R0 * 10^6 + sum of t_i (R_i+1 - R_i)) / (n * 10^4), taints
falling, R as in `oracle.ledger.certify.sample`. Records may carry more than what was credited after caps: the error of quantity is
stretched by (record quantity * factor) / claimed mass before it is compared or applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oracle.ledger.certify.sample import PPM, STEPS, TOLERABLE_PPM, UPPER_95
from oracle.model.errors import InputError
from oracle.model.units import UG_PER_MG

_SCALE = 10_000


@dataclass(frozen=True)
class Mass:
    """What a claim weighs by its records and by what was credited.

    Attributes:
        record_quantity: Sum of the frame's records, in the methodology's unit.
        factor_ug: Micrograms CO2e per unit.
        reduction_mg: What is claimed, milligrams.
    """

    record_quantity: int
    factor_ug: int
    reduction_mg: int

    def stretched(self, ppm: int) -> int:
        """An error of quantity as an error of what is claimed, ppm, rounded up; never smaller."""
        by_records, claimed = self.record_quantity * self.factor_ug, self.reduction_mg * UG_PER_MG
        return ppm if by_records <= claimed else -(-ppm * by_records // claimed)


@dataclass(frozen=True)
class Evaluation:
    """What a sample came to.

    Attributes:
        hits: Hits that were looked at; records, where all were.
        errors: How many of them were not wholly supported.
        taint_ppm: Sum of their taints.
        limit_ppm: Upper limit of the error at 95 %, stretched; the error itself where all records were looked at.
        certifiable_mg: What can be certified: the claim less the error found if the limit is tolerable, else less the limit.
        extend_to: Hits that may still make the limit tolerable; None if it is, or if this was the last extension.
    """

    hits: int
    errors: int
    taint_ppm: int
    limit_ppm: int
    certifiable_mg: int
    extend_to: int | None

    @property
    def is_tolerable(self) -> bool:
        """Whether the limit is no higher than the programme allows."""
        return self.limit_ppm <= TOLERABLE_PPM


def taint_ppm(recorded: int, supported: int) -> int:
    """Part of a record that is not supported, ppm, rounded up; never below zero.

    Raises:
        InputError: A quantity is negative, or nothing was recorded.
    """
    if recorded < 1 or supported < 0:
        raise InputError(f"{supported} supported of {recorded} recorded is no finding", field="supported_quantity")
    return max(0, -(-(recorded - supported) * PPM // recorded))


def upper_limit_ppm(taints: Sequence[int], hits: int) -> int:
    """UML of a sample of `hits` hits with these taints. Errors beyond the twelfth count as the twelfth, which is more than they should."""
    total = UPPER_95[0] * PPM
    for number, taint in enumerate(sorted((taint for taint in taints if taint), reverse=True)):
        step = min(number, len(UPPER_95) - 2)
        total += taint * (UPPER_95[step + 1] - UPPER_95[step])
    return -(-total // (hits * _SCALE))


def evaluate(taints: Sequence[int], mass: Mass) -> Evaluation:
    """Evaluates one taint for each hit.

    Raises:
        InputError: There is no hit.
    """
    if not taints:
        raise InputError("nothing was looked at", field="hits")
    hits = len(taints)
    limit = mass.stretched(upper_limit_ppm(taints, hits))
    return _evaluation(taints, limit, _less(mass, sum(taints), hits), mass)


def evaluate_all(pairs: Sequence[tuple[int, int]], mass: Mass) -> Evaluation:
    """Evaluates a look at every record: recorded and supported quantity of each. There is no chance left, and no limit above the error."""
    taints = [taint_ppm(recorded, supported) for recorded, supported in pairs]
    missing = sum(max(0, recorded - supported) for recorded, supported in pairs)
    error = mass.stretched(-(-missing * PPM // sum(recorded for recorded, _ in pairs)))
    certifiable = max(0, mass.reduction_mg - -(-missing * mass.factor_ug // UG_PER_MG))
    return Evaluation(len(pairs), sum(map(bool, taints)), sum(taints), error, certifiable, None)


def _evaluation(taints: Sequence[int], limit: int, less_error: int, mass: Mass) -> Evaluation:
    tolerable = limit <= TOLERABLE_PPM
    certifiable = less_error if tolerable else max(0, mass.reduction_mg - -(-mass.reduction_mg * limit // PPM))
    further = None if tolerable else next((step for step in STEPS if step > len(taints)), None)
    return Evaluation(len(taints), sum(map(bool, taints)), sum(taints), limit, certifiable, further)


def _less(mass: Mass, taint: int, hits: int) -> int:
    """The claim less the error that was found, projected on all of it."""
    return max(0, mass.reduction_mg - -(-mass.reduction_mg * mass.stretched(taint) // (hits * PPM)))
