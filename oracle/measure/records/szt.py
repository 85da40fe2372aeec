"""Card taps of 深圳通 (SZT) as the city's open data platform gives them, made into rides.

The platform answers with pages, JSON objects whose `data` is a list of taps. A file is one page, a list of taps, or JSON Lines with a tap
or a page on every line (the city's day of 2018-09-01 went round as such a file), or CSV with the same names in its first line. A row is
a tap, counted from 1 through the whole file.

Of a tap these fields count: `deal_type` (地铁入站 entry, 地铁出站 exit, 巴士 bus), `deal_date` (local time), `card_no`, `station`
(metro) and `equ_no`, the gate or reader. Amounts and vehicle numbers are not used.

- A bus tap is one ride. Passengers tap when they board and not when they leave, so it starts and ends at the tap and nobody knows its
  distance: CI-01-RIDE.
- An entry and the same card's next metro tap, if that is an exit within 210 minutes, are one metro ride: CI-02, its distance by
  `oracle.measure.records.metro`. 210 minutes is what Shenzhen Metro allows between the gates (深圳市城市轨道交通运营管理办法, art.
  29, and the
  operator's notice of 2023-04-13). A ride over midnight belongs to the day it began.
- Every other tap is a finding. Taps are paired before stations are looked up: an entry never skips an exit at an unknown station to
  be paired with a later one. Both taps of a pair with such a station are findings.

The source's key of a ride is its first tap: card, time, reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import polars as pl

from oracle.measure.records.json_rows import Doubtful, JsonRows, json_rows
from oracle.measure.records.metro import Network
from oracle.measure.records.origin import TIMES, Origin
from oracle.measure.records.table import parse, require
from oracle.measure.validate.rejected import Check, checked, rejected_by_code, without_copies
from oracle.model.acts import BUS_RIDE, METRO, Reading
from oracle.model.errors import InputError
from oracle.model.findings import findings

ENTRY, EXIT, BUS = "地铁入站", "地铁出站", "巴士"
LONGEST_RIDE_S = 210 * 60

FIELDS = ("card_no", "deal_date", "deal_type", "equ_no", "station")

# The field that a finding missing_field is about, where taps are looked at in their company.
_EMPTY_FIELD = pl.when(pl.col("code") == "missing_field").then(pl.lit("station")).alias("field")


def read_taps(blocks: Iterable[bytes], origin: Origin) -> Reading:
    """Acts CI-01-RIDE and CI-02 of a file of taps in UTF-8, in blocks of whole lines.

    Raises:
        InputError: the file is no JSON, or JSON of something else.
    """
    frame, malformed = _tap_table(blocks, origin.file)
    rows = frame.height + malformed.height
    taps, bad = _typed(frame, origin)
    del frame
    taps, copies = without_copies(taps, origin.file, ["card_no", "time", "equ_no"], ["deal_type", "station"])
    on_bus = pl.col("deal_type") == BUS
    rides, unpaired = _metro_rides(taps.filter(~on_bus), origin.file)
    acts = pl.concat([_bus_rides(taps.filter(on_bus)), rides], how="diagonal")
    return origin.reading(rows, acts, [malformed, *bad, copies, *unpaired])


def _tap_table(blocks: Iterable[bytes], file: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The fields of all taps as text with their `row`, and findings of what is no tap.

    Raises:
        InputError: there are rows, and none has any of the fields.
    """
    schema = {"row": pl.Int64(), **dict.fromkeys(FIELDS, pl.String())}
    malformed: list[int] = []
    doubtful = False
    frames = [pl.DataFrame(schema=schema)]
    for some in _rows(blocks, file):
        doubtful = doubtful or any(isinstance(record, Doubtful) for _, record in some.objects)
        taps = pl.DataFrame(list(_fields_of(some.objects, malformed)), schema=schema, orient="row")
        plain = some.plain.with_columns(pl.col(FIELDS).str.strip_chars(" ").replace("", None))
        frames.append(pl.concat([plain, taps]).sort("row") if len(taps) else plain)
    frame = pl.concat(frames)
    if (
        not doubtful
        and (frame.height or malformed)
        and frame.select(pl.all_horizontal(pl.col(FIELDS).is_null())).to_series().all()
    ):
        raise InputError(f"no row is a tap: none has any of {', '.join(FIELDS)}", file=file)
    return frame, findings("malformed_row", file, ((row, {}) for row in malformed))


def _rows(blocks: Iterable[bytes], file: str) -> Iterator[JsonRows]:
    """The rows of a file, which is JSON, or CSV with the same names in its first line."""
    following = iter(blocks)
    first = next(following, b"")
    if first.lstrip()[:1] in (b"{", b"[") or FIELDS[0].encode() not in first.partition(b"\n")[0].lower():
        yield from json_rows(chain([first], following), FIELDS, file)
        return
    for table in parse(chain([first], following), file):
        require([name for name in table.frame.columns if name != "row"], FIELDS[:3], file)
        absent = [pl.lit(None, pl.String).alias(name) for name in FIELDS if name not in table.frame.columns]
        malformed: list[tuple[int, object]] = [(row, None) for row in table.findings["row"]]
        yield JsonRows(table.frame.with_columns(absent).select("row", *FIELDS), malformed)


def _fields_of(rows: Iterable[tuple[int, object]], malformed: list[int]) -> Iterator[tuple[int | str | None, ...]]:
    """Row number and fields of every tap; row numbers of what is no tap go to `malformed`."""
    for row, record in rows:
        fields = _fields(record)
        if fields is None:
            malformed.append(row)
        else:
            yield row, *fields


def _fields(record: object) -> list[str | None] | None:
    """The fields of a tap, or None if it is no object or a field is neither text nor a whole number."""
    if not isinstance(record, dict):
        return None
    fields = [record.get(name) for name in FIELDS]
    for i, value in enumerate(fields):
        if type(value) is int:
            fields[i] = str(value)
        elif value is not None:
            text = value.strip() if isinstance(value, str) else "\0"
            if not text.isprintable():
                return None
            fields[i] = text or None
    return fields


def _typed(frame: pl.DataFrame, origin: Origin) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Taps with their `time` in UTC seconds and the network's name of their station in `known`, and findings for the others."""
    local = pl.col("deal_date").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
    seconds = local.dt.replace_time_zone(origin.zone, ambiguous="null", non_existent="null").dt.epoch("s")
    names = frame["station"].drop_nulls().unique().to_list()
    known = {name: Network.load().station(name) for name in names}
    frame = frame.with_columns(
        pl.col("equ_no").fill_null(""),
        time=pl.when(seconds.is_between(*TIMES)).then(seconds),
        known=pl.col("station").replace_strict(known, default=None, return_dtype=pl.String),
    )
    checks = [
        *(Check("missing_field", name, pl.col(name).is_null()) for name in ("card_no", "deal_date", "deal_type")),
        Check("bad_time", "deal_date", pl.col("time").is_null()),
        Check("unknown_kind", "deal_type", ~pl.col("deal_type").is_in([ENTRY, EXIT, BUS])),
    ]
    return checked(frame, origin.file, checks)


def _key() -> pl.Expr:
    return pl.format("{}/{}/{}", "card_no", pl.col("deal_date").str.replace(" ", "T"), "equ_no")


def _bus_rides(taps: pl.DataFrame) -> pl.DataFrame:
    return taps.select(
        scenario=pl.lit(BUS_RIDE),
        record_key=_key(),
        subject="card_no",
        start="time",
        end="time",
        rides=pl.lit(1, pl.Int64),
        rows=pl.concat_list("row"),
    )


def _metro_rides(taps: pl.DataFrame, file: str) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Rides of metro taps, and findings for the taps that are part of none.

    At one second an exit comes before an entry: a passenger may leave and enter at once, and nobody rides in no time.
    """
    taps = taps.sort("card_no", "time", pl.col("deal_type") == ENTRY, "equ_no", "row")
    of_card = pl.when(pl.col("card_no") == pl.col("card_no").shift(-1))
    following = of_card.then(pl.col("row", "time", "deal_type", "station", "known").shift(-1)).name.prefix("exit_")
    taps = taps.with_columns(following).with_columns(seconds=pl.col("exit_time") - pl.col("time"))
    before_exit = (pl.col("deal_type") == ENTRY) & (pl.col("exit_deal_type") == EXIT)
    taps = taps.with_columns(
        pl.when(before_exit).then(pl.col("exit_row", "seconds")),
        enters=(before_exit & (pl.col("seconds") <= LONGEST_RIDE_S)).fill_null(False),
    )
    leaves = pl.col("enters").shift(1, fill_value=False)
    rides, not_rides = _pairs(taps.filter("enters"), file)
    return rides, [*not_rides, *_alone(taps.filter(~pl.col("enters") & ~leaves), file)]


def _pairs(pairs: pl.DataFrame, file: str) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Rides between two known stations, and findings for the taps of the other pairs."""
    pairs = pairs.with_columns(
        rows=pl.concat_list("row", "exit_row"),
        entry="station",
        exit="exit_station",
        entry_row="row",
        code=pl.when(pl.any_horizontal(pl.col("station", "exit_station").is_null()))
        .then(pl.lit("missing_field"))
        .when(pl.any_horizontal(pl.col("known", "exit_known").is_null()))
        .then(pl.lit("unknown_station"))
        .when(pl.col("known") == pl.col("exit_known"))
        .then(pl.lit("same_station")),
    )
    pairs = pairs.with_columns(_EMPTY_FIELD)
    rides, found = rejected_by_code(pairs, file, ["entry", "entry_row", "exit", "exit_row", "field", "seconds"])
    network = Network.load()
    ways = rides.select("known", "exit_known").unique()
    metres = [network.distance_m(entry, exit_) for entry, exit_ in ways.iter_rows()]
    rides = rides.join(ways.with_columns(distance_m=pl.Series(metres, dtype=pl.Int64)), on=["known", "exit_known"])
    return rides.sort("row").select(
        "rows",
        "distance_m",
        scenario=pl.lit(METRO),
        record_key=_key(),
        subject="card_no",
        start="time",
        end="exit_time",
    ), found


def _alone(taps: pl.DataFrame, file: str) -> list[pl.DataFrame]:
    """Findings for taps without a partner."""
    taps = taps.with_columns(
        code=pl.when(pl.col("station").is_null())
        .then(pl.lit("missing_field"))
        .when(pl.col("known").is_null())
        .then(pl.lit("unknown_station"))
        .when(pl.col("deal_type") == ENTRY)
        .then(pl.lit("entry_without_exit"))
        .otherwise(pl.lit("exit_without_entry"))
    ).with_columns(_EMPTY_FIELD)
    return rejected_by_code(taps, file, ["deal_date", "deal_type", "exit_row", "field", "seconds", "station"])[1]
