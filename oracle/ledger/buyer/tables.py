"""The buyer's tables: emissions, green power, own reductions. CSV in, rows and findings out; a bad row spoils no other.

==============  =====================================================================================================================
`inventory`     year, entity, scope (1, 2, 3), category, source, quantity, unit, factor_ug_per_unit, factor_source, factor_year,
                emissions_mg, method (of scope 2: location, market), grid_region (of bought power)
`power`         contract_id, kind (ppa, certificate, own_pv), certificate_first, certificate_last, wh, grid_region, generation_year,
                project, attribute_kept (yes, no)
`reductions`    project, wh, saved_mg, year, basis (in_inventory, forecast), source
==============  =====================================================================================================================

Emissions are the quantity times the factor, rounded up; a row may state them with a source alone. A green certificate is a megawatt-hour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from oracle.measure.records.table import header_of, parse, require
from oracle.model.errors import InputError
from oracle.model.findings import empty_findings, findings
from oracle.model.units import UG_PER_MG

WH_PER_CERTIFICATE = 1_000_000
_MOST = 10**18  # of a figure: beyond it there are no emissions, only typing errors
_YEARS = range(1990, 2101)
_NUMBERED = re.compile(r"(.*?)(\d{1,18})", re.DOTALL)


@dataclass(frozen=True)
class Emission:
    """A row of `inventory`; figures that a row leaves out are None, words are empty."""

    year: int
    entity: str
    scope: int
    category: str
    source: str
    quantity: int | None
    unit: str
    factor_ug_per_unit: int | None
    factor_source: str
    factor_year: int | None
    emissions_mg: int
    method: str
    grid_region: str


@dataclass(frozen=True)
class Power:
    """A row of `power`."""

    contract_id: str
    kind: str
    certificate_first: str
    certificate_last: str
    wh: int
    grid_region: str
    generation_year: int
    project: str
    attribute_kept: str


@dataclass(frozen=True)
class Saving:
    """A row of `reductions`."""

    project: str
    wh: int
    saved_mg: int
    year: int
    basis: str
    source: str


Row = Emission | Power | Saving


class _Wrong(Exception):
    """A field is not what it must be."""

    def __init__(self, code: str, field: str, value: object):
        self.code, self.values = code, {"field": field, "value": str(value)[:80]}


@dataclass(frozen=True)
class Table:
    """A table that was read.

    Attributes:
        kind: `inventory`, `power` or `reductions`.
        rows: Rows of the file with data in them.
        good: Those that can be used.
        findings: About the others.
    """

    kind: str
    rows: int
    good: tuple[Row, ...]
    findings: pl.DataFrame


def read_table(blocks: Iterable[bytes], file: str) -> Table:
    """A buyer's table; its header says which.

    Raises:
        InputError: It is none of the three.
    """
    names, blocks = header_of(blocks, file)
    kind = next((kind for kind, mark in _MARKS.items() if mark in names), None)
    if kind is None:
        raise InputError(f"has none of the columns {', '.join(_MARKS.values())}, by which tables are told", file=file)
    require(names, columns_of(kind), file)
    rows, good, bad = 0, [], [empty_findings()]
    for part in parse(blocks, file):
        rows += part.rows
        bad.append(part.findings)
        for cells in part.frame.iter_rows(named=True):
            number = cells["row"]
            try:
                good.append((number, _BUILT[kind](_Cells(cells))))
            except _Wrong as wrong:
                bad.append(findings(wrong.code, file, [(number, wrong.values)]))
    kept, twice = _certificates_once(good, file)
    return Table(kind, rows, tuple(row for _, row in kept), pl.concat([*bad, twice]).sort("row", "code"))


def columns_of(kind: str) -> tuple[str, ...]:
    """The columns of a table."""
    return tuple(field.name for field in fields(_ROWS[kind]))


def numbers_of(row: Power) -> tuple[str, range]:
    """What is before the number of a row's certificates, and the numbers; none if it has no certificates."""
    if not row.certificate_first:
        return "", range(0)
    first, last = (_NUMBERED.fullmatch(text) for text in (row.certificate_first, row.certificate_last))
    if first is None or last is None or first[1] != last[1] or len(first[2]) != len(last[2]):
        raise _Wrong("unknown_value", "certificate_last", row.certificate_last)
    numbers = range(int(first[2]), int(last[2]) + 1)
    if not numbers:
        raise _Wrong("unknown_value", "certificate_last", row.certificate_last)
    return first[1], numbers


class _Cells:
    """One row's text by column."""

    def __init__(self, cells: Mapping[str, Any]):
        self._cells = cells

    def text(self, field: str) -> str:
        return str(self._cells[field] or "")

    def needed(self, field: str) -> str:
        if not self.text(field):
            raise _Wrong("missing_field", field, "")
        return self.text(field)

    def whole(self, field: str) -> int:
        text = self.needed(field)
        if not (text.isascii() and text.isdigit()) or int(text) > _MOST:
            raise _Wrong("bad_number", field, text)
        return int(text)

    def whole_or_none(self, field: str) -> int | None:
        return self.whole(field) if self.text(field) else None

    def year(self, field: str) -> int:
        value = self.whole(field)
        if value not in _YEARS:
            raise _Wrong("unknown_value", field, value)
        return value

    def one_of(self, field: str, *values: str) -> str:
        if self.text(field) not in values:
            raise _Wrong("unknown_value", field, self.text(field))
        return self.text(field)


def _emission(cells: _Cells) -> Emission:
    scope = int(cells.one_of("scope", "1", "2", "3"))
    quantity, factor_ug = cells.whole_or_none("quantity"), cells.whole_or_none("factor_ug_per_unit")
    stated = cells.whole_or_none("emissions_mg")
    if (quantity is None) != (factor_ug is None):
        raise _Wrong("missing_field", "quantity" if quantity is None else "factor_ug_per_unit", "")
    if quantity is None or factor_ug is None:
        emissions_mg = cells.whole("emissions_mg")
    else:
        emissions_mg = -(-quantity * factor_ug // UG_PER_MG)
        if stated not in (None, emissions_mg):
            raise _Wrong("emissions_differ", "emissions_mg", f"{stated}, computed {emissions_mg}")
    return Emission(
        year=cells.year("year"),
        entity=cells.needed("entity"),
        scope=scope,
        category=cells.needed("category"),
        source=cells.needed("source"),
        quantity=quantity,
        unit=cells.text("unit") if quantity is None else cells.needed("unit"),
        factor_ug_per_unit=factor_ug,
        factor_source=cells.needed("factor_source"),
        factor_year=cells.year("factor_year") if cells.text("factor_year") else None,
        emissions_mg=emissions_mg,
        method=cells.one_of("method", "location", "market") if scope == 2 else cells.one_of("method", ""),
        grid_region=cells.text("grid_region"),
    )


def _power(cells: _Cells) -> Power:
    row = Power(
        contract_id=cells.needed("contract_id"),
        kind=cells.one_of("kind", "ppa", "certificate", "own_pv"),
        certificate_first=cells.text("certificate_first"),
        certificate_last=cells.text("certificate_last") or cells.text("certificate_first"),
        wh=cells.whole("wh"),
        grid_region=cells.needed("grid_region"),
        generation_year=cells.year("generation_year"),
        project=cells.needed("project"),
        attribute_kept=cells.one_of("attribute_kept", "yes", "no"),
    )
    if row.kind == "certificate":
        cells.needed("certificate_first")
    _, numbers = numbers_of(row)
    if numbers and row.wh > len(numbers) * WH_PER_CERTIFICATE:
        raise _Wrong("above_certificates", "wh", row.wh)
    return row


def _saving(cells: _Cells) -> Saving:
    return Saving(
        project=cells.needed("project"),
        wh=cells.whole("wh"),
        saved_mg=cells.whole("saved_mg"),
        year=cells.year("year"),
        basis=cells.one_of("basis", "in_inventory", "forecast"),
        source=cells.needed("source"),
    )


def _certificates_once(rows: list[tuple[int, Row]], file: str) -> tuple[list[tuple[int, Row]], pl.DataFrame]:
    """Rows without those whose certificates stand in an earlier one."""
    kept: list[tuple[int, Row]] = []
    taken: dict[str, list[range]] = {}
    twice = []
    for number, row in rows:
        if isinstance(row, Power) and row.certificate_first:
            prefix, numbers = numbers_of(row)
            before = taken.setdefault(prefix, [])
            if any(other.start < numbers.stop and numbers.start < other.stop for other in before):
                twice.append((number, {"field": "certificate_first", "value": row.certificate_first}))
                continue
            before.append(numbers)
        kept.append((number, row))
    return kept, findings("certificate_twice", file, twice)


_ROWS: dict[str, type[Row]] = {"inventory": Emission, "power": Power, "reductions": Saving}
_MARKS = {"inventory": "scope", "power": "contract_id", "reductions": "basis"}
_BUILT: dict[str, Callable[[_Cells], Row]] = {"inventory": _emission, "power": _power, "reductions": _saving}
