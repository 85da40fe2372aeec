"""Meter readings as CSV: one household's series, or many households in one table.

==========  =========================================================================================================================
column      meaning
==========  =========================================================================================================================
start       when the reading begins (`oracle.measure.records.instants`): with an offset, or local time of the declared zone
value       what the meter counted from `start` to the end of the reading; empty or nan if nothing is known
end         optional: when the reading ends
meter       optional: which meter; without it the file is one meter's, named by the caller
register    optional: which register of the meter (`oracle.measure.records.words`): peak, valley, total, export, ...
unit        optional: a unit in any case and script (kWh, KWH, 度, m³, 立方米); without it the caller says
quality     optional: how the value came about; empty is a measured value
residents   optional: persons of the household; without it the caller's number
==========  =========================================================================================================================

Without `end` it is a series, and `oracle.measure.records.series` finds where its readings end. Columns of other names, other signs and
other times are brought to these by a mapping (`oracle.measure.records.mapped`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from oracle.measure.records.instants import with_times
from oracle.measure.records.origin import Origin
from oracle.measure.records.readings import SCHEMA, acts_of
from oracle.measure.records.series import register_like, spanned
from oracle.measure.records.table import header_of, parse, require
from oracle.measure.records.words import (
    DELIVERED,
    ENERGY_OF_POWER,
    FED_IN,
    GAS_AS_HEAT,
    NANO_PER_UNIT,
    REGISTERS,
    TOTAL,
    like,
    role_of,
    unit_of,
)
from oracle.measure.validate.rejected import Check, checked, rejected_by_code
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from oracle.model.mapping import PLAIN, Mapping

REQUIRED = ("start", "value")
OPTIONAL = ("end", "meter", "register", "unit", "quality", "residents")

_LARGEST = 10**9  # units in one reading: more is a slip, and this much of any unit can still be counted exactly


@dataclass(frozen=True)
class Household:
    """What a file that leaves it out is about.

    Attributes:
        service: electricity, gas or water; None if the units tell.
        unit: Unit of the values; None if the column `unit` has it.
        meter: Name of the meter; None if the column `meter` has it.
        residents: Persons, where the column `residents` says nothing.
        mapping: What its columns, signs and times mean; None for what the file itself tells.
    """

    service: str | None = None
    unit: str | None = None
    meter: str | None = None
    residents: int = 1
    mapping: Mapping | None = None


def read_meters(blocks: Iterable[bytes], origin: Origin, household: Household) -> Reading:
    """Acts CI-11, CI-11-BILL, CI-12 and CI-13 of a plain meter CSV in UTF-8, in blocks of whole lines.

    Raises:
        InputError: the file is no CSV with these columns, or neither file nor caller says meter, unit or service.
    """
    names, blocks = header_of(blocks, origin.file)
    require(names, REQUIRED, origin.file)
    tables = list(parse(blocks, origin.file))
    table = pl.concat(table.frame for table in tables)
    reading = read_table(table, origin, household)
    return replace(
        reading,
        rows=sum(table.rows for table in tables),
        findings=pl.concat([reading.findings, *(table.findings for table in tables)]).sort("row", maintain_order=True),
    )


def read_table(table: pl.DataFrame, origin: Origin, household: Household, mapping: Mapping = PLAIN) -> Reading:
    """Acts of a table of text with `row` and columns as named above.

    Args:
        mapping: What its stamps and values mean; names and signs are those of a plain file already.

    Raises:
        InputError: neither table nor caller says meter, unit or service.
    """
    readings, findings = readings_of(table, origin, household, mapping)
    made = acts_of(readings, origin)
    return origin.reading(table.height, made.acts, [*findings, *made.findings], made.contested)


def readings_of(
    table: pl.DataFrame, origin: Origin, household: Household, mapping: Mapping = PLAIN
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings with the columns of `readings.SCHEMA`, and findings for rows that say nothing; as `read_table`."""
    has_ends = "end" in table.columns
    table = _completed(table, household, origin.file)
    service = _service(table, household, origin.file)
    delivered, not_delivered = _delivered(table, origin.file, mapping)
    rows, bad_times = _with_times(delivered, origin, mapping.zone or origin.zone)
    series, unended = _ended(rows, origin) if has_ends else spanned(rows, origin, mapping)
    readings, bad_values = _with_values(series, service, origin.file, mapping)
    return readings, [*not_delivered, *bad_times, *unended, *bad_values]


def _completed(frame: pl.DataFrame, household: Household, file: str) -> pl.DataFrame:
    """The table with every column of REQUIRED and OPTIONAL, and `residents` where it was empty."""
    for name, given in (("meter", household.meter), ("unit", household.unit)):
        if name not in frame.columns and given is None:
            raise InputError(f"neither a column '{name}' nor the caller says the {name}", file=file)
    told = {"meter": household.meter, "unit": household.unit}
    absent = {name: pl.lit(told.get(name), pl.String) for name in OPTIONAL if name not in frame.columns}
    frame = frame.with_columns(**absent)
    return frame.with_columns(
        pl.when(~pl.col("value").str.to_lowercase().is_in(["nan", "null", "na", "n/a", "-", "--"])).then("value"),
        pl.col("residents").fill_null(str(household.residents)),
    )


def _service(frame: pl.DataFrame, household: Household, file: str) -> str:
    """The service of the file: the caller's, or the only one with units like these."""
    units = {unit_of(unit) for unit in frame["unit"].drop_nulls().unique()}
    units = {ENERGY_OF_POWER.get(unit or "", unit) for unit in units}
    possible = [name for name, known in NANO_PER_UNIT.items() if any(unit in known for unit in units)]
    service = household.service or (possible[0] if len(possible) == 1 else None)
    if service is None and not units:
        service = next(iter(NANO_PER_UNIT))  # no row, so it does not matter
    if service not in NANO_PER_UNIT:
        known = "; ".join(f"{name}: {', '.join(units)}" for name, units in NANO_PER_UNIT.items())
        listed = ", ".join(NANO_PER_UNIT)
        raise InputError(
            f"say which service this is ({listed}): the units of the file do not tell. Known units are {known}",
            file=file,
        )
    if household.unit is not None and _factor(unit_of(household.unit), service) is None:
        listed = ", ".join(NANO_PER_UNIT[service])
        raise InputError(f"'{household.unit}' is no unit of {service}; these are: {listed}", file=file)
    return service


def _factor(unit: str | None, service: str) -> int | None:
    """Billionths of a watt-hour or litre in one unit; of power, in an hour of it."""
    known = NANO_PER_UNIT[service] | (GAS_AS_HEAT if service == "gas" else {})
    return known.get(ENERGY_OF_POWER.get(unit or "", unit or ""))


def _delivered(frame: pl.DataFrame, file: str, mapping: Mapping) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Rows of what a household was delivered, and findings for registers of what it fed in or that nobody knows."""
    registers = frame["register"].drop_nulls().unique().to_list()
    if not registers:
        return frame, []
    told = {DELIVERED: mapping.delivered, FED_IN: mapping.fed_in, TOTAL: mapping.total}
    roles = {
        name: next((role for role, patterns in told.items() if like(name, patterns)), None) or role_of(name)
        for name in registers
    }
    role = pl.col("register").replace_strict(roles, default=None, return_dtype=pl.String)
    unknown = pl.col("register").is_not_null() & role.is_null()
    code = pl.when(role == FED_IN).then(pl.lit("fed_in")).when(unknown).then(pl.lit("unknown_kind"))
    listed = "; ".join(f"{role}: {', '.join(words[:6])}, ..." for role, words in REGISTERS.items())
    frame = frame.with_columns(code=code, known=pl.when(unknown).then(pl.lit(listed)))
    kept, found = rejected_by_code(frame, file, ("register", "known"))
    is_total = kept["register"].replace_strict(roles, default=None, return_dtype=pl.String) == TOTAL
    kept = kept.with_columns(register=pl.when(is_total).then(pl.lit(TOTAL)).otherwise("register"))
    return kept.drop("code", "known"), found


def _with_times(frame: pl.DataFrame, origin: Origin, zone: str) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Rows with meter, start and perhaps end as UTC seconds in `start_s` and `end_s`, and findings for the others."""
    frame = with_times(frame, zone, ["meter", "register"])
    checks = [
        Check("missing_field", "meter", pl.col("meter").is_null()),
        Check("missing_field", "start", pl.col("start").is_null()),
        Check("bad_time", "start", pl.col("start_s").is_null()),
        Check("bad_time", "end", pl.col("end").is_not_null() & pl.col("end_s").is_null()),
    ]
    return checked(frame, origin.file, checks)


def _ended(frame: pl.DataFrame, origin: Origin) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings of rows that name their end, and findings for the others."""
    frame = frame.with_columns(rows=pl.concat_list("row"))
    return checked(frame, origin.file, [Check("missing_field", "end", pl.col("end").is_null())])


def _with_values(
    frame: pl.DataFrame, service: str, file: str, mapping: Mapping
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Readings with the columns of `readings.SCHEMA`, and findings for rows whose value, unit or number of persons says nothing."""
    value = pl.col("value").cast(pl.Decimal(38, 12), strict=False)
    units = {word: unit_of(word) for word in frame["unit"].drop_nulls().unique().to_list()}
    factors = {word: _factor(unit, service) for word, unit in units.items()}
    powers = [word for word, unit in units.items() if unit in ENERGY_OF_POWER]
    factor = pl.col("unit").replace_strict(factors, default=None, return_dtype=pl.Int64)
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
    if powers and mapping.measure != "mean power":
        problem = "a unit of power, which is no consumption: say in a mapping that values are the mean power of their readings"
        raise InputError(f"'{powers[0]}' is {problem} (measure = \"mean power\")", file=file)
    if powers:
        hours = pl.when(pl.col("unit").is_in(powers)).then(pl.col("end_s") - pl.col("start_s")).otherwise(3600)
        nano = nano * hours.cast(pl.Int128) // 3600
    frame = frame.with_columns(nano=nano)
    frame, registers = (frame, []) if mapping.measure == "register" else register_like(frame, file)
    renamed = {"start": "start_s", "end": "end_s", "residents": "persons"}
    return frame.with_columns(service=pl.lit(service), **renamed).select(SCHEMA.keys()), [*bad, *registers]
