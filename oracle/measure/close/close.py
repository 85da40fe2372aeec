"""Closing: the steps between acts and bundles, in their order.

    acts -> rules between files -> quantify -> what is left of the day cap -> evidence: a bundle per operator, methodology and day

The chain is not asked. Closing again takes in what came late, as a batch with the next sequence number, and changes no batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection

from oracle.edge.store.arrivals import add_closing, advance_closing, arrival_numbers, numbers_of_tags, write_people
from oracle.edge.store.batches import (
    StoredBatch,
    add_batch,
    batches_of,
    batches_on,
    days_batched,
    set_taken_in,
    taken_in,
)
from oracle.edge.store.book import Book
from oracle.edge.store.citizens import people
from oracle.edge.store.files import committed_files, replace_close_findings
from oracle.edge.store.things import claims_on
from oracle.measure.close.across import Acts, claimed_once, named, one_act_per_record, one_trip_at_a_time
from oracle.measure.close.latest import METERED, latest, lumps, quantity
from oracle.measure.close.months import COMPARED_BY_MONTHS, by_months
from oracle.measure.close.moved import accounts_on_day
from oracle.measure.close.open_days import digests, open_days
from oracle.measure.close.things import once_per_thing, remember, things_of
from oracle.measure.evidence.batch import bundle_of, quantity_limit, within_day_cap
from oracle.measure.evidence.folder import ACCOUNTS, RECORDS, write
from oracle.measure.quantify.engine import quantify
from oracle.measure.quantify.exclusions import contested
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.rule import Rule
from oracle.measure.validate.rules import TRIPS
from oracle.model.acts import ELECTRICITY, ITEM
from oracle.model.columns import parted
from oracle.model.findings import about_acts, about_rows
from oracle.model.ids import batch_id, methodology_word
from oracle.model.units import day_of_time

# How far back a baseline looks at most: a year's usual consumption, or last year's bill with its tolerance, or the month it began in.
HISTORY_DAYS = 432
# No act lasts longer: the longest bill that a methodology takes.
LONGEST_DAYS = 100


@dataclass(frozen=True)
class Closed:
    """One batch that closing made."""

    batch: StoredBatch
    records: int
    accounts: int
    quantity: int


def close(book: Book, library: Library, operators: Mapping[str, str]) -> list[Closed]:
    """Bundles what is new since the last close, and stores why the rest brings nothing.

    Args:
        operators: Address of the operator of each source.
    """
    with book.database.begin() as connection:
        known = people(connection)
        # A number that a lost database gave is not given again: nodes have settled it, and its people are written down.
        advance_closing(connection, book.last_people_file(), [])
        closed = list(_Closing(book, library, operators, connection, known, None).run())
        number = add_closing(connection, [item.batch.batch for item in closed])
        if number is not None:
            write_people(known, book.people_file(number))
        return closed


def close_alike(
    book: Book, library: Library, operators: Mapping[str, str], connection: Connection, who: pl.DataFrame
) -> list[Closed]:
    """Closes as another book closed, in a transaction that the caller ends.

    Args:
        who: The other book's people, one row per tag (`oracle.edge.store.arrivals.PEOPLE_SCHEMA`): its numbers, accounts and salts count,
            not this book's own.
    """
    numbers = numbers_of_tags(connection).join(who.select("tag", "citizen"), on="tag").drop("tag")
    known = who.drop("tag").unique("citizen", maintain_order=True)
    return list(_Closing(book, library, operators, connection, known, numbers).run())


class _Closing:
    """One close. Everything it reads is one state of the database, and all it writes there is written at once.

    Args:
        who: citizen, account, salt, consented, residents, moved.
        numbers: `local` and `citizen`, where the numbers of `who` are not this book's.
    """

    def __init__(
        self,
        book: Book,
        library: Library,
        operators: Mapping[str, str],
        connection: Connection,
        who: pl.DataFrame,
        numbers: pl.DataFrame | None,
    ):
        self._book = book
        self._library = library
        self._operators = pl.DataFrame(
            {"source": list(operators), "operator": list(operators.values())},
            schema={"source": pl.String, "operator": pl.String},
        )
        self._connection = connection
        self._committed = committed_files(connection)
        self._arrived = arrival_numbers(connection)
        self._people = who
        self._numbers = numbers

    def run(self) -> Iterator[Closed]:
        """Closes every open day."""
        things = things_of(self._library)
        remember(self._book, self._connection, things, self._committed)
        files = digests(self._book.acts, self._committed)
        reach = {name: HISTORY_DAYS for name in self._book.acts.scenarios() if self._has_baseline(name)}
        days = open_days(files, taken_in(self._connection), reach)
        acts = _numbered({name: self._read(name, open_) for name, open_ in days.items()})
        batched = {name: self._batched(name, open_) for name, open_ in days.items()}
        origins = {name: acts[name].select("act", "file", "rows", "sha256", "day", "operator") for name in acts}
        refused = []
        for name in acts.keys() & {*METERED}:
            acts[name], found = self._latest(name, acts[name], batched[name], days[name])
            refused.append(found)
        ruling = one_act_per_record(acts, {name: records for name, records in batched.items() if len(records)})
        refused.append(ruling.findings)
        ruling = one_trip_at_a_time(ruling.acts, self._fixed_trips(days))
        refused.append(ruling.findings)
        ruling = claimed_once(self._library, ruling.acts, *self._rivals(ruling.acts, days))
        refused.append(ruling.findings)
        ruling = once_per_thing(ruling.acts, things, self._taken(ruling.acts))
        refused.append(ruling.findings)
        acts = ruling.acts
        for name in list(acts):  # what is done is let go: a city's acts are held once
            batches, out = self._quantified(name, acts.pop(name))
            found = about_rows(pl.concat([*refused, *out]), origins.pop(name))
            while batches:
                yield self._bundled(*batches.pop(0), found)
            for day in days[name]:
                in_day = found.filter(pl.col("day") == day).drop("day", "operator")
                replace_close_findings(self._connection, name, day, in_day)
                set_taken_in(self._connection, name, day, files[name, day])

    def _latest(
        self, name: str, acts: pl.DataFrame, batched: pl.DataFrame, days: Iterable[int]
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Acts of meters with the value of the latest delivery, and findings about the others and about batches that it corrects."""
        contested = self._book.acts.contested(name, days, self._committed)
        kept, others = latest(acts, contested, self._arrived)
        credited = None
        if len(batched):
            credited = batched.select("record_id", credited=quantity(batched))
            stands = others.join(credited, on="record_id").filter(quantity(others) == pl.col("credited"))
            others = others.join(stands, on="act", how="anti")
        found = [about_acts(code, others.filter(pl.col("code") == code), ["now"]) for code in ("conflict", "corrected")]
        if credited is not None:
            later = kept.join(credited, on="record_id").with_columns(now=quantity(kept))
            later = later.filter(pl.col("now") != pl.col("credited"))
            found.append(about_acts("credited_before", later, ["credited", "now"]))
            kept = kept.join(later, on="act", how="anti")
        return kept, pl.concat(found)

    def _quantified(self, name: str, frame: pl.DataFrame) -> tuple[list[tuple[Rule, pl.DataFrame]], list[pl.DataFrame]]:
        """Acts that bring something, by rule, operator and day, and findings about the others."""
        parts, found = [], []
        history = self._history(name, frame)
        if history is not None and len(history) and name == ELECTRICITY:
            after_gap = lumps(history).select("record_id")
            found.append(about_acts("no_baseline", frame.join(after_gap, on="record_id", how="semi"), ["energy_wh"]))
            frame, history = (each.join(after_gap, on="record_id", how="anti") for each in (frame, history))
        if history is not None and len(history) and name in COMPARED_BY_MONTHS:
            months = by_months(history, self._batched_ids(name, frame))
            out = frame.join(months.others, on="record_id")
            found += [
                about_acts(code, out.filter(pl.col("code") == code), ["days"]) for code in out["code"].unique().sort()
            ]
            place = ["record_id", *(column for column in frame.columns if column not in months.records.columns)]
            frame = months.records.join(frame.select(place), on="record_id").select(frame.columns)
            history = months.records
        history = None if history is None else for_engine(history, self._people)
        for rule, acts in self._by_rule(name, frame):
            if rule is None:
                found.append(about_acts("no_methodology", acts, ["region"]))
                continue
            quantified = quantify(self._for_engine(acts, rule).with_columns(rows=pl.concat_list("act")), rule, history)
            found.append(quantified.findings.select("code", pl.col("row").alias("act"), "values"))
            who = self._people.select("citizen", "account", "salt", "consented")
            known = accounts_on_day(quantified.acts.join(who, on="citizen", maintain_order="left"), self._people)
            if known["salt"].null_count():
                found.append(about_acts("unknown_subject", known.filter(pl.col("salt").is_null()), []))
                known = known.drop_nulls("salt")
            for part in parted(known, ["operator", "day"]):
                fits, beyond = within_day_cap(part, self._credited_before(rule, part["day"][0]), quantity_limit(rule))
                found.append(about_acts("above_day_cap", beyond, ["quantity"]))
                parts += [(rule, fits)] if len(fits) else []
        return parts, found

    def _bundled(self, rule: Rule, part: pl.DataFrame, found: pl.DataFrame) -> Closed:
        """Writes the bundle of one operator's acts of one day, then says so in the database."""
        operator, day = part["operator"][0], part["day"][0]
        sequence = len(batches_of(self._connection, rule.id, day, operator))
        beside = found.filter((pl.col("operator") == operator) & (pl.col("day") == day))
        bundle = bundle_of(part, beside, rule, operator, day, sequence)
        batch = StoredBatch(
            batch_id(operator, methodology_word(rule.id), day, sequence),
            operator,
            rule.scenario,
            rule.id,
            rule.version,
            day,
            sequence,
        )
        write(self._book.bundle_folder(batch.batch), bundle)
        add_batch(self._connection, batch)
        return Closed(batch, len(bundle.records), len(bundle.accounts.table), bundle.accounts.total)

    def _by_rule(self, name: str, frame: pl.DataFrame) -> Iterator[tuple[Rule | None, pl.DataFrame]]:
        rules: dict[str, Rule | None] = {}
        parts: dict[str, list[pl.DataFrame]] = {}
        for part in parted(frame, ["region", "day"]):
            rule = self._library.rule_for(name, part["region"][0], part["day"][0])
            key = "" if rule is None else f"{rule.id} {rule.version}"
            rules[key] = rule
            parts.setdefault(key, []).append(part)
        for key, rule in sorted(rules.items()):
            yield rule, pl.concat(parts[key])

    def _batched_ids(self, name: str, frame: pl.DataFrame) -> set[bytes]:
        """Record ids in batches of the days of some acts."""
        batched = self._batched(name, frame["day"].unique())
        return set(batched["record_id"]) if len(batched) else set()

    def _history(self, name: str, frame: pl.DataFrame) -> pl.DataFrame | None:
        """Stored acts that the baselines of `frame` may look back at."""
        if not self._has_baseline(name) or frame.is_empty():
            return None
        days = frame["day"].unique().to_list()
        around = range(min(days) - HISTORY_DAYS, max(days) + 1)
        earlier = self._read(name, around)
        if name in METERED and len(earlier):
            earlier, _ = latest(earlier, self._book.acts.contested(name, around, self._committed), self._arrived)
        return earlier

    def _credited_before(self, rule: Rule, day: int) -> pl.DataFrame:
        """Quantity per account in earlier batches of the methodology's day, whoever's."""
        folders = [self._book.bundle_folder(batch) for batch in batches_of(self._connection, rule.id, day)]
        empty = pl.DataFrame(schema={"account": pl.Binary, "quantity": pl.Int64})
        tables = [pl.read_parquet(folder / ACCOUNTS, columns=empty.columns) for folder in folders]
        return pl.concat([empty, *tables]).group_by("account").agg(pl.col("quantity").sum())

    def _fixed_trips(self, days: Mapping[str, list[int]]) -> pl.DataFrame:
        """Batched trips of the open days and of the days before them: their time is taken."""
        fixed = [
            pl.DataFrame(
                schema={
                    "scenario": pl.String,
                    "citizen": pl.Int64,
                    "source": pl.String,
                    "start": pl.Int64,
                    "end": pl.Int64,
                }
            )
        ]
        for name in TRIPS:
            around = sorted({day for open_ in days.get(name, []) for day in (open_ - 1, open_)})
            batched = self._batched(name, around)
            if len(batched):
                acts = self._read(name, around)
                standing = acts.join(batched, on=["record_id", "start", "end"], how="semi").sort("sha256")
                standing = standing.unique("record_id", keep="first").with_columns(scenario=pl.lit(name))
                fixed.append(standing.select(fixed[0].columns))
        return pl.concat(fixed)

    def _taken(self, acts: Acts) -> pl.DataFrame:
        """What batches claim of the things that open acts name."""
        named_ = [frame[ITEM].drop_nulls() for frame in acts.values() if ITEM in frame.columns]
        return claims_on(self._connection, {bytes.fromhex(item) for each in named_ for item in each})

    def _rivals(self, acts: Acts, days: Mapping[str, list[int]]) -> tuple[dict[str, pl.DataFrame], list[str]]:
        """Acts that may claim what an open act claims, and the groups in which they may: trips alone have been told apart already."""
        groups = {
            name: members
            for name, members in contested(self._library, self._book.acts.scenarios()).items()
            if not members.keys() <= set(TRIPS) and any(len(acts.get(member, ())) for member in members)
        }
        members = sorted({member for each in groups.values() for member in each})
        spans = [acts[member].select("day", "end") for member in members if len(acts.get(member, ()))]
        if not spans:
            return {}, []
        first, last = pl.concat(spans).select(pl.col("day").min(), pl.col("end").max()).row(0)
        around = range(first - LONGEST_DAYS, day_of_time(last, "UTC") + 2)
        found = {member: self._claims(member, around, days.get(member, [])) for member in members}
        return {member: frame for member, frame in found.items() if len(frame)}, list(groups)

    def _claims(self, name: str, days: Iterable[int], open_: list[int]) -> pl.DataFrame:
        """Stored acts of some days: those in batches, and the others of days that are not open."""
        frame, batched = self._read(name, days), self._batched(name, days)
        if frame.is_empty():
            return frame
        keys = ["record_id", "start", "end"]
        known = (batched if len(batched) else frame.clear()).select(*keys, stands=pl.lit(True))
        judged = frame.join(known, on=keys, how="left").with_columns(pl.col("stands").fill_null(False))
        judged = judged.filter(pl.col("stands") | ~pl.col("day").is_in(open_))
        return judged.sort("stands", "sha256", descending=[True, False]).unique(
            "record_id", keep="first", maintain_order=True
        )

    def _batched(self, name: str, days: Iterable[int]) -> pl.DataFrame:
        """Records of the batches of a scenario's days; without columns if there are none."""
        there = days_batched(self._connection, name)  # asked once: a rival may be one of hundreds of days ago
        keys = [batch for day in days if day in there for batch in batches_on(self._connection, name, day)]
        folders = [self._book.bundle_folder(batch) for batch in keys]
        tables = [pl.read_parquet(folder / RECORDS) for folder in folders]
        return pl.concat(tables, how="diagonal") if tables else pl.DataFrame()

    def _read(self, name: str, days: Iterable[int]) -> pl.DataFrame:
        """Acts as the engine takes them, with their operator."""
        frame = self._book.acts.read(name, days, self._committed)
        if frame.is_empty():
            return frame
        if self._numbers is not None:
            frame = frame.rename({"citizen": "local"}).join(self._numbers, on="local", how="left").drop("local")
        return frame.join(self._operators, on="source", how="left")

    def _for_engine(self, acts: pl.DataFrame, rule: Rule) -> pl.DataFrame:
        acts = _with_residents(acts, self._people)
        return acts if rule.method.baseline is None else named(acts)

    def _has_baseline(self, name: str) -> bool:
        return any(method.baseline is not None for method in self._library.document(name).methods.values())


def for_engine(acts: pl.DataFrame, enrolled: pl.DataFrame) -> pl.DataFrame:
    """Stored acts as the engine takes them: who acted is a number, and the register knows better than a file how many live there.

    Args:
        enrolled: People with citizen and residents.
    """
    return named(_with_residents(acts, enrolled)) if len(acts) else acts


def _with_residents(acts: pl.DataFrame, enrolled: pl.DataFrame) -> pl.DataFrame:
    if "residents" not in acts.columns:
        return acts
    registered = acts.join(enrolled.select("citizen", enrolled="residents"), on="citizen", how="left")
    return registered.with_columns(residents=pl.coalesce("enrolled", "residents")).drop("enrolled")


def _numbered(acts: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The same frames with a column `act` that counts through all of them."""
    numbered, first = {}, 0
    for name, frame in acts.items():
        numbered[name] = frame.with_row_index("act", first).cast({"act": pl.Int64})
        first += len(frame)
    return numbered
