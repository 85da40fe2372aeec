"""Meter readings as CSV: one household's series, or many households in one table.

==========  =========================================================================================================================
column      meaning
==========  =========================================================================================================================
start       when the reading begins: ISO 8601 with an offset, or local time of the declared zone (2024-05-01, 2024-05-01 13:00)
value       what the meter counted from `start` to the end of the reading; empty or nan if nothing is known
end         optional: when the reading ends
meter       optional: which meter; without it the file is one meter's, named by the caller
unit        optional: a unit of `readings.NANO_PER_UNIT`, exactly so written; without it the caller says
quality     optional: how the value came about; empty is a measured value
residents   optional: persons of the household; without it the caller's number
==========  =========================================================================================================================

Without `end` it is a series, and `oracle.measure.records.series` finds where its readings end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from oracle.measure.records.origin import TIMES, Origin
from oracle.measure.records.readings import NANO_PER_UNIT, SCHEMA, acts_of
from oracle.measure.records.series import with_ends
from oracle.measure.records.table import header_of, parse, require
from oracle.measure.validate.rejected import Check, checked
from oracle.model.acts import Reading
from oracle.model.errors import InputError

REQUIRED = ("start", "value")
OPTIONAL = ("end", "meter", "unit", "quality", "residents")

_LARGEST = 10**9  # units in one reading: more is a slip, and this much of any unit can still be counted exactly


@dataclass(frozen=True)
class Household:
    """What a file that leaves it out is about.

    Attributes:
        service: electricity, gas or water; None if the units tell.
        unit: Unit of the values; None if the column `unit` has it.
        meter: Name of the meter; None if the column `meter` has it.
        residents: Persons, where the column `residents` says nothing.
    """

    service: str | None = None
    unit: str | None = None
    meter: str | None = None
    residents: int = 1


def read_meters(blocks: Iterable[bytes], origin: Origin, household: Household) -> Reading:
    """Acts CI-11, CI-11-BILL, CI-12 and CI-13 of a meter CSV in UTF-8, in blocks of whole lines.

    Raises:
        InputError: the file is no CSV with these columns, or neither file nor caller says meter, unit or service.
    """
    names, blocks = header_of(blocks, origin.file)
    require(names, REQUIRED, origin.file)
    tables = list(parse(blocks, origin.file))
    table = _completed(pl.concat(table.frame for table in tables), household, origin.file)
    service = _service(table, household, origin.file)
    rows, bad_times = _with_times(table, origin)
    series, unended = (_ended if "end" in names else with_ends)(rows, origin)
    readings, bad_values = _with_values(series, service, origin.file)
    acts, not_acts = acts_of(readings, origin)
    findings = [*(table.findings for table in tables), *bad_times, *unended, *bad_values, *not_acts]
    return origin.reading(sum(table.rows for table in tables), acts, findings)


def _completed(frame: pl.DataFrame, household: Household, file: str) -> pl.DataFrame:
    """The table with every column of REQUIRED and OPTIONAL, and `residents` where it was empty."""
    for name, given in (("meter", household.meter), ("unit", household.unit)):
        if name not in frame.columns and given is None:
            raise InputError(f"neither a column '{name}' nor the caller says the {name}", file=file)
    told = {"end": None, "meter": household.meter, "unit": household.unit, "quality": None, "residents": None}
    absent = {name: pl.lit(value, pl.String) for name, value in told.items() if name not in frame.columns}
    return frame.with_columns(**absent).with_columns(
        pl.when(pl.col("value").str.to_lowercase() != "nan").then("value"),
        pl.col("residents").fill_null(str(household.residents)),
    )


def _service(frame: pl.DataFrame, household: Household, file: str) -> str:
    """The service of the file: the caller's, or the only one with units like these."""
    units = frame["unit"].drop_nulls().unique().sort().to_list()
    possible = [name for name, known in NANO_PER_UNIT.items() if any(unit in known for unit in units)]
    service = household.service or (possible[0] if len(possible) == 1 else None)
    if service is None and not units:
        service = next(iter(NANO_PER_UNIT))  # no row, so it does not matter
    if service not in NANO_PER_UNIT:
        listed = ", ".join(NANO_PER_UNIT)
        raise InputError(f"say which service this is ({listed}): the units of the file do not tell", file=file)
    if household.unit is not None and household.unit not in NANO_PER_UNIT[service]:
        listed = ", ".join(NANO_PER_UNIT[service])
        raise InputError(f"'{household.unit}' is no unit of {service}; these are: {listed}", file=file)
    return service


def _with_times(frame: pl.DataFrame, origin: Origin) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Rows with meter, start and perhaps end as UTC seconds in `start_s` and `end_s`, and findings for the others."""
    frame = frame.with_columns(start_s=_utc_seconds("start", origin.zone), end_s=_utc_seconds("end", origin.zone))
    checks = [
        Check("missing_field", "meter", pl.col("meter").is_null()),
        Check("missing_field", "start", pl.col("start").is_null()),
        Check("bad_time", "start", pl.col("start_s").is_null()),
        Check("bad_time", "end", pl.col("end").is_not_null() & pl.col("end_s").is_null()),
    ]
    return checked(frame, origin.file, checks)


def _utc_seconds(name: str, zone: str) -> pl.Expr:
    """UTC seconds of ISO 8601 text; null for what is none, and for a local time that clocks skipped or showed twice."""
    text = pl.col(name).str.replace("T", " ", literal=True).str.replace(r"[Zz]$", "+00:00")
    absolute = text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%z", strict=False, time_zone="UTC", time_unit="us")
    formats = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
    local = pl.coalesce(text.str.to_datetime(form, strict=False, time_unit="us") for form in formats)
    in_zone = local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.convert_time_zone("UTC")
    seconds = pl.coalesce(absolute, in_zone).dt.epoch("s")
    return pl.when(seconds.is_between(*TIMES)).then(seconds)


def _ended(frame: pl.DataFrame, origin: Origin) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings of rows that name their end, and findings for the others."""
    frame = frame.with_columns(rows=pl.concat_list("row"))
    return checked(frame, origin.file, [Check("missing_field", "end", pl.col("end").is_null())])


def _with_values(frame: pl.DataFrame, service: str, file: str) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings with the columns of `readings.SCHEMA`, and findings for rows whose value, unit or number of persons says nothing."""
    value = pl.col("value").cast(pl.Decimal(38, 12), strict=False)
    factor = pl.col("unit").replace_strict(NANO_PER_UNIT[service], default=None, return_dtype=pl.Int64)
    frame = frame.with_columns(
        known=pl.when(value.abs() < _LARGEST).then(value),
        factor=factor.cast(pl.Decimal(38, 0)),
        persons=pl.when(pl.col("residents").str.contains("^[1-9][0-9]?$")).then("residents").cast(pl.Int64),
    )
    checks = [
        Check("missing_field", "value", pl.col("value").is_null()),
        Check("missing_field", "unit", pl.col("unit").is_null()),
        Check("unknown_kind", "unit", pl.col("factor").is_null()),
        Check("bad_number", "value", pl.col("known").is_null()),
        Check("bad_number", "residents", pl.col("persons").is_null()),
    ]
    frame, bad = checked(frame, file, checks)
    nano = (pl.col("known") * pl.col("factor")).cast(pl.Int128)
    renamed = {"start": "start_s", "end": "end_s", "residents": "persons"}
    return frame.with_columns(service=pl.lit(service), nano=nano, **renamed).select(SCHEMA.keys()), bad
