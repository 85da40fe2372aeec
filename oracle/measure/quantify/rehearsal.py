"""A rehearsal: past acts under a candidate version, against what the version in force makes of them. Pure.

The candidate's window is opened for it, and a draft may be rehearsed: the question is what its formula and figures would have brought,
not whether it may be credited. Day caps are applied for each account and day, whichever operator brought the acts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from oracle.measure.quantify.engine import quantify
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.regions import lineage
from oracle.measure.quantify.rule import Rule
from oracle.model.errors import MethodologyError
from oracle.model.units import POINTS_DENOMINATOR, POINTS_NUMERATOR, UG_PER_MG

_SUMS = ("acts", "reduction_mg", "points_milli")
_BY = ("subject", "day")


@dataclass(frozen=True)
class Rehearsal:
    """Past acts under two rules.

    Attributes:
        against: Versions in force that the candidate was compared with.
        days: A row for each day: acts that bring something, reduction and points, `before` and `after`.
        accounts: A row for each account and day that either rule credits.
        refused: Acts that bring nothing under the candidate, by the code of the finding.
    """

    against: tuple[str, ...]
    days: pl.DataFrame
    accounts: pl.DataFrame
    refused: dict[str, int]


def rehearse(library: Library, candidate: Rule, acts: pl.DataFrame, history: pl.DataFrame) -> Rehearsal:
    """What `acts` of the candidate's scenario bring under the candidate and under the versions in force.

    Args:
        acts: Acts to compare, as `engine.quantify` takes them.
        history: These and earlier acts, for baselines.

    Raises:
        MethodologyError: The candidate is a draft without figures.
    """
    if candidate.unset:
        raise MethodologyError(f"{candidate.id} cannot be computed: {candidate.reason}")
    mine, forces = _in_reach(library, candidate, acts)
    opened = replace(candidate, from_day=0, to_day=None, status=Status.ACTIVE)
    before = [
        _credited(mine.filter(pl.col("_force") == at).drop("_force"), rule, history)[0] for at, rule in forces.items()
    ]
    after, refused = _credited(mine.drop("_force"), opened, history)
    accounts = _beside(pl.concat([_nothing(), *before]), after)
    totals = [pl.col(f"{name}_{side}").sum() for side in ("before", "after") for name in _SUMS]
    named = {f"{rule.id} v{rule.version}" for rule in forces.values()}
    return Rehearsal(tuple(sorted(named)), accounts.group_by("day").agg(totals).sort("day"), accounts, refused)


def _in_reach(library: Library, candidate: Rule, acts: pl.DataFrame) -> tuple[pl.DataFrame, dict[int, Rule]]:
    """Acts that the candidate would take, each with the position of the rule in force for it, null without one; and those rules."""
    reached: list[tuple[str, int, int | None]] = []
    forces: dict[int, Rule] = {}
    for region, day in acts.select("region", "day").unique().sort("region", "day").iter_rows():
        near = lineage(region)
        now = library.rule_for(candidate.scenario, region, day)
        if candidate.region not in near or (now is not None and near.index(now.region) < near.index(candidate.region)):
            continue  # another place, or a nearer rule goes first
        at = next((at for at, rule in forces.items() if rule is now), len(forces))
        if now is not None:
            forces[at] = now
        reached.append((region, day, None if now is None else at))
    places = pl.DataFrame(
        reached, schema={"region": pl.String, "day": acts.schema["day"], "_force": pl.Int64}, orient="row"
    )
    return acts.join(places, on=["region", "day"]), forces


def _credited(acts: pl.DataFrame, rule: Rule, history: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Milligrams and points by account and day, and why the other acts bring nothing."""
    result = quantify(acts, rule, history if rule.method.baseline is not None else None)
    limit = rule.day_cap_mg * UG_PER_MG // rule.factor_ug
    quantity = pl.min_horizontal(pl.col("quantity"), pl.lit(limit, pl.Int64))
    credited = result.acts.group_by(_BY).agg(pl.col("quantity").sum(), acts=pl.len().cast(pl.Int64))
    credited = credited.with_columns(reduction_mg=quantity * rule.factor_ug // UG_PER_MG)
    points = (
        pl.col("reduction_mg") * POINTS_NUMERATOR // POINTS_DENOMINATOR if rule.earns_points else pl.lit(0, pl.Int64)
    )
    refused = result.findings.group_by("code").len().sort("code")
    return credited.select(*_BY, "acts", "reduction_mg", points_milli=points), dict(refused.iter_rows())


def _beside(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Both results for each account and day, 0 where one of them credits nothing."""
    named = [
        frame.rename({name: f"{name}_{side}" for name in _SUMS})
        for frame, side in ((before, "before"), (after, "after"))
    ]
    return named[0].join(named[1], on=_BY, how="full", coalesce=True).fill_null(0).sort(_BY)


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema={"subject": pl.String, "day": pl.Int32, **dict.fromkeys(_SUMS, pl.Int64)})
