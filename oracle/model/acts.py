"""The table of acts: what every reader yields and every later step takes.

One polars frame per scenario. Columns that all scenarios share:

===========  ===========  ======================================================================================
column       type         meaning
===========  ===========  ======================================================================================
record_key   String       the source's own key of the act, unique within the source
subject      String       who acted, as the source names them (card number, customer, meter); stays with the operator
region       String       where, as `CN` plus GB/T 2260 digits: CN-44 Guangdong, CN-4403 Shenzhen
start, end   Int64        UTC seconds
day          Int32        civil day number of `start` in the source's time zone
rows         List(Int64)  1-based data rows of the file that the act was made of
===========  ===========  ======================================================================================

The other columns are the scenario's fields: integers (Int64) in base units, their unit in the name (`distance_m`, `energy_wh`). Acts of a
scenario that names things have a String column `item` besides: the order, phone or car that the act is about.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from oracle.model.findings import empty_findings

COMMON: dict[str, pl.DataType] = {
    "record_key": pl.String(),
    "subject": pl.String(),
    "region": pl.String(),
    "start": pl.Int64(),
    "end": pl.Int64(),
    "day": pl.Int32(),
    "rows": pl.List(pl.Int64()),
}

BUS_KM = "CI-01"  # bus ride with a distance; field distance_m
BUS_RIDE = "CI-01-RIDE"  # bus ride whose distance nobody measured; field rides
METRO = "CI-02"  # metro ride; field distance_m
TRAM = "CI-03"  # tram ride; field distance_m
BICYCLE = "CI-05"  # ride on a shared bicycle; fields distance_m, duration_s
E_BIKE = "CI-06"  # ride on an e-bike; field distance_m
WALK = "CI-07-TRACE"  # walk with a trace; field distance_m
NEV_TAXI = "CI-09-RIDE"  # ride in a new-energy taxi; field distance_m
ELECTRICITY = "CI-11"  # household electricity of one day; fields energy_wh, residents
ELECTRICITY_BILL = "CI-11-BILL"  # household electricity of one billing period; fields energy_wh, residents, days
WATER = "CI-12"  # household water of one billing period; fields volume_l, residents, days
GAS = "CI-13"  # household gas of one billing period; fields volume_l, residents, days

ITEM = "item"

# Fields of the scenarios that have a reader of their own, in the order in which a record's commitment covers them. Those of any other
# scenario are what its methodology asks for.
FIELDS: dict[str, tuple[str, ...]] = {
    BUS_KM: ("distance_m",),
    BUS_RIDE: ("rides",),
    METRO: ("distance_m",),
    TRAM: ("distance_m",),
    BICYCLE: ("distance_m", "duration_s"),
    E_BIKE: ("distance_m",),
    WALK: ("distance_m",),
    NEV_TAXI: ("distance_m",),
    ELECTRICITY: ("energy_wh", "residents"),
    ELECTRICITY_BILL: ("energy_wh", "residents", "days"),
    WATER: ("volume_l", "residents", "days"),
    GAS: ("volume_l", "residents", "days"),
}


CONTESTED_SCHEMA: dict[str, pl.DataType] = {
    "scenario": pl.String(),
    "record_key": pl.String(),
    "day": pl.Int32(),
}


def nothing_contested() -> pl.DataFrame:
    """A table of contested records without any."""
    return pl.DataFrame(schema=CONTESTED_SCHEMA)


@dataclass(frozen=True)
class Made:
    """What became of the sound rows of a file.

    Attributes:
        acts: Acts of all scenarios, named in `scenario`; every column of `schema` but `region` and `day`.
        findings: Findings of the rows that are no acts.
        contested: Records of which the file says two different things (`CONTESTED_SCHEMA`): no earlier file's value counts either.
    """

    acts: pl.DataFrame
    findings: list[pl.DataFrame]
    contested: pl.DataFrame


@dataclass(frozen=True)
class Reading:
    """What a reader made of one file: every data row is in exactly one act's `rows` or in exactly one finding.

    Attributes:
        source: Registered name of the source.
        file: Name of the file, without its folders.
        rows: Number of data rows.
        acts: Acts by scenario.
        findings: Rows that are no acts, and why (`oracle.model.findings`).
        contested: Records of which the file says two different things (`CONTESTED_SCHEMA`).
    """

    source: str
    file: str
    rows: int
    acts: dict[str, pl.DataFrame] = field(default_factory=dict)
    findings: pl.DataFrame = field(default_factory=empty_findings)
    contested: pl.DataFrame = field(default_factory=nothing_contested)


def fields_in(acts: pl.DataFrame) -> list[str]:
    """The scenario's fields in a table of acts."""
    return [name for name in acts.columns if name not in COMMON and name != ITEM]


def schema(scenario: str) -> dict[str, pl.DataType]:
    """Columns of a scenario's acts, in order."""
    return {**COMMON, **{name: pl.Int64() for name in FIELDS[scenario]}}
