"""Green Button files, made into acts.

A row is an IntervalReading, counted from 1 through the file. What it means is told by other entries, found by the links of its block:
IntervalBlock -> MeterReading, whose address the block's begins with -> ReadingType, a related link; MeterReading -> UsagePoint, by address.

- The quantity is value * 10^powerOfTenMultiplier of the unit `uom`, the service that of the usage point's ServiceCategory.
- Only what was delivered to the household counts (flowDirection forward; gas and water have no other and may leave it out), and only as
  amounts per interval (accumulationBehaviour deltaData): solar power fed in and register readings are findings.
- A MeterReading of several ReadingTypes that mean different things means nothing. ReadingTypes that differ in `tou` are registers.
- A reading without a quality of its own has the ReadingType's defaultQuality.
- start is UTC seconds. The civil day is that of the declared zone; where the feed has LocalTimeParameters, they must fit that zone.
- The meter is the usage point's address, or as the caller names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import BinaryIO
from zoneinfo import ZoneInfo

import polars as pl

from oracle.measure.records.espi import Feed, read_feed
from oracle.measure.records.meters import Household
from oracle.measure.records.origin import Origin
from oracle.measure.records.readings import LARGEST_NANO, SCHEMA, acts_of
from oracle.measure.records.words import GAS_AS_HEAT, MEASURED, NANO_PER_UNIT
from oracle.measure.validate.rejected import rejected_by_code
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from oracle.model.findings import findings

# Codes of espi.xsd 4.0: ServiceKind, UnitSymbolKind, FlowDirectionKind, AccumulationKind, UnitMultiplierKind, QualityOfReading.
SERVICES = {"0": "electricity", "1": "gas", "2": "water"}
UNITS = {
    "72": "Wh",
    "31": "J",
    "132": "Btu",
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
# A joule is less than the smallest whole number of billionths of a litre: it is a millionth of a megajoule.
_MILLIONTH_OF = {"J": "MJ"}
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
    "register": pl.String(),
    "default": pl.String(),
    "times": pl.Int128(),
    "over": pl.Int128(),
    "limit": pl.Int64(),
    "field": pl.String(),
    "content": pl.String(),
}


@dataclass(frozen=True)
class _Meaning:
    meter: str
    service: str | None = None
    register: str | None = None
    default: str | None = None
    times: int | None = None
    over: int | None = None
    limit: int | None = None
    field: str | None = None
    content: str | None = None


def read_greenbutton(stream: BinaryIO, origin: Origin, household: Household) -> Reading:
    """Acts CI-11, CI-11-BILL, CI-12 and CI-13 of a Green Button feed. Of `household` only `meter` and `residents` count.

    Raises:
        InputError: the feed cannot be read, or is of another time zone than `origin`.
    """
    feed = read_feed(stream, origin.file)
    if not feed.rows:
        raise InputError(f"the feed has no IntervalReading{_instead(feed)}: there is nothing to read", file=origin.file)
    _check_zone(feed, origin)
    points = {meter_of(feed, feed.blocks[block]) for block in set(feed.block)}
    if household.meter is not None and len(points) > 1:
        raise InputError(
            f"--meter names one meter, and the feed has readings of {len(points)} UsagePoints: leave it out",
            file=origin.file,
        )
    unread = [
        findings(code, origin.file, [(row, {"field": name, "value": value}) for row, _, name, value in bad])
        for code, bad in groupby(sorted(feed.bad, key=itemgetter(1)), key=itemgetter(1))
    ]
    readings, unfit = _readings(feed, household, origin.file)
    made = acts_of(readings, origin)
    return origin.reading(feed.rows, made.acts, [*unread, *unfit, *made.findings], made.contested)


def _instead(feed: Feed) -> str:
    """What a feed without readings has."""
    return f" (it has {', '.join(feed.others)})" if feed.others else ""


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
    meanings = pl.DataFrame(
        [astuple(_meaning(feed, address)) for address in feed.blocks], schema=_MEANING, orient="row"
    )
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
        quality=pl.coalesce(
            pl.col("row").replace_strict(qualities, default=None, return_dtype=pl.String), pl.col("default")
        ),
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
    service = SERVICES.get(feed.usage_points.get(meter, ""), "")
    kinds = [feed.reading_types[link] for link in related if link in feed.reading_types] or [{}]
    meanings = list(dict.fromkeys(_of_type(kind, meter, service) for kind in kinds))
    if len(meanings) > 1:
        return _Meaning(meter, field="ReadingType", content=f"{len(meanings)} that differ, of one MeterReading")
    return meanings[0]


def _of_type(kind: dict[str, str], meter: str, service: str) -> _Meaning:
    """What readings of a ReadingType mean."""
    known = NANO_PER_UNIT.get(service, {}) | (GAS_AS_HEAT if service == "gas" else {})
    unit = UNITS.get(kind.get("uom", ""), "")
    nano = known.get(_MILLIONTH_OF.get(unit, unit))
    power = kind.get("powerOfTenMultiplier") or "0"
    # Nobody feeds gas or water in.
    flows = (FORWARD,) if service == "electricity" else (FORWARD, "0", "")
    fits = {
        "flowDirection": kind.get("flowDirection", "") in flows,
        "accumulationBehaviour": kind.get("accumulationBehaviour") == DELTA_DATA,
        "uom": nano is not None,
        "powerOfTenMultiplier": power in map(str, POWERS),
    }
    wrong = next((name for name, fit in fits.items() if not fit), None)
    if wrong or nano is None:
        return _Meaning(meter, field=wrong, content=kind.get(wrong or "", ""))
    exponent = int(power) - (6 if unit in _MILLIONTH_OF else 0)
    times, over = nano * 10 ** max(exponent, 0), 10 ** max(-exponent, 0)
    limit = min(LARGEST_NANO * over // times, 10**18)
    tou, default = kind.get("tou") or "0", kind.get("defaultQuality")
    register = None if tou == "0" else f"tou {tou}"
    return _Meaning(meter, service, register, _quality([default]) if default else None, times, over, limit)


def _above(address: str, entries: Iterable[str]) -> str:
    """The longest of the entries' addresses that `address` is, or lies below; empty if there is none."""
    return max((entry for entry in entries if f"{address}/".startswith(f"{entry}/")), key=len, default="")


def _quality(codes: list[str]) -> str:
    """Name of the first quality that is not that of a measured value, else of the first."""
    named = [QUALITIES.get(code, f"code {code}") for code in codes]
    return next((name for name in named if name not in MEASURED), named[0])
