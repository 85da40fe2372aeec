"""Nothing is claimed twice: of acts that are the same in fact, one stays and the others are excluded.

Documents put scenarios into groups. Inside a group the acts of one subject exclude each other where their times overlap (a trip, a car's
day, a household's electricity) or where they name the same item (a certificate, a thing sold or recycled, a plot). The act of the lowest
rank stays; between equals the one that began first, then the lower key. An act that is excluded excludes nobody after it: groups are
resolved in the order of their names, and who lost in one takes no part in the next. What was excluded by an act that loses later stays
excluded, which is the cautious side. An act that stands in a batch keeps its claim, whatever comes later and whatever its rank.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import polars as pl

from oracle.measure.quantify.library import Library
from oracle.measure.quantify.schema import Exclusion
from oracle.model.acts import ITEM

STANDS = "stands"

EXCLUDED: dict[str, pl.DataType] = {
    "scenario": pl.String(),
    "record_key": pl.String(),
    "group": pl.String(),
    "claimed_by_scenario": pl.String(),
    "claimed_by_key": pl.String(),
}

_Claim = tuple[int, int, str, str, int, bool]  # rank, start, scenario, record key, end, whether it stands in a batch


def contested(library: Library, scenarios: Collection[str]) -> dict[str, dict[str, Exclusion]]:
    """Groups in which acts of these scenarios can exclude each other, each with its members among them."""
    groups: dict[str, dict[str, Exclusion]] = {}
    for scenario in sorted(scenarios):
        for exclusion in library.document(scenario).claims:
            groups.setdefault(exclusion.group, {})[scenario] = exclusion
    return {
        name: members
        for name, members in sorted(groups.items())
        if len({member.rank for member in members.values()}) > 1
        or any(member.equals == "one" for member in members.values())
    }


def exclusions(
    library: Library, acts: Mapping[str, pl.DataFrame], groups: Collection[str] | None = None
) -> pl.DataFrame:
    """Acts that another act claims already.

    Args:
        acts: Acts by scenario. `subject` must mean the same person in all of them: map cards and meters to accounts first. Acts of
            groups over items have a String column `item`, null where the record names none. A Boolean column `stands` says which acts
            are in a batch already.
        groups: Groups to resolve; None for all.

    Returns:
        One row for each excluded act, with the act that stays (`EXCLUDED`), sorted. Whoever writes the finding uses the code
        `claimed_elsewhere`.
    """
    rows: dict[tuple[str, str], tuple[str, str, str]] = {}
    for group, members in contested(library, acts).items():
        if groups is not None and group not in groups:
            continue
        like = next(iter(members.values()))
        claims = pl.concat([_claims(acts[scenario], scenario, member) for scenario, member in sorted(members.items())])
        for key, kept in _losers(claims, like, set(rows)):
            rows[key] = (group, *kept)
    table = [(*key, *value) for key, value in sorted(rows.items())]
    return pl.DataFrame(table, schema=EXCLUDED, orient="row")


def _claims(acts: pl.DataFrame, scenario: str, member: Exclusion) -> pl.DataFrame:
    item = pl.col(ITEM) if ITEM in acts.columns else pl.lit(None, pl.String)
    stands = pl.col(STANDS) if STANDS in acts.columns else pl.lit(False)
    return acts.select(
        "subject",
        item.alias(ITEM),
        pl.lit(member.rank, pl.Int64).alias("rank"),
        "start",
        pl.lit(scenario).alias("scenario"),
        "record_key",
        "end",
        stands.alias(STANDS),
    )


def _losers(
    claims: pl.DataFrame, like: Exclusion, out: set[tuple[str, str]]
) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Excluded acts, each with the act that stays; acts in `out` are excluded already."""
    if like.over == "item":
        by, met = ITEM, pl.col(ITEM).is_not_null() & pl.col(ITEM).is_duplicated()
    else:
        stops = pl.max_horizontal("end", pl.col("start") + 1)
        by, met = "subject", (pl.col("start") < stops.cum_max().shift(1)).any().over("subject")
    first = (by, pl.col(STANDS).not_(), "rank", "start", "scenario", "record_key")
    shared = claims.sort("subject", "start").filter(met).sort(*first)
    for _, mine in shared.group_by(by, maintain_order=True):
        listed: list[_Claim] = list(mine.select("rank", "start", "scenario", "record_key", "end", STANDS).iter_rows())
        yield from _resolve([claim for claim in listed if (claim[2], claim[3]) not in out], like)


def _resolve(claims: list[_Claim], like: Exclusion) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Goes through the claims of one person or item, best first; keeps what clashes with nothing kept."""
    kept: list[_Claim] = []
    for claim in claims:
        winner = None if claim[5] else next((other for other in kept if _clash(claim, other, like)), None)
        if winner is None:
            kept.append(claim)
        else:
            yield (claim[2], claim[3]), (winner[2], winner[3])


def _clash(claim: _Claim, other: _Claim, like: Exclusion) -> bool:
    if like.equals == "all" and claim[0] == other[0]:
        return False
    return like.over == "item" or _overlap(claim, other)


def _overlap(one: _Claim, other: _Claim) -> bool:
    """Whether two acts share time; a tap, which takes none, counts as its second."""
    return one[1] < max(other[4], other[1] + 1) and other[1] < max(one[4], one[1] + 1)
