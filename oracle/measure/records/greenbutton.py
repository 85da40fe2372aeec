"""Green Button files, made into acts.

A row is an IntervalReading, counted from 1 through the file. What it means is told by other entries, found by the links of its block:
IntervalBlock -> MeterReading, whose address the block's begins with -> ReadingType, a related link; MeterReading -> UsagePoint, by address.

- The quantity is value * 10^powerOfTenMultiplier of the unit `uom`, the service that of the usage point's ServiceCategory.
- Only what was delivered to the household counts (flowDirection forward), and only as amounts per interval (accumulationBehaviour
  deltaData): solar power fed in and register readings are findings.
- start is UTC seconds. The civil day is that of the declared zone; where the feed has LocalTimeParameters, they must fit that zone.
- The meter is the usage point's address, or as the caller names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import BinaryIO
from zoneinfo import ZoneInfo

import polars as pl

from oracle.measure.records.espi import Feed, read_feed
from oracle.measure.records.meters import Household
from oracle.measure.records.origin import Origin
from oracle.measure.records.readings import LARGEST_NANO, MEASURED, NANO_PER_UNIT, SCHEMA, acts_of
from oracle.measure.validate.rejected import rejected_by_code
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from oracle.model.findings import findings

# Codes of espi.xsd 4.0: ServiceKind, UnitSymbolKind, FlowDirectionKind, AccumulationKind, UnitMultiplierKind, QualityOfReading.
SERVICES = {"0": "electricity", "1": "gas", "2": "water"}
UNITS = {
    "72": "Wh",
    "42": "m3",
    "166": "m3",
    "167": "m3",
    "134": "L",
    "156": "L",
    "157": "L",
    "119": "ft3",
    "120": "ft3",
    "128": "gal",
    "169": "therm",
}
FORWARD = "1"
DELTA_DATA = "4"
POWERS = range(-12, 13)
QUALITIES = {
    "0": "valid",
    "7": "manually edited",
    "8": "estimated using reference day",
    "9": "estimated using linear interpolation",
    "10": "questionable",
    "11": "derived",
    "12": "projected",
    "13": "mixed",
    "14": "raw",
    "15": "normalized for weather",
    "16": "other",
    "17": "validated",
    "18": "verified",
    "19": "revenue-quality",
}

# How counts of one entry's readings become billionths of a unit (count * times // over), up to which count; or why they do not.
_MEANING: dict[str, pl.DataType] = {
    "meter": pl.String(),
    "service": pl.String(),
    "times": pl.Int128(),
    "over": pl.Int128(),
    "limit": pl.Int64(),
    "field": pl.String(),
    "content": pl.String(),
}
_Meaning = tuple[str, str | None, int | None, int | None, int | None, str | None, str | None]


def read_greenbutton(stream: BinaryIO, origin: Origin, household: Household) -> Reading:
    """Acts CI-11, CI-11-BILL, CI-12 and CI-13 of a Green Button feed. Of `household` only `meter` and `residents` count.

    Raises:
        InputError: the feed cannot be read, or is of another time zone than `origin`.
    """
    feed = read_feed(stream, origin.file)
    _check_zone(feed, origin)
    unread = [
        findings(code, origin.file, [(row, {"field": name, "value": value}) for row, _, name, value in bad])
        for code, bad in groupby(sorted(feed.bad, key=itemgetter(1)), key=itemgetter(1))
    ]
    readings, unfit = _readings(feed, household, origin.file)
    acts, not_acts = acts_of(readings, origin)
    return origin.reading(feed.rows, acts, [*unread, *unfit, *not_acts])


def _check_zone(feed: Feed, origin: Origin) -> None:
    """Compare the feed's offsets with those of the zone in the year of its first reading."""
    if not feed.local_time or not feed.start:
        return
    year = datetime.fromtimestamp(feed.start[0], UTC).year
    in_year = [datetime(year, month, 1, tzinfo=ZoneInfo(origin.zone)).utcoffset() for month in (1, 7)]
    winter, summer = sorted(round(offset.total_seconds()) for offset in in_year if offset is not None)
    expected = {"tzOffset": str(winter), "dstOffset": str(summer - winter)}
    told = {name: feed.local_time.get(name, "0") for name in expected}
    if told != expected:
        problem = f"the feed's local time is not that of {origin.zone} in {year}, in seconds from UTC {expected}"
        raise InputError(f"{problem}: declare the zone of the feed", file=origin.file, field="LocalTimeParameters")


def _readings(feed: Feed, household: Household, file: str) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings with the columns of `readings.SCHEMA`, and findings for those that are not what a household was delivered."""
    meanings = pl.DataFrame([_meaning(feed, address) for address in feed.blocks], schema=_MEANING, orient="row")
    names = ("row", "start", "duration", "value", "block")
    frame = pl.DataFrame({name: pl.Series(getattr(feed, name), dtype=pl.Int64) for name in names})
    frame = frame.hstack(meanings[frame["block"]])
    too_large = pl.col("value").abs() > pl.col("limit")
    unfit = (
        pl.when(pl.col("field").is_not_null()).then(pl.lit("unknown_kind")).when(too_large).then(pl.lit("bad_number"))
    )
    frame = frame.with_columns(
        code=unfit,
        field=pl.col("field").fill_null("value"),
        nano=pl.when(~too_large).then("value").cast(pl.Int128) * pl.col("times") // pl.col("over"),
        value=pl.coalesce("content", pl.col("value").cast(pl.String)),
    )
    frame, found = rejected_by_code(frame, file, ["field", "value"])
    qualities = {row: _quality(codes) for row, codes in feed.quality.items()}
    return frame.with_columns(
        rows=pl.concat_list("row"),
        meter=pl.lit(household.meter) if household.meter else pl.col("meter"),
        end=pl.col("start") + pl.col("duration"),
        quality=pl.col("row").replace_strict(qualities, default=None, return_dtype=pl.String),
        residents=pl.lit(household.residents, pl.Int64),
    ).select(SCHEMA.keys()), found


def meter_of(feed: Feed, address: str) -> str:
    """The usage point that readings below an address are of; empty if there is none."""
    return _above(_above(address, feed.meter_readings), feed.usage_points)


def _meaning(feed: Feed, address: str) -> _Meaning:
    """What readings below an address mean."""
    reading = _above(address, feed.meter_readings)
    meter = _above(reading, feed.usage_points)
    related = feed.meter_readings.get(reading, [])
    kind = next((feed.reading_types[link] for link in related if link in feed.reading_types), {})
    service = SERVICES.get(feed.usage_points.get(meter, ""), "")
    nano = NANO_PER_UNIT.get(service, {}).get(UNITS.get(kind.get("uom", ""), ""))
    power = kind.get("powerOfTenMultiplier", "0")
    fits = {
        "flowDirection": kind.get("flowDirection") == FORWARD,
        "accumulationBehaviour": kind.get("accumulationBehaviour") == DELTA_DATA,
        "uom": nano is not None,
        "powerOfTenMultiplier": power in map(str, POWERS),
    }
    wrong = next((name for name, fit in fits.items() if not fit), None)
    if wrong or nano is None:
        return meter, None, None, None, None, wrong, kind.get(wrong or "", "")
    times, over = nano * 10 ** max(int(power), 0), 10 ** max(-int(power), 0)
    return meter, service, times, over, min(LARGEST_NANO * over // times, 10**18), None, None


def _above(address: str, entries: Iterable[str]) -> str:
    """The longest of the entries' addresses that `address` is, or lies below; empty if there is none."""
    return max((entry for entry in entries if f"{address}/".startswith(f"{entry}/")), key=len, default="")


def _quality(codes: list[str]) -> str:
    """Name of the first quality that is not that of a measured value, else of the first."""
    named = [QUALITIES.get(code, f"code {code}") for code in codes]
    return next((name for name in named if name not in MEASURED), named[0])
