"""Rules between files: what one file alone cannot show. They are applied when days are closed, to all open acts at once, so that the
result does not depend on which file came first.

Acts that stand in a batch keep their place whatever comes. Findings here are about acts (`act`, a number given for the occasion); who
calls knows their files and rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from oracle.measure.quantify.exclusions import STANDS, contested, exclusions
from oracle.measure.quantify.library import Library
from oracle.measure.validate.overlap import with_overlap
from oracle.measure.validate.rules import TRIPS
from oracle.measure.validate.twice import any_twice
from oracle.model.acts import BUS_KM, BUS_RIDE, ITEM
from oracle.model.findings import ACT_FINDING_SCHEMA, about_acts

Acts = Mapping[str, pl.DataFrame]

# Columns that say where an act stood, not what it was.
PROVENANCE = ("act", "rows", "sha256", "file")
# A tap says that somebody boarded, and not how far; a source that measures may bring the same ride. It begins within half an hour of the
# tap, by the same way of travelling: whoever changes sooner from a tapped ride to a measured one of that way loses the tap.
_MEASURED = {BUS_RIDE: BUS_KM}
_BOARDING_S = 1_800
_CLAIM = ("subject", "start", "end", "record_key")


@dataclass(frozen=True)
class Ruling:
    """What is left of the open acts.

    Attributes:
        acts: Acts that go on, by scenario.
        findings: Findings of the others (`ACT_FINDING_SCHEMA`).
    """

    acts: dict[str, pl.DataFrame]
    findings: pl.DataFrame


def one_act_per_record(acts: Acts, batched: Acts) -> Ruling:
    """At most one act for every record id: none if it is batched already, else the one with the smallest content.

    Args:
        batched: Records of batches by scenario, with the columns that acts and records share.
    """
    kept, found = {}, []
    for scenario, frame in acts.items():
        if scenario not in batched and not any_twice([frame["record_id"]]):
            kept[scenario] = frame
            continue
        content = [name for name in frame.columns if name not in PROVENANCE]
        twice = frame.filter(pl.col("record_id").is_duplicated())
        once = frame.join(twice, on="act", how="anti") if len(twice) else frame
        first = pl.concat([once, twice.sort(*content, "sha256").unique("record_id", keep="first", maintain_order=True)])
        if scenario in batched:
            shared = [name for name in content if name in batched[scenario].columns]
            standing = frame.sort(*content, "sha256").join(batched[scenario], on=shared, how="semi", nulls_equal=True)
            standing = standing.unique("record_id", keep="first", maintain_order=True)
            first = pl.concat([standing, first.join(standing, on="record_id", how="anti")])
            kept[scenario] = first.join(batched[scenario], on="record_id", how="anti")
        else:
            kept[scenario] = first
        later = frame.join(first, on="act", how="anti").with_columns(copy=pl.lit("of another file"))
        found.append(about_acts("duplicate", later, ["copy"]))
    return Ruling(kept, _together(found))


def one_trip_at_a_time(acts: Acts, fixed: pl.DataFrame) -> Ruling:
    """One trip at a time for every citizen, over all files and sources. Of a ride that was tapped and measured, the measured trip stays.

    Args:
        fixed: Trips that keep their time whatever comes: scenario, citizen, source, start, end.
    """
    columns = ["record_id", "citizen", "source", "start", "end", "act"]
    open_ = [acts[name].select(columns).with_columns(scenario=pl.lit(name)) for name in TRIPS if name in acts]
    if not open_:
        return Ruling(dict(acts), _together([]))
    every = pl.concat(open_).with_columns(row="act")
    stand = fixed.with_columns(act=pl.lit(None, pl.Int64))
    met = [_losing(_boardings(stand, every), "trip_"), _losing(_boardings(every, stand), "")]
    taken = pl.concat([_taken_by_fixed(every, fixed), *met])
    left = every.join(taken, on="act", how="anti") if len(taken) else every
    taken = pl.concat([taken, _losing(_boardings(left, left), "")]).unique("act", keep="first", maintain_order=True)
    free = every.join(taken, on="act", how="anti") if len(taken) else every
    judged = with_overlap(free, "citizen", "record_id").filter(pl.col("other_row").is_not_null())
    if taken.is_empty() and judged.is_empty():
        return Ruling(dict(acts), _together([]))
    winners = free.select(other_row="row", other_source="source")
    losers = pl.concat([taken, judged.join(winners, on="other_row").select(taken.columns)])
    elsewhere = pl.col("other_source") != pl.col("source")
    found = [
        about_acts("claimed_elsewhere", losers.filter(elsewhere), ["start", "end"]),
        about_acts("overlap", losers.filter(~elsewhere), ["start", "end"]),
    ]
    kept = {name: frame.join(losers, on="act", how="anti") if name in TRIPS else frame for name, frame in acts.items()}
    return Ruling(kept, _together(found))


def claimed_once(library: Library, acts: Acts, rivals: Acts, groups: Collection[str]) -> Ruling:
    """Of acts that claim one reduction, by whatever scenario, the one that stays (`oracle.measure.quantify.exclusions`).

    Args:
        acts: Open acts.
        rivals: Other acts that claim something, with `stands`: whether they are in a batch.
        groups: Exclusion groups to resolve.
    """
    if not groups:
        return Ruling(dict(acts), _together([]))
    rivalling = contested(library, {*acts, *rivals})
    members = {member for group in groups for member in rivalling.get(group, ())}
    claims: dict[str, list[pl.DataFrame]] = {}
    for name, frame in [*acts.items(), *rivals.items()]:
        if name in members:
            stands = pl.col(STANDS) if STANDS in frame.columns else pl.lit(False).alias(STANDS)
            thing = library.document(name).thing
            items = [ITEM] if ITEM in frame.columns and thing is not None and thing.once == "ever" else []
            claims.setdefault(name, []).append(named(frame).select(*_CLAIM, stands, *items))
    out = exclusions(library, {name: pl.concat(each, how="diagonal") for name, each in claims.items()}, groups)
    kept, found = {}, []
    for name, frame in acts.items():
        lost = out.filter(pl.col("scenario") == name).select(
            "group", claimed_by="claimed_by_scenario", record_id=pl.col("record_key").str.decode("hex")
        )
        kept[name] = frame.join(lost, on="record_id", how="anti") if len(lost) else frame
        found.append(about_acts("claimed_elsewhere", frame.join(lost, on="record_id"), ["group", "claimed_by"]))
    return Ruling(kept, _together(found))


def named(acts: pl.DataFrame) -> pl.DataFrame:
    """Stored acts with the names that the engine goes by: `subject` for the citizen, `record_key` for the record."""
    return acts.with_columns(
        subject=pl.col("citizen").cast(pl.String), record_key=pl.col("record_id").bin.encode("hex")
    )


def _boardings(taps: pl.DataFrame, trips: pl.DataFrame) -> pl.DataFrame:
    """Taps, each with the measured trips of another source (`trip_...`) that may be the ride it began."""
    boarded = taps.filter(pl.col("start") == pl.col("end"), pl.col("scenario").is_in(list(_MEASURED)))
    boarded = boarded.with_columns(trip_scenario=pl.col("scenario").replace_strict(_MEASURED, return_dtype=pl.String))
    named = trips.rename({name: f"trip_{name}" for name in trips.columns if name != "citizen"})
    met = boarded.join(named, on=["citizen", "trip_scenario"])
    boarding = pl.col("start").is_between(pl.col("trip_start") - _BOARDING_S, pl.col("trip_end"), closed="left")
    return met.filter(boarding & (pl.col("source") != pl.col("trip_source")))


def _losing(met: pl.DataFrame, side: str) -> pl.DataFrame:
    """The taps, or with `trip_` the trips, of `_boardings` as those that lose."""
    other = "" if side else "trip_"
    names = {f"{side}{name}": name for name in ("act", "start", "end", "source")} | {f"{other}source": "other_source"}
    return met.sort("start", "trip_start").select(pl.col(name).alias(to) for name, to in names.items())


def _taken_by_fixed(every: pl.DataFrame, fixed: pl.DataFrame) -> pl.DataFrame:
    others = fixed.select("citizen", other_source="source", other_start="start", other_end="end")
    inside = (pl.col("start") < pl.col("other_end")) & (pl.col("other_start") < pl.col("end"))
    met = every.join(others, on="citizen").filter(inside | (pl.col("start") == pl.col("other_start")))
    first = met.sort("act", "other_start", "other_source").unique("act", keep="first", maintain_order=True)
    return first.select("act", "start", "end", "source", "other_source")


def _together(found: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(found) if found else pl.DataFrame(schema=ACT_FINDING_SCHEMA)
