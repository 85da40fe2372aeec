"""Times as files write them, made into UTC seconds.

An ISO time with an offset is an instant. A local time is one of the declared zone, day after month after year, with `-`, `/` or nothing
between them; 24:00 is 00:00 of the next day. Where clocks go back, of two equal local times of a meter the first in the file is summer
time; a single one is no instant that anybody knows, unless it is a date. Where clocks go forward, an end in the missing hour is the
end of the hour before it.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from oracle.measure.records.origin import TIMES

_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
_RARE_FORMATS = (
    *("%Y/%m/%d %H:%M:%S%.f", "%Y/%m/%d %H:%M", "%Y/%m/%d"),
    *("%Y%m%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d"),
    *("%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日 %H时%M分", "%Y年%m月%d日"),
)
_END_OF_DAY = r"[ T]?\b24:00(:00(\.0+)?)?$"


def with_times(frame: pl.DataFrame, zone: str, who: Sequence[str]) -> pl.DataFrame:
    """The rows with `start` and `end` as UTC seconds in `start_s` and `end_s`; null for what is no time.

    Args:
        frame: Text in `start` and `end`, in the order of the file.
        zone: IANA time zone of local times.
        who: Columns that tell one series of times from another.
    """
    parsed = frame.with_columns(
        *(column.alias(f"_{name}_{kind}") for name in ("start", "end") for kind, column in _parsed(frame[name], zone))
    )
    parsed = parsed.with_columns(start_s="_start_instant", end_s="_end_instant")
    doubtful = parsed.select(
        pl.any_horizontal(
            pl.col(f"{name}_s").is_null() & pl.col(f"_{name}_local").is_not_null() for name in ("start", "end")
        )
    ).to_series()
    if doubtful.any():
        parsed = _where_clocks_change(parsed, zone, who)
    return parsed.drop(pl.selectors.starts_with("_start_", "_end_"))


def _parsed(texts: pl.Series, zone: str) -> list[tuple[str, pl.Series]]:
    """Microseconds of the instant of each text, and its local time where it names no offset."""
    text = pl.col("text").str.replace("T", " ", literal=True).str.replace(r"[Zz]$", "+00:00")
    frame = texts.alias("text").to_frame().with_columns(text=text)
    next_day = frame.select(pl.col("text").str.contains(_END_OF_DAY)).to_series().fill_null(False)
    if next_day.any():
        frame = frame.with_columns(text=pl.col("text").str.replace(_END_OF_DAY, ""))
    absolute = pl.col("text").str.to_datetime("%Y-%m-%d %H:%M:%S%.f%z", strict=False, time_zone="UTC", time_unit="us")
    frame = frame.with_columns(absolute=absolute, local=_local(_FORMATS))
    if frame.select(
        (pl.col("text").is_not_null() & pl.col("absolute").is_null() & pl.col("local").is_null()).any()
    ).item():
        short = pl.col("text").str.to_datetime("%Y-%m-%d %H:%M%z", strict=False, time_zone="UTC", time_unit="us")
        frame = frame.with_columns(
            absolute=pl.coalesce("absolute", short), local=pl.coalesce("local", _local(_RARE_FORMATS))
        )
    if next_day.any():
        shifted = pl.when(pl.lit(next_day)).then(pl.col("local").dt.offset_by("1d")).otherwise("local")
        frame = frame.with_columns(local=shifted)
    in_zone = pl.col("local").dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    instant = pl.coalesce("absolute", in_zone.dt.convert_time_zone("UTC")).dt.epoch("s")
    frame = frame.select(
        instant=pl.when(instant.is_between(*TIMES)).then(instant),
        local=pl.when(pl.col("absolute").is_null() & pl.col("local").dt.year().is_between(1970, 2286)).then("local"),
    )
    return [("instant", frame["instant"]), ("local", frame["local"])]


def _local(formats: Sequence[str]) -> pl.Expr:
    return pl.coalesce(pl.col("text").str.to_datetime(form, strict=False, time_unit="us") for form in formats)


def _where_clocks_change(frame: pl.DataFrame, zone: str, who: Sequence[str]) -> pl.DataFrame:
    """Instants of local times that clocks showed twice or skipped, as far as the file tells them."""
    local, ended = pl.col("_start_local"), pl.col("_end_local")
    same = [*who, "_start_local"]
    twice = pl.col("start_s").is_null() & local.is_not_null() & (pl.len().over(same) == 2)
    first = pl.int_range(pl.len()).over(same) == 0
    by_date = pl.col("start").str.len_chars() <= len("2024-05-01")
    frame = frame.with_columns(_first=twice & first)
    frame = frame.with_columns(
        start_s=pl.when(twice & first | by_date)
        .then(pl.coalesce("start_s", *(_seconds(at, zone, "earliest") for at in (local, local.dt.offset_by("1h")))))
        .when(twice)
        .then(_seconds(local, zone, "latest"))
        .when(pl.col("start_s").is_null() & _seconds(local, zone, "earliest").is_null())
        .then(_after_gap(local, zone, pl.col("value")))
        .otherwise("start_s")
    )
    lasts = (ended - local).dt.total_seconds()
    early, late = _seconds(ended, zone, "earliest"), _seconds(ended, zone, "latest")
    doubtful = pl.when(early > pl.col("start_s")).then(early).otherwise(late)
    return frame.with_columns(
        end_s=pl.when(pl.col("_first") & (lasts > 0))
        .then(pl.col("start_s") + lasts)
        .otherwise(pl.coalesce("end_s", doubtful, pl.col("start_s") + lasts))
    ).drop("_first")


def _seconds(local: pl.Expr, zone: str, which: str) -> pl.Expr:
    named = "earliest" if which == "earliest" else "latest"
    placed = local.dt.replace_time_zone(zone, ambiguous=named, non_existent="null")  # type: ignore[arg-type]
    return placed.dt.epoch("s")


def _after_gap(local: pl.Expr, zone: str, value: pl.Expr) -> pl.Expr:
    """The instant that a skipped local time would be, an hour on: null where the row holds nothing, as files fill the missing hour.

    A row that holds something there meets the row of that instant, and both are in conflict: nothing is lost unseen.
    """
    nothing = value.is_null() | value.str.contains(r"^[-+]?0*[.,]?0*$")
    return pl.when(~nothing).then(_seconds(local.dt.offset_by("1h"), zone, "earliest"))
