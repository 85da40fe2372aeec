"""All tables of one installation at one block, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from oracle.config import FlagLimits
from oracle.edge.chain.client import Chain
from oracle.edge.store.book import Book
from oracle.model.errors import InputError
from oracle.model.units import date_of
from oracle.report import checks
from oracle.report.checks import batches, clearing, money, payouts, points, rows
from oracle.report.checks.check import Check
from oracle.report.read.credits import credits
from oracle.report.read.holdings import Holdings, read_holdings
from oracle.report.read.ledger import Ledger, read_ledger, utc
from oracle.report.read.pages import Page, Pages, turn_pages
from oracle.report.read.rests import Rests, follow_rests
from oracle.report.read.state import State, read_pages, read_state
from oracle.report.tables.findings import findings
from oracle.report.tables.flags import flags
from oracle.report.tables.issuance import issuance, issuance_by_day
from oracle.report.tables.period import Period
from oracle.report.tables.redemptions import redemptions
from oracle.report.tables.reserve import pool, reserve
from oracle.report.tables.settlement import merchants, operators, settlement
from oracle.report.tables.statements import statements

# Names that people ask for, and the CSVs behind each.
REPORTS = {
    "issuance": ("issuance", "issuance_by_day"),
    "statements": ("statements",),
    "redemptions": ("redemptions",),
    "settlement": ("settlement", "merchants", "operators"),
    "reserve": ("reserve", "pool"),
    "findings": ("findings",),
    "flags": ("flags",),
    "reconciliation": ("reconciliation",),
}
TABLES = tuple(name for names in REPORTS.values() for name in names)

PageKey = tuple[str, int]


@dataclass(frozen=True)
class Report:
    """What the tables are made of.

    Attributes:
        ledger: Events up to the block.
        holdings: The book.
        state: The contracts' own numbers at the block.
        chain_pages: Reads pages at the block.
        period: Days that the tables of issuance, statements, redemptions and settlement are about.
        limits: From which numbers on patterns among orders are flagged.
    """

    ledger: Ledger
    holdings: Holdings
    state: State
    chain_pages: Callable[[Iterable[PageKey]], dict[PageKey, Page]]
    period: Period
    limits: FlagLimits

    def table(self, name: str) -> pd.DataFrame:
        """One of `TABLES`; rows outside the period are left out after everything is computed, so that balances carry over."""
        match name:
            case "issuance":
                return self.period.of(self.issuance, "act_date")
            case "issuance_by_day":
                return issuance_by_day(self.table("issuance"))
            case "statements":
                return self.period.of(self.statements, "time_utc")
            case "redemptions":
                return self.period.of(redemptions(self.ledger, self.state.last_final_day), "time_utc")
            case "settlement":
                return self.period.of(settlement(self.ledger), "time_utc")
            case "merchants" | "operators":
                return {"merchants": merchants, "operators": operators}[name](self.ledger, self.period)
            case "reserve":
                return reserve(self.ledger)
            case "pool":
                return pool(self.ledger, self.state.prices, self.state.outstanding)
            case "findings" | "flags":
                return findings(self.holdings) if name == "findings" else flags(self.ledger, self.limits)
            case _:
                return checks.check.table(self.reconciliation)

    @cached_property
    def issuance(self) -> pd.DataFrame:
        """Issuance of all days."""
        units = {version: terms.unit for version, terms in self.state.terms.items()}
        return issuance(self.ledger, self.state.phases, units)

    @cached_property
    def statements(self) -> pd.DataFrame:
        """Statements of all days."""
        return statements(self.ledger, self.credits, self.pages)

    @cached_property
    def credits(self) -> pd.DataFrame:
        """Every credited entry."""
        used = self.ledger.batches[["batch", "methodology", "version"]].itertuples(index=False, name=None)
        growth_only = {batch for batch, *version in used if not self.state.terms[tuple(version)].earns_points}
        return credits(self.ledger, self.holdings.bundles, self.rests, growth_only)

    @cached_property
    def rests(self) -> Rests:
        """What the caps of days left of entries."""
        return follow_rests(self.ledger)

    @cached_property
    def pages(self) -> Pages:
        """The citizens' pages, computed anew."""
        return turn_pages(self.ledger, self.credits)

    @cached_property
    def reconciliation(self) -> tuple[Check, ...]:
        """Every comparison of book and chain."""
        ledger, state, holdings = self.ledger, self.state, self.holdings
        chain_pages = self.chain_pages(points.pages_to_read(self.pages))
        all_days = Period(date.min, date.max)
        return (
            *batches.check_headers(holdings, state),
            *batches.check_credits(self.credits, self.rests, holdings, state),
            *points.check_pages(self.pages, chain_pages),
            *points.check_supply(ledger, self.pages, state),
            *points.check_held(ledger, state),
            *points.check_statements(self.statements, self.pages, state),
            *money.check_reserve(ledger, state),
            *money.check_locks(ledger, state),
            *money.check_vault(ledger, state),
            *money.check_merchants(ledger, merchants(ledger, all_days), state),
            *payouts.check_payouts(ledger, holdings.payouts),
            *clearing.check_footing(ledger, self.period),
            *clearing.check_outflow(ledger, state),
            *rows.check_files(holdings),
            *rows.check_records(holdings),
        )

    @property
    def differences(self) -> int:
        """Number of comparisons that do not agree."""
        return sum(check.difference != 0 for check in self.reconciliation)


def read_report(
    chain: Chain,
    book: Book,
    *,
    first: date | None = None,
    last: date | None = None,
    block: int | None = None,
    limits: FlagLimits | None = None,
) -> Report:
    """Reads everything a report is made of.

    Args:
        first: First day of the period; the day of the first act or block unless told.
        last: Its last day; the day of the block, or of a later act (east of Greenwich it may be), unless told.
        block: The block to report on; the head unless told.
        limits: From which numbers on patterns among orders are flagged; the defaults unless told.

    Raises:
        InputError: There is no such block, or the period ends before it begins.
    """
    ledger = read_ledger(chain, block)
    days = [date_of(day) for day in ledger.batches["day"]]
    begun, ends = (
        date.fromisoformat(utc(time)[:10]) for time in (chain.now(chain.manifest.first_block), ledger.block.time)
    )
    period = Period(first or min([begun, *days]), last or max([ends, *days]))
    if period.last < period.first:
        raise InputError(f"the period ends on {period.last}, before it begins on {period.first}", field="--through")
    return Report(
        ledger=ledger,
        holdings=read_holdings(book),
        state=read_state(chain, ledger),
        chain_pages=lambda keys: read_pages(chain, ledger, keys),
        period=period,
        limits=limits or FlagLimits(),
    )
