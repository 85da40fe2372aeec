"""A mapping: what the columns, signs and times of a source's meter files mean. Data, written in TOML; reading a new format takes no code.

[mapping]
delimiter = ";"
decimal = ","
date = "%d-%m-%Y %H:%M:%S"
measure = "mean power"
stamped = "end"
unit = "kW"

[mapping.columns]
start = ["Datum", "Uhrzeit"]
value = "Leistung"
"""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

Names = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else tuple(value))]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(_Frozen):
    """Which column of the file is what. A column is named as its header names it, in any case; without a header by its number, from 1.

    Attributes:
        start: When a reading begins, or the one stamp that a row has; several columns, such as date and time, are joined by a blank.
        end: When it ends.
        value: What the meter counted.
        meter, register, unit, quality, residents: As in a plain file of readings.
    """

    start: Names
    end: Names = ()
    value: str | None = None
    meter: str | None = None
    of_register: str | None = Field(default=None, alias="register")  # `register` is a name of pydantic's
    unit: str | None = None
    quality: str | None = None
    residents: str | None = None

    def optional(self) -> dict[str, str]:
        """The columns beside times and value that the file has: name in a plain file, name in this one."""
        told = self.model_dump(by_alias=True, exclude={"start", "end", "value"}, exclude_none=True)
        return {name: str(column) for name, column in told.items()}


class Wide(_Frozen):
    """A line holds a whole day: so many columns of values, of equal length, from 00:00 on.

    Attributes:
        first: Name of the column of the first value, or its number without a header.
        count: How many there are, a divisor of a day: 24, 48, 96, ...
    """

    first: str
    count: int = Field(ge=2, le=1440)

    @field_validator("count")
    @classmethod
    def _divides_a_day(cls, value: int) -> int:
        if 1440 % value:
            raise ValueError(f"{value} values do not part a day into whole minutes")
        return value


class Mapping(_Frozen):
    """How a source's files are read.

    Attributes:
        format: `csv`, `json` (a list of objects), or `nem12`, which explains itself.
        describes: What writes such files, for people.
        delimiter: Between the fields of a line.
        decimal: Decimal sign.
        thousands: Sign between thousands, or nothing.
        header: Whether a line names the columns; it is looked for among the first lines.
        rows: Of JSON: the member that holds the list, or nothing where the document is the list.
        columns: What is what.
        wide: Where a line holds a day.
        date: Format of times as `strftime` has it; nothing for those that are understood anyway.
        zone: Time zone of local times in the file, where it is not that of the civil day, such as UTC or a standard time all year.
        stamped: Whether the one stamp of a row is the start or the end of its reading.
        measure: Whether values are the energy (or volume) of the reading, its mean power, or a register that only rises.
        unit: Unit of the values where no column has it.
        service: electricity, gas or water where the unit does not tell.
        export: What a negative value is: refused, or energy fed in, while the household was delivered nothing.
        delivered, fed_in, total: Names of registers, beside those that are known anyway; `*` stands for anything.
        measured, estimated: Words of quality, beside those that are known anyway.
    """

    format: Literal["csv", "json", "nem12"] = "csv"
    describes: str = ""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    header: bool = True
    rows: str = ""
    columns: Columns = Columns(start=("start",), value="value")
    wide: Wide | None = None
    date: str | None = None
    zone: str | None = None
    stamped: Literal["start", "end"] = "start"
    measure: Literal["energy", "mean power", "register"] = "energy"
    unit: str | None = None
    service: Literal["electricity", "gas", "water"] | None = None
    export: Literal["refused", "negative"] = "refused"
    delivered: Names = ()
    fed_in: Names = ()
    total: Names = ()
    measured: Names = ()
    estimated: Names = ()

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(
                f"'{value}' is no IANA time zone, such as UTC, Europe/Paris or Etc/GMT-10 (ten hours ahead)"
            )
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Mapping:
        if self.thousands == self.decimal:
            raise ValueError("decimal and thousands are the same sign")
        if self.format != "nem12" and self.columns.value is None and self.wide is None:
            raise ValueError("neither columns.value nor wide says where the values are")
        return self


# A file whose columns are named as Carbonbook names them.
PLAIN = Mapping()
