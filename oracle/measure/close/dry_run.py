"""Before a version is activated: what it would have made of the acts that this book holds."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from oracle.edge.store.book import Book
from oracle.edge.store.citizens import people
from oracle.edge.store.files import committed_files
from oracle.measure.close.across import one_act_per_record, one_trip_at_a_time
from oracle.measure.close.close import HISTORY_DAYS, for_engine
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.rehearsal import Rehearsal, rehearse
from oracle.measure.quantify.rule import Rule
from oracle.model.errors import InputError

_NO_TRIPS = pl.DataFrame(
    schema={"scenario": pl.String, "citizen": pl.Int64, "source": pl.String, "start": pl.Int64, "end": pl.Int64}
)


def dry_run(book: Book, library: Library, candidate: Rule, first: int | None, last: int | None) -> Rehearsal:
    """Stored acts of the candidate's scenario under it and under the versions in force. Nothing is written.

    Acts are cleared as closing clears them: one for each record, one trip at a time.

    Args:
        first, last: Act days to look at, both included; None for all there are.

    Raises:
        InputError: The book holds no act of the scenario in these days.
    """
    name = candidate.scenario
    stored = book.acts.days(name)
    days = [day for day in stored if (first is None or first <= day) and (last is None or day <= last)]
    earlier = [day for day in stored if days and days[0] - HISTORY_DAYS <= day <= days[-1]]
    history = _cleared(book, name, earlier)
    if not days or history.is_empty():
        raise InputError(f"the book has no acts of {name}" + (" in these days" if stored else ""))
    return rehearse(library, candidate, history.filter(pl.col("day").is_in(days)), history)


def _cleared(book: Book, name: str, days: Iterable[int]) -> pl.DataFrame:
    with book.database.reading() as connection:
        frame = book.acts.read(name, days, committed_files(connection))
        enrolled = people(connection)
    if frame.is_empty():
        return frame
    numbered = for_engine(frame, enrolled).with_row_index("act").cast({"act": pl.Int64})
    one = one_act_per_record({name: numbered}, {})
    return one_trip_at_a_time(one.acts, _NO_TRIPS).acts[name].drop("act")
