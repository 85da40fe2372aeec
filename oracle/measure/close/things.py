"""One thing brings one reduction: an order, a phone, a tree once for ever, a car or a roof once at a time, whoever names it."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from sqlalchemy import Connection

from oracle.edge.store.book import Book
from oracle.edge.store.things import add_claims, batches_without_claims
from oracle.measure.close.across import Acts, Ruling
from oracle.measure.evidence.folder import RECORDS
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.schema import Thing
from oracle.measure.validate.overlap import with_overlap
from oracle.model.acts import ITEM
from oracle.model.findings import about_acts

_EVER = (0, (1 << 62) - 1)


def things_of(library: Library) -> dict[str, Thing]:
    """The scenarios whose acts name things."""
    return {name: document.thing for name, document in library.documents.items() if document.thing is not None}


def once_per_thing(acts: Acts, things: Mapping[str, Thing], taken: pl.DataFrame) -> Ruling:
    """Of acts that name one thing at one time, the one that began first; none if a batch claims it already.

    Args:
        taken: What batches claim (`oracle.edge.store.things.CLAIM_SCHEMA`).
    """
    naming = {name: frame for name, frame in acts.items() if name in things and ITEM in frame.columns}
    claims = [claims_in(frame, things[name]) for name, frame in naming.items()]
    if not claims:
        return Ruling(dict(acts), about_acts("claimed_elsewhere", pl.DataFrame(schema={"act": pl.Int64}), []))
    every = pl.concat(claims).with_columns(row="act")
    others = taken.rename({"start": "other_start", "end": "other_end"})
    met = every.join(others, on="thing").filter(
        (pl.col("start") < pl.col("other_end")) & (pl.col("other_start") < pl.col("end"))
    )
    free = every.join(met, on="act", how="anti")
    lost = with_overlap(free, "thing", "began").filter(pl.col("other_row").is_not_null())
    losers = pl.concat([met.select("act", "group"), lost.select("act", "group")]).unique("act", maintain_order=True)
    kept = {name: frame.join(losers, on="act", how="anti") if name in naming else frame for name, frame in acts.items()}
    return Ruling(kept, about_acts("claimed_elsewhere", losers, ["group"]))


def claims_in(acts: pl.DataFrame, thing: Thing) -> pl.DataFrame:
    """What acts claim: act, thing, start, end, and `began` and `group`; acts that name nothing claim nothing."""
    start, end = (pl.lit(at, pl.Int64) for at in _EVER)
    if thing.once == "time":
        start, end = pl.col("start"), pl.max_horizontal("end", pl.col("start") + 1)
    began = pl.format("{}/{}", pl.col("start").cast(pl.String).str.zfill(12), pl.col("record_id").bin.encode("hex"))
    return acts.drop_nulls(ITEM).select(
        *(["act"] if "act" in acts.columns else []),
        pl.col(ITEM).str.decode("hex").alias("thing"),
        start.alias("start"),
        end.alias("end"),
        began.alias("began"),
        pl.lit(thing.group).alias("group"),
    )


def remember(book: Book, connection: Connection, things: Mapping[str, Thing], committed: set[str]) -> None:
    """Stores what batches claim that nothing is stored of yet: of the last close, adopted from others, or brought back."""
    for batch in batches_without_claims(connection, things.keys()):
        acts = book.acts.read(batch.scenario, [batch.day], committed)
        if ITEM in acts.columns:
            records = pl.read_parquet(book.bundle_folder(batch.batch) / RECORDS, columns=["record_id"])
            standing = acts.join(records, on="record_id", how="semi")
            claims = claims_in(standing, things[batch.scenario]).select("thing", "start", "end")
            add_claims(connection, batch.batch, claims)
